// Batch inference, in a process of its own: the newest row of every entity, joined as for training, scored and written.

import { readFile } from "node:fs/promises";
import type { Table } from "../base/table.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn } from "../features/columns.ts";
import type { OnDemandFunctions } from "../features/on-demand.ts";
import { writeSet } from "../features/on-demand-set.ts";
import { loadTrainingSet, type PinnedGroup } from "../features/training-set.ts";
import type { Predictor } from "../learn/model.ts";
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

/** Writes one Parquet file: key, event time, `prediction`, a probability per class, the model's version and the moment. */
export async function scoreBatch(
  input: BatchInput,
  query: Query,
  code: OnDemandFunctions | null = null,
): Promise<BatchOutput> {
  const groups = new Map(Object.entries(input.groups));
  const set = `${input.temporaryFolder}/newest.parquet`;
  const { training } = input;
  const { rows, features } = await writeSet(query, { training, groups, code, path: set, which: "newest" });
  const table = await loadTrainingSet(query, set, features);
  const model = openServed(decodeModel(await readFile(input.model.path), input.model.id));
  await query.run(
    `CREATE TABLE scores (number BIGINT, prediction VARCHAR${model.classes.map((_, k) => `, p${k} DOUBLE`).join("")})`,
  );
  await appendScores(query, model, table, input.model.threshold);
  const definition = groups.get(input.training.label.data)?.definition;
  const keys = (definition?.key ?? []).map((key) => `n.${sqlName(keyColumn(key))} AS ${sqlName(key)}`);
  const event = definition?.eventTime ? [`n.${eventColumn} AS ${sqlName(definition.eventTime.column)}`] : [];
  const prediction = model.task === "regression" ? "CAST(s.prediction AS DOUBLE)" : "s.prediction";
  const chances = model.classes.map((name, k) => `s.p${k} AS ${sqlName(`probability ${name}`)}`);
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

async function appendScores(query: Query, model: Predictor, table: Table, threshold: number): Promise<void> {
  const predicted = model.predict(table);
  const width = model.classes.length;
  const columns = ["number", "prediction", ...model.classes.map((_, k) => `p${k}`)];
  await query.run(`CREATE TABLE scores_text (${columns.map((name) => `${name} VARCHAR`).join(", ")})`);
  for (let from = 0; from < table.rowCount; from += appendedRows) {
    const rows: string[][] = [];
    for (let row = from; row < Math.min(table.rowCount, from + appendedRows); row++) {
      if ("values" in predicted) rows.push([String(row + 1), String(predicted.values[row])]);
      else {
        const chances = Array.from(predicted.probabilities.subarray(row * width, (row + 1) * width));
        rows.push([String(row + 1), model.classes[decideClass(chances, threshold)] as string, ...chances.map(String)]);
      }
    }
    await query.append("scores_text", columns, rows);
  }
  await query.run("INSERT INTO scores SELECT * FROM scores_text");
}
