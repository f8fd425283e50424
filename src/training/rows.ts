// The rows of a training set, with what tells one from another: identity, moment, group, and a draw by seed.

import { fail } from "../base/failure.ts";
import { type NumericColumn, type Table, takeRows } from "../base/table.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn } from "../features/columns.ts";
import { loadTrainingSet } from "../features/training-set.ts";
import { takeLabel, toLabel } from "../learn/label.ts";
import type { Label, Task } from "../learn/model.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import type { SetOutput } from "./training-set.ts";

/** The rows of a training set; a task without a label needs no more. */
export interface Rows {
  /** Features. */
  readonly table: Table;
  /** Milliseconds since 1970; null when the rows' group has no event time of its own. */
  readonly times: Float64Array | null;
  /** The group of each row, when the training splits by one. */
  readonly groups: readonly string[] | null;
  /** Rows that are the same in the eyes of their source have the same identity, whenever they are read. */
  readonly identities: Float64Array;
  /** From 0 to 1, by identity (or group) and seed: a row keeps its draw while the table grows, so it keeps its part. */
  readonly draws: Float64Array;
}

export interface LabelledRows extends Rows {
  readonly label: Label;
}

const fewestRows = 10;

/** Reads the training set. Throws TRAINING_LABEL_…, TRAINING_TOO_FEW_ROWS, or DEFINE_INVALID for a group that is not there. */
export async function loadRows(
  training: TrainingDefinition,
  set: SetOutput,
  task: Task,
  query: Query,
): Promise<LabelledRows> {
  if (set.rows < fewestRows)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least ${fewestRows} rows with a label, got ${set.rows}`);
  const { table, ...facts } = await loadTable(training, set, query);
  const column = set.label === null ? undefined : table.columns.get(set.label.name);
  if (column === undefined)
    throw fail(
      "TRAINING_LABEL_MISSING",
      `Expected the label ${JSON.stringify(set.label?.name ?? training.label.name)} in the training set, got none`,
    );
  const columns = new Map(set.features.map(({ name }) => [name, table.columns.get(name)!]));
  const weights = set.weight === null ? undefined : (table.columns.get(set.weight.name) as NumericColumn).values;
  const all: LabelledRows = {
    table: { rowCount: table.rowCount, columns },
    label: { ...toLabel(column, task), ...(weights && { weights }) },
    ...facts,
  };
  const rows = weights === undefined ? all : takeCounted(all, weights);
  checkVariety(rows.label, "row");
  return rows;
}

/** The rows that count: one of weight 0 is in no part. */
function takeCounted(rows: LabelledRows, weights: Float64Array): LabelledRows {
  const counted = Int32Array.from(weights.keys()).filter((row) => weights[row]! > 0);
  if (counted.length === weights.length) return rows;
  if (counted.length < fewestRows)
    throw fail(
      "TRAINING_TOO_FEW_ROWS",
      `Expected at least ${fewestRows} rows of a weight above 0, got ${counted.length}`,
    );
  const take = (values: Float64Array) => Float64Array.from(counted, (row) => values[row]!);
  const { table, label, times, groups, identities, draws } = rows;
  return {
    table: takeRows(table, counted),
    label: takeLabel(label, counted),
    times: times === null ? null : take(times),
    groups: groups === null ? null : Array.from(counted, (row) => groups[row]!),
    identities: take(identities),
    draws: take(draws),
  };
}

/** The same for a task without a label. Throws TRAINING_TOO_FEW_ROWS, or DEFINE_INVALID for a group that is not there. */
export async function loadUnlabelled(training: TrainingDefinition, set: SetOutput, query: Query): Promise<Rows> {
  if (set.rows < fewestRows)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least ${fewestRows} rows, got ${set.rows}`);
  const { table, ...facts } = await loadTable(training, set, query);
  const columns = new Map(set.features.map(({ name }) => [name, table.columns.get(name)!]));
  return { table: { rowCount: table.rowCount, columns }, ...facts };
}

