// What rows count: a row of weight 2 is like the row twice, in fits, scores, intervals, baselines and calibration.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numberColumn, type Table, takeRows } from "../../src/base/table.ts";
import { fitBaseline } from "../../src/learn/baselines.ts";
import { bootstrapInterval } from "../../src/learn/evaluation/bootstrap.ts";
import { calibrated, fitCalibration } from "../../src/learn/evaluation/calibration.ts";
import type { MetricName } from "../../src/learn/evaluation/metric-table.ts";
import { score, scoreAll } from "../../src/learn/evaluation/metrics.ts";
import { permutationImportance } from "../../src/learn/evaluation/permutation.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import { balancedWeights, takeLabel } from "../../src/learn/label.ts";
import type { Label, Prediction, Predictor } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";

/** 120 rows of two numbers; each counts 1, 2 or 3 times. */
function world() {
  const source = random(7);
  const rowCount = 120;
  const x = Array.from({ length: rowCount }, () => source.normal());
  const z = x.map(() => source.normal());
  const weights = Float64Array.from(x, () => 1 + source.below(3));
  const table: Table = {
    rowCount,
    columns: new Map([
      ["x", numberColumn(x)],
      ["z", numberColumn(z)],
    ]),
  };
  const noise = x.map(() => source.next());
  const codes = Int32Array.from(x, (value, row) => (noise[row]! < 1 / (1 + Math.exp(-2 * value)) ? 1 : 0));
  const labels: Record<Label["task"], Label> = {
    binary: { task: "binary", codes, classes: ["no", "yes"] },
    multiclass: {
      task: "multiclass",
      codes: codes.map((code, row) => code + (z[row]! > 0.5 ? 1 : 0)),
      classes: ["a", "b", "c"],
    },
    regression: { task: "regression", values: Float64Array.from(x, (value, row) => 2 * value + noise[row]!) },
  };
  // The same rows, each as often as it counts.
  const repeated = Int32Array.from(
    Array.from(weights.entries()).flatMap(([row, weight]) => new Array(weight).fill(row)),
  );
  return { table, labels, weights, repeated };
}
const { table, labels, weights, repeated } = world();
const tasks = ["binary", "multiclass", "regression"] as const;

function someAnswers(label: Label): Prediction {
  const source = random(3);
  if (label.task === "regression") return { values: label.values.map((value) => value + source.normal()) };
  const K = label.classes.length;
  const probabilities = new Float64Array(label.codes.length * K);
  for (const [row, code] of label.codes.entries()) {
    const shares = Array.from({ length: K }, (_, k) => source.next() + (k === code ? 0.6 : 0));
    const sum = shares.reduce((a, b) => a + b, 0);
    for (let k = 0; k < K; k++) probabilities[row * K + k] = shares[k]! / sum;
  }
  return { probabilities };
}

function takeAnswers(answers: Prediction, rows: Int32Array, width: number): Prediction {
  if ("values" in answers) return { values: Float64Array.from(rows, (row) => answers.values[row]!) };
  const list = Array.from(rows).flatMap((row) =>
    Array.from(answers.probabilities.subarray(row * width, (row + 1) * width)),
  );
  return { probabilities: Float64Array.from(list) };
}

const near = (a: number, b: number, what: string, by = 1e-9) =>
  assert.ok(Math.abs(a - b) <= by * Math.max(1, Math.abs(b)), `${what}: ${a} and ${b}`);
const widthOf = (label: Label) => (label.task === "regression" ? 1 : label.classes.length);

