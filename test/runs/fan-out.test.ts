// Fanning out to partitions: bounded, joined in order, and never doing again what has finished.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import type { ErrorCodeName } from "../../src/base/error-codes.ts";
import { fail, toFailure } from "../../src/base/failure.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Compute } from "../../src/ports/compute.ts";
import type { Database } from "../../src/ports/database.ts";
import { execute } from "../../src/runs/execute.ts";
import type { FanOut } from "../../src/runs/fan-out.ts";
import { type Ledger, openLedger } from "../../src/runs/ledger.ts";
import { writeSettings } from "../../src/runs/settings.ts";
import { runsMigrations } from "../../src/runs/tables.ts";
import type { Work } from "../../src/runs/work.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad fan out "));
const opened: Database[] = [];
after(async () => {
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

let database: Database;
let ledger: Ledger;
/** The partitions that were worked on, in the order of their beginning. */
let begun: string[];
let most: number;
/** What a partition ends with, when it does not end well. */
let ends: Map<string, ErrorCodeName>;
/** Called while a partition is worked on. */
let during: (partition: string) => Promise<void>;

beforeEach(async () => {
  database = await sqliteDatabase({ path: join(folder, `${opened.length}.sqlite`) });
  opened.push(database);
  await migrate(database, [runsMigrations]);
  await database.execute("create table kept (partition text not null)");
  ledger = openLedger(database);
  begun = [];
  most = 0;
  ends = new Map();
  during = async () => undefined;
});

function compute(): Compute {
  let running = 0;
  return {
    async run(task, _events, signal) {
      const usage = { wallMs: 1, cpuMs: 2, peakMemoryMb: 3 };
      const name = String(task.input.name);
      begun.push(name);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await during(name);
      running--;
      const code = signal?.aborted ? "RUNS_CANCELLED" : ends.get(name);
      if (code !== undefined) return { ok: false, failure: toFailure(fail(code, `it was ${code}`), task), usage };
      const path = join(String(task.input.folder), `${name}.txt`);
      writeFileSync(path, name);
      return { ok: true, output: { path }, usage };
    },
    warm() {},
    async close() {},
  };
}

const months = (count: number) => Array.from({ length: count }, (_, index) => `month-${index + 1}`);
const numbersOf = (names: readonly string[]) => names.map((name) => Number(name.slice("month-".length)));

interface Options {
  readonly partitions?: readonly string[];
  readonly commit?: boolean;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly input?: JsonObject;
  readonly fingerprint?: string;
  readonly on?: Ledger;
}

async function run(options: Options = {}) {
  const { partitions = months(12), concurrency = 3, input = { verb: "backfill" }, fingerprint = "f" } = options;
  const on = options.on ?? ledger;
  const id = await on.request("data/weather", "backfill", fingerprint, { input });
  const claimed = await on.claim(id);
  assert.ok(claimed);
  assert.deepEqual(claimed.input, input);
  let joined: Json[] = [];
  const recipe = async (work: Work) => {
    const commit: FanOut["commit"] = async (tx, { name }) => {
      await tx.run("insert into kept (partition) values (?)", [name]);
    };
    joined = await work.fanOut({
      step: "read",
      entry: "test/read",
      partitions: partitions.map((name) => ({ name, input: { name, folder: work.folder } })),
      ...(options.commit === true ? { commit } : {}),
    });
    if (options.commit !== true)
      for (const [index, output] of joined.entries())
        assert.equal(readFileSync((output as { path: string }).path, "utf8"), partitions[index]);
    await work.commit(async () => undefined, { detail: `${joined.length} joined` });
  };
  const failure = await execute(claimed, recipe, {
    ledger: on,
    compute: compute(),
    projectFolder: folder,
    temporaryFolder: join(folder, "tmp"),
    limits: { timeMs: 1_000, memoryMb: 256 },
    environment: {},
    signal: options.signal ?? new AbortController().signal,
    onOutput: () => undefined,
    onChange: () => undefined,
    sleep: async () => undefined,
    concurrency,
  });
  const ended = await ledger.find(id);
  assert.ok(ended);
  return { failure, ended, joined, steps: await ledger.steps(id) };
}

const keptPartitions = async () =>
  (await database.all<{ partition: string }>("select partition from kept order by rowid")).map((row) => row.partition);

describe("a fan-out", () => {
  it("runs every partition once, as many at once as it may, and joins them in their order", async () => {
    const { failure, ended, joined, steps } = await run();
    assert.equal(failure, null);
    assert.deepEqual([ended.state, ended.detail], ["done", "12 joined"]);
    assert.deepEqual(begun.toSorted(), months(12).toSorted());
    assert.equal(most, 3);
    assert.equal(joined.length, 12);
    assert.deepEqual(
      steps.map(({ step, partition, state }) => [step, partition, state]).sort(),
      months(12)
        .map((month) => [`read/${month}`, month, "done"])
        .sort(),
    );
    assert.equal(existsSync(join(folder, "tmp", ended.run)), false);
  });

  it("has all its partitions on the ledger before the first ends, and says how far it is", async () => {
    const seen: number[][] = [];
    const progress: (number | null)[] = [];
    during = async () => {
      const [open] = await ledger.list({ state: "running" });
      const steps = await ledger.steps(open?.run ?? "");
      seen.push([steps.length, steps.filter(({ state }) => state === "waiting").length]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      progress.push((await ledger.find(open?.run ?? ""))?.progress ?? null);
    };
    await run({ concurrency: 1, partitions: months(6) });
    assert.deepEqual(
      seen,
      [5, 4, 3, 2, 1, 0].map((waiting) => [6, waiting]),
    );
    assert.ok(
      progress.some((share) => share !== null && share > 0 && share < 1),
      String(progress),
    );
  });

  it("of nothing gives nothing, and of two with one name is refused", async () => {
    assert.equal((await run({ partitions: [] })).ended.detail, "0 joined");
    const { failure } = await run({ partitions: ["a", "a"] });
    assert.deepEqual([failure?.code, begun.length], ["INTERNAL", 0]);
  });

  it("with a failed partition lets the others finish, and fails the run with its name", async () => {
    ends.set("month-5", "DATA_ALL_REJECTED");
    const { failure, ended, steps } = await run();
    assert.deepEqual([failure?.code, failure?.step], ["DATA_ALL_REJECTED", "read/month-5"]);
    assert.equal(failure?.message, "The partition month-5 of 12 failed: it was DATA_ALL_REJECTED");
    assert.equal(ended.state, "failed");
    assert.equal(steps.filter(({ state }) => state === "done").length, 11);

    ends.clear();
    begun = [];
    const again = await run();
    assert.equal(again.failure, null);
    assert.deepEqual(begun, ["month-5"]);
    assert.equal(again.joined.length, 12);
  });

  it("tells of the first of several failed ones, and how many there were", async () => {
    for (const month of ["month-9", "month-3"]) ends.set(month, "SOURCES_UNREACHABLE");
    const { failure, steps } = await run();
    assert.match(failure?.message ?? "", /^2 of 12 partitions failed, the first month-3: /);
    assert.equal(failure?.attempt, 3);
    assert.equal(steps.filter(({ partition }) => partition === "month-3").length, 3);
    ends.clear();
    begun = [];
    assert.equal((await run()).failure, null);
    assert.deepEqual(numbersOf(begun), [3, 9]);
  });

  it("whose partitions fail one after the other leaves the rest alone", async () => {
    for (const month of months(40)) ends.set(month, "DATA_ALL_REJECTED");
    const { failure, steps } = await run({ partitions: months(40), concurrency: 2 });
    assert.match(failure?.message ?? "", /^1[01] of 40 partitions failed/);
    assert.ok(begun.length <= 11);
    assert.equal(steps.filter(({ state }) => state === "waiting").length, 40 - begun.length);
  });

  it("that is interrupted goes on with what is missing", async () => {
    const stop = new AbortController();
    during = async (month) => {
      if (month === "month-7") stop.abort();
    };
    const first = await run({ signal: stop.signal, concurrency: 1 });
    assert.equal(first.failure?.code, "RUNTIME_INTERRUPTED");
    assert.deepEqual(numbersOf(begun), [1, 2, 3, 4, 5, 6, 7]);
    begun = [];
    assert.equal((await run()).failure, null);
    assert.deepEqual(numbersOf(begun), [7, 8, 9, 10, 11, 12]);
  });

  it("goes on past a run of the usual work in between, and past one that was interrupted again", async () => {
    ends.set("month-2", "DATA_ALL_REJECTED");
    ends.set("month-3", "DATA_ALL_REJECTED");
    await run();
    await run({ input: { verb: "other" }, partitions: ["x"] });
    ends.delete("month-2");
    begun = [];
    await run();
    assert.deepEqual(numbersOf(begun), [2, 3]);
    ends.clear();
    begun = [];
    assert.equal((await run()).failure, null);
    assert.deepEqual(numbersOf(begun), [3]);
  });

  it("begins anew for other code, and after a run that ended well", async () => {
    ends.set("month-2", "DATA_ALL_REJECTED");
    await run({ partitions: months(3) });
    ends.clear();
    begun = [];
    await run({ partitions: months(3), fingerprint: "other" });
    assert.equal(begun.length, 3);
    begun = [];
    await run({ partitions: months(3), fingerprint: "other" });
    assert.equal(begun.length, 3);
  });

  it("works again on a partition whose input is another, or whose files are gone", async () => {
    ends.set("month-2", "DATA_ALL_REJECTED");
    await run({ partitions: months(3) });
    rmSync(join(folder, "tmp"), { recursive: true });
    ends.clear();
    begun = [];
    await run({ partitions: months(3) });
    assert.equal(begun.length, 3);
  });
});

describe("a partition's own commit", () => {
  it("is made once with its end, and holds although the run fails and its files are gone", async () => {
    ends.set("month-2", "DATA_ALL_REJECTED");
    assert.equal((await run({ commit: true, partitions: months(4) })).ended.state, "failed");
    assert.deepEqual(numbersOf(await keptPartitions()).sort(), [1, 3, 4]);
    rmSync(join(folder, "tmp"), { recursive: true, force: true });
    ends.clear();
    begun = [];
    assert.equal((await run({ commit: true, partitions: months(4) })).failure, null);
    assert.deepEqual(begun, ["month-2"]);
    assert.deepEqual(numbersOf(await keptPartitions()).sort(), [1, 2, 3, 4]);
  });

  it("that cannot be written is its partition's failure, and nothing of it stays", async () => {
    await database.execute(
      "create trigger no before insert on kept when new.partition = 'month-2' begin select raise(abort, 'no room'); end",
    );
    const { failure, steps } = await run({ commit: true, partitions: months(4) });
    assert.match(failure?.message ?? "", /^The partition month-2 of 4 failed: /);
    assert.deepEqual(steps.map(({ state }) => state).sort(), ["done", "done", "done", "failed"]);
    assert.deepEqual(numbersOf(await keptPartitions()).sort(), [1, 3, 4]);
  });

  it("is refused for a run that was cancelled or taken over meanwhile", async () => {
    during = async (month) => {
      const [open] = await ledger.list({ state: "running" });
      if (month === "month-3") await ledger.cancel(open?.run ?? "", "not wanted");
    };
    const { ended } = await run({ commit: true, partitions: months(6), concurrency: 1 });
    assert.equal(ended.state, "cancelled");
    assert.deepEqual(numbersOf(await keptPartitions()), [1, 2]);
    assert.ok(begun.length <= 4);
  });
});

describe("a project's limit", () => {
  it("holds for the steps of all runs and processes together", async () => {
    await writeSettings(database, { concurrency: 2 });
    const other = openLedger(database);
    const ids = await Promise.all(["data/a", "data/b", "data/c"].map((id) => ledger.request(id, "manual", null)));
    const [a, b] = [await ledger.claim(ids[0] as string), await other.claim(ids[1] as string)];
    assert.ok(a && b);
    assert.equal(await other.claim(ids[2] as string), undefined, "two runs are as many as may run");
    assert.equal(await ledger.startStep(a.run, "one", 1), true);
    assert.equal(await other.startStep(b.run, "one", 1), true);
    assert.equal(await other.startStep(b.run, "two", 1), false);
    await ledger.endStep(a.run, "one", 1, { usage: null, failure: null });
    assert.equal(await other.startStep(b.run, "two", 1), true);
    await ledger.cancel(b.run, "not wanted");
    assert.ok(await other.claim(ids[2] as string), "a cancelled run gives its place back");
  });

  it("bounds a fan-out, which waits for its places", async () => {
    await writeSettings(database, { concurrency: 2 });
    const { failure, joined } = await run({ concurrency: 6, partitions: months(8) });
    assert.deepEqual([failure, joined.length, most], [null, 8, 2]);
  });
});