async function loadTable(training: TrainingDefinition, set: SetOutput, query: Query): Promise<Rows> {
  const known = set.label === null ? set.features : [...set.features, set.label];
  const table = await loadTrainingSet(query, set.path, set.weight === null ? known : [...known, set.weight]);
  const group = training.split.by === "group" ? groupColumn(training, set) : null;
  const file = `read_parquet(${sqlText(set.path)}, file_row_number = true)`;
  const own = [...set.keys.map(keyColumn), ...(set.timed ? [eventColumn] : [])];
  const identity = textSql(own.length > 0 ? own : known.map(({ name }) => name));
  const apart = own.length === 0 && group === null && (await lookAlike(query, file, set));
  const among = group !== null ? textSql([group]) : apart ? `${identity} || ${copySql(identity)}` : identity;
  const drawn = `${sqlText(`${training.seed}:`)} || ${among}`;
  const facts = await query.table(
    `SELECT ${hashSql(identity)} AS _identity, ${hashSql(drawn)} / 4503599627370496 AS _draw${group === null ? "" : `, ${textSql([group])} AS _group`} FROM ${file} ORDER BY file_row_number`,
  );
  const groups = facts.columns.get("_group");
  return {
    table,
    times: set.timed ? (table.columns.get(eventColumn) as NumericColumn).values : null,
    groups: groups?.type === "text" ? groups.values.map((value) => value ?? "") : null,
    identities: (facts.columns.get("_identity") as NumericColumn).values,
    draws: (facts.columns.get("_draw") as NumericColumn).values,
  };
}

/**
 * Rows without key or time are known by what they say. Equal ones are copies, which stay together and so out of the test part,
 * unless rows with equal features mostly answer differently: then they are different things that look alike, such as passengers
 * of one class and sex, and to part them by their answer would turn the test around.
 */
async function lookAlike(query: Query, file: string, { features, label }: SetOutput): Promise<boolean> {
  if (label === null) return false;
  const [found] = await query.rows<{ alike: boolean | null }>(
    `SELECT 2 * sum(rows) FILTER (answers > 1) > sum(rows) AS alike FROM (
       SELECT count(*) AS rows, count(DISTINCT ${textSql([label.name])}) AS answers FROM ${file}
       GROUP BY md5_number_lower(${textSql(features.map(({ name }) => name))}) HAVING count(*) > 1)`,
  );
  return found?.alike === true;
}

/** Tells a row's equals apart by their place among them; nothing for the first, so that it draws as if it were alone. */
function copySql(identity: string): string {
  const place = `row_number() OVER (PARTITION BY ${identity} ORDER BY file_row_number)`;
  return `CASE WHEN ${place} = 1 THEN '' ELSE chr(3) || ${place} END`;
}

function groupColumn(training: TrainingDefinition, set: SetOutput): string {
  const name = training.split.group as string;
  if (set.keys.includes(name)) return keyColumn(name);
  if (set.features.some((feature) => feature.name === name)) return name;
  throw fail(
    "DEFINE_INVALID",
    `split.group: expected a key or a feature of the training, got ${JSON.stringify(name)}`,
    { hint: `It has ${[...set.keys, ...set.features.map((feature) => feature.name)].join(", ")}` },
  );
}

function textSql(columns: readonly string[]): string {
  const parts = columns.map((name) => `coalesce(CAST(${sqlName(name)} AS VARCHAR), chr(1))`);
  return `concat_ws(chr(2), ${parts.join(", ")})`;
}

/** 52 bits, which a double holds exactly. */
function hashSql(text: string): string {
  return `CAST(md5_number_lower(${text}) >> 12 AS DOUBLE)`;
}

/** A label that never varies cannot be learned. */
export function checkVariety(label: Label, where: string): void {
  if (label.task === "regression") {
    const [first] = label.values;
    if (label.values.every((value) => value === first))
      throw fail("TRAINING_LABEL_CONSTANT", `Expected a label that varies, got ${first} in every ${where}`);
    const odd = label.values.find((value) => !Number.isFinite(value));
    if (odd !== undefined)
      throw fail("TRAINING_LABEL_INVALID", `Expected a finite number as label in every ${where}, got ${odd}`);
    return;
  }
  const seen = new Set(label.codes);
  if (seen.size < 2)
    throw fail(
      "TRAINING_LABEL_CONSTANT",
      `Expected at least two classes, got ${[...seen].map((code) => JSON.stringify(label.classes[code])).join(", ") || "none"} in every ${where}`,
    );
}
