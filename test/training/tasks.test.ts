// Odd input to forecasts, odd rows and groups: each an error that names what is odd, or an answer that is defined.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Candidate } from "../../src/define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../../src/define/definition.ts";
import type { GroupColumn } from "../../src/features/columns.ts";
import {
  category,
  defineData,
  defineProblem,
  defineTraining,
  ets,
  gradientBoosting,
  isolationForest,
  kMeans,
  mstl,
  number,
  rows,
  seasonalNaive,
  text,
} from "../../src/index.ts";
import { decodeModel } from "../../src/models/model-file.ts";
import { openServed } from "../../src/models/served-model.ts";
import type { Query } from "../../src/ports/query.ts";
import { openQuery, openSmoothing } from "../../src/runtime/drivers.ts";
import type { FinalInput } from "../../src/training/fit-final.ts";
import { fitOnTask, tryOnTask } from "../../src/training/on-task.ts";
import type { SetOutput } from "../../src/training/training-set.ts";

let folder: string;
let query: Query;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pentad-tasks-"));
  query = await openQuery({ memoryMb: 256, temporaryFolder: folder, threads: 1 });
});
after(async () => {
  await query.close();
  rmSync(folder, { recursive: true, force: true });
});

const column = (name: string, type: GroupColumn["type"], role: GroupColumn["role"] = "feature"): GroupColumn => ({
  name,
  type,
  role,
  unit: null,
  description: null,
});
let sets = 0;

/** Rows `i` from 0, with these columns as SQL; `at` is the event time, `key` the series. */
async function setOf(
  count: number,
  given: {
    readonly at?: string;
    readonly key?: string;
    readonly label?: string;
    readonly features?: Record<string, [type: GroupColumn["type"], sql: string]>;
  },
): Promise<SetOutput> {
  const path = join(folder, `set-${sets++}.parquet`);
  const features = Object.entries(given.features ?? {});
  const columns = [
    `${given.at ?? "TIMESTAMP '2026-01-01'"} AS _event`,
    `${given.key ?? "i"} AS "_key_id"`,
    ...features.map(([name, [, sql]]) => `${sql} AS "${name}"`),
    ...(given.label === undefined ? [] : [`${given.label} AS "y"`]),
  ];
  await query.run(`COPY (SELECT ${columns.join(", ")} FROM range(${count}) t(i)) TO '${path}' (FORMAT parquet)`);
  return {
    path,
    rows: count,
    hash: "",
    features: features.map(([name, [type]]) => column(name, type)),
    weight: null,
    label: given.label === undefined ? null : column("y", "number", "label"),
    keys: given.key === undefined ? [] : ["id"],
    timed: given.at !== undefined,
  } as unknown as SetOutput;
}

const training = { split: { by: null, test: 0.2, gapMs: 0 }, seed: 3, candidates: [], label: { data: "d", name: "y" } };
const problems: Readonly<Record<string, Partial<ProblemDefinition>>> = {
  forecast: {
    task: "forecast",
    success: { metric: "mase", beats: "seasonalNaive" },
    forecast: { horizon: 5, season: null, coverage: 0.8 },
  },
  anomaly: { task: "anomaly", success: { metric: "flaggedShare", atMost: 0.1 } },
  clustering: { task: "clustering", success: { metric: "silhouette", atLeast: 0 } },
};

function inputOf(
  set: SetOutput,
  candidate: Candidate,
  task: string,
  more: Partial<ProblemDefinition> = {},
): FinalInput {
  return {
    training: training as unknown as TrainingDefinition,
    problem: { ...problems[task], ...more } as ProblemDefinition,
    set,
    candidate,
    held: null,
    live: null,
    temporaryFolder: folder,
  };
}
const tools = () => ({ query, progress: () => undefined, smoothing: openSmoothing, fitting: {} });
const final = async (set: SetOutput, candidate: Candidate, task: string, more: Partial<ProblemDefinition> = {}) => {
  const input = inputOf(set, candidate, task, more);
  await tryOnTask({ ...input, trial: 0, resource: 1, atOnce: 1, cutAtMs: null }, tools());
  const output = await fitOnTask(input, tools());
  return { ...output, model: openServed(decodeModel(readFileSync(output.path), output.id)) };
};

