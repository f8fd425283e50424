// Batch inference, in a process of its own: the newest row of every entity with all that is known now, scored and written.

import { readFile } from "node:fs/promises";
import { type Table, valueAt } from "../base/table.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn } from "../features/columns.ts";
import type { OnDemandFunctions } from "../features/on-demand.ts";
import { writeSet } from "../features/on-demand-set.ts";
import { loadTrainingSet, type PinnedGroup } from "../features/training-set.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import { decodeModel } from "../models/model-file.ts";
import { openServed } from "../models/served-model.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { decideClass } from "./decide-class.ts";

export interface BatchInput {
  readonly training: TrainingDefinition;
  readonly groups: Readonly<Record<string, PinnedGroup>>;
  /** The live model's file on this machine, and what names it. */
  readonly model: {
    readonly path: string;
    readonly id: string;
    readonly version: number;
    /** A yes/no model says yes from this probability on. */
    readonly threshold: number;
  };
  readonly atMs: number;
  readonly temporaryFolder: string;
}

export interface BatchOutput {
  readonly path: string;
  readonly rows: number;
}

const appendedRows = 10_000;

/**
 * Writes one Parquet file: key, event time, `prediction`, what stands beside it (a probability per class), the model's version and
 * the moment.
 */
export async function scoreBatch(
  input: BatchInput,
  query: Query,
  {
    code = null,
    prepare,
  }: {
    readonly code?: OnDemandFunctions | null;
    /** Makes a model that runs apart answer here. */
    readonly prepare?: (artifact: Artifact) => Promise<void>;
  } = {},
): Promise<BatchOutput> {
  const artifact = decodeModel(await readFile(input.model.path), input.model.id);
  await prepare?.(artifact);
  const model = openServed(artifact);
  if (model.task === "forecast") return writeForecasts(input, model, query);
  const groups = new Map(Object.entries(input.groups));
  const set = `${input.temporaryFolder}/newest.parquet`;
  const { training } = input;
  const { rows, features } = await writeSet(query, {
    training,
    groups,
    code,
    path: set,
    which: { newestAtMs: input.atMs },
  });
  const table = await loadTrainingSet(query, set, features);
  const more = moreColumns(model);
  await query.run(
    `CREATE TABLE scores (number BIGINT, prediction VARCHAR${more.map((_, k) => `, p${k} DOUBLE`).join("")})`,
  );
  await appendScores(query, model, table, input.model.threshold);
  const definition = groups.get(input.training.label.data)?.definition;
  const keys = (definition?.key ?? []).map((key) => `n.${sqlName(keyColumn(key))} AS ${sqlName(key)}`);
  const event = definition?.eventTime ? [`n.${eventColumn} AS ${sqlName(definition.eventTime.column)}`] : [];
  const type = { regression: "DOUBLE", anomaly: "BOOLEAN", clustering: "INTEGER" }[model.task as string] ?? "VARCHAR";
  const prediction = `CAST(s.prediction AS ${type})`;
  const chances = more.map((name, k) => `s.p${k} AS ${sqlName(name)}`);
  const columns = [
    ...(keys.length + event.length === 0 ? ["s.number AS row"] : []),
    ...keys,
    ...event,
    `${prediction} AS prediction`,
    ...chances,
    `${input.model.version} AS model_version`,
    `make_timestamp(${Math.round(input.atMs * 1000)}) AS predicted_at`,
  ];
  const path = `${input.temporaryFolder}/predictions.parquet`;
  await query.run(
    `COPY (SELECT ${columns.join(", ")} FROM (SELECT *, row_number() OVER () AS number FROM read_parquet(${sqlText(set)})) n JOIN scores s ON s.number = n.number ORDER BY s.number)
     TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return { path, rows };
}

/** What stands beside each prediction. */
function moreColumns({ task, classes }: Predictor): string[] {
  if (task === "anomaly") return ["score"];
  return task === "clustering" ? ["distance"] : classes.map((name) => `probability ${name}`);
}

async function appendScores(query: Query, model: Predictor, table: Table, threshold: number): Promise<void> {
  const textsOf = rowTexts(model, table, threshold);
  const columns = ["number", "prediction", ...moreColumns(model).map((_, k) => `p${k}`)];
  await appendTexts(query, "scores_text", columns, table.rowCount, (row) => [String(row + 1), ...textsOf(row)]);
  await query.run("INSERT INTO scores SELECT * FROM scores_text");
}

function rowTexts(model: Predictor, table: Table, threshold: number): (row: number) => string[] {
  const predicted = model.predict(table);
  if ("probabilities" in predicted) {
    const width = model.classes.length;
    return (row) => {
      const chances = Array.from(predicted.probabilities.subarray(row * width, (row + 1) * width));
      return [model.classes[decideClass(chances, threshold)] as string, ...chances.map(String)];
    };
  }
  const { values } = predicted;
  const { flagFrom = 1, distanceRow } = model;
  if (model.task === "anomaly") return (row) => [String(values[row]! >= flagFrom), String(values[row])];
  if (distanceRow === undefined) return (row) => [String(values[row])];
  const valuesOf = (row: number) =>
    Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, row)]));
  return (row) => [String(values[row]), String(distanceRow(valuesOf(row)))];
}

async function appendTexts(
  query: Query,
  table: string,
  columns: readonly string[],
  rows: number,
  textsOf: (row: number) => string[],
): Promise<void> {
  await query.run(`CREATE TABLE ${table} (${columns.map((name) => `${sqlName(name)} VARCHAR`).join(", ")})`);
  for (let from = 0; from < rows; from += appendedRows)
    await query.append(
      table,
      columns,
      Array.from({ length: Math.min(appendedRows, rows - from) }, (_, index) => textsOf(from + index)),
    );
}

/** Every step of every series: what names the series, the moment, the forecast and its interval. */
async function writeForecasts(input: BatchInput, model: Predictor, query: Query): Promise<BatchOutput> {
  const lines = (model.series ?? []).flatMap((names) =>
    (model.forecastRow?.(names) ?? []).map((point) => [
      ...Object.values(names),
      new Date(point.time).toISOString(),
      ...[point.value, point.lower, point.upper].map(String),
    ]),
  );
  const keys = model.features.map(({ name }) => name);
  const columns = [...keys, "time", "prediction", "lower", "upper"];
  await appendTexts(query, "forecasts", columns, lines.length, (row) => lines[row] as string[]);
  const selected = [
    ...keys.map(sqlName),
    "CAST(time AS TIMESTAMP) AS time",
    ...["prediction", "lower", "upper"].map((name) => `CAST(${name} AS DOUBLE) AS ${name}`),
    `${input.model.version} AS model_version`,
    `make_timestamp(${Math.round(input.atMs * 1000)}) AS predicted_at`,
  ];
  const path = `${input.temporaryFolder}/predictions.parquet`;
  await query.run(
    `COPY (SELECT ${selected.join(", ")} FROM forecasts) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return { path, rows: lines.length };
}
