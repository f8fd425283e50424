// What the ledger costs: a run of three steps beside the fsyncs in it, and the dashboard's questions over a million runs.

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../src/catalog/migrations.ts";
import { sqliteDatabase } from "../src/drivers/sqlite-database.ts";
import type { Database } from "../src/ports/database.ts";
import { type Ledger, openLedger } from "../src/runs/ledger.ts";
import { runsMigrations } from "../src/runs/tables.ts";
import type { Bench, Variant } from "./harness.ts";

const many = 1_000_000;
const commits = 9;
const atOnce = 50;
const stepsEach = 100;
const manyName = `${atOnce * stepsEach} steps of ${atOnce} runs at once (the target, 5,000 a second, is ${(atOnce * stepsEach) / 5} ms)`;
const usage = { wallMs: 1, cpuMs: 1, peakMemoryMb: 1 };

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const open = async (name: string): Promise<{ database: Database; ledger: Ledger }> => {
    const database = await sqliteDatabase({ path: join(folder, name) });
    await migrate(database, [runsMigrations]);
    return { database, ledger: openLedger(database) };
  };
  const [small, large] = [await open("small.sqlite"), await open("large.sqlite")];
  await fill(large.database);
  const raw = openSync(join(folder, "raw"), "a");
  const page = Buffer.alloc(4_096);

  async function threeSteps(ledger: Ledger): Promise<void> {
    const run = await ledger.request("data/c1", "manual", "f");
    await ledger.claim(run);
    for (const step of ["read", "check", "write"]) {
      await ledger.startStep(run, step, 1);
      await ledger.endStep(run, step, 1, { usage, failure: null });
    }
    await ledger.finish(run, { detail: "done" }, async () => undefined);
  }

  let round = 0;
  /** As many runs at once as a busy project has, so that their commits can share fsyncs. */
  async function manySteps(ledger: Ledger): Promise<void> {
    round++;
    const work = Array.from({ length: atOnce }, async (_, index) => {
      const run = await ledger.request(`data/r${round}x${index}`, "manual", "f");
      await ledger.claim(run);
      for (let step = 0; step < stepsEach; step++) {
        await ledger.startStep(run, `step ${step}`, 1);
        await ledger.endStep(run, `step ${step}`, 1, { usage, failure: null });
      }
      await ledger.finish(run, { detail: "done" }, async () => undefined);
    });
    await Promise.all(work);
  }

  const variant = (name: string, work: () => Promise<unknown>): Variant => ({
    name,
    async run() {
      const startedAt = performance.now();
      const found = await work();
      const ms = performance.now() - startedAt;
      if (Array.isArray(found) && found.length !== 50) throw new Error(`${name} found ${found.length}`);
      return { ms };
    },
  });
  const { ledger } = large;
  return {
    title: "The ledger",
    method: `A run of three steps that do nothing is ${commits} durable commits; beside it as many appends of a page with an fsync each, without any database. The questions are asked of a ledger with a million runs of 20 components.`,
    rounds: 40,
    goal: { variant: "the newest runs of every component", atMostMs: 100 },
    variants: [
      variant("a run of three steps, empty ledger", () => threeSteps(small.ledger)),
      variant("a run of three steps, a million runs", () => threeSteps(ledger)),
      variant(`${commits} appends with fsync`, async () => {
        for (let i = 0; i < commits; i++) {
          writeSync(raw, page);
          fsyncSync(raw);
        }
      }),
      variant(manyName, () => manySteps(small.ledger)),
      variant("the newest runs of every component", () => ledger.latest()),
      variant("50 runs", () => ledger.list({ limit: 50 })),
      variant("50 runs of a component", () => ledger.list({ limit: 50, component: "data/c7" })),
      variant("50 failed runs", () => ledger.list({ limit: 50, state: "failed" })),
      variant("an old run with its steps", async () => ({
        ...(await ledger.find("run_000000000777")),
        steps: await ledger.steps("run_000000000777"),
      })),
      variant(
        "a look for lost and for waiting runs",
        async () => [await ledger.recover(), await ledger.claimNext(["data/c1"])].length,
      ),
    ],
    async close() {
      closeSync(raw);
      await small.database.close();
      await large.database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A run every half minute for a year, every 97th of them failed. */
async function fill(database: Database): Promise<void> {
  const start = Date.parse("2025-01-01T00:00Z");
  for (let from = 0; from < many; from += 50_000)
    await database.transaction(async (tx) => {
      for (let i = from; i < from + 50_000; i++) {
        const run = `run_${String(i).padStart(12, "0")}`;
        const [component, at] = [`data/c${i % 20}`, start + i * 30_000];
        await tx.run(
          "insert into runs (run, component, reason, state, requested_at, started_at, ended_at, number, detail) values (?, ?, 'schedule', ?, ?, ?, ?, ?, 'done')",
          [run, component, i % 97 === 0 ? "failed" : "done", at, at, at + 1_000, i + 1],
        );
        await tx.run(
          "insert into runs_steps (run, step, attempt, state, started_at, ended_at) values (?, 'read', 1, 'done', ?, ?)",
          [run, at, at + 1_000],
        );
        await tx.run("insert into runs_events (sequence, at, component, run, event) values (?, ?, ?, ?, 'run.done')", [
          i + 1,
          at,
          component,
          run,
        ]);
      }
    });
  await database.run("update runs_counters set value = ?", [many]);
}
