// Permutation importance, partial dependence, thresholds and calibration on data whose truth is known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { categoryColumn } from "../../src/base/table.ts";
import { ranking } from "../../src/learn/class-scores.ts";
import { calibrated, fitCalibration } from "../../src/learn/evaluation/calibration.ts";
import { partialDependence } from "../../src/learn/evaluation/partial-dependence.ts";
import { permutationImportance } from "../../src/learn/evaluation/permutation.ts";
import { calibrationCurve, calibrationError } from "../../src/learn/evaluation/ranking.ts";
import { bestF1Threshold, cheapestThreshold } from "../../src/learn/evaluation/threshold.ts";
import { fit } from "../../src/learn/fit.ts";
import type { Label, Predictor } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, sample, tableOf } from "./data.ts";

test("permuting a feature costs what it explains, and one that the model ignores costs nothing", async () => {
  const source = random(80);
  const n = 2000;
  const x = Array.from({ length: n }, () => source.normal());
  const table = tableOf({ x: numbers(...x), noise: numbers(...x.map(() => source.normal())) });
  const label: Label = { task: "regression", values: Float64Array.from(x, (value) => 3 * value) };
  const model = openModel(await fit({ algorithm: "ridge", params: { l2: 0 } }, table, label, { seed: 1 }));
  const [first, second] = permutationImportance(model, table, label, "rmse", { seed: 1 });
  // The error of a shuffled x is the deviation of the difference of two independent values: 3·√2.
  assert.equal(first!.feature, "x");
  assert.ok(Math.abs(first!.loss - 3 * Math.SQRT2) < 0.2, `${first!.loss}`);
  assert.ok(Math.abs(second!.loss) < 1e-6);
});

test("partial dependence of a linear model is its line, and of a category its level", async () => {
  const source = random(81);
  const x = Array.from({ length: 300 }, () => source.next());
  const c = x.map(() => ["a", "b", "c"][source.below(3)]!);
  const table = tableOf({ x: numbers(...x), c: categoryColumn(c) });
  const values = Float64Array.from(x, (value, i) => 2 * value + (c[i] === "b" ? 5 : 0));
  const model = openModel(
    await fit({ algorithm: "ridge", params: { l2: 0 } }, table, { task: "regression", values }, { seed: 1 }),
  );
  const line = partialDependence(model, table, "x", { seed: 1, points: 5 });
  assert.equal(line.length, 5);
  for (let i = 1; i < 5; i++) {
    const slope = (line[i]!.mean - line[i - 1]!.mean) / ((line[i]!.value as number) - (line[i - 1]!.value as number));
    assert.ok(Math.abs(slope - 2) < 1e-5);
  }
  const levels = new Map(partialDependence(model, table, "c", { seed: 1 }).map(({ value, mean }) => [value, mean]));
  assert.ok(Math.abs(levels.get("b")! - levels.get("a")! - 5) < 1e-5);
  assert.throws(
    () => partialDependence(model, table, "nope", { seed: 1 }),
    (error) => isFailure(error, "INFERENCE_INPUT_INVALID"),
  );
});

test("the cheapest threshold is the one that trying all of them finds", () => {
  const source = random(82);
  for (let round = 0; round < 20; round++) {
    const scores = Float64Array.from({ length: 40 }, () => source.below(20) / 20);
    const hits = Uint8Array.from(scores, (p) => (source.next() < p ? 1 : 0));
    const costs = { falsePositive: 1 + source.below(5), falseNegative: 1 + source.below(5), truePositive: -1 };
    const choice = cheapestThreshold(ranking(scores, hits), costs);
    const costAt = (threshold: number): number => {
      let cost = 0;
      for (let i = 0; i < 40; i++) {
        if (scores[i]! >= threshold) cost += hits[i] === 1 ? costs.truePositive : costs.falsePositive;
        else cost += hits[i] === 1 ? costs.falseNegative : 0;
      }
      return cost / 40;
    };
    assert.ok(Math.abs(costAt(choice.threshold) - choice.cost) < 1e-12);
    for (let t = 0; t <= 21; t++) assert.ok(choice.cost <= costAt(t / 20 - 0.01) + 1e-12);
  }
});

test("when misses are free nobody says yes; when false alarms are free everybody does", () => {
  const ranked = ranking(Float64Array.of(0.9, 0.5, 0.1), Uint8Array.of(1, 0, 1));
  assert.equal(cheapestThreshold(ranked, { falsePositive: 1, falseNegative: 0 }).threshold, Number.POSITIVE_INFINITY);
  assert.ok(cheapestThreshold(ranked, { falsePositive: 0, falseNegative: 1 }).threshold <= 0.1);
  assert.equal(bestF1Threshold(ranking(Float64Array.of(0.9, 0.8, 0.2), Uint8Array.of(1, 1, 0))).threshold, 0.5);
});

/** A model that answers with its input as the positive probability. */
function echo(): Predictor {
  const row = (p: number): number[] => [1 - p, p];
  return {
    task: "binary",
    classes: ["no", "yes"],
    features: [{ name: "p", type: "number" }],
    predict: (table) => ({
      probabilities: Float64Array.from(
        Array.from((table.columns.get("p") as { values: Float64Array }).values).flatMap(row),
      ),
    }),
    predictRow: (values) => row((values as { p: number }).p),
    explainRow: () => ({ base: 0, contributions: [] }),
    importance: () => [],
  };
}

