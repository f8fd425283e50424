// Metrics against textbook values, definitions by brute force, and their odd cases.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fitBaseline } from "../../src/learn/baselines.ts";
import { classScores, confusionMatrix, positives, predictedCodes, ranking } from "../../src/learn/class-scores.ts";
import { bootstrapDifference, bootstrapInterval } from "../../src/learn/evaluation/bootstrap.ts";
import { metrics } from "../../src/learn/evaluation/metric-table.ts";
import { isBetter, score, scoreAll } from "../../src/learn/evaluation/metrics.ts";
import {
  calibrationCurve,
  calibrationError,
  prAuc,
  prCurve,
  rocAuc,
  rocCurve,
} from "../../src/learn/evaluation/ranking.ts";
import type { Label } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { tableOf } from "./data.ts";

function near(actual: number, expected: number, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `expected ${expected}, got ${actual}`);
}

function binary(codes: number[], positive: number[]) {
  const label = { task: "binary", codes: Int32Array.from(codes), classes: ["no", "yes"] } as const satisfies Label;
  return { label, prediction: { probabilities: Float64Array.from(positive.flatMap((p) => [1 - p, p])) } };
}

const numbersOf = (values: number[]): Label => ({ task: "regression", values: Float64Array.from(values) });

test("rocAuc is the share of pairs in the right order, ties counting half", () => {
  const source = random(1);
  for (let round = 0; round < 20; round++) {
    const n = 30;
    const hits = Uint8Array.from({ length: n }, () => source.below(2));
    const scores = Float64Array.from({ length: n }, () => source.below(8) / 8);
    const weights = Float64Array.from({ length: n }, () => source.below(3));
    let right = 0;
    let pairs = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (hits[i] !== 1 || hits[j] !== 0) continue;
        pairs += weights[i]! * weights[j]!;
        right += weights[i]! * weights[j]! * (scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0);
      }
    near(rocAuc(ranking(scores, hits, weights)), right / pairs);
  }
});

test("prAuc is the average precision of the textbook example", () => {
  const { label, prediction } = binary([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]);
  near(score("prAuc", label, prediction), (1 / 1 + 2 / 3) / 2);
});

test("accuracy, balanced accuracy, precision, recall and F1 follow from the confusion matrix", () => {
  const { label, prediction } = binary([1, 1, 1, 0, 0, 0, 0, 0], [0.9, 0.8, 0.2, 0.7, 0.1, 0.1, 0.1, 0.1]);
  const scores = classScores(label, prediction.probabilities);
  assert.deepEqual(Array.from(confusionMatrix(scores, predictedCodes(scores))), [4, 1, 1, 2]);
  near(score("accuracy", label, prediction), 6 / 8);
  near(score("balancedAccuracy", label, prediction), (4 / 5 + 2 / 3) / 2);
  near(score("precision", label, prediction), 2 / 3);
  near(score("recall", label, prediction), 2 / 3);
  near(score("f1", label, prediction), 2 / 3);
  near(score("recall", label, prediction, { threshold: 0.15 }), 1);
});

test("multiclass F1 is the mean over the classes that occur or are predicted", () => {
  const label: Label = { task: "multiclass", codes: Int32Array.of(0, 0, 1, 1), classes: ["a", "b", "c", "never"] };
  const certain = (code: number): number[] => [0, 1, 2, 3].map((k) => (k === code ? 1 : 0));
  const prediction = { probabilities: Float64Array.from([0, 1, 1, 2].flatMap(certain)) };
  near(score("f1", label, prediction), ((2 * 1) / (2 + 1) + (2 * 1) / (2 + 2) + 0) / 3);
  near(score("balancedAccuracy", label, prediction), 0.5);
  near(score("brier", label, prediction), 1);
});

test("log loss and Brier score are those of the definition, and a certain mistake costs a finite amount", () => {
  const { label, prediction } = binary([1, 0], [0.8, 0.4]);
  near(score("logLoss", label, prediction), -(Math.log(0.8) + Math.log(0.6)) / 2);
  near(score("brier", label, prediction), (0.04 + 0.16) / 2);
  const wrong = binary([1], [0]);
  near(score("logLoss", wrong.label, wrong.prediction), -Math.log(1e-15), 1e-9);
});

