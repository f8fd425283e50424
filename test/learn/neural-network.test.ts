// The neural network: derivatives against differences, functions that no linear model can learn, and its artifact.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { backward, forward, layersOf, pass, weightCount } from "../../src/learn/network/layers.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, sample, tableOf } from "./data.ts";

test("backward gives the derivatives that differences give", () => {
  const source = random(1);
  const layers = layersOf([3, 5, 4, 2]);
  const weights = Float64Array.from({ length: weightCount(layers) }, () => source.normal());
  const vector = Float64Array.of(0.3, -1, 2);
  const run = pass(layers);
  const loss = (w: Float64Array): number => {
    const [a, b] = forward(layers, w, vector, run);
    return a! ** 2 / 2 + Math.sin(b!);
  };
  const [a, b] = forward(layers, weights, vector, run);
  const gradient = new Float64Array(weights.length);
  backward(layers, weights, run, Float64Array.of(a!, Math.cos(b!)), gradient);
  for (let j = 0; j < weights.length; j++) {
    const moved = (by: number): Float64Array => weights.map((value, i) => (i === j ? value + by : value));
    const expected = (loss(moved(1e-6)) - loss(moved(-1e-6))) / 2e-6;
    assert.ok(
      Math.abs(gradient[j]! - expected) < 1e-5 * Math.max(1, Math.abs(expected)),
      `weight ${j}: ${gradient[j]} instead of ${expected}`,
    );
  }
});

test("it learns exclusive or, which no linear model can", async () => {
  const source = random(2);
  const x = Array.from({ length: 400 }, () => source.normal());
  const z = x.map(() => source.normal());
  const label = {
    task: "binary",
    codes: Int32Array.from(x, (value, i) => (value > 0 !== z[i]! > 0 ? 1 : 0)),
    classes: ["n", "y"],
  } as const;
  const table = tableOf({ x: numbers(...x), z: numbers(...z) });
  const network = openModel(await fit({ algorithm: "neuralNetwork" }, table, label, { seed: 1 }));
  const linear = openModel(await fit({ algorithm: "logistic" }, table, label, { seed: 1 }));
  assert.ok(score("rocAuc", label, network.predict(table)) > 0.95);
  assert.ok(score("rocAuc", label, linear.predict(table)) < 0.65);
});

test("it predicts all three tasks on mixed data, repeats itself by seed, and explains", async () => {
  const train = sample(500, 3, 120);
  const fresh = sample(500, 3, 121);
  for (const [task, metric, least] of [
    ["binary", "rocAuc", 0.85],
    ["multiclass", "accuracy", 0.6],
    ["regression", "r2", 0.6],
  ] as const) {
    const spec = { algorithm: "neuralNetwork", params: { epochs: 40 } } as const;
    const artifact = await fit(spec, train.table, train[task], { seed: 3 });
    assert.deepEqual(await fit(spec, train.table, train[task], { seed: 3 }), artifact);
    const model = openModel(artifact);
    const value = score(metric, fresh[task], model.predict(fresh.table));
    assert.ok(value > least, `${task}: ${value}`);
    const row = { n0: 1, n1: 2, n2: null, city: "Chur", weekend: false };
    const answer = model.predictRow(row);
    if (task === "multiclass") continue;
    const margin = typeof answer === "number" ? answer : Math.log(answer[1]! / answer[0]!);
    const { base, contributions } = model.explainRow(row);
    assert.ok(Math.abs(contributions.reduce((sum, { contribution }) => sum + contribution, base) - margin) < 1e-9);
    assert.equal(model.importance()[0]!.feature, "n0");
  }
});

test("damaged artifacts are refused", async () => {
  const { table, binary } = sample(60, 2, 122);
  const artifact = await fit({ algorithm: "neuralNetwork", params: { epochs: 2 } }, table, binary, { seed: 1 });
  const isCorrupt = (error: unknown): boolean => isFailure(error, "MODELS_ARTIFACT_CORRUPT");
  for (const name of Object.keys(artifact.arrays)) {
    const array = artifact.arrays[name]!;
    if (array.length > 0)
      assert.throws(
        () => openModel({ ...artifact, arrays: { ...artifact.arrays, [name]: array.slice(1) } }),
        isCorrupt,
        name,
      );
  }
  for (const sizes of [[], [1e9, 1e9, 1], ["a", 1], [3, 32, 16, 2], null])
    assert.throws(
      () => openModel({ ...artifact, meta: { ...artifact.meta, sizes } as typeof artifact.meta }),
      isCorrupt,
      JSON.stringify(sizes),
    );
});
