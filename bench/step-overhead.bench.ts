// What a step costs beyond its fsyncs: a run of three steps that do nothing, on a disk and where an fsync is free.

import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../src/catalog/migrations.ts";
import { sqliteDatabase } from "../src/drivers/sqlite-database.ts";
import type { Compute } from "../src/ports/compute.ts";
import { execute } from "../src/runs/execute.ts";
import { openLedger } from "../src/runs/ledger.ts";
import { runsMigrations } from "../src/runs/tables.ts";
import { commitsIn } from "../test/support/write-ahead-log.ts";
import type { Bench, Variant } from "./harness.ts";

const steps = ["read", "check", "write"];
/** Runs in one sample, so that a sample is long enough to be measured. */
const runs = 20;
const memoryFolder = "/dev/shm";

/** Steps that end as soon as they begin: what is left is the engine's own. */
const nothing: Compute = {
  run: async () => ({ ok: true, output: null, usage: { wallMs: 0, cpuMs: 0, peakMemoryMb: 0 } }),
  warm() {},
  async close() {},
} as Compute;

/** The engine with an empty ledger in a folder of its own. */
export async function openOwn(place = tmpdir()) {
  const folder = mkdtempSync(join(place, "pentad-bench-"));
  const path = join(folder, "catalog.sqlite");
  const database = await sqliteDatabase({ path });
  await migrate(database, [runsMigrations]);
  const ledger = openLedger(database);
  return {
    folder,
    path,
    async close() {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
    async threeSteps(): Promise<void> {
      const run = await ledger.claim(await ledger.request("data/a", "manual", "f"));
      if (run === undefined) throw new Error("The run is not to be had");
      const failure = await execute(
        run,
        async (work) => {
          for (const step of steps) await work.step(step, "nothing", {});
          await work.commit(async () => undefined, { detail: "done" });
        },
        {
          ledger,
          compute: nothing,
          projectFolder: folder,
          temporaryFolder: join(folder, "tmp"),
          limits: { timeMs: 1_000, memoryMb: 64 },
          environment: {},
          signal: new AbortController().signal,
          onOutput: () => undefined,
          onChange: () => undefined,
        },
      );
      if (failure !== null) throw new Error(failure.message);
    },
  };
}

export async function bench(): Promise<Bench> {
  const disk = await openOwn();
  const memory = existsSync(memoryFolder) ? await openOwn(memoryFolder) : undefined;
  const commits = await countCommits(disk.path, disk.threeSteps);
  const raw = openSync(join(disk.folder, "raw"), "a");
  const page = Buffer.alloc(4_096);
  const appends = () => {
    for (let index = 0; index < commits; index++) {
      writeSync(raw, page);
      fsyncSync(raw);
    }
  };

  const variant = (name: string, work: () => Promise<void> | void): Variant => ({
    name,
    async run() {
      const startedAt = performance.now();
      for (let run = 0; run < runs; run++) await work();
      const ms = (performance.now() - startedAt) / runs;
      return { ms, parts: { "a step": ms / steps.length } };
    },
  });
  const free = "a run of three steps, fsync free";
  return {
    title: "The cost of a step",
    method: `A run of three steps that do nothing, from its request to its end, through the executor that all components use; every step's end is durable before the next step begins, in one commit with its start: ${commits} commits with one fsync each, ${(commits / steps.length).toFixed(1)} a step, counted in the write-ahead log. On the disk, in ${memoryFolder} where an fsync costs nothing (so that the rest is what the engine itself takes), and beside it as many appends of a page with an fsync each, without any database. A sample is the mean of ${runs} runs. The target is 1 ms a step beyond the fsyncs: 3 ms a run.`,
    rounds: 15,
    goal: { variant: free, atMostMs: 3 },
    variants: [
      variant("a run of three steps, on the disk", disk.threeSteps),
      ...(memory === undefined ? [] : [variant(free, memory.threeSteps)]),
      variant(`${commits} appends with fsync, on the disk`, appends),
    ],
    close: async () => {
      closeSync(raw);
      await disk.close();
      await memory?.close();
    },
  };
}

/** How many transactions a piece of work commits, counted in the write-ahead log: each ends with a frame that says so. */
async function countCommits(path: string, work: () => Promise<void>): Promise<number> {
  await work();
  const before = commitsIn(`${path}-wal`);
  await work();
  return commitsIn(`${path}-wal`) - before;
}
