// Isolation forest and k-means on data whose structure is known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { categoryColumn } from "../../src/base/table.ts";
import { ranking } from "../../src/learn/class-scores.ts";
import { openClusters } from "../../src/learn/clusters/cluster-model.ts";
import { fitClusters } from "../../src/learn/clusters/clusters.ts";
import { rocAuc } from "../../src/learn/evaluation/ranking.ts";
import { random } from "../../src/learn/random.ts";
import { fitIsolationForest, openIsolationForest } from "../../src/learn/trees/isolation-forest.ts";
import { numbers, tableOf } from "./data.ts";

test("the isolation forest ranks far rows and rare categories above ordinary ones", () => {
  const source = random(1);
  const odd = Uint8Array.from({ length: 1000 }, (_, i) => (i < 20 ? 1 : 0));
  const x = Array.from(odd, (isOdd) => source.normal() + (isOdd === 1 ? 5 : 0));
  const z = Array.from(odd, (isOdd) => source.normal() - (isOdd === 1 ? 5 : 0));
  const table = tableOf({
    x: numbers(...x),
    z: numbers(...z),
    c: categoryColumn(Array.from(odd, (isOdd, i) => (isOdd === 1 ? `rare${i}` : `usual${i % 3}`))),
  });
  const artifact = fitIsolationForest(table, {}, { seed: 1 });
  assert.deepEqual(fitIsolationForest(table, {}, { seed: 1 }), artifact);
  const detector = openIsolationForest(artifact);
  const scores = detector.score(table);
  assert.ok(rocAuc(ranking(scores, odd)) > 0.99);
  assert.ok(scores.every((value) => value > 0 && value < 1));
  assert.ok(scores[500]! < 0.6 && scores[0]! > 0.65, `${scores[500]} and ${scores[0]}`);
  const row = { x: x[3]!, z: z[3]!, c: "rare3" };
  assert.equal(detector.scoreRow(row), scores[3]);
  const path = detector.explainRow(row);
  assert.ok(
    path.contributions.find(({ feature }) => feature === "x")!.contribution < 0,
    "an odd value shortens the path",
  );
});

test("the isolation forest takes alike rows, missing values and one column", () => {
  for (const values of [
    [1, 1, 1, 1],
    [1, Number.NaN, 1, Number.NaN],
    [Number.NaN, Number.NaN],
    [1e308, -1e308, 0, 5],
  ]) {
    const table = tableOf({ x: numbers(...values) });
    const scores = openIsolationForest(fitIsolationForest(table, { trees: 10 }, { seed: 1 })).score(table);
    assert.ok(
      scores.every((value) => value > 0 && value <= 1),
      `${values}: ${scores}`,
    );
  }
  assert.throws(
    () => fitIsolationForest(tableOf({ t: { type: "text", values: ["a", "b"] } }), {}, { seed: 1 }),
    (error) => isFailure(error, "TRAINING_NO_FEATURES"),
  );
});

test("k-means finds separate groups, numbered from the largest on", () => {
  const source = random(2);
  const truth = Int32Array.from({ length: 600 }, (_, i) => (i < 300 ? 0 : i < 500 ? 1 : 2));
  const centres = [
    [0, 0],
    [8, 0],
    [0, 8],
  ] as const;
  const table = tableOf({
    x: numbers(...Array.from(truth, (c) => centres[c]![0] + source.normal())),
    y: numbers(...Array.from(truth, (c) => centres[c]![1] + source.normal())),
  });
  const artifact = fitClusters(table, { clusters: 3 }, { seed: 1 });
  assert.deepEqual(fitClusters(table, { clusters: 3 }, { seed: 1 }), artifact);
  const model = openClusters(artifact);
  const assigned = model.assign(table);
  const right = assigned.filter((cluster, i) => cluster === truth[i]).length;
  assert.ok(right >= 597, `${right} of 600`);
  assert.equal(model.assignRow({ x: 8, y: 0.2 }).cluster, 1);
  assert.ok(model.assignRow({ x: 8, y: 0.2 }).distance < 0.5);
});

test("k-means works with as many clusters as rows, refuses more, and wants a number", () => {
  const table = tableOf({ x: numbers(1, 2, 3), c: categoryColumn(["a", "b", null]) });
  const model = openClusters(fitClusters(table, { clusters: 3 }, { seed: 1 }));
  assert.equal(new Set(model.assign(table)).size, 3);
  assert.throws(
    () => fitClusters(table, { clusters: 4 }, { seed: 1 }),
    (error) => isFailure(error, "TRAINING_TOO_FEW_ROWS"),
  );
  assert.throws(() => fitClusters(table, { clusters: 0 }, { seed: 1 }), /clusters: expected a whole number/);
  const artifact = fitClusters(table, { clusters: 2 }, { seed: 1 });
  assert.throws(
    () => openClusters({ ...artifact, arrays: { ...artifact.arrays, middles: new Float64Array(1) } }),
    (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
  );
});
