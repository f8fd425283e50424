// A training set with its on-demand features: joined point in time, then computed row by row from what was known then.

import type { Value } from "../base/table.ts";
import type { DataDefinition, OnDemandDefinition, TrainingDefinition } from "../define/definition.ts";
import { type Query, sqlName, sqlPath, sqlText } from "../ports/query.ts";
import { type GroupColumn, sqlTypes, vectorSql } from "./columns.ts";
import { computeRows, inputColumns, type OnDemandFunctions, outputColumns, setSelections } from "./on-demand.ts";
import { type PinnedGroup, planTrainingSet, type SpineRows, writeTrainingSet } from "./training-set.ts";

/** Rows of the set with what their on-demand features were computed from, and what came out. */
export interface ComputedRow {
  /** From 0, in the set's order. */
  readonly row: number;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface WrittenSet {
  readonly rows: number;
  /** The model's own, stored and computed. */
  readonly features: readonly GroupColumn[];
  readonly weight: GroupColumn | null;
  readonly label: GroupColumn | null;
  /** Some rows, spread over the set. */
  readonly sample: readonly ComputedRow[];
}

export interface SetRequest {
  readonly training: TrainingDefinition;
  readonly groups: ReadonlyMap<string, PinnedGroup>;
  /** Needed for a training with on-demand features. */
  readonly code: OnDemandFunctions | null;
  readonly path: string;
  readonly which?: SpineRows;
}

const sampledRows = 64;

/** Writes the set as one Parquet file: `_event`, the keys, all that was read, all that was computed, the label. */
export async function writeSet(query: Query, { training, groups, code, path, which }: SetRequest): Promise<WrittenSet> {
  const { onDemand } = training;
  if (onDemand === undefined || code === null) {
    const plan = planTrainingSet(training, groups, which);
    const { features, weight, label } = plan;
    return { ...(await writeTrainingSet(query, plan, path)), features, weight, label, sample: [] };
  }
  const label = groups.get(training.label.data)?.definition as DataDefinition;
  const plan = planTrainingSet({ ...training, features: setSelections(training, label) }, groups, which);
  const joined = `${path}.joined`;
  const { rows } = await writeTrainingSet(query, plan, joined);
  const computed = outputColumns(onDemand);
  const sample = await computeColumns(query, {
    joined,
    rows,
    onDemand,
    code,
    columns: inputColumns(onDemand, label).map((name) => ({
      name,
      dimensions: plan.features.find((one) => one.name === name)?.dimensions,
    })),
  });
  const values = computed.map(({ name, type }, index) => `CAST(c.c${index} AS ${sqlTypes[type]}) AS ${sqlName(name)}`);
  await query.run(
    `COPY (SELECT s.* EXCLUDE (file_row_number), ${values.join(", ")}
       FROM read_parquet(${sqlPath(joined)}, file_row_number = true) s JOIN computed c ON CAST(c.number AS BIGINT) = s.file_row_number
       ORDER BY s.file_row_number)
     TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await query.run("DROP TABLE computed");
  const own = new Set(training.features.flatMap(({ names }) => names));
  return {
    rows,
    features: [...plan.features.filter(({ name }) => own.has(name)), ...computed],
    weight: plan.weight,
    label: plan.label,
    sample,
  };
}

interface Computing {
  readonly joined: string;
  readonly rows: number;
  readonly onDemand: OnDemandDefinition;
  readonly code: OnDemandFunctions;
  /** The joined file's columns behind the inputs. */
  readonly columns: readonly { readonly name: string; readonly dimensions: number | undefined }[];
}

/** Fills the table `computed` with texts, which give every number back exactly. */
async function computeColumns(
  query: Query,
  { joined, rows, onDemand, code, columns }: Computing,
): Promise<ComputedRow[]> {
  const outputs = outputColumns(onDemand);
  const names = ["number", ...outputs.map((_, index) => `c${index}`)];
  await query.run(`CREATE OR REPLACE TABLE computed (${names.map((name) => `${name} VARCHAR`).join(", ")})`);
  const selected = columns.map(({ name, dimensions }, index) =>
    dimensions === undefined ? `${sqlName(name)} AS i${index}` : vectorSql(sqlName(name), dimensions, `i${index}`),
  );
  const every = Math.max(1, Math.ceil(rows / sampledRows));
  const sample: ComputedRow[] = [];
  let from = 0;
  for await (const chunk of query.stream(
    `SELECT ${selected.join(", ")} FROM read_parquet(${sqlPath(joined)}, file_row_number = true) ORDER BY file_row_number`,
  )) {
    const given = chunk.map((row) => columns.map((_, index) => row[`i${index}`] ?? null));
    const results = await computeRows(onDemand, code, given);
    await query.append(
      "computed",
      names,
      results.map((values, index) => [String(from + index), ...values.map(textOf)]),
    );
    for (const [index, values] of results.entries())
      if ((from + index) % every === 0 || from + index === rows - 1)
        sample.push({ row: from + index, inputs: given[index] ?? [], outputs: values });
    from += chunk.length;
  }
  return sample;
}

function textOf(value: Value): string | null {
  if (value === null) return null;
  // Nine digits give every 32-bit float back.
  return Array.isArray(value) ? `[${value.map((one: number) => Number(one.toPrecision(9))).join(",")}]` : String(value);
}
