// The ledger: asked once, run once, ended once; what is lost is found again, and what comes too late is refused.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { fail, isFailure, toFailure } from "../../src/base/failure.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Database } from "../../src/ports/database.ts";
import { type Ledger, type LedgerOptions, openLedger } from "../../src/runs/ledger.ts";
import { newOwner, ownerLives } from "../../src/runs/owner.ts";
import { runsMigrations } from "../../src/runs/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad ledger "));
const opened: Database[] = [];
let files = 0;
after(async () => {
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const minute = 60_000;
/** Two clocks that the test moves: the one on the wall, which is set back at times, and the one that never is. */
const clock = { wallMs: 0, runMs: 0 };
const pass = (ms: number) => {
  clock.wallMs += ms;
  clock.runMs += ms;
};
let database: Database;
let ledger: Ledger;
const open = (options: LedgerOptions = {}) =>
  openLedger(database, {
    now: () => clock.wallMs,
    monotonicMs: () => clock.runMs,
    leaseMs: 10_000,
    ownerLives: () => undefined,
    ...options,
  });

beforeEach(async () => {
  clock.wallMs = Date.parse("2026-03-01T10:00:00Z");
  clock.runMs = 0;
  database = await sqliteDatabase({ path: join(folder, `${++files}.sqlite`) });
  opened.push(database);
  await migrate(database, [runsMigrations]);
  await database.execute("create table kept (value text)");
  ledger = open();
});

async function start(component = "data/weather"): Promise<string> {
  const run = await ledger.request(component, "manual", "f");
  assert.ok(await ledger.claim(run));
  return run;
}
const keep = (value: string) => async (tx: { run(sql: string, parameters: string[]): Promise<unknown> }) => {
  await tx.run("insert into kept values (?)", [value]);
};
const kept = async () =>
  (await database.all<{ value: string }>("select value from kept order by value")).map(({ value }) => value);
const tooLate = (error: unknown) => isFailure(error, "RUNS_CANCELLED") && /not|ended or taken over/.test(error.message);

describe("asking and taking", () => {
  test("asking twice while the first waits gives one run, with the newer fingerprint", async () => {
    const first = await ledger.request("data/weather", "changed", "old");
    assert.equal(await ledger.request("data/weather", "manual", "new"), first);
    assert.equal((await ledger.find(first))?.fingerprint, "new");
    assert.notEqual(await ledger.request("data/other", "manual", "new"), first);
  });

  test("a run is taken once, however many want it", async () => {
    const run = await ledger.request("data/weather", "manual", null);
    const others = [ledger, open(), open(), open()];
    const taken = await Promise.all(others.map((one) => one.claim(run)));
    assert.equal(taken.filter((one) => one !== undefined).length, 1);
  });

  test("a component runs once at a time, and another waits for its turn", async () => {
    const first = await start();
    const second = await ledger.request("data/weather", "changed", "g");
    assert.notEqual(second, first);
    assert.equal(await ledger.claim(second), undefined);
    await ledger.finish(first, { detail: "done" }, async () => undefined);
    assert.equal((await ledger.claim(second))?.state, "running");
  });

  test("claimNext takes by priority and then by age, and leaves components that run or are not wanted", async () => {
    const [early, late, urgent] = [
      await ledger.request("data/a", "manual", null),
      await ledger.request("data/b", "manual", null),
      await ledger.request("data/c", "manual", null, { priority: 5 }),
    ];
    const claimed: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) claimed.push((await ledger.claimNext(["data/a", "data/b", "data/c"]))?.run);
    assert.deepEqual(claimed, [urgent, early, late, undefined]);
    await ledger.request("data/a", "manual", null);
    assert.equal(await ledger.claimNext(["data/a"]), undefined, "data/a is running");
    assert.equal(await ledger.claimNext([]), undefined);
    await ledger.request("data/d", "manual", null);
    assert.equal(await ledger.claimNext(["data/x"]), undefined);
  });

  test("a moment of a schedule has one run for ever, whoever asks", async () => {
    const moment = Date.parse("2026-03-01T10:00:00Z");
    const asked = await Promise.all(
      [ledger, open(), open()].map((one) => one.request("data/weather", "schedule", null, { logicalAtMs: moment })),
    );
    assert.equal(new Set(asked).size, 1);
    const run = asked[0] as string;
    await ledger.claim(run);
    await ledger.finish(run, { detail: "done" }, async () => undefined);
    assert.equal(await open().request("data/weather", "schedule", null, { logicalAtMs: moment }), run);
    assert.equal((await ledger.list({ component: "data/weather" })).length, 1);
    assert.notEqual(await ledger.request("data/weather", "schedule", null, { logicalAtMs: moment + 1 }), run);
  });
});

describe("ending", () => {
  test("the caller's writes and the end are one: a failing write leaves the run running and nothing written", async () => {
    const run = await start();
    await assert.rejects(
      ledger.finish(run, { detail: "done" }, async (tx) => {
        await keep("half")(tx as never);
        throw new Error("on purpose");
      }),
      /on purpose/,
    );
    assert.equal((await ledger.find(run))?.state, "running");
    assert.deepEqual(await kept(), []);
    await ledger.finish(
      run,
      { detail: "1 row", rows: { read: 2, accepted: 1, quarantined: 1 } },
      keep("whole") as never,
    );
    const ended = await ledger.find(run);
    assert.deepEqual(
      [ended?.state, ended?.detail, ended?.rows, ended?.endedAtMs],
      ["done", "1 row", { read: 2, accepted: 1, quarantined: 1 }, clock.wallMs],
    );
    assert.deepEqual(await kept(), ["whole"]);
  });

  test("a run ends once: neither a second end nor a failure afterwards changes it", async () => {
    const run = await start();
    await ledger.finish(run, { detail: "done" }, async () => undefined);
    await assert.rejects(ledger.finish(run, { detail: "again" }, keep("twice") as never), tooLate);
    await assert.rejects(ledger.failRun(run, toFailure(new Error("late"))), tooLate);
    assert.deepEqual(await kept(), []);
    assert.equal((await ledger.find(run))?.state, "done");
  });

  test("a refused run keeps its work and counts as failed, naming the gate", async () => {
    const run = await start("training/rain");
    await ledger.finish(
      run,
      { detail: "refused", refusal: fail("MODELS_GATE_REFUSED", "Expected 0.7, got 0.5") },
      keep("model") as never,
    );
    const ended = await ledger.find(run);
    assert.equal(ended?.state, "failed");
    assert.deepEqual(
      [ended?.failure?.code, ended?.failure?.step, ended?.failure?.component],
      ["MODELS_GATE_REFUSED", "gate", "training/rain"],
    );
    assert.deepEqual(await kept(), ["model"]);
  });

  test("a cancelled run cannot be finished, and its owner hears of it at the next beat", async () => {
    const run = await start();
    assert.equal(await ledger.beat(run), true);
    await open().cancel(run, "not wanted");
    assert.equal(await ledger.beat(run), false, "also between two writes of the lease");
    await assert.rejects(ledger.finish(run, { detail: "done" }, keep("late") as never), tooLate);
    await assert.rejects(ledger.startStep(run, "read", 1), tooLate);
    assert.deepEqual([(await ledger.find(run))?.state, (await ledger.find(run))?.detail], ["cancelled", "not wanted"]);
    assert.deepEqual(await kept(), []);
  });

  test("another process cannot end what it does not run", async () => {
    const run = await start();
    const other = open();
    await assert.rejects(other.finish(run, { detail: "stolen" }, keep("stolen") as never), tooLate);
    await assert.rejects(other.startStep(run, "read", 1), tooLate);
    await other.note(run, { detail: "stolen" });
    assert.equal((await ledger.find(run))?.detail, null);
    assert.equal(await other.beat(run), false);
  });
});

describe("leases", () => {
  test("a run whose owner has surely ended is failed at once, with its step, and may be asked for again", async () => {
    const run = await start();
    await ledger.startStep(run, "read", 2);
    const other = open({ ownerLives: () => false });
    assert.deepEqual(
      (await other.recover()).map((one) => one.run),
      [run],
    );
    const ended = await ledger.find(run);
    assert.equal(ended?.state, "failed");
    assert.deepEqual(
      {
        code: ended?.failure?.code,
        step: ended?.failure?.step,
        attempt: ended?.failure?.attempt,
        run: ended?.failure?.run,
      },
      { code: "RUNTIME_INTERRUPTED", step: "read", attempt: 2, run },
    );
    assert.deepEqual(
      (await ledger.steps(run)).map(({ state }) => state),
      ["failed"],
    );
    assert.deepEqual(await other.recover(), []);
    assert.ok(await other.claim(await other.request("data/weather", "retry", null)));
  });

  test("a process that was asleep and wakes up finds its run taken, and its late commit is refused", async () => {
    const run = await start();
    const other = open();
    assert.deepEqual(await other.recover(), [], "it may be alive");
    pass(9_000);
    assert.deepEqual(await other.recover(), []);
    pass(1_500);
    assert.equal((await other.recover()).length, 1);
    await assert.rejects(ledger.finish(run, { detail: "late" }, keep("late") as never), tooLate);
    await ledger.endStep(run, "read", 1, { usage: null, failure: null });
    assert.deepEqual(await kept(), []);
    assert.equal(await ledger.beat(run), false);
  });

  test("an owner that beats keeps its run for as long as it likes", async () => {
    const run = await start();
    const other = open();
    for (let i = 0; i < 20; i++) {
      pass(4_000);
      assert.equal(await ledger.beat(run), true);
      assert.deepEqual(await other.recover(), []);
    }
    await ledger.finish(run, { detail: "done" }, async () => undefined);
  });

  test("a clock on the wall that jumps a day, forward or back, neither loses a living run nor keeps a dead one", async () => {
    for (const jump of [86_400_000, -86_400_000]) {
      const run = await start(`data/jump${jump > 0 ? "s" : "ed"}`);
      const other = open({ ownerLives: () => true });
      await other.recover();
      clock.wallMs += jump;
      assert.deepEqual(await other.recover(), []);
      assert.equal(await ledger.beat(run), true);
      pass(9_900);
      assert.deepEqual(await other.recover(), []);
      pass(10_100);
      assert.deepEqual(
        (await other.recover()).map((one) => one.run),
        [run],
      );
    }
  });

  test("a process that only looks in now and then gives up what nobody has beaten for minutes", async () => {
    const run = await start();
    pass(2 * minute);
    assert.deepEqual(
      (await open().recover()).map((one) => one.run),
      [run],
    );
  });

  test("two that recover at once fail a run once", async () => {
    await start();
    const others = [open({ ownerLives: () => false }), open({ ownerLives: () => false })];
    const recovered = await Promise.all(others.map((one) => one.recover()));
    assert.equal(recovered.flat().length, 1);
    assert.equal((await ledger.events(0)).filter(({ event }) => event === "run.failed").length, 1);
  });

  test("this very process lives, a number used again by another process does not", () => {
    const [machine, pid, start, chance] = newOwner().split("/");
    assert.equal(ownerLives([machine, pid, start, chance].join("/")), true);
    assert.equal(ownerLives([machine, "4194000", start, chance].join("/")), false);
    assert.equal(ownerLives(["elsewhere", pid, start, chance].join("/")), undefined);
    assert.equal(ownerLives("1234"), undefined);
    if (process.platform === "linux") assert.equal(ownerLives([machine, pid, "1", chance].join("/")), false);
    assert.notEqual(newOwner(), newOwner());
  });
});

describe("what it knows", () => {
  test("the newest of every component: running, ended, done", async () => {
    const done = await start();
    await ledger.finish(done, { detail: "done" }, async () => undefined);
    pass(minute);
    const failed = await start();
    await ledger.failRun(failed, toFailure(new Error("x")));
    clock.wallMs -= 60 * minute; // the order holds although the clock was set back
    const running = await start();
    await ledger.request("data/never", "first", null);
    const latest = await ledger.latest();
    assert.deepEqual([...latest.keys()], ["data/weather"]);
    const { newest, ended, done: well } = latest.get("data/weather") as never as Record<string, { run: string }>;
    assert.deepEqual([newest?.run, ended?.run, well?.run], [running, failed, done]);
    assert.deepEqual(
      (await ledger.list()).map((one) => one.component),
      ["data/never", "data/weather", "data/weather", "data/weather"],
    );
    assert.deepEqual(
      (await ledger.list({ state: "failed" })).map((one) => one.run),
      [failed],
    );
    assert.deepEqual(
      (await ledger.list({ limit: 1, component: "data/weather" })).map((one) => one.run),
      [running],
    );
  });

  test("steps come back by attempt with what they used", async () => {
    const run = await start();
    await ledger.startStep(run, "read", 1);
    const failure = toFailure(new Error("flaky"), { component: "data/weather", run, step: "read", attempt: 1 });
    await ledger.endStep(run, "read", 1, { usage: { wallMs: 10, cpuMs: 5, peakMemoryMb: 80 }, failure });
    pass(1_000);
    await ledger.startStep(run, "read", 2);
    assert.deepEqual(
      (await ledger.steps(run)).map(({ attempt, state, usage, failure: why }) => [
        attempt,
        state,
        usage?.cpuMs,
        why?.message,
      ]),
      [
        [1, "failed", 5, "flaky"],
        [2, "running", undefined, undefined],
      ],
    );
  });

  test("events tell everything in one order, and a reader goes on where it stopped", async () => {
    const run = await start();
    const seen = await ledger.events(0);
    assert.deepEqual(
      seen.map(({ event }) => event),
      ["run.requested", "run.started"],
    );
    await ledger.failRun(run, toFailure(fail("SOURCES_EMPTY", "nothing")));
    const more = await ledger.events(seen.at(-1)?.sequence as number);
    assert.deepEqual(
      more.map(({ event, run: of, data }) => [event, of, data?.code]),
      [["run.failed", run, "SOURCES_EMPTY"]],
    );
    assert.deepEqual(
      (await ledger.events(0)).map(({ sequence }) => sequence),
      [1, 2, 3],
    );
  });

  test("a thousand notes are a few writes, and the last word stands", async () => {
    const run = await start();
    const notes = Array.from({ length: 1_000 }, (_, i) =>
      ledger.note(run, { detail: `row ${i}`, progress: i / 1_000 }),
    );
    await Promise.all(notes);
    const found = await ledger.find(run);
    assert.deepEqual([found?.detail, found?.progress], ["row 999", 0.999]);
  });

  test("pruning keeps the newest, the newest success and what is open", async () => {
    const done = await start();
    await ledger.finish(done, { detail: "done" }, async () => undefined);
    const failed: string[] = [];
    for (let i = 0; i < 5; i++) {
      pass(minute);
      const run = await start();
      await ledger.startStep(run, "read", 1);
      await ledger.failRun(run, toFailure(new Error("x")));
      failed.push(run);
    }
    const waiting = await ledger.request("data/weather", "manual", null);
    pass(minute);
    const pruned = await ledger.prune({ beforeMs: clock.wallMs, keep: 3 });
    assert.deepEqual(pruned, failed.slice(0, 3));
    assert.deepEqual(
      (await ledger.list()).map((one) => one.run),
      [waiting, failed[4], failed[3], done],
    );
    assert.deepEqual(await ledger.steps(failed[0] as string), []);
    assert.deepEqual(await ledger.prune({ beforeMs: 0, keep: 0 }), [], "nothing is that old");
  });

  test("the tables of an earlier version are brought up to date with what they hold", async () => {
    const old = await sqliteDatabase({ path: join(folder, "old.sqlite") });
    opened.push(old);
    await migrate(old, [{ ...runsMigrations, statements: runsMigrations.statements.slice(0, 1) }]);
    await old.run(
      "insert into runs (run, component, reason, state, requested_at, started_at, owner, lease_until) values ('run_0', 'data/a', 'first', 'running', 1, 1, '77', 2)",
    );
    await old.run(
      "insert into runs_events (sequence, at, component, run, event) values (7, 1, 'data/a', 'run_0', 'run.started')",
    );
    await migrate(old, [runsMigrations]);
    const opened2 = openLedger(old);
    assert.deepEqual(
      (await opened2.recover()).map((one) => one.run),
      ["run_0"],
    );
    assert.deepEqual(
      (await opened2.events(7)).map(({ sequence }) => sequence),
      [8],
    );
    assert.equal((await opened2.latest()).get("data/a")?.newest.state, "failed");
  });
});
