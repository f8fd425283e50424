// Naive Bayes and nearest neighbours against closed forms and brute force; Shapley values against a reference.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { categoryColumn } from "../../src/base/table.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { referenceShapley } from "../../src/learn/reference-shapley.ts";
import { numbers, sample, tableOf } from "./data.ts";

test("naive Bayes of one category is the smoothed table of counts", async () => {
  const table = tableOf({ c: categoryColumn(["a", "a", "b", "b", "b", "b"]) });
  const label = { task: "binary", codes: Int32Array.of(0, 0, 0, 1, 1, 1), classes: ["n", "y"] } as const;
  const model = openModel(await fit({ algorithm: "naiveBayes" }, table, label, { seed: 1 }));
  // P(b|y) = (3 + 1) / (3 + 2), P(b|n) = (1 + 1) / (3 + 2); the priors are equal.
  const [, p] = model.predictRow({ c: "b" }) as number[];
  assert.ok(Math.abs(p! - 4 / 6) < 1e-12);
  assert.deepEqual(model.predictRow({ c: null }), [0.5, 0.5]);
});

test("naive Bayes of normal classes finds the border between them, and predicts well on mixed data", async () => {
  const source = random(1);
  const codes = Int32Array.from({ length: 4000 }, (_, i) => i % 2);
  const x = Array.from(codes, (code) => source.normal() + (code === 1 ? 2 : 0));
  const model = openModel(
    await fit(
      { algorithm: "naiveBayes" },
      tableOf({ x: numbers(...x) }),
      { task: "binary", codes, classes: ["n", "y"] },
      { seed: 1 },
    ),
  );
  const [, p] = model.predictRow({ x: 1.5 }) as number[];
  // The log-odds of N(2, 1) against N(0, 1) at 1.5 are 2·1.5 - 2 = 1.
  assert.ok(Math.abs(Math.log(p! / (1 - p!)) - 1) < 0.15);
  const train = sample(1000, 4, 110);
  const fresh = sample(1000, 4, 111);
  const mixed = openModel(await fit({ algorithm: "naiveBayes" }, train.table, train.multiclass, { seed: 1 }));
  assert.ok(score("accuracy", fresh.multiclass, mixed.predict(fresh.table)) > 0.55);
});

test("naive Bayes explanations add up to the log-odds", async () => {
  const { table, binary } = sample(300, 3, 112);
  const model = openModel(await fit({ algorithm: "naiveBayes" }, table, binary, { seed: 1 }));
  const row = { n0: 1, n1: null, n2: -1, city: "Thun", weekend: true };
  const [n, y] = model.predictRow(row) as number[];
  const { base, contributions } = model.explainRow(row);
  assert.ok(
    Math.abs(contributions.reduce((sum, { contribution }) => sum + contribution, base) - Math.log(y! / n!)) < 1e-9,
  );
});

test("naive Bayes survives a class without rows, constant columns and any unit", async () => {
  for (const unit of [1e-200, 1, 1e200]) {
    const table = tableOf({
      x: numbers(unit, 2 * unit, 3 * unit, 9 * unit),
      k: numbers(4, 4, 4, 4),
      m: numbers(Number.NaN, Number.NaN, Number.NaN, Number.NaN),
    });
    const label = { task: "multiclass", codes: Int32Array.of(0, 0, 0, 1), classes: ["a", "b", "never"] } as const;
    const p = openModel(await fit({ algorithm: "naiveBayes" }, table, label, { seed: 1 })).predictRow({
      x: 9 * unit,
      k: 4,
    }) as number[];
    assert.ok(
      p.every((value) => value >= 0 && value <= 1) && Math.abs(p[0]! + p[1]! + p[2]! - 1) < 1e-9,
      `${unit}: ${p}`,
    );
  }
});

test("nearest neighbours repeat their training labels and average between them", async () => {
  const table = tableOf({ x: numbers(0, 1, 2, 3, 10) });
  const label = { task: "regression", values: Float64Array.of(0, 10, 20, 30, 100) } as const;
  const model = openModel(
    await fit({ algorithm: "nearestNeighbours", params: { neighbours: 2 } }, table, label, { seed: 1 }),
  );
  assert.ok(Math.abs((model.predictRow({ x: 2 }) as number) - 20) < 1e-3);
  assert.ok(Math.abs((model.predictRow({ x: 0.5 }) as number) - 5) < 1e-6);
  // A third of the way: the neighbours' weights are 1 / distance.
  assert.ok(Math.abs((model.predictRow({ x: 1 + 1 / 3 }) as number) - (10 * 2 + 20) / 3) < 1e-3);
});

test("nearest neighbours predict classes of mixed data, and explain and rank features", async () => {
  const train = sample(600, 3, 113);
  const fresh = sample(600, 3, 114);
  const model = openModel(await fit({ algorithm: "nearestNeighbours" }, train.table, train.binary, { seed: 1 }));
  assert.ok(score("rocAuc", fresh.binary, model.predict(fresh.table)) > 0.8);
  const row = { n0: 1, n1: 0, n2: null, city: "Chur", weekend: false };
  const { base, contributions } = model.explainRow(row);
  assert.ok(
    Math.abs(
      contributions.reduce((sum, { contribution }) => sum + contribution, base) -
        (model.predictRow(row) as number[])[1]!,
    ) < 1e-12,
  );
  assert.equal(model.importance()[0]!.feature, "n0");
});

const numbersOf = (count: number) =>
  Array.from({ length: count }, (_, f) => ({ name: `n${f}`, type: "number" as const }));

test("Shapley values against a reference are exact for few features and near for many", () => {
  const product = (row: Float64Array): number => row[0]! * row[1]! + 3 * row[2]!;
  const exact = referenceShapley(product, Float64Array.of(2, 3, 1), Float64Array.of(0, 0, 0), numbersOf(3));
  assert.deepEqual(
    Array.from(exact.contributions, (value) => Math.round(value * 1e9) / 1e9),
    [3, 3, 3],
  );
  const many = (row: Float64Array): number => row.reduce((sum, value, i) => sum + i * value, 0) + row[3]! * row[4]!;
  const sampled = referenceShapley(many, new Float64Array(12).fill(1), new Float64Array(12), numbersOf(12));
  for (const [f, value] of sampled.contributions.entries())
    assert.ok(Math.abs(value - f - (f === 3 || f === 4 ? 0.5 : 0)) < 1e-9, `${f}: ${value}`);
});

test("damaged artifacts of both are refused", async () => {
  const { table, binary } = sample(80, 3, 115);
  for (const algorithm of ["naiveBayes", "nearestNeighbours"] as const) {
    const artifact = await fit({ algorithm }, table, binary, { seed: 1 });
    for (const name of Object.keys(artifact.arrays)) {
      const array = artifact.arrays[name]!;
      const damaged = {
        ...artifact,
        arrays: { ...artifact.arrays, [name]: array.slice(0, Math.max(0, array.length - 1)) },
      };
      if (array.length > 0)
        assert.throws(
          () => openModel(damaged),
          (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
          `${algorithm}.${name}`,
        );
    }
  }
});