test("regression metrics are those of the definition", () => {
  const label = numbersOf([1, 2, 3, 0]);
  const prediction = { values: Float64Array.of(1, 4, 2, 1) };
  near(score("rmse", label, prediction), Math.sqrt((0 + 4 + 1 + 1) / 4));
  near(score("mae", label, prediction), 1);
  near(score("medianAbsoluteError", label, prediction), 1);
  near(score("r2", label, prediction), 1 - 6 / 5);
  near(score("mape", label, prediction), (0 + 1 + 1 / 3) / 3);
});

test("a weight of 2 counts like the row twice in every metric", () => {
  const source = random(3);
  const codes = Array.from({ length: 20 }, () => source.below(2));
  const p = Array.from({ length: 20 }, () => source.next());
  const once = binary(codes, p);
  const twice = binary([...codes, ...codes.slice(0, 5)], [...p, ...p.slice(0, 5)]);
  const weights = Float64Array.from({ length: 20 }, (_, i) => (i < 5 ? 2 : 1));
  const a = scoreAll(once.label, once.prediction, { weights });
  const b = scoreAll(twice.label, twice.prediction);
  assert.ok(Object.keys(a).length >= 8);
  for (const [name, value] of Object.entries(a)) near(value, b[name as keyof typeof b]!, 1e-9);
});

test("one class only, no rows, equal labels and zero labels give NaN where the metric is not defined", () => {
  const one = binary([1, 1], [0.3, 0.9]);
  assert.ok(Number.isNaN(score("rocAuc", one.label, one.prediction)));
  assert.ok(Number.isNaN(score("prAuc", one.label, one.prediction)));
  near(score("accuracy", one.label, one.prediction), 0.5);
  const none = binary([], []);
  for (const { name, tasks } of Object.values(metrics)) {
    if (tasks.includes("binary")) assert.ok(Number.isNaN(score(name, none.label, none.prediction)), name);
    else assert.ok(Number.isNaN(score(name, numbersOf([]), { values: new Float64Array() })), name);
  }
  assert.ok(Number.isNaN(score("r2", numbersOf([4, 4]), { values: Float64Array.of(4, 5) })));
  assert.ok(Number.isNaN(score("mape", numbersOf([0, 0]), { values: Float64Array.of(4, 5) })));
  assert.ok(Number.isNaN(score("rmse", one.label, one.prediction)), "a metric of another task");
});

test("isBetter knows each metric's direction, and NaN is never better", () => {
  assert.ok(isBetter("rocAuc", 0.8, 0.7) && !isBetter("rocAuc", 0.7, 0.8));
  assert.ok(isBetter("rmse", 1, 2) && !isBetter("rmse", 2, 1));
  assert.ok(!isBetter("rmse", Number.NaN, 1) && isBetter("rmse", 1, Number.NaN) && !isBetter("rmse", 1, 1));
});

test("the ROC curve's area by trapezes is rocAuc, and it runs from (0, 0) to (1, 1)", () => {
  const source = random(4);
  const hits = Uint8Array.from({ length: 100 }, () => source.below(2));
  const scores = Float64Array.from(hits, (hit) => Math.round(10 * (hit * 0.3 + source.next())) / 10);
  const ranked = ranking(scores, hits);
  const curve = rocCurve(ranked);
  let area = 0;
  for (let i = 1; i < curve.length; i++)
    area +=
      ((curve[i]!.falsePositiveRate - curve[i - 1]!.falsePositiveRate) *
        (curve[i]!.truePositiveRate + curve[i - 1]!.truePositiveRate)) /
      2;
  near(area, rocAuc(ranked));
  assert.deepEqual([curve[0]!.falsePositiveRate, curve.at(-1)!.truePositiveRate], [0, 1]);
  const pr = prCurve(ranked);
  near(
    pr.reduce((sum, { recall, precision }, i) => sum + (recall - (pr[i - 1]?.recall ?? 0)) * precision, 0),
    prAuc(ranked),
  );
});

