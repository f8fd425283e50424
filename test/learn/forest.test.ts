// Random forests and extra trees: what a forest promises, and its out-of-bag score.

import assert from "node:assert/strict";
import { test } from "node:test";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { numbers, sample, tableOf } from "./data.ts";

for (const algorithm of ["randomForest", "extraTrees"] as const)
  test(`${algorithm} predicts new rows well in all three tasks, with probabilities that sum to 1`, async () => {
    const train = sample(800, 5, 70);
    const fresh = sample(800, 5, 71);
    const options = { seed: 1 };
    const spec = { algorithm, params: { trees: 60 } } as const;
    const binary = openModel(await fit(spec, train.table, train.binary, options));
    assert.ok(score("rocAuc", fresh.binary, binary.predict(fresh.table)) > 0.85);
    const multiclass = openModel(await fit(spec, train.table, train.multiclass, options));
    const { probabilities } = multiclass.predict(fresh.table) as { probabilities: Float64Array };
    for (let row = 0; row < 800; row++)
      assert.ok(
        Math.abs(probabilities[row * 3]! + probabilities[row * 3 + 1]! + probabilities[row * 3 + 2]! - 1) < 1e-12,
      );
    assert.ok(score("accuracy", fresh.multiclass, { probabilities }) > 0.6);
    const regression = openModel(await fit(spec, train.table, train.regression, options));
    assert.ok(score("r2", fresh.regression, regression.predict(fresh.table)) > 0.65);
  });

test("one full tree on all rows repeats its training labels", async () => {
  const x = Array.from({ length: 50 }, (_, i) => i);
  const values = Float64Array.from(x, (value) => (value * 7919) % 101);
  const params = { trees: 1, rowSample: 1, splitFeatures: 1, minRowsInLeaf: 1 };
  const table = tableOf({ x: numbers(...x) });
  const model = openModel(
    await fit({ algorithm: "randomForest", params }, table, { task: "regression", values }, { seed: 1 }),
  );
  const predicted = (model.predict(table) as { values: Float64Array }).values;
  for (let i = 0; i < 50; i++) assert.ok(Math.abs(predicted[i]! - values[i]!) < 1e-4, `row ${i}`);
});

test("the out-of-bag score is near the score on new rows, and far from the one on training rows", async () => {
  const train = sample(600, 5, 72);
  const fresh = sample(2000, 5, 73);
  const artifact = await fit({ algorithm: "randomForest", params: { trees: 80 } }, train.table, train.regression, {
    seed: 1,
  });
  const model = openModel(artifact);
  const outOfBag = artifact.meta.outOfBag as { metric: string; value: number; rows: number };
  assert.equal(outOfBag.metric, "rmse");
  assert.equal(outOfBag.rows, 600);
  const onNew = score("rmse", fresh.regression, model.predict(fresh.table));
  const onOld = score("rmse", train.regression, model.predict(train.table));
  assert.ok(Math.abs(outOfBag.value / onNew - 1) < 0.12, `${outOfBag.value} and ${onNew}`);
  assert.ok(onOld < 0.8 * onNew);
});

test("forests repeat themselves by seed and differ between seeds", async () => {
  const { table, binary } = sample(150, 4, 74);
  for (const algorithm of ["randomForest", "extraTrees"] as const) {
    const grow = (seed: number) => fit({ algorithm, params: { trees: 5 } }, table, binary, { seed });
    assert.deepEqual(await grow(3), await grow(3));
    assert.notDeepEqual((await grow(3)).arrays.value, (await grow(4)).arrays.value);
  }
});

test("contributions of a forest add up to its share", async () => {
  const { table, binary } = sample(200, 4, 75);
  const model = openModel(await fit({ algorithm: "randomForest", params: { trees: 10 } }, table, binary, { seed: 1 }));
  for (const wanted of ["no", "yes"]) {
    const { base, contributions } = model.explainRow({ n0: 1, city: "Zug" }, { class: wanted });
    const share = contributions.reduce((sum, { contribution }) => sum + contribution, base);
    assert.ok(
      Math.abs(share - (model.predictRow({ n0: 1, city: "Zug" }) as number[])[wanted === "no" ? 0 : 1]!) < 1e-12,
    );
  }
});

test("columns that never vary do not use up a forest's draws", async () => {
  const { table, binary } = sample(1500, 4, 61);
  const constant = { type: "number", values: new Float64Array(1500).fill(3) } as const;
  const padded = {
    rowCount: 1500,
    columns: new Map([...Array.from({ length: 60 }, (_, i) => [`same${i}`, constant] as const), ...table.columns]),
  };
  for (const algorithm of ["randomForest", "extraTrees"] as const) {
    const spec = { algorithm, params: { trees: 40, splitFeatures: 0.5 } };
    const plain = openModel(await fit(spec, table, binary, { seed: 1 })).predict(table);
    const beside = openModel(await fit(spec, padded, binary, { seed: 1 })).predict(padded);
    assert.deepEqual(beside, plain);
  }
});
