// The shape on which a peer took half an hour and 50 GB: 17,000 labels, ten views, a thousand features.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { type Bench, formatMs } from "../harness.ts";
import { type BenchTable, trainingOf, writeTable } from "./tables.ts";

const rows = 17_000;
const views: readonly BenchTable[] = Array.from({ length: 10 }, (_, view) => ({
  name: `v${view}`,
  rows,
  entities: 1000,
  features: Array.from({ length: 100 }, (_, feature) => `v${view}_f${feature}`),
}));
const label: BenchTable = { name: "labels", rows, entities: 1000, features: [], label: "y" };

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const query = await duckdbQuery({ memoryMb: 2000, temporaryFolder: folder, threads: 2 });
  const groups = [];
  for (const [seed, table] of [label, ...views].entries())
    groups.push([table.name, await writeTable(query, folder, table, seed)]);
  await query.close();
  const input = join(folder, "input.json");
  writeFileSync(input, JSON.stringify({ training: trainingOf(label, views), groups, folder }));
  const variant = "Pentad, a process of its own";
  const feast = await feastSentence(folder);
  return {
    title: "Ten wide views",
    method: `${rows.toLocaleString("en")} labels with a hundred features of each of ten views of as many rows, from Parquet files to the training set's file, in a process of its own that starts cold, with 384 MB for the engine: the shape of feast-dev/feast#3003, which is said to have taken 30 minutes and 50 GB there. A process that took more than 1 GB would be no result. ${feast}`,
    rounds: 3,
    goal: { variant, atMostMs: 5000 },
    variants: [
      {
        name: variant,
        async run() {
          const startedAt = performance.now();
          const script = join(import.meta.dirname, "wide-views-set.ts");
          const { stdout } = await promisify(execFile)(process.execPath, [script, input]);
          const made = JSON.parse(stdout) as { rows: number; columns: number; peakMb: number };
          if (made.rows !== rows || made.columns !== 1003) throw new Error(`It made ${stdout}`);
          if (made.peakMb > 1024) throw new Error(`It took ${Math.round(made.peakMb)} MB`);
          return { ms: performance.now() - startedAt };
        },
      },
    ],
    async close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const feastPython = process.env.PENTAD_BENCH_FEAST;
const feastLimitMs = 1_200_000;

/** Feast takes too long for rounds: it runs once, before them, and is told of in words. */
async function feastSentence(folder: string): Promise<string> {
  if (feastPython === undefined) return "Feast was not there.";
  const script = join(import.meta.dirname, "feast/wide-views.py");
  const given = [script, folder, String(views.length), String(views[0]?.features.length)];
  const options = { env: { ...process.env, FEAST_USAGE: "False" }, timeout: feastLimitMs, maxBuffer: 2 ** 26 };
  const said = "Feast with its file offline store, given the same labels and files, ran once before that";
  try {
    const { stdout } = await promisify(execFile)(feastPython, given, options);
    const last = stdout.trim().split("\n").at(-1) as string;
    const made = JSON.parse(last) as { version: string; rows: number; ms: number; cpuMs: number; peakMb: number };
    const lost =
      made.rows === rows
        ? ""
        : `; it gave back ${made.rows.toLocaleString("en")} of the labels, as it leaves out one for which some view has no row before`;
    return `${said} (version ${made.version}): ${formatMs(made.ms)}, of them ${formatMs(made.cpuMs)} of processor time, and ${Math.round(made.peakMb).toLocaleString("en")} MB at the most${lost}.`;
  } catch (error) {
    if ((error as { killed?: boolean }).killed !== true) throw error;
    return `${said}: it had not finished within ${formatMs(feastLimitMs)}.`;
  }
}