test("the calibration curve of honest probabilities lies on the diagonal, that of doubled odds does not", () => {
  const source = random(5);
  const n = 20_000;
  const honest = Float64Array.from({ length: n }, () => source.next());
  const hits = Uint8Array.from(honest, (p) => (source.next() < p ? 1 : 0));
  const bins = calibrationCurve(ranking(honest, hits));
  assert.equal(bins.length, 10);
  near(
    bins.reduce((sum, { weight }) => sum + weight, 0),
    n,
    1e-6,
  );
  assert.ok(calibrationError(bins) < 0.01);
  const bold = honest.map((p) => p ** 2 / (p ** 2 + (1 - p) ** 2));
  assert.ok(calibrationError(calibrationCurve(ranking(bold, hits))) > 0.05);
  assert.equal(calibrationCurve(ranking(new Float64Array(50).fill(0.3), hits.subarray(0, 50))).length, 1);
});

test("bootstrap intervals of a mean error have the width that theory gives", () => {
  const source = random(6);
  const n = 400;
  const label = numbersOf(Array.from({ length: n }, () => source.normal()));
  const prediction = { values: new Float64Array(n) };
  const { value, low, high } = bootstrapInterval("mae", label, prediction, { seed: 1, rounds: 500 });
  // |N(0,1)| has mean √(2/π) and standard deviation √(1 - 2/π).
  const half = (1.96 * Math.sqrt(1 - 2 / Math.PI)) / Math.sqrt(n);
  assert.ok(low < value && value < high);
  near((high - low) / 2, half, half * 0.15);
  assert.deepEqual(bootstrapInterval("mae", label, prediction, { seed: 1, rounds: 500 }), {
    value,
    low,
    high,
    rounds: 500,
  });
});

test("the bootstrapped difference of two predictions of the same rows is much narrower than each interval", () => {
  const source = random(7);
  const n = 300;
  const truth = Array.from({ length: n }, () => 5 * source.normal());
  const guess = Float64Array.from(truth, (value) => value + 3 * source.normal());
  const label = numbersOf(truth);
  const alone = bootstrapInterval("rmse", label, { values: guess }, { seed: 1 });
  const pair = bootstrapDifference(
    "rmse",
    label,
    { values: guess },
    { values: guess.map((value) => value + 0.1) },
    { seed: 1 },
  );
  assert.ok(pair.high - pair.low < (alone.high - alone.low) / 5);
});

test("intervals that cannot be computed say why", () => {
  const one = binary([1, 1, 1], [0.2, 0.4, 0.9]);
  const undefinedOnRows = bootstrapInterval("rocAuc", one.label, one.prediction, { seed: 1 });
  assert.ok(Number.isNaN(undefinedOnRows.low) && /not defined/.test(undefinedOnRows.reason!));
  const single = bootstrapInterval("mae", numbersOf([1]), { values: Float64Array.of(2) }, { seed: 1 });
  assert.ok(Number.isNaN(single.high) && /too few rows/.test(single.reason!));
});

test("baselines answer with the label's own statistics and score like any model", () => {
  const label = { task: "binary", codes: Int32Array.of(0, 0, 0, 1), classes: ["a", "b"] } as const satisfies Label;
  const table = tableOf({ x: { type: "number", values: new Float64Array(4) } });
  const prior = openModel(fitBaseline("prior", label));
  assert.deepEqual(prior.predictRow({}), [0.75, 0.25]);
  const majority = openModel(fitBaseline("majority", label));
  near(score("accuracy", label, majority.predict(table)), 0.75);
  near(score("rocAuc", label, majority.predict(table)), 0.5);
  const values = numbersOf([1, 2, 3, 10]);
  assert.equal(openModel(fitBaseline("mean", values)).predictRow({}), 4);
  assert.equal(openModel(fitBaseline("median", values)).predictRow({}), 2.5);
  near(score("r2", values, openModel(fitBaseline("mean", values)).predict(table)), 0);
  assert.throws(() => fitBaseline("mean", label), /fits a binary task/);
});

test("positives picks one class against the rest", () => {
  const label: Label = { task: "multiclass", codes: Int32Array.of(2, 0), classes: ["a", "b", "c"] };
  const { hits, scores } = positives(classScores(label, Float64Array.of(0.1, 0.2, 0.7, 0.5, 0.3, 0.2)), 2);
  assert.deepEqual(
    [Array.from(hits), Array.from(scores)],
    [
      [1, 0],
      [0.7, 0.2],
    ],
  );
});