describe("a label with weights", () => {
  for (const task of tasks) {
    const label = labels[task];
    const weighted: Label = { ...label, weights };
    const answers = someAnswers(label);

    it(`scores ${task} like rows that are repeated`, () => {
      const got = scoreAll(weighted, answers);
      const wanted = scoreAll(takeLabel(label, repeated), takeAnswers(answers, repeated, widthOf(label)));
      assert.ok(Object.keys(got).length >= 5);
      for (const name of Object.keys(got) as MetricName[]) near(got[name]!, wanted[name]!, name);
      assert.notDeepEqual(got, scoreAll(label, answers));
    });

    it(`is guessed by ${task} baselines like rows that are repeated`, () => {
      for (const name of task === "regression" ? (["mean", "median"] as const) : (["majority", "prior"] as const)) {
        const answer = (of: Label) => Array.from(fitBaseline(name, of).arrays.answer as Float64Array);
        const [got, wanted] = [answer(weighted), answer(takeLabel(label, repeated))];
        for (const [i, value] of got.entries()) near(value, wanted[i]!, name);
      }
    });
  }

  it("moves the interval of a metric with its weights", () => {
    const [label, answers] = [labels.binary, someAnswers(labels.binary)];
    const own = bootstrapInterval("accuracy", { ...label, weights }, answers, { seed: 1 });
    near(own.value, score("accuracy", label, answers, { weights }), "value");
    assert.ok(own.low < own.value && own.value < own.high);
    // All the weight on few rows: nobody knows what others would have shown.
    const few = Float64Array.from(weights, (_, row) => (row < 10 ? 1 : 1e-9));
    const wide = bootstrapInterval("accuracy", { ...label, weights: few }, answers, { seed: 1 });
    assert.ok(wide.high - wide.low > 1.5 * (own.high - own.low));
  });

  it("is calibrated like rows that are repeated", () => {
    const label = labels.binary as Extract<Label, { codes: Int32Array }>;
    const { probabilities } = someAnswers(label) as { probabilities: Float64Array };
    const again = takeAnswers({ probabilities }, repeated, 2) as { probabilities: Float64Array };
    for (const method of ["platt", "isotonic"] as const) {
      const answer = (artifact: ReturnType<typeof fitCalibration>) => {
        const source = { task: "binary", classes: label.classes, features: [], predict: () => ({ probabilities }) };
        const model = calibrated(source as unknown as Predictor, artifact);
        return (model.predict({ rowCount: 120, columns: new Map() }) as { probabilities: Float64Array }).probabilities;
      };
      const got = answer(fitCalibration(method, { ...label, weights }, probabilities));
      const wanted = answer(fitCalibration(method, takeLabel(label, repeated), again.probabilities));
      for (const [at, value] of got.entries()) near(value, wanted[at]!, `${method} ${at}`, 1e-6);
    }
  });

  it("shuffles features and weighs what that loses", () => {
    const only = Float64Array.from(weights, (_, row) => (row % 2 === 0 ? 1 : 0));
    const model = {
      features: [{ name: "x" }],
      predict: (rows: Table) => ({ values: (rows.columns.get("x") as { values: Float64Array }).values }),
    };
    const label: Label = { task: "regression", values: (table.columns.get("x") as { values: Float64Array }).values };
    const loss = (of: Label) =>
      permutationImportance(model as unknown as Predictor, table, of, "rmse", { seed: 1 })[0]!.loss;
    assert.notEqual(loss({ ...label, weights: only }), loss(label));
  });

  it("is fitted by its weights, by every algorithm", async () => {
    const specs: [CandidateSpec, Label["task"]][] = [
      [{ algorithm: "logistic" }, "binary"],
      [{ algorithm: "logistic" }, "multiclass"],
      [{ algorithm: "ridge" }, "regression"],
      [{ algorithm: "elasticNet" }, "regression"],
      [{ algorithm: "naiveBayes" }, "binary"],
      [{ algorithm: "nearestNeighbours" }, "binary"],
      [{ algorithm: "neuralNetwork", params: { epochs: 5 } }, "regression"],
      [{ algorithm: "gradientBoosting", params: { trees: 20 } }, "regression"],
      [{ algorithm: "randomForest", params: { trees: 20 } }, "binary"],
      [{ algorithm: "extraTrees", params: { trees: 20 } }, "multiclass"],
    ];
    for (const [spec, task] of specs) {
      const label = labels[task];
      const bytes = async (of: Label) =>
        JSON.stringify(Object.values((await fit(spec, table, of, { seed: 1 })).arrays).map((one) => Array.from(one)));
      const [plain, byWeight] = [await bytes(label), await bytes({ ...label, weights })];
      assert.notEqual(byWeight, plain, spec.algorithm);
      assert.equal(await bytes({ ...label, weights: new Float64Array(120).fill(1) }), plain, spec.algorithm);
    }
  });

  it("is fitted by linear models as if rows were repeated", async () => {
    for (const [algorithm, task] of [
      ["logistic", "binary"],
      ["ridge", "regression"],
    ] as const) {
      const spec = { algorithm, params: { l2: 1e-6 } } as CandidateSpec;
      const label = labels[task];
      const predict = async (rows: Table, of: Label) => {
        const answers = openModel(await fit(spec, rows, of, { seed: 1 })).predict(table);
        return "values" in answers ? answers.values : answers.probabilities;
      };
      const got = await predict(table, { ...label, weights });
      const wanted = await predict(takeRows(table, repeated), takeLabel(label, repeated));
      for (const [at, value] of got.entries()) near(value, wanted[at]!, algorithm, 1e-4);
    }
  });

  it("is balanced by the product of both weights", () => {
    const label = labels.binary as Extract<Label, { codes: Int32Array }>;
    const plain = balancedWeights(label);
    const both = balancedWeights({ ...label, weights });
    for (const [row, weight] of both.entries()) near(weight, plain[row]! * weights[row]!, "weight");
  });
});
