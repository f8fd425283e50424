// A worker: takes what waits, never one component twice at once, ends what its recipes leave open, and stops when told.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { fail, toFailure } from "../../src/base/failure.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Database } from "../../src/ports/database.ts";
import { type Ledger, openLedger } from "../../src/runs/ledger.ts";
import type { Run } from "../../src/runs/run.ts";
import { openSchedules } from "../../src/runs/schedules.ts";
import { runsMigrations } from "../../src/runs/tables.ts";
import { startWorker, type Worker } from "../../src/runs/worker.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad worker "));
const opened: Database[] = [];
const workers: Worker[] = [];
after(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const components = ["data/a", "data/b", "data/c"];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let database: Database;
let ledger: Ledger;
beforeEach(async () => {
  database = await sqliteDatabase({ path: join(folder, `${opened.length}.sqlite`) });
  opened.push(database);
  await migrate(database, [runsMigrations]);
  ledger = openLedger(database);
});

function start(
  execute: (run: Run, signal: AbortSignal) => Promise<unknown>,
  options: { concurrency?: number; own?: Ledger } = {},
): Worker {
  const worker = startWorker({
    ledger: options.own ?? ledger,
    components: () => components,
    execute,
    pollMs: 20,
    concurrency: () => options.concurrency ?? 2,
  });
  workers.push(worker);
  return worker;
}
const finish = (run: Run, by = ledger) => by.finish(run.run, { detail: "done" }, async () => undefined);
const states = async () => (await ledger.list({ limit: 1_000 })).map(({ state }) => state);

test("what waits is run, and idle tells when all of it has ended", async () => {
  for (const component of components) await ledger.request(component, "manual", null);
  const worker = start(async (run) => {
    await pause(30);
    await finish(run);
  });
  await worker.idle();
  assert.deepEqual(await states(), ["done", "done", "done"]);
  await ledger.request("data/a", "manual", null);
  await worker.idle();
  assert.equal((await states()).length, 4);
  await worker.stop();
});

test("two workers with four places each never run a component twice at once, nor more than their places", async () => {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  const execute = (by: Ledger) => async (run: Run) => {
    const count = (now.get(run.component) ?? 0) + 1;
    now.set(run.component, count);
    most.set(run.component, Math.max(most.get(run.component) ?? 0, count));
    await pause(5);
    now.set(run.component, (now.get(run.component) ?? 0) - 1);
    await finish(run, by);
  };
  const second = openLedger(database);
  const [one, two] = [
    start(execute(ledger), { concurrency: 4 }),
    start(execute(second), { concurrency: 4, own: second }),
  ];
  for (let i = 0; i < 30; i++) {
    for (const component of components) await ledger.request(component, "manual", null);
    await pause(5);
  }
  await Promise.all([one.idle(), two.idle()]);
  assert.deepEqual([...most.values()], [1, 1, 1]);
  assert.deepEqual(new Set(await states()), new Set(["done"]));
  await Promise.all([one.stop(), two.stop()]);
});

test("a recipe that throws, and one that forgets to end its run, leave a failure that names the component", async () => {
  const worker = start(async (run) => {
    if (run.component === "data/a") throw fail("SOURCES_EMPTY", "Expected rows, got none");
    if (run.component === "data/b") throw new TypeError("oops");
  });
  for (const component of components) await ledger.request(component, "manual", null);
  await worker.idle();
  const failures = (await ledger.list()).map(({ state, failure }) => [state, failure?.component, failure?.code]).sort();
  assert.deepEqual(failures, [
    ["failed", "data/a", "SOURCES_EMPTY"],
    ["failed", "data/b", "INTERNAL"],
    ["failed", "data/c", "INTERNAL"],
  ]);
  await worker.stop();
});

test("a run that is cancelled while it runs stays cancelled", async () => {
  const worker = start(async (run) => {
    await ledger.cancel(run.run, "not wanted");
    await finish(run);
  });
  await ledger.request("data/a", "manual", null);
  await worker.idle();
  assert.deepEqual(await states(), ["cancelled"]);
  await worker.stop();
});

test("stop tells what runs, waits for it, and takes nothing more", async () => {
  let told = false;
  const worker = start(
    async (run, signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      told = true;
      await ledger.failRun(run.run, failureOf(run));
    },
    { concurrency: 1 },
  );
  await ledger.request("data/a", "manual", null);
  await ledger.request("data/b", "manual", null);
  worker.wake();
  while (!(await states()).includes("running")) await pause(5);
  await worker.stop();
  assert.equal(told, true);
  assert.deepEqual((await states()).sort(), ["failed", "requested"]);
});
function failureOf(run: Run) {
  return toFailure(fail("RUNTIME_INTERRUPTED", "Pentad was stopped during this run"), {
    component: run.component,
    run: run.run,
  });
}

test("a ledger that cannot be used for a moment is told of and tried again", async () => {
  const errors: unknown[] = [];
  let broken = true;
  const flaky: Ledger = {
    ...ledger,
    claimNext: (wanted) => (broken ? Promise.reject(fail("CATALOG_LOCKED", "locked")) : ledger.claimNext(wanted)),
  };
  const worker = startWorker({
    ledger: flaky,
    components: () => components,
    execute: (run) => finish(run),
    pollMs: 10,
    onError: (error) => errors.push(error),
  });
  workers.push(worker);
  await ledger.request("data/a", "manual", null);
  while (errors.length < 2) await pause(5);
  broken = false;
  await worker.idle();
  assert.deepEqual(await states(), ["done"]);
  await worker.stop();
});

test("a run whose end cannot be written for a while is ended once it can be", async () => {
  let refuse = true;
  const own: Ledger = {
    ...ledger,
    failRun: (run, failure) =>
      refuse ? Promise.reject(fail("CATALOG_IO", "disk I/O error")) : ledger.failRun(run, failure),
  };
  const run = await ledger.request("data/a", "manual", null);
  const worker = start(() => Promise.reject(fail("CATALOG_IO", "disk I/O error")), { own });
  await pause(150);
  assert.equal((await ledger.find(run))?.state, "running");
  refuse = false;
  await worker.idle();
  const ended = await ledger.find(run);
  assert.deepEqual([ended?.state, ended?.failure?.code], ["failed", "CATALOG_IO"]);
});

test("schedules are asked for and run, and idle means that nothing is due either", async () => {
  let nowMs = Date.parse("2026-03-01T10:30Z");
  const timed = openLedger(database, { now: () => nowMs });
  const schedules = openSchedules(database, { now: () => nowMs });
  await schedules.set([{ component: "data/a", schedule: "@hourly", missed: "all" }]);
  const worker = startWorker({
    ledger: timed,
    schedules,
    components: () => components,
    execute: (run) => finish(run, timed),
    pollMs: 10,
    now: () => nowMs,
  });
  workers.push(worker);
  await worker.idle();
  assert.deepEqual(await states(), []);
  nowMs += 3 * 3_600_000;
  await worker.idle();
  assert.deepEqual(await states(), ["done", "done", "done"]);
  await worker.stop();
});

test("a hundred schedules and nothing to do cost next to nothing", async () => {
  const schedules = openSchedules(database);
  await schedules.set(
    Array.from({ length: 100 }, (_, i) => ({
      component: `data/s${i}`,
      schedule: `${i % 60} 3 * * *`,
      timeZone: "Europe/Zurich",
    })),
  );
  const worker = startWorker({ ledger, schedules, components: () => components, execute: (run) => finish(run) });
  workers.push(worker);
  await worker.idle();
  const before = process.cpuUsage();
  await pause(1_500);
  const { user, system } = process.cpuUsage(before);
  await worker.stop();
  assert.ok((user + system) / 1_000 < 60, `${(user + system) / 1_000} ms of processor in 1.5 s`);
});
