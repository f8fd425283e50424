// How a budget is spent: reproducible variations, the user's own settings kept, many tried on few rows first.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fail } from "../../src/base/failure.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Candidate } from "../../src/define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../../src/define/definition.ts";
import { gradientBoosting, logistic, randomForest, ridge } from "../../src/index.ts";
import type { Work } from "../../src/runs/work.ts";
import { expandCandidates } from "../../src/training/auto.ts";
import { bracket, variation } from "../../src/training/search.ts";
import { selectCandidate } from "../../src/training/select.ts";
import type { SetOutput } from "../../src/training/training-set.ts";

const facts = (seed: number) => ({ seed, task: "binary" as const, shape: { rowCount: 2_000, featureCount: 10 } });

describe("variations", () => {
  it("are the same for the same seed, and differ by number", () => {
    const candidates = [gradientBoosting(), logistic()];
    const many = () => Array.from({ length: 8 }, (_, number) => variation(candidates, number, facts(5)));
    assert.deepEqual(many(), many());
    assert.equal(new Set(many().map((one) => JSON.stringify(one))).size, 8);
    assert.notDeepEqual(variation(candidates, 0, facts(5)), variation(candidates, 0, facts(6)));
  });

  it("leave alone what the user has set", () => {
    const candidates = [gradientBoosting({ leaves: 7, monotone: { area: "increasing" } })];
    for (let number = 0; number < 10; number++) {
      const { params } = variation(candidates, number, facts(1));
      assert.equal(params.leaves, 7);
      assert.deepEqual(params.monotone, { area: "increasing" });
      assert.ok((params.learningRate as number) > 0 && (params.learningRate as number) < 1);
    }
  });

  it("are halved on many rows only", () => {
    assert.deepEqual(bracket(90_000, 100), [
      { resource: 1 / 9, trials: 9 },
      { resource: 1 / 3, trials: 3 },
      { resource: 1, trials: 1 },
    ]);
    assert.deepEqual(bracket(1_000, 100), [{ resource: 1, trials: 2 }]);
    assert.equal(bracket(90_000, 2)[0]?.trials, 2);
  });
});

describe("auto()", () => {
  const shape = { task: "binary", rows: 5_000, features: [{ type: "number" }, { type: "text" }] } as const;
  const names = (given: object) =>
    expandCandidates([{ algorithm: "auto", params: {} }], { ...shape, ...given }).map(({ algorithm }) => algorithm);

  it("fits task, rows and features", () => {
    assert.deepEqual(names({}), ["logistic", "gradientBoosting", "gradientBoosting", "randomForest", "extraTrees"]);
    assert.deepEqual(names({ rows: 1_000_000 }), ["logistic", "gradientBoosting"]);
    assert.equal(names({ task: "regression" })[0], "ridge");
    assert.ok(names({ rows: 200 }).includes("naiveBayes"));
    assert.ok(!names({ rows: 200, task: "regression" }).includes("naiveBayes"));
    assert.deepEqual(names({ features: [{ type: "text" }] }), ["logistic"]);
    const withCategory = names({ features: [{ type: "category" }] });
    assert.equal(withCategory.filter((name) => name === "gradientBoosting").length, 3);
  });

  it("adds nothing twice beside candidates of the user's own", () => {
    const all = expandCandidates([logistic(), { algorithm: "auto", params: {} }, randomForest({ trees: 9 })], shape);
    assert.equal(all.filter(({ algorithm }) => algorithm === "logistic").length, 1);
    assert.equal(all.filter(({ algorithm }) => algorithm === "randomForest").length, 2);
  });
});

/** A run whose steps give what `outcome` says of a candidate, or throw it. */
function workOf(
  outcome: (candidate: Candidate, resource: number) => number | null | Error,
): Work & { readonly tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    run: "run_1",
    input: null,
    folder: "/nowhere",
    fanOut: () => Promise.reject(new Error("not here")),
    detail() {},
    commit: () => Promise.reject(new Error("not here")),
    async step(name, _entry, input: JsonObject) {
      tried.push(name);
      const { candidate, resource } = input as unknown as { candidate: Candidate; resource: number };
      const value = outcome(candidate, resource);
      if (value instanceof Error) throw value;
      return { value, folds: [value], rows: { train: 1, validation: 1 }, held: name, cpuMs: 1_000 };
    },
  };
}