const daily = "TIMESTAMP '2026-01-01' + INTERVAL (i) DAY";
const all = [seasonalNaive(), ets(), mstl(), gradientBoosting({ trees: 20 })];

describe("forecasts", () => {
  it("of a constant, a zero and a huge series are defined, and so are their metrics", async () => {
    for (const label of ["7.0", "0.0", "1e15 + i", "CASE WHEN i = 3 THEN NULL ELSE 5.0 END"])
      for (const candidate of all) {
        const { evaluation, model } = await final(await setOf(60, { at: daily, label }), candidate, "forecast");
        const steps = model.forecastRow?.({}) ?? [];
        assert.equal(steps.length, 5, `${candidate.algorithm} of ${label}`);
        assert.ok(steps.every(({ lower, value, upper }) => Number.isFinite(value) && lower <= value && value <= upper));
        assert.ok(evaluation.metrics.mae !== null, `${candidate.algorithm} of ${label}`);
      }
  });

  it("leave out series that are too short, and say how many", async () => {
    const key = "CASE WHEN i < 80 THEN 'long' ELSE 'short' END";
    const at = "TIMESTAMP '2026-01-01' + INTERVAL (i % 80) DAY";
    const { evaluation, model } = await final(await setOf(84, { at, key, label: "1.0 * (i % 7)" }), mstl(), "forecast");
    assert.deepEqual([evaluation.series?.series, evaluation.series?.leftOut], [1, 1]);
    assert.equal(model.forecastRow?.({ id: "short" }), undefined);
    assert.equal(model.forecastRow?.({ id: "long" })?.length, 5);
  });

  for (const [what, make, code, words] of [
    [
      "a horizon longer than the series",
      () => setOf(20, { at: daily, label: "1.0 * i" }),
      "TRAINING_TOO_FEW_ROWS",
      /Expected/,
    ],
    [
      "a single row",
      () => setOf(1, { at: daily, label: "1.0" }),
      "TRAINING_TOO_FEW_ROWS",
      /at least two rows|Expected at least/,
    ],
    [
      "two rows of one day",
      () => setOf(60, { at: "TIMESTAMP '2026-01-01' + INTERVAL (i // 2) DAY", label: "1.0 * i" }),
      "TRAINING_LABEL_INVALID",
      /each time once/,
    ],
    [
      "an infinite value",
      () => setOf(60, { at: daily, label: "CASE WHEN i = 9 THEN CAST('inf' AS DOUBLE) ELSE 1.0 * i END" }),
      "TRAINING_LABEL_INVALID",
      /finite/,
    ],
    [
      "no value at all",
      () => setOf(60, { at: daily, label: "CAST(NULL AS DOUBLE)" }),
      "TRAINING_TOO_FEW_ROWS",
      /Expected at least/,
    ],
    ["no event time", () => setOf(60, { label: "1.0 * i" }), "TRAINING_LABEL_INVALID", /event time/],
  ] as const)
    it(`of ${what} are refused with the reason`, async () => {
      const more = what.startsWith("a horizon") ? { forecast: { horizon: 30, season: null, coverage: 0.8 } } : {};
      const set = await make();
      await assert.rejects(
        final(set, seasonalNaive(), "forecast", more),
        (error: { code: string; message: string }) => {
          assert.deepEqual([error.code, words.test(error.message)], [code, true], error.message);
          return true;
        },
      );
    });

  it("are refused in the file where their data cannot make a series", () => {
    const source = rows(() => []);
    const timeless = defineData({ source, key: "id", features: { id: category() }, labels: { y: number() } });
    const told = defineData({ source, eventTime: "day", features: { x: number() }, labels: { y: text() } });
    const problem = defineProblem({
      question: "How many?",
      predict: "y",
      task: "forecast",
      horizon: 3,
      success: { metric: "mase", atMost: 1 },
    });
    assert.throws(() => defineTraining({ problem, label: timeless.labels.y }), { message: /component with eventTime/ });
    assert.throws(() => defineTraining({ problem, label: told.labels.y }), { message: /a column of numbers/ });
    const timed = defineData({ source, eventTime: "day", features: { x: number() }, labels: { y: number() } });
    assert.throws(() => defineTraining({ problem, label: timed.labels.y, candidates: [kMeans()] }), {
      message: /a candidate for a forecast task/,
    });
    const monotone = gradientBoosting({ monotone: { x: "increasing" } });
    assert.throws(() => defineTraining({ problem, label: timed.labels.y, candidates: [monotone] }), {
      message: /candidates\[0\]\.monotone: expected trees, learningRate, leaves, minRows or l2 for a forecast/,
    });
    assert.throws(() => defineTraining({ problem, label: timed.labels.y, split: { by: "random" } }), {
      message: /split\.by: expected "time"/,
    });
  });
});