test("both calibrations turn overconfident probabilities into honest ones on new rows", () => {
  const source = random(83);
  const draw = (n: number) => {
    const honest = Float64Array.from({ length: n }, () => source.next());
    const hits = Int32Array.from(honest, (p) => (source.next() < p ? 1 : 0));
    return { hits, bold: honest.map((p) => p ** 3 / (p ** 3 + (1 - p) ** 3)) };
  };
  const learn = draw(5000);
  const fresh = draw(20_000);
  const label: Label = { task: "binary", codes: learn.hits, classes: ["no", "yes"] };
  const table = tableOf({ p: { type: "number", values: fresh.bold } });
  const before = calibrationError(calibrationCurve(ranking(fresh.bold, Uint8Array.from(fresh.hits))));
  assert.ok(before > 0.08);
  for (const method of ["platt", "isotonic"] as const) {
    const calibration = fitCalibration(
      method,
      label,
      Float64Array.from(Array.from(learn.bold).flatMap((p) => [1 - p, p])),
    );
    const model = calibrated(echo(), calibration);
    const { probabilities } = model.predict(table) as { probabilities: Float64Array };
    const positive = fresh.bold.map((_, row) => probabilities[row * 2 + 1]!);
    assert.ok(calibrationError(calibrationCurve(ranking(positive, Uint8Array.from(fresh.hits)))) < 0.02, method);
    assert.deepEqual(model.predictRow({ p: fresh.bold[7]! }), [probabilities[14], probabilities[15]]);
  }
});

test("Platt's sigmoid undoes a known distortion of the log-odds", () => {
  const source = random(84);
  const margins = Float64Array.from({ length: 20_000 }, () => 2 * source.normal());
  const codes = Int32Array.from(margins, (m) => (source.next() < 1 / (1 + Math.exp(-m)) ? 1 : 0));
  const distorted = margins.map((m) => 1 / (1 + Math.exp(-(2 * m + 1))));
  const { arrays } = fitCalibration(
    "platt",
    { task: "binary", codes, classes: ["no", "yes"] },
    Float64Array.from(Array.from(distorted).flatMap((p) => [1 - p, p])),
  );
  assert.ok(Math.abs(arrays.x![0]! - 0.5) < 0.03, `slope ${arrays.x![0]}`);
  assert.ok(Math.abs(arrays.y![0]! + 0.5) < 0.05, `offset ${arrays.y![0]}`);
});

test("isotonic calibration pools violators into their mean and never falls", () => {
  const predicted = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9];
  const codes = Int32Array.of(0, 1, 0, 1, 0, 1, 1, 1, 0, 1);
  const { arrays } = fitCalibration(
    "isotonic",
    { task: "binary", codes, classes: ["no", "yes"] },
    Float64Array.from(predicted.flatMap((p) => [1 - p, p])),
  );
  assert.deepEqual(
    Array.from(arrays.y!),
    [0, 0.5, 0.75, 1].map((value) => value),
  );
});

test("calibration works for several classes, refuses regressions, few rows and damaged curves", async () => {
  const { table, multiclass, regression } = sample(200, 3, 85);
  const model = openModel(await fit({ algorithm: "logistic" }, table, multiclass, { seed: 1 }));
  const { probabilities } = model.predict(table) as { probabilities: Float64Array };
  const calibration = fitCalibration("isotonic", multiclass, probabilities);
  const after = calibrated(model, calibration).predict(table) as { probabilities: Float64Array };
  for (let row = 0; row < 200; row++)
    assert.ok(Math.abs(after.probabilities.subarray(row * 3, row * 3 + 3).reduce((a, b) => a + b) - 1) < 1e-9);
  assert.throws(() => fitCalibration("platt", regression, probabilities), /got a regression task/);
  assert.throws(
    () => fitCalibration("platt", { ...multiclass, codes: multiclass.codes.slice(0, 5) }, probabilities),
    /at least 10 rows/,
  );
  assert.throws(
    () =>
      calibrated(model, {
        ...calibration,
        arrays: { ...calibration.arrays, y: calibration.arrays.y!.slice().fill(2) },
      }),
    (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
  );
});

test("the lasso meets its optimality conditions and drops what does not help", async () => {
  const source = random(86);
  const n = 200;
  const columns = Array.from({ length: 6 }, () => Array.from({ length: n }, () => source.normal()));
  const y = Float64Array.from({ length: n }, (_, i) => 2 * columns[0]![i]! - columns[1]![i]! + 0.3 * source.normal());
  const table = tableOf(Object.fromEntries(columns.map((values, f) => [`x${f}`, numbers(...values)])));
  const penalty = 0.1;
  const model = openModel(
    await fit(
      { algorithm: "elasticNet", params: { penalty, l1Share: 1 } },
      table,
      { task: "regression", values: y },
      { seed: 1 },
    ),
  );
  const predicted = (model.predict(table) as { values: Float64Array }).values;
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / n;
  const deviation = (values: ArrayLike<number>): number =>
    Math.sqrt(mean(Array.from(values, (value) => (value - mean(values)) ** 2)));
  const zero = Object.fromEntries(columns.map((_, f) => [`x${f}`, 0]));
  for (const [f, values] of columns.entries()) {
    const slope = (model.predictRow({ ...zero, [`x${f}`]: 1 }) as number) - (model.predictRow(zero) as number);
    // Correlation of the residual with the standardised column, in units of the label's deviation: ±penalty where active, less elsewhere.
    const correlation = mean(
      values.map((value, i) => ((value - mean(values)) / deviation(values)) * ((y[i]! - predicted[i]!) / deviation(y))),
    );
    if (Math.abs(slope) > 1e-9)
      assert.ok(Math.abs(correlation - Math.sign(slope) * penalty) < 1e-6, `x${f}: ${correlation}`);
    else assert.ok(Math.abs(correlation) <= penalty + 1e-9);
    assert.equal(Math.abs(slope) > 1e-9, f < 2, `x${f} has slope ${slope}`);
  }
});
