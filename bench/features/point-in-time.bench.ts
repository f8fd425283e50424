// The point-in-time join of a million labels with three groups of five million rows, from Parquet files to columns.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Table } from "../../src/base/table.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { placedSql, planTrainingSet } from "../../src/features/training-set.ts";
import type { Bench, Sample, Variant } from "../harness.ts";
import { type BenchTable, handWritten, trainingOf, writeTable } from "./tables.ts";

const python = process.env.PENTAD_BENCH_PYTHON;
const entities = 100_000;
const views: readonly BenchTable[] = [0, 1, 2].map((view) => ({
  name: `g${view}`,
  rows: 5_000_000,
  entities,
  features: [0, 1, 2, 3].map((feature) => `g${view}_f${feature}`),
}));
const label: BenchTable = { name: "labels", rows: 1_000_000, entities, features: [], label: "y" };

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const query = await duckdbQuery({ memoryMb: 6000, temporaryFolder: folder, threads: 2 });
  const groups = new Map();
  for (const [seed, table] of [label, ...views].entries())
    groups.set(table.name, await writeTable(query, folder, table, seed));
  const plan = planTrainingSet(trainingOf(label, views), groups);
  const variant = (name: string, sql: string): Variant => ({ name, run: () => timed(() => query.table(sql)) });
  return {
    title: "The point-in-time join",
    method: `A million labels with four features of each of three groups of five million rows (${entities.toLocaleString("en")} entities), from Parquet files to typed columns in memory, two threads. Pentad merges its sorted files with the labels, takes the last row of every moment and gives the rows in their order; the peers read unsorted files with whole-number keys, take any row of a moment and give no order. A third of Pentad's processor time is reading and inflating the pages of the columns that are asked for; the rest is mostly the engine's: sorting the label rows, numbering their keys, and handing the columns over. Going through the engine for the groups' rows too, in chunks, took about a fifth more, and joining them in it by the places of the answers (as before) nearly as much as the peer. ${python === undefined ? "Polars was not there." : "Polars sorts first, as its join demands."} Rows and the presence of values are checked.`,
    rounds: 5,
    variants: [
      { name: "Pentad", run: () => timed(async () => query.table(await placedSql(query, plan))) },
      variant("DuckDB, ASOF written by hand, unsorted files", handWritten(folder, label, views)),
      ...(python === undefined ? [] : [{ name: "Polars join_asof", run: () => polars(python, folder) }]),
    ],
    async close() {
      await query.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function timed(work: () => Promise<Table>): Promise<Sample> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const table = await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const column = table.columns.get("g2_f3");
  const present = column?.type === "number" ? column.values.filter((value) => !Number.isNaN(value)).length : 0;
  if (table.rowCount !== label.rows || present < 0.9 * label.rows)
    throw new Error(`The join gave ${table.rowCount} rows, ${present} with a value`);
  return { ms, parts: { "processor time": (user + system) / 1000 } };
}

async function polars(command: string, folder: string): Promise<Sample> {
  const script = join(import.meta.dirname, "polars-join.py");
  const { stdout } = await promisify(execFile)(command, [script, folder], {
    env: { ...process.env, POLARS_MAX_THREADS: "2" },
  });
  const { rows, ms, cpuMs } = JSON.parse(stdout) as { rows: number; ms: number; cpuMs: number };
  if (rows !== label.rows) throw new Error(`Polars gave ${rows} rows`);
  return { ms, parts: { "processor time": cpuMs } };
}