describe("odd rows and groups", () => {
  const numbers = { x: ["number", "1.0 * (i % 17)"], z: ["number", "1.0 * ((i * 7) % 23)"] } as const;
  const of = (count: number, features: Record<string, readonly [GroupColumn["type"], string]>) =>
    setOf(count, { key: "i", features: features as Record<string, [GroupColumn["type"], string]> });

  it("do without columns that are constant, missing or texts", async () => {
    const set = await of(200, {
      ...numbers,
      same: ["number", "1.0"],
      gone: ["number", "CAST(NULL AS DOUBLE)"],
      kind: ["category", "CASE WHEN i % 9 = 0 THEN NULL ELSE 'k' || (i % 3) END"],
      words: ["text", "'word ' || i"],
    });
    for (const [candidate, task] of [
      [isolationForest({ trees: 20 }), "anomaly"],
      [kMeans(), "clustering"],
    ] as const) {
      const { model, evaluation } = await final(set, candidate, task);
      assert.ok(Number.isFinite(model.predictRow({ x: 3, kind: "never seen" })), task);
      assert.ok(
        Object.values(evaluation.metrics).every((value) => value !== null),
        task,
      );
    }
  });

  it("of rows that are all alike flag none, and give no groups", async () => {
    const set = await of(100, { x: ["number", "5.0"], z: ["number", "CASE WHEN i = 0 THEN 6.0 ELSE 5.0 END"] });
    const { evaluation } = await final(set, isolationForest({ trees: 10, contamination: 0.05 }), "anomaly");
    assert.ok((evaluation.metrics.flaggedShare ?? 1) <= 0.05, String(evaluation.metrics.flaggedShare));
    const alike = await of(100, { x: ["number", "5.0"] });
    await assert.rejects(final(alike, kMeans({ clusters: 2 }), "clustering"), { code: "TRAINING_NO_FEATURES" });
    const twice = await of(100, { x: ["number", "1.0 * (i % 2)"] });
    const { evaluation: groups } = await final(twice, kMeans(), "clustering");
    assert.equal(groups.metrics.silhouette, 1);
  });

  it("of too few rows, of texts alone, or of fewer rows than groups are refused with the reason", async () => {
    for (const [set, candidate, task, code] of [
      [await of(9, numbers), isolationForest(), "anomaly", "TRAINING_TOO_FEW_ROWS"],
      [await of(9, numbers), kMeans(), "clustering", "TRAINING_TOO_FEW_ROWS"],
      [await of(50, { words: ["text", "'word ' || i"] }), isolationForest(), "anomaly", "TRAINING_NO_FEATURES"],
      [await of(50, { words: ["text", "'word ' || i"] }), kMeans(), "clustering", "TRAINING_NO_FEATURES"],
      [await of(50, numbers), kMeans({ clusters: 500 }), "clustering", "TRAINING_TOO_FEW_ROWS"],
    ] as const)
      await assert.rejects(final(set, candidate, task), { code });
  });
});
