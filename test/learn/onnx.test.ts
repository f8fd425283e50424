// Exported models, run by an interpreter that only knows the ONNX specification, answer like the models themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { categoryColumn } from "../../src/base/table.ts";
import { fitBaseline } from "../../src/learn/baselines.ts";
import { openClusterPredictor } from "../../src/learn/clusters/cluster-model.ts";
import { fitClusters } from "../../src/learn/clusters/clusters.ts";
import { calibrated, fitCalibration } from "../../src/learn/evaluation/calibration.ts";
import { encodeTable } from "../../src/learn/features.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import type { Artifact } from "../../src/learn/model.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { numbers, sample, tableOf } from "./data.ts";
import { runOnnx } from "./onnx-interpreter.ts";

function compare(artifact: Artifact, table: ReturnType<typeof tableOf>, calibration: Artifact | null = null): void {
  const model = calibration === null ? openModel(artifact) : calibrated(openModel(artifact), calibration);
  const columns = encodeTable(model.features, table);
  const values = Array.from({ length: table.rowCount }, (_, row) => columns.map((column) => column[row]!)).flat();
  const { output, metadata } = runOnnx(toOnnx(artifact, calibration), {
    shape: [table.rowCount, columns.length],
    values,
  });
  const prediction = model.predict(table);
  const expected = "values" in prediction ? prediction.values : prediction.probabilities;
  assert.equal(output.values.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs(output.values[i]! - value) < 1e-9, `entry ${i}: ${output.values[i]} instead of ${value}`);
  assert.deepEqual(JSON.parse(metadata.get("pentad.classes")!), model.classes);
  assert.deepEqual(JSON.parse(metadata.get("pentad.features")!), model.features);
}

const cases: [CandidateSpec, "binary" | "multiclass" | "regression"][] = [
  [{ algorithm: "gradientBoosting", params: { trees: 6 } }, "binary"],
  [{ algorithm: "gradientBoosting", params: { trees: 6 } }, "multiclass"],
  [{ algorithm: "gradientBoosting", params: { trees: 6 } }, "regression"],
  [{ algorithm: "randomForest", params: { trees: 4, leaves: 30 } }, "binary"],
  [{ algorithm: "randomForest", params: { trees: 4, leaves: 30 } }, "multiclass"],
  [{ algorithm: "logistic" }, "binary"],
  [{ algorithm: "logistic" }, "multiclass"],
  [{ algorithm: "ridge" }, "regression"],
  [{ algorithm: "naiveBayes" }, "binary"],
  [{ algorithm: "naiveBayes" }, "multiclass"],
  [{ algorithm: "neuralNetwork", params: { epochs: 3, hidden: 8 } }, "binary"],
  [{ algorithm: "neuralNetwork", params: { epochs: 3, hidden: 8, hidden2: 0 } }, "multiclass"],
  [{ algorithm: "neuralNetwork", params: { epochs: 3, hidden: 8 } }, "regression"],
];

for (const [spec, task] of cases)
  test(`an exported ${spec.algorithm} (${task}) answers like the model, missing values and categories included`, async () => {
    const train = sample(300, 4, 90);
    compare(await fit(spec, train.table, train[task], { seed: 1 }), sample(40, 4, 91).table);
  });

for (const method of ["platt", "isotonic"] as const)
  for (const task of ["binary", "multiclass"] as const)
    test(`an export holds the ${method} calibration of a ${task} model, too`, async () => {
      const train = sample(300, 4, 90);
      const model = await fit({ algorithm: "logistic" }, train.table, train[task], { seed: 1 });
      const held = sample(300, 4, 92);
      const prediction = openModel(model).predict(held.table);
      assert.ok("probabilities" in prediction);
      const calibration = fitCalibration(method, held[task], prediction.probabilities);
      compare(model, sample(40, 4, 91).table, calibration);
    });

test("groups are exported with the number of each row's group", () => {
  const { table } = sample(200, 4, 90);
  const artifact = fitClusters(table, { clusters: 3 }, { seed: 1 });
  const { features } = openClusterPredictor(artifact);
  const columns = encodeTable(features, table);
  const values = Array.from({ length: table.rowCount }, (_, row) => columns.map((column) => column[row]!)).flat();
  const { output } = runOnnx(toOnnx(artifact), { shape: [table.rowCount, columns.length], values });
  assert.deepEqual(
    output.values,
    Array.from((openClusterPredictor(artifact).predict(table) as { values: Float64Array }).values),
  );
});

test("exports with one feature, number or category, and with a Poisson link work", async () => {
  const x = Array.from({ length: 60 }, (_, i) => i % 7);
  const counts = { task: "regression", values: Float64Array.from(x, (value) => value) } as const;
  for (const column of [numbers(...x), categoryColumn(x.map((value) => (value === 6 ? null : `c${value}`)))]) {
    const table = tableOf({ x: column });
    for (const objective of ["squaredError", "poisson"] as const)
      compare(
        await fit({ algorithm: "gradientBoosting", params: { trees: 5, objective, categoryL2: 0 } }, table, counts, {
          seed: 1,
        }),
        table,
      );
    compare(await fit({ algorithm: "ridge" }, table, counts, { seed: 1 }), table);
  }
});

test("a model without an ONNX form is refused by name", () => {
  assert.throws(
    () => toOnnx(fitBaseline("mean", { task: "regression", values: Float64Array.of(1, 2) })),
    (error) => isFailure(error, "RUNTIME_NOT_AVAILABLE"),
  );
});
