// Linear models against closed forms, optimality conditions and hard data.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type CategoryColumn, categoryColumn, takeRows } from "../../src/base/table.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import { takeLabel } from "../../src/learn/label.ts";
import type { Label, Prediction, Predictor } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, sample, tableOf } from "./data.ts";

async function fitted(
  spec: CandidateSpec,
  table: Parameters<typeof fit>[1],
  label: Label,
  weights?: Float64Array,
): Promise<Predictor> {
  return openModel(await fit(spec, table, label, weights === undefined ? { seed: 1 } : { seed: 1, weights }));
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: expected ${expected} ± ${tolerance}, got ${actual}`);
}

test("ridge without penalty finds the line that the points lie on", async () => {
  const x = [1, 2, 3, 4, 5];
  const model = await fitted({ algorithm: "ridge", params: { l2: 0 } }, tableOf({ x: numbers(...x) }), {
    task: "regression",
    values: Float64Array.from(x, (value) => 3 - 2 * value),
  });
  near(model.predictRow({ x: 10 }) as number, -17, 1e-6, "at 10");
  near(model.predictRow({ x: -1 }) as number, 5, 1e-6, "at -1");
});

test("ridge with one standardised feature shrinks its slope by n / (n + l2)", async () => {
  // x has mean 0 and variance 1, so the closed form is slope = Σxy / (n + l2).
  const x = [-1, 1, -1, 1];
  const y = [-3, 5, -1, 3];
  const model = await fitted({ algorithm: "ridge", params: { l2: 4 } }, tableOf({ x: numbers(...x) }), {
    task: "regression",
    values: Float64Array.from(y),
  });
  near((model.predictRow({ x: 1 }) as number) - (model.predictRow({ x: 0 }) as number), 12 / 8, 1e-12, "slope");
  near(model.predictRow({ x: 0 }) as number, 1, 1e-12, "intercept");
});

test("ridge gives a weight of 2 the effect of a second row", async () => {
  const { table, regression } = sample(60, 3, 4);
  const weights = Float64Array.from({ length: 60 }, (_, row) => 1 + (row % 2));
  const rows = Array.from({ length: 60 }, (_, row) => (row % 2 === 0 ? [row] : [row, row])).flat();
  const weighted = await fitted({ algorithm: "ridge" }, table, regression, weights);
  const doubled = await fitted({ algorithm: "ridge" }, takeRows(table, rows), {
    task: "regression",
    values: Float64Array.from(rows, (row) => regression.values[row]!),
  });
  const a = weighted.predict(table) as { values: Float64Array };
  const b = doubled.predict(table) as { values: Float64Array };
  for (let row = 0; row < 60; row++) near(a.values[row]!, b.values[row]!, 1e-9, `row ${row}`);
});

test("ridge solves wide designs by conjugate gradients to the same answer as by Cholesky", async () => {
  const source = random(5);
  const wide: Record<string, ReturnType<typeof numbers>> = {};
  const rowCount = 40;
  for (let f = 0; f < 1300; f++) wide[`x${f}`] = numbers(...Array.from({ length: rowCount }, () => source.normal()));
  const label: Label = { task: "regression", values: Float64Array.from({ length: rowCount }, () => source.normal()) };
  const model = await fitted({ algorithm: "ridge", params: { l2: 3 } }, tableOf(wide), label);
  // Stationarity, checked from the outside: Σ residuals = 0 because the intercept is free.
  const { values } = model.predict(tableOf(wide)) as { values: Float64Array };
  near(
    values.reduce((sum, value, row) => sum + value - label.values[row]!, 0),
    0,
    1e-6,
    "sum of residuals",
  );
  // The dual closed form: residual = l2 · (K + l2)⁻¹ y with K = centred standardised XXᵀ, so X·β = K·residual / l2.
  const rows = Array.from({ length: rowCount }, () => new Float64Array(1300));
  for (let f = 0; f < 1300; f++) {
    const column = (wide[`x${f}`] as { values: Float64Array }).values;
    const mean = column.reduce((a, b) => a + b) / rowCount;
    const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / rowCount);
    for (let row = 0; row < rowCount; row++) rows[row]![f] = (column[row]! - mean) / deviation;
  }
  const meanLabel = label.values.reduce((a, b) => a + b) / rowCount;
  for (let row = 0; row < rowCount; row++) {
    let reproduced = meanLabel;
    for (let other = 0; other < rowCount; other++) {
      const kernel = rows[row]!.reduce((sum, value, f) => sum + value * rows[other]![f]!, 0);
      reproduced += (kernel * (label.values[other]! - values[other]!)) / 3;
    }
    near(reproduced, values[row]!, 1e-5, `row ${row}`);
  }
});

test("logistic regression is at the optimum: the penalised gradient of every coefficient vanishes", async () => {
  const source = random(6);
  const n = 300;
  const x = Array.from({ length: n }, () => source.normal());
  const z = Array.from({ length: n }, (_, i) => 0.5 * x[i]! + source.normal());
  const codes = Int32Array.from({ length: n }, (_, i) =>
    source.next() < 1 / (1 + Math.exp(-(0.3 + x[i]! - z[i]!))) ? 1 : 0,
  );
  const l2 = 2;
  const model = await fitted(
    { algorithm: "logistic", params: { l2 } },
    tableOf({ x: numbers(...x), z: numbers(...z) }),
    {
      task: "binary",
      codes,
      classes: ["a", "b"],
    },
  );
  const margin = (row: { x: number; z: number }): number => {
    const [a, b] = model.predictRow(row) as number[];
    return Math.log(b! / a!);
  };
  for (const [name, column] of Object.entries({ x, z })) {
    const mean = column.reduce((a, b) => a + b) / n;
    const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
    const beta = deviation * (margin({ x: 0, z: 0, [name]: 1 }) - margin({ x: 0, z: 0 }));
    let gradient = l2 * beta;
    for (let i = 0; i < n; i++)
      gradient +=
        ((column[i]! - mean) / deviation) * ((model.predictRow({ x: x[i]!, z: z[i]! }) as number[])[1]! - codes[i]!);
    near(gradient / n, 0, 1e-7, name);
  }
});

test("softmax of two classes is logistic regression with half the penalty per class", async () => {
  const { table, binary } = sample(200, 3, 7);
  const logistic = await fitted({ algorithm: "logistic", params: { l2: 1 } }, table, binary);
  // β and -β share the margin: l2·(β²+β²)/2 with β = margin / 2 is a quarter of l2·margin².
  const softmax = await fitted({ algorithm: "logistic", params: { l2: 2 } }, table, {
    task: "multiclass",
    codes: binary.codes,
    classes: binary.classes,
  });
  const a = logistic.predict(table) as { probabilities: Float64Array };
  const b = softmax.predict(table) as { probabilities: Float64Array };
  for (let i = 0; i < a.probabilities.length; i++) near(a.probabilities[i]!, b.probabilities[i]!, 1e-6, `entry ${i}`);
});

test("logistic regression by conjugate gradients agrees with the factorised one", async () => {
  // 401 levels and up take the other road; folding rare ones keeps this design narrow, so widen it with numbers.
  const source = random(8);
  const columns: Record<string, ReturnType<typeof numbers>> = {};
  const n = 120;
  for (let f = 0; f < 410; f++) columns[`x${f}`] = numbers(...Array.from({ length: n }, () => source.normal()));
  const codes = Int32Array.from({ length: n }, (_, i) =>
    (columns.x0 as { values: Float64Array }).values[i]! > 0 ? 1 : 0,
  );
  const model = await fitted({ algorithm: "logistic" }, tableOf(columns), {
    task: "binary",
    codes,
    classes: ["a", "b"],
  });
  const { probabilities } = model.predict(tableOf(columns)) as { probabilities: Float64Array };
  let sum = 0;
  for (let i = 0; i < n; i++) sum += probabilities[i * 2 + 1]! - codes[i]!;
  near(sum / n, 0, 1e-7, "the free intercept's gradient");
});

test("perfectly separable classes end in finite, certain probabilities", async () => {
  for (const l2 of [0, 1]) {
    const x = [-3, -2, -1, 1, 2, 3];
    const model = await fitted({ algorithm: "logistic", params: { l2 } }, tableOf({ x: numbers(...x) }), {
      task: "binary",
      codes: Int32Array.of(0, 0, 0, 1, 1, 1),
      classes: ["a", "b"],
    });
    const [, p] = model.predictRow({ x: 3 }) as number[];
    assert.ok(p! > 0.8 && p! <= 1, `l2 ${l2}: ${p}`);
  }
});

test("collinear, constant and all-missing columns do not disturb the others", async () => {
  const x = [1, 2, 3, 4, 5, 6, 7, 8];
  const table = tableOf({
    x: numbers(...x),
    twice: numbers(...x.map((value) => 2 * value)),
    constant: numbers(...x.map(() => 4)),
    missing: numbers(...x.map(() => Number.NaN)),
    oneCity: categoryColumn(x.map(() => "Bern")),
  });
  const label: Label = { task: "regression", values: Float64Array.from(x, (value) => 10 * value) };
  for (const l2 of [0, 1e-6]) {
    const model = await fitted({ algorithm: "ridge", params: { l2 } }, table, label);
    near(model.predictRow({ x: 4, twice: 8, constant: 4, oneCity: "Bern" }) as number, 40, 1e-3, `l2 ${l2}`);
  }
});

test("features without any variation are an error that says so", () => {
  assert.throws(
    () =>
      fit(
        { algorithm: "ridge" },
        tableOf({ c: numbers(1, 1, 1) }),
        { task: "regression", values: Float64Array.of(1, 2, 3) },
        { seed: 1 },
      ),
    (error) => isFailure(error, "TRAINING_NO_FEATURES"),
  );
});

test("numbers of any size are fitted alike", async () => {
  const x = [1, 2, 3, 4];
  for (const scale of [1e-200, 1e-9, 1, 1e12, 1e200]) {
    const table = tableOf({ x: numbers(...x.map((value) => value * scale)) });
    const model = await fitted({ algorithm: "ridge", params: { l2: 0 } }, table, {
      task: "regression",
      values: Float64Array.from(x, (value) => value * scale),
    });
    near((model.predictRow({ x: 2.5 * scale }) as number) / scale, 2.5, 1e-6, `scale ${scale}`);
  }
});

test("missing numbers, missing categories and unknown ones are predicted from what training saw of them", async () => {
  const { table, regression } = sample(500, 3, 9);
  const model = await fitted({ algorithm: "ridge" }, table, regression);
  const row = { n0: 0, n1: 1, n2: 0, city: "Bern", weekend: false };
  const known = model.predictRow(row) as number;
  const missing = model.predictRow({ ...row, n2: null }) as number;
  near(missing - known, 0.8, 0.35, "the effect of a missing n2");
  assert.equal(model.predictRow({ ...row, city: "Atlantis" }), model.predictRow({ ...row, city: null }));
  const { city: _gone, ...without } = row;
  assert.equal(model.predictRow(without), model.predictRow({ ...row, city: null }));
});

test("linear explanations add up to the margin, and average to nothing over the training rows", async () => {
  const { table, binary, multiclass, regression } = sample(120, 3, 10);
  for (const [spec, label] of [
    [{ algorithm: "ridge" }, regression],
    [{ algorithm: "logistic" }, binary],
    [{ algorithm: "logistic" }, multiclass],
  ] as const) {
    const model = await fitted(spec, table, label);
    const row = { n0: 0.3, n1: -1, n2: null, city: "Zug", weekend: true };
    if (label.task === "multiclass") {
      const p = model.predictRow(row) as number[];
      const margins = model.classes.map((name) => {
        const { base, contributions } = model.explainRow(row, { class: name });
        return contributions.reduce((sum, { contribution }) => sum + contribution, base);
      });
      const total = margins.reduce((sum, margin) => sum + Math.exp(margin), 0);
      for (const [k, margin] of margins.entries()) near(Math.exp(margin) / total, p[k]!, 1e-12, model.classes[k]!);
      continue;
    }
    const answer = model.predictRow(row);
    const margin = typeof answer === "number" ? answer : Math.log(answer[1]! / answer[0]!);
    const { base, contributions } = model.explainRow(row);
    near(
      contributions.reduce((sum, { contribution }) => sum + contribution, base),
      margin,
      1e-9,
      spec.algorithm,
    );
  }
});

test("predictRow and predict agree, and importance shares sum to 1 with the strongest feature first", async () => {
  const { table, multiclass } = sample(150, 3, 11);
  const model = await fitted({ algorithm: "logistic" }, table, multiclass);
  const { probabilities } = model.predict(takeRows(table, [5])) as { probabilities: Float64Array };
  const column = (name: string): number => (table.columns.get(name) as { values: Float64Array }).values[5]!;
  const { codes, dictionary } = table.columns.get("city") as CategoryColumn;
  const number = (name: string): number | null => (Number.isNaN(column(name)) ? null : column(name));
  const row = [number("n0"), number("n1"), number("n2"), dictionary[codes[5]!] ?? null, column("weekend") === 1];
  assert.deepEqual(model.predictRow(row), Array.from(probabilities));
  const shares = model.importance();
  near(
    shares.reduce((sum, { share }) => sum + share, 0),
    1,
    1e-12,
    "shares",
  );
  assert.equal(shares[0]!.feature, "n0");
});

test("Some 40,000 rows that are 501 rows over and over, weighted down, give the model of the 501", async () => {
  // The many go through the kernels and start from a part of the rows; the few through plain loops.
  const { table, binary, multiclass, regression } = sample(501, 6, 11);
  const times = 81;
  const rows = Int32Array.from({ length: 501 * times }, (_, i) => i % 501);
  const weights = new Float64Array(rows.length).fill(1 / times);
  const many = takeRows(table, rows);
  for (const [algorithm, label] of [
    ["logistic", binary],
    ["logistic", multiclass],
    ["ridge", regression],
  ] as const) {
    const few = openAnswer((await fitted({ algorithm }, table, label)).predict(table));
    const same = openAnswer((await fitted({ algorithm }, many, takeLabel(label, rows), weights)).predict(table));
    for (const [i, value] of few.entries()) near(same[i]!, value, 1e-5, `${algorithm} ${label.task} at ${i}`);
  }
});

test("infinities count as missing in a large table as in a small one", async () => {
  const rowCount = 30_000;
  const x = Float64Array.from({ length: rowCount }, (_, row) => (row % 10 === 0 ? Number.POSITIVE_INFINITY : row % 7));
  const values = x.map((value, row) => (Number.isFinite(value) ? 2 * value : 100) + (row % 3));
  const fitOf = async (column: Float64Array): Promise<number> =>
    (
      await fitted({ algorithm: "ridge", params: { l2: 0 } }, tableOf({ x: { type: "number", values: column } }), {
        task: "regression",
        values,
      })
    ).predictRow({ x: null }) as number;
  const missing = await fitOf(x.map((value) => (Number.isFinite(value) ? value : Number.NaN)));
  near(missing, 101, 0.1, "missing");
  near(await fitOf(x), missing, 1e-9, "infinite");
});

function openAnswer(prediction: Prediction): Float64Array {
  return "values" in prediction ? prediction.values : prediction.probabilities;
}
