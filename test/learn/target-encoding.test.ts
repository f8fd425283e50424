// Categories of many levels in linear models, and learning curves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import type { Table } from "../../src/base/table.ts";
import { learningCurve } from "../../src/learn/evaluation/learning-curve.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import type { Label } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { targetEncoding } from "../../src/learn/target-encoding.ts";
import { sample, tableOf } from "./data.ts";

const shops = 600;
const dictionary = Array.from({ length: shops }, (_, code) => `shop ${code}`);

/** Rows of shops, each of which has a level of its own, and a number that matters little. */
function shopRows(rowCount: number, seed: number): { table: Table; values: Float64Array; binary: Int32Array } {
  const levels = Float64Array.from({ length: shops }, (_, code) => 2 * random(99, code).normal());
  const source = random(seed);
  const codes = Int32Array.from({ length: rowCount }, () => source.below(shops));
  const x = Float64Array.from({ length: rowCount }, () => source.normal());
  const values = x.map((value, row) => 0.3 * value + levels[codes[row]!]! + source.normal());
  return {
    table: tableOf({ x: { type: "number", values: x }, shop: { type: "category", codes, dictionary } }),
    values,
    binary: Int32Array.from(values, (value) => (value > 0 ? 1 : 0)),
  };
}

test("each row is encoded from other rows only, and a category from all of its rows", () => {
  const codes = Float64Array.of(0, 0, 0, 0, 1, 1, Number.NaN);
  const weights = new Float64Array(7).fill(1);
  const signal = Float64Array.of(10, 12, 8, 10, 2, 4, 3);
  const before = targetEncoding(codes, 3, signal, weights, 1);
  for (let row = 0; row < 7; row++) {
    const changed = signal.slice();
    changed[row]! += 1000;
    assert.ok(
      Math.abs(targetEncoding(codes, 3, changed, weights, 1).rows[row]! - before.rows[row]!) < 1e-9,
      `row ${row} sees its own label`,
    );
  }
  const mean = 7;
  assert.ok(Math.abs(before.prior - mean) < 1e-12);
  assert.ok(Math.abs(before.ofCode[0]! - (40 + 10 * mean) / 14) < 1e-12);
  assert.equal(before.ofCode[2], mean);
});

test("linear models learn from more levels than one-hot columns have room for", async () => {
  const train = shopRows(9000, 1);
  const held = shopRows(3000, 2);
  const ridge = openModel(
    await fit({ algorithm: "ridge" }, train.table, { task: "regression", values: train.values }, { seed: 1 }),
  );
  // One-hot columns for the hundred largest shops would leave an error near 2; noise alone is 1.
  const rmse = score("rmse", { task: "regression", values: held.values }, ridge.predict(held.table));
  assert.ok(rmse < 1.2, `rmse: ${rmse}`);
  const label = (codes: Int32Array): Label => ({ task: "binary", codes, classes: ["no", "yes"] });
  const logistic = openModel(await fit({ algorithm: "logistic" }, train.table, label(train.binary), { seed: 1 }));
  const auc = score("rocAuc", label(held.binary), logistic.predict(held.table));
  assert.ok(auc > 0.9, `auc: ${auc}`);
  const unknown = ridge.predictRow({ x: 0, shop: "none of them" }) as number;
  assert.equal(unknown, ridge.predictRow({ x: 0, shop: null }));
  const { base, contributions } = ridge.explainRow({ x: 1, shop: "shop 7" });
  const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
  assert.ok(Math.abs(sum - (ridge.predictRow({ x: 1, shop: "shop 7" }) as number)) < 1e-9);
});

test("shops that say nothing are not mistaken for shops that do", async () => {
  const { table } = shopRows(3000, 3);
  const source = random(8);
  const noise = (): Float64Array => Float64Array.from({ length: 3000 }, () => source.normal());
  const model = openModel(
    await fit({ algorithm: "ridge" }, table, { task: "regression", values: noise() }, { seed: 1 }),
  );
  const rmse = score("rmse", { task: "regression", values: noise() }, model.predict(table));
  assert.ok(rmse < 1.06, `rmse: ${rmse}`);
});

test("a learning curve falls with more rows, is the same for the same seed, and holds the shares that were asked for", async () => {
  const train = sample(800, 4, 1);
  const rest = sample(400, 4, 2);
  const held = { features: rest.table, label: rest.regression };
  const spec = { algorithm: "gradientBoosting", params: { trees: 30 } } as const;
  const curve = await learningCurve(spec, train.table, train.regression, { seed: 1, held });
  assert.deepEqual(
    curve.map(({ rows }) => rows),
    [100, 200, 400, 800],
  );
  assert.ok(curve[3]!.held < 0.95 * curve[0]!.held, `${curve[0]!.held} to ${curve[3]!.held}`);
  assert.ok(curve[0]!.training < curve[0]!.held);
  const again = await learningCurve(spec, train.table, train.regression, { seed: 1, held, shares: [1, 0.001, 0.25] });
  assert.deepEqual(again, [curve[1], curve[3]]);
  for (const [shares, code] of [
    [[0], "DEFINE_INVALID"],
    [[2], "DEFINE_INVALID"],
    [[0.001], "TRAINING_TOO_FEW_ROWS"],
  ] as const)
    await assert.rejects(learningCurve(spec, train.table, train.regression, { seed: 1, held, shares }), (error) =>
      isFailure(error, code),
    );
});
