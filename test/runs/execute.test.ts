// Executing a run: steps are tried again as their failures allow, and whatever happens ends on the ledger.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, beforeEach, describe, test } from "node:test";
import type { ErrorCodeName } from "../../src/base/error-codes.ts";
import { fail, toFailure } from "../../src/base/failure.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Compute, ComputeTask } from "../../src/ports/compute.ts";
import type { Database } from "../../src/ports/database.ts";
import { execute } from "../../src/runs/execute.ts";
import { type Ledger, openLedger } from "../../src/runs/ledger.ts";
import { backOffMs } from "../../src/runs/run-step.ts";
import { runsMigrations } from "../../src/runs/tables.ts";
import type { Work } from "../../src/runs/work.ts";
import { commitsIn } from "../support/write-ahead-log.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad execute "));
const opened: Database[] = [];
after(async () => {
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

let ledger: Ledger;
const slept: number[] = [];
beforeEach(async () => {
  const database = await sqliteDatabase({ path: join(folder, `${opened.length}.sqlite`) });
  opened.push(database);
  await migrate(database, [runsMigrations]);
  ledger = openLedger(database);
  slept.length = 0;
});

/** A compute whose steps end as the list says: with a code, or well when it is null. */
function scripted(
  ends: (ErrorCodeName | null)[],
  during: (task: ComputeTask) => Promise<void> = async () => undefined,
): Compute {
  return {
    async run(task, _events, signal) {
      await during(task);
      const usage = { wallMs: 1, cpuMs: 2, peakMemoryMb: 3 };
      const code = signal?.aborted ? "RUNS_CANCELLED" : (ends.shift() ?? null);
      return code === null
        ? { ok: true, output: { attempt: task.attempt }, usage }
        : { ok: false, failure: toFailure(fail(code, `it was ${code}`), task), usage };
    },
    warm() {},
    async close() {},
  };
}

async function run(
  compute: Compute,
  recipe: (work: Work) => Promise<unknown>,
  signal: AbortSignal = new AbortController().signal,
) {
  const id = await ledger.request("data/weather", "manual", "f");
  const claimed = await ledger.claim(id);
  assert.ok(claimed);
  const failure = await execute(claimed, recipe, {
    ledger,
    compute,
    projectFolder: folder,
    temporaryFolder: join(folder, "tmp"),
    limits: { timeMs: 1_000, memoryMb: 256 },
    environment: {},
    signal,
    onOutput: () => undefined,
    onChange: () => undefined,
    sleep: async (ms) => {
      slept.push(ms);
    },
    random: () => 0.5,
  });
  const ended = await ledger.find(id);
  assert.ok(ended);
  return { failure, ended, steps: await ledger.steps(id) };
}

const simple = async (work: Work) => {
  const output = await work.step("read", "data/read", {});
  await work.commit(async () => undefined, { detail: JSON.stringify(output) });
};

const three = async (work: Work) => {
  for (const step of ["read", "check", "write"]) await work.step(step, "data/read", {});
  await work.commit(async () => undefined, { detail: "done" });
};

describe("what is on the disk, and when", () => {
  test("a step that ended is there for others before the next one begins", async () => {
    const seen: string[] = [];
    const { ended } = await run(
      scripted([], async ({ run: id, step }) => {
        const other = new DatabaseSync(join(folder, `${opened.length - 1}.sqlite`), { readOnly: true });
        const rows = other.prepare(
          "select step, state, output from runs_steps where run = ? order by started_at, rowid",
        );
        seen.push(
          `in ${step}: ${rows
            .all(id ?? null)
            .map((row) => `${row.step} ${row.state}${row.output === null ? "" : " kept"}`)
            .join(", ")}`,
        );
        other.close();
      }),
      three,
    );
    assert.equal(ended.state, "done");
    assert.deepEqual(seen, [
      "in read: read running",
      "in check: read done kept, check running",
      "in write: read done kept, check done kept, write running",
    ]);
  });

  test("a step that ended is there even when the recipe does something else for long", async () => {
    const { ended } = await run(scripted([]), async (work) => {
      await work.step("read", "data/read", {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(
        (await ledger.steps(work.run)).map(({ state }) => state),
        ["done"],
      );
      await work.commit(async () => undefined, { detail: "done" });
    });
    assert.equal(ended.state, "done", JSON.stringify(ended.failure));
  });

  test("the end of a step shares its commit with what the run does next: three steps are six commits", async () => {
    const log = join(folder, `${opened.length - 1}.sqlite-wal`);
    const before = commitsIn(log);
    const { ended } = await run(scripted([]), three);
    assert.equal(ended.state, "done");
    // The request, the claim, the first step's start, twice an end with a start, and the last end with the run's.
    assert.equal(commitsIn(log) - before, 6);
  });
});

describe("trying again", () => {
  test("a failure that may pass is tried again, each attempt on the ledger with its usage", async () => {
    const { failure, ended, steps } = await run(scripted(["SOURCES_UNREACHABLE", "RUNS_STEP_KILLED", null]), simple);
    assert.equal(failure, null);
    assert.deepEqual([ended.state, ended.detail], ["done", '{"attempt":3}']);
    assert.deepEqual(
      steps.map(({ attempt, state, usage, failure: why }) => [attempt, state, usage?.cpuMs, why?.code ?? null]),
      [
        [1, "failed", 2, "SOURCES_UNREACHABLE"],
        [2, "failed", 2, "RUNS_STEP_KILLED"],
        [3, "done", 2, null],
      ],
    );
    assert.deepEqual(slept, [500, 1_000]);
  });

  test("one that will not pass is not tried again", async () => {
    const { failure, ended, steps } = await run(scripted(["RUNS_STEP_MEMORY", null]), simple);
    assert.deepEqual(
      [failure?.code, failure?.step, failure?.attempt, ended.state],
      ["RUNS_STEP_MEMORY", "read", 1, "failed"],
    );
    assert.equal(steps.length, 1);
    assert.deepEqual(slept, []);
  });

  test("one that cost a whole time limit is tried once more only", async () => {
    const { ended, steps } = await run(scripted(["RUNS_STEP_TIMEOUT", "RUNS_STEP_TIMEOUT", null]), simple);
    assert.deepEqual([ended.failure?.code, steps.length], ["RUNS_STEP_TIMEOUT", 2]);
    assert.equal((await run(scripted(["RUNS_STEP_CPU", null]), simple)).steps.length, 1);
  });

  test("after the last attempt its own failure is the run's", async () => {
    const { ended } = await run(scripted(["SOURCES_UNREACHABLE", "SOURCES_UNREACHABLE", "SOURCES_FAILED"]), simple);
    assert.deepEqual([ended.failure?.code, ended.failure?.attempt], ["SOURCES_FAILED", 3]);
  });

  test("the wait doubles, is bounded, and spreads by a quarter", () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((attempt) => backOffMs(attempt, () => 0.5)),
      [500, 1_000, 2_000, 4_000],
    );
    assert.equal(
      backOffMs(50, () => 0.5),
      30_000,
    );
    assert.deepEqual([backOffMs(1, () => 0), backOffMs(1, () => 1)], [437.5, 562.5]);
  });
});

describe("ending", () => {
  test("the run's own folder exists while it runs and is gone afterwards, also after a failure", async () => {
    let seen = "";
    await run(scripted([]), async (work) => {
      seen = work.folder;
      assert.ok(existsSync(seen));
      throw new Error("on purpose");
    });
    assert.ok(seen !== "" && !existsSync(seen));
  });

  test("a recipe that throws is a failure of the place where it was", async () => {
    const { ended } = await run(scripted([null]), async (work) => {
      await work.step("read", "data/read", {});
      throw fail("DATA_ALL_REJECTED", "No row passed");
    });
    assert.deepEqual([ended.state, ended.failure?.code, ended.failure?.step], ["failed", "DATA_ALL_REJECTED", "read"]);
  });

  test("a write that fails in the commit fails the run, and nothing of it stays", async () => {
    const { ended } = await run(scripted([null]), async (work) => {
      await work.commit(
        async () => {
          throw new Error("constraint");
        },
        { detail: "never" },
      );
    });
    assert.deepEqual([ended.state, ended.failure?.step, ended.detail], ["failed", "commit", null]);
  });

  test("when Pentad itself stops, the run counts as interrupted and not as cancelled, so that it is run again", async () => {
    const stop = new AbortController();
    const compute = scripted([], async () => stop.abort());
    const { failure, ended, steps } = await run(compute, simple, stop.signal);
    assert.equal(failure?.code, "RUNTIME_INTERRUPTED");
    assert.deepEqual(
      [ended.state, ended.failure?.code, ended.failure?.step],
      ["failed", "RUNTIME_INTERRUPTED", "read"],
    );
    assert.equal(steps.length, 1);
  });

  test("a step whose end cannot be written ends with its run", async () => {
    const database = opened.at(-1) as Database;
    await database.execute(
      "create trigger no before update of wall_ms on runs_steps begin select raise(abort, 'disk I/O error'); end",
    );
    const { ended, steps } = await run(scripted([null]), simple);
    assert.equal(ended.state, "failed");
    assert.deepEqual(
      steps.map(({ state }) => state),
      ["failed"],
    );
  });

  test("a cancel by another process stops the step within two seconds, and the run stays cancelled", async () => {
    const other = openLedger(opened.at(-1) as Database);
    let abortedAfter = Number.POSITIVE_INFINITY;
    const compute: Compute = {
      ...scripted([]),
      async run(task, _events, signal) {
        await other.cancel(task.run, "not wanted");
        const cancelledAt = performance.now();
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        abortedAfter = performance.now() - cancelledAt;
        return {
          ok: false,
          failure: toFailure(fail("RUNS_CANCELLED", "cancelled"), task),
          usage: { wallMs: 1, cpuMs: 1, peakMemoryMb: 1 },
        };
      },
    };
    const { ended } = await run(compute, simple);
    assert.ok(abortedAfter < 2_000, `${abortedAfter} ms`);
    assert.deepEqual([ended.state, ended.detail, ended.failure], ["cancelled", "not wanted", null]);
    const [step] = await ledger.steps(ended.run);
    assert.deepEqual(
      [step?.state, step?.failure?.code, step?.usage?.peakMemoryMb],
      ["failed", "RUNS_CANCELLED", 1],
      "the step ended with its run, and what it used is known",
    );
  });
});

describe("a run after one that was interrupted", () => {
  const done: string[] = [];
  const left = (work: Work) => join(work.folder, "rows");
  /** Two steps, the second of which takes what the first left in the run's folder. */
  const recipe =
    (rows: number, stop?: AbortController) =>
    async (work: Work): Promise<unknown> => {
      const read = (await work.step("read", "test/read", { rows, folder: work.folder })) as { path: string };
      assert.equal(read.path, left(work), "what was taken over speaks of the new run's folder");
      assert.equal(readFileSync(read.path, "utf8"), `${rows} rows`);
      stop?.abort();
      await work.step("fit", "test/fit", { read });
      return work.commit(async () => undefined, { detail: "done" });
    };
  const compute: Compute = {
    async run({ step, input, run: id }, _events, signal) {
      const usage = { wallMs: 1, cpuMs: 2, peakMemoryMb: 3 };
      if (signal?.aborted === true)
        return { ok: false, failure: toFailure(fail("RUNS_CANCELLED", "stopped"), { step, run: id }), usage };
      done.push(step);
      if (step !== "read") return { ok: true, output: null, usage };
      const path = join(input.folder as string, "rows");
      writeFileSync(path, `${String(input.rows)} rows`);
      return { ok: true, output: { path }, usage };
    },
    warm() {},
    async close() {},
  };
  beforeEach(() => {
    done.length = 0;
  });
  const interrupt = async (rows: number) => {
    const stop = new AbortController();
    const { failure } = await run(compute, recipe(rows, stop), stop.signal);
    assert.equal(failure?.code, "RUNTIME_INTERRUPTED");
  };

  test("goes on after the last finished step", async () => {
    await interrupt(3);
    const { failure, ended, steps } = await run(compute, recipe(3));
    assert.equal(failure, null);
    assert.deepEqual(done, ["read", "fit"]);
    assert.deepEqual(steps.map(({ step, state }) => [step, state]).sort(), [
      ["fit", "done"],
      ["read", "done"],
    ]);
    assert.equal(existsSync(join(folder, "tmp", ended.run)), false);
  });

  test("works again on a step whose input has changed", async () => {
    await interrupt(3);
    assert.equal((await run(compute, recipe(4))).failure, null);
    assert.deepEqual(done, ["read", "read", "fit"]);
  });

  test("begins anew when what was left is gone, and takes nothing over from a run that had its end", async () => {
    await interrupt(3);
    rmSync(join(folder, "tmp"), { recursive: true });
    assert.equal((await run(compute, recipe(3))).failure, null);
    assert.equal((await run(compute, recipe(3))).failure, null);
    assert.deepEqual(done, ["read", "read", "fit", "read", "fit"]);
  });
});
