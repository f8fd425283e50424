// Every draw of a search is a spec that fits; draws repeat by seed and fill their ranges; trials that fall behind are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Algorithm, fit } from "../../src/learn/fit.ts";
import type { Task } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { medianWatch, sampleSpec, searchSpace } from "../../src/learn/search-space.ts";
import { sample } from "./data.ts";

const algorithms: Readonly<Record<Algorithm, readonly Task[]>> = {
  gradientBoosting: ["binary", "multiclass", "regression"],
  randomForest: ["binary", "multiclass", "regression"],
  extraTrees: ["binary", "multiclass", "regression"],
  logistic: ["binary", "multiclass"],
  ridge: ["regression"],
  elasticNet: ["regression"],
  naiveBayes: ["binary", "multiclass"],
  nearestNeighbours: ["binary", "multiclass", "regression"],
  neuralNetwork: ["binary", "multiclass", "regression"],
};

for (const [algorithm, tasks] of Object.entries(algorithms) as [Algorithm, readonly Task[]][])
  test(`every draw for ${algorithm} can be fitted, and the same seed draws the same`, async () => {
    const data = sample(60, 3, 4);
    const shape = { rowCount: 60, featureCount: 5, categoryCount: 1 };
    for (const task of tasks) {
      const source = random(9);
      for (let i = 0; i < 2; i++) {
        const spec = sampleSpec(algorithm, task, shape, source);
        if (i === 0) assert.deepEqual(sampleSpec(algorithm, task, shape, random(9)), spec);
        else assert.notDeepEqual(sampleSpec(algorithm, task, shape, random(9)), spec);
        const quick = algorithm === "gradientBoosting" || algorithm.endsWith("Trees") || algorithm === "randomForest";
        const few = (quick ? { ...spec, params: { ...spec.params, trees: 5 } } : spec) as typeof spec;
        openModel(await fit(few, data.table, data[task], { seed: 1 }));
      }
    }
  });

test("draws stay within their ranges and reach both ends, for tables of any size", () => {
  for (const rowCount of [1, 30, 1e7]) {
    for (const [algorithm, tasks] of Object.entries(algorithms) as [Algorithm, readonly Task[]][]) {
      const shape = { rowCount, featureCount: 30 };
      const source = random(2);
      const drawn = Array.from(
        { length: 300 },
        () => sampleSpec(algorithm, tasks[0]!, shape, source).params as Record<string, number>,
      );
      for (const range of searchSpace(algorithm, tasks[0]!, shape)) {
        const values = drawn.map((params) => params[range.name]!).sort((a, b) => a - b);
        if (range.scale === "choice") {
          assert.equal(new Set(values).size, range.values.length);
          continue;
        }
        const { from, to, scale } = range;
        assert.ok(
          values[0]! >= from && values.at(-1)! <= to,
          `${algorithm}.${range.name}: ${values[0]} to ${values.at(-1)}`,
        );
        // The middle of the draws is near the middle of the range on its own scale.
        const place = (value: number): number =>
          scale === "log" ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
        if (to > 20 * from) assert.ok(Math.abs(place(values[150]!) - 0.5) < 0.15, `${algorithm}.${range.name}`);
      }
    }
  }
});

test("an algorithm that is not for the task is an error", () => {
  const shape = { rowCount: 100, featureCount: 3 };
  for (const [algorithm, task] of [
    ["ridge", "binary"],
    ["logistic", "regression"],
    ["naiveBayes", "regression"],
  ] as const)
    assert.throws(
      () => searchSpace(algorithm, task, shape),
      (error) => isFailure(error, "DEFINE_INVALID"),
    );
  assert.throws(
    () => searchSpace("ridge", "regression", { rowCount: 0, featureCount: 3 }),
    (error) => isFailure(error, "DEFINE_INVALID"),
  );
});

test("a trial that is worse than half of the earlier ones is given up, and not before there are enough", () => {
  const watch = medianWatch({ leastTrials: 3, leastIterations: 5 });
  const run = (trial: number, floor: number): number => {
    for (let i = 1; i <= 20; i++) if (watch.fallsBehind(trial, i, floor + 1 / i)) return i;
    return 20;
  };
  assert.equal(run(0, 0.9), 20);
  assert.equal(run(1, 0.1), 20);
  assert.equal(run(2, 0.5), 20);
  assert.equal(run(3, 0.8), 5);
  assert.equal(run(4, 0.2), 20);
  assert.equal(run(5, Number.NaN), 5);
});
