// Processes that are killed, frozen and restarted in the middle of runs: nothing is lost, doubled or stuck.

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Database } from "../../src/ports/database.ts";
import { type Ledger, openLedger } from "../../src/runs/ledger.ts";
import { openSchedules } from "../../src/runs/schedules.ts";
import { writeSettings } from "../../src/runs/settings.ts";
import { runsMigrations } from "../../src/runs/tables.ts";

interface Message {
  readonly ready?: true;
  readonly began?: string;
  readonly ended?: string;
  readonly refused?: string;
  readonly code?: string;
  readonly error?: string;
}

const folder = mkdtempSync(join(tmpdir(), "pentad crash "));
const children = new Set<ChildProcess>();
let files = 0;
let path = "";
let database: Database;
let ledger: Ledger;

beforeEach(async () => {
  path = join(folder, `${++files}.sqlite`);
  database = await sqliteDatabase({ path, timeoutMs: 20_000 });
  await migrate(database, [runsMigrations]);
  await database.execute("create table kept (run text not null, component text not null, pid integer not null)");
  ledger = openLedger(database);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(
    [...children].map(
      (child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once("exit", resolve)),
    ),
  );
  children.clear();
  await database.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

function startProcess(options: { components: string; workMs?: number; leaseMs?: number; aheadMs?: number }) {
  const { components, workMs = 200, leaseMs = 1_000, aheadMs = 0 } = options;
  const child = fork(
    join(import.meta.dirname, "runs-worker.ts"),
    [path, components, String(workMs), String(leaseMs), String(aheadMs)],
    {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [],
    },
  );
  children.add(child);
  const heard: Message[] = [];
  const listeners = new Set<() => void>();
  child.on("message", (message) => {
    heard.push(message as Message);
    for (const listener of listeners) listener();
  });
  const hears = (what: (message: Message) => boolean) =>
    new Promise<Message>((resolve) => {
      const look = () => {
        const found = heard.find(what);
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  return { child, heard, hears };
}

async function until(what: () => Promise<boolean>, withinMs: number): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await what())) {
    assert.ok(performance.now() < giveUpAt, `it did not come to pass within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const kept = () => database.all<{ run: string; component: string }>("select run, component from kept order by run");

test("a run whose process is killed with -9 in the middle of a step is failed and run again within five seconds", async () => {
  const first = startProcess({ components: "data/a", workMs: 60_000, leaseMs: 30_000 });
  const run = await ledger.request("data/a", "manual", "f");
  await first.hears(({ began }) => began === run);
  const second = startProcess({ components: "data/a", workMs: 50, leaseMs: 30_000 });
  await second.hears(({ ready }) => ready === true);
  const killedAt = performance.now();
  first.child.kill("SIGKILL");
  const again = await second.hears(({ ended }) => ended !== undefined);
  assert.ok(performance.now() - killedAt < 5_000, `${(performance.now() - killedAt).toFixed(0)} ms`);
  const lost = await ledger.find(run);
  assert.deepEqual([lost?.state, lost?.failure?.code, lost?.failure?.step], ["failed", "RUNTIME_INTERRUPTED", "work"]);
  assert.deepEqual(await kept(), [{ run: again.ended, component: "data/a" }]);
});

test("a process that is frozen beyond its lease and thawed cannot commit: its run was run again, and counts once", async () => {
  const frozen = startProcess({ components: "data/a", workMs: 1_500, leaseMs: 800 });
  const run = await ledger.request("data/a", "manual", "f");
  await frozen.hears(({ began }) => began === run);
  frozen.child.kill("SIGSTOP");
  const other = startProcess({ components: "data/a", workMs: 50, leaseMs: 800 });
  const again = await other.hears(({ ended }) => ended !== undefined);
  frozen.child.kill("SIGCONT");
  const refused = await frozen.hears((message) => message.refused !== undefined);
  assert.deepEqual([refused.refused, refused.code], [run, "RUNS_CANCELLED"]);
  assert.deepEqual(await kept(), [{ run: again.ended, component: "data/a" }]);
  assert.equal((await ledger.find(run))?.state, "failed");
});

test("a process that is frozen for a moment only keeps its run", async () => {
  const frozen = startProcess({ components: "data/a", workMs: 600, leaseMs: 5_000 });
  const run = await ledger.request("data/a", "manual", "f");
  await frozen.hears(({ began }) => began === run);
  startProcess({ components: "data/a", workMs: 50, leaseMs: 5_000 });
  frozen.child.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 700));
  frozen.child.kill("SIGCONT");
  await until(async () => (await ledger.find(run))?.state === "done", 10_000);
  assert.deepEqual((await kept()).length, 1);
});

test("two schedulers in two processes run every moment once", async () => {
  const startedAt = Date.now();
  const schedules = openSchedules(database, { now: () => startedAt });
  await schedules.set([
    { component: "data/a", schedule: "* * * * *", missed: "all" },
    { component: "data/b", schedule: "5m", missed: "once" },
  ]);
  // Both processes live ten minutes later than the schedules were set.
  const processes = [1, 2].map(() => startProcess({ components: "data/a,data/b", workMs: 10, aheadMs: 600_000 }));
  await until(async () => (await kept()).length >= 11, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const runs = await ledger.list({ limit: 100 });
  const moments = runs.map(({ component, logicalAtMs }) => `${component} ${logicalAtMs}`);
  assert.equal(new Set(moments).size, moments.length);
  // A minute may have begun meanwhile.
  const [a, b] = ["data/a", "data/b"].map((component) => runs.filter((run) => run.component === component));
  assert.ok(a?.length === 10 || a?.length === 11, `${a?.length} runs of every minute`);
  assert.equal(b?.length, 1, "once for all that was missed");
  assert.deepEqual(
    runs.filter(({ state }) => state !== "done"),
    [],
  );
  assert.equal((await kept()).length, runs.length);
  for (const { heard } of processes)
    assert.deepEqual(
      heard.filter(({ error }) => error !== undefined),
      [],
    );
});

test("three processes that may take six runs at once never run more than the project's limit, and still run all", async () => {
  await writeSettings(database, { concurrency: 2 });
  const components = Array.from({ length: 9 }, (_, index) => `data/${"abcdefghi"[index]}`);
  for (const component of components) await ledger.request(component, "manual", null);
  for (let one = 0; one < 3; one++) startProcess({ components: components.join(","), workMs: 60 });
  await until(async () => (await kept()).length === components.length, 20_000);
  const events = (await ledger.events(0, 1_000)).filter(({ event }) => event !== "run.requested");
  let running = 0;
  let most = 0;
  for (const { event } of events) {
    running += event === "run.started" ? 1 : -1;
    most = Math.max(most, running);
  }
  assert.equal(most, 2);
});

test("killing workers at random for a while leaves no run stuck, none doubled, and the record without a gap", async () => {
  const components = ["data/a", "data/b", "data/c", "training/d"];
  const start = () => startProcess({ components: components.join(","), workMs: 30, leaseMs: 600 });
  let workers = [start(), start(), start()];
  const requested = new Set<string>();
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const stopAt = performance.now() + 6_000;
  while (performance.now() < stopAt) {
    for (const component of components) requested.add(await ledger.request(component, "manual", null));
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 250));
    const index = Math.floor(random() * workers.length);
    workers[index]?.child.kill("SIGKILL");
    workers = workers.with(index, start());
  }
  const settled = async () => {
    const open = await Promise.all(
      (["requested", "running"] as const).map((state) => ledger.list({ state, limit: 1_000 })),
    );
    return open.flat().length === 0;
  };
  await until(settled, 15_000);
  const runs = await ledger.list({ limit: 10_000 });
  for (const run of requested) assert.ok(runs.some((one) => one.run === run));
  for (const run of runs)
    assert.ok(run.state === "done" || run.failure?.code === "RUNTIME_INTERRUPTED", JSON.stringify(run));
  const done = runs
    .filter(({ state }) => state === "done")
    .map(({ run }) => run)
    .sort();
  assert.ok(done.length > 4, `${done.length} runs were done`);
  assert.deepEqual(
    (await kept()).map(({ run }) => run),
    done,
    "one committed row for each done run, none for the others",
  );
  const events = await ledger.events(0, 100_000);
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => index + 1),
  );
  for (const { run, component } of runs) {
    const own = events.filter((event) => event.run === run).map(({ event }) => event);
    assert.deepEqual(own.slice(0, 2), ["run.requested", "run.started"], component);
    assert.equal(own.length, 3, own.join(", "));
  }
  for (const component of components) {
    const order = events.filter((event) => event.component === component && event.event !== "run.requested");
    for (const [index, { event }] of order.entries())
      assert.equal(event === "run.started", index % 2 === 0, "a component runs once at a time");
  }
  const check = await database.get<{ integrity_check: string }>("pragma integrity_check");
  assert.equal(check?.integrity_check, "ok");
});