const training = (given: Partial<TrainingDefinition>): TrainingDefinition =>
  ({ split: { by: null, test: 0.2, gapMs: 0 }, seed: 1, ...given }) as TrainingDefinition;
const problem = { task: "regression", success: { metric: "rmse", beats: "mean" } } as ProblemDefinition;
const set = (rows: number) => ({ rows, features: [{ type: "number" }] }) as unknown as SetOutput;

describe("a selection", () => {
  it("goes on without a candidate that throws, hangs or eats memory", async () => {
    const broken = {
      ridge: fail("RUNS_STEP_TIMEOUT", "Expected it to end"),
      randomForest: fail("RUNS_STEP_MEMORY", "Expected less"),
    };
    const work = workOf(({ algorithm }) => (broken as Record<string, Error>)[algorithm] ?? 3);
    const { ranking, results } = await selectCandidate(
      training({}),
      problem,
      set(500),
      [ridge(), randomForest(), gradientBoosting()],
      work,
    );
    assert.deepEqual(
      ranking.map(({ candidate }) => candidate.algorithm),
      ["gradientBoosting"],
    );
    assert.deepEqual(
      results.map(({ failure }) => failure !== null),
      [true, true, false],
    );
  });

  it("fails with what the first one said when all fail", async () => {
    const work = workOf(() => fail("TRAINING_NO_FEATURES", "Expected a feature that varies"));
    await assert.rejects(selectCandidate(training({}), problem, set(500), [ridge(), gradientBoosting()], work), {
      code: "TRAINING_NO_FEATURES",
    });
  });

  it("ranks by the metric's direction, an undefined value last", async () => {
    const values = { ridge: 2, randomForest: null, gradientBoosting: 1 };
    const work = workOf(({ algorithm }) => (values as Record<string, number | null>)[algorithm] ?? null);
    const { ranking } = await selectCandidate(
      training({}),
      problem,
      set(500),
      [randomForest(), ridge(), gradientBoosting()],
      work,
    );
    assert.deepEqual(
      ranking.map(({ candidate }) => candidate.algorithm),
      ["gradientBoosting", "ridge", "randomForest"],
    );
  });

  it("stops when the processor time is used up, with the best so far, and says so", async () => {
    const work = workOf(() => 5);
    const { ranking, results, ended } = await selectCandidate(
      training({ budget: { timeMs: null, trials: null, cpuMs: 6_500 } }),
      problem,
      set(1_000),
      [gradientBoosting()],
      work,
    );
    // Two run at once, so that one more than fits may have begun.
    assert.ok(results.length >= 6 && results.length <= 8, String(results.length));
    assert.equal(ranking.length, results.length);
    assert.equal(ended, "the processor time of 7 s was used up");
  });

  it("spends exactly its trials, and only those on all rows can win", async () => {
    const work = workOf((_, resource) => (resource < 1 ? 0 : 5));
    const budget = { timeMs: null, trials: 20 };
    const { ranking, results, ended } = await selectCandidate(
      training({ budget }),
      problem,
      set(50_000),
      [ridge(), gradientBoosting()],
      work,
    );
    assert.equal(results.length, 20);
    assert.equal(work.tried.length, 20);
    assert.equal(new Set(work.tried).size, 20);
    assert.ok(results.some(({ resource }) => resource < 1));
    assert.ok(ranking.length >= 3);
    assert.match(ended ?? "", /20 trials were made/);
  });

  it("starts nothing after its time, but for the very first candidate", async () => {
    const work = workOf(() => 1);
    const { results, ended } = await selectCandidate(
      training({ budget: { timeMs: 0, trials: null } }),
      problem,
      set(500),
      [ridge(), gradientBoosting()],
      work,
    );
    assert.equal(results.length, 1);
    assert.match(ended ?? "", /time .* was used up/);
  });
});
