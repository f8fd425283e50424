// Vectors as inputs of models: every algorithm reads their numbers, and everybody else sees one feature.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Column, categoryColumn, type Table, valueAt } from "../../src/base/table.ts";
import { fitAnomaly, openAnomaly } from "../../src/learn/anomaly.ts";
import { openClusters } from "../../src/learn/clusters/cluster-model.ts";
import { fitClusters } from "../../src/learn/clusters/clusters.ts";
import { fitCustom, provideCustom } from "../../src/learn/custom-model.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { permutationImportance } from "../../src/learn/evaluation/permutation.ts";
import { encodeTable } from "../../src/learn/features.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import { takeLabel } from "../../src/learn/label.ts";
import type { Artifact, Label } from "../../src/learn/model.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, tableOf } from "./data.ts";
import { runOnnx, type Tensor } from "./onnx-interpreter.ts";

/** A label that hangs on some directions of a vector and a little on a number and a category; some vectors are missing. */
function vectorSample(rowCount: number, dimensions: number, seed: number, missing = 0.1) {
  const source = random(seed);
  const lanes = Array.from({ length: dimensions }, () => new Float32Array(rowCount));
  const size: number[] = [];
  const kinds: string[] = [];
  const signal = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const isMissing = source.next() < missing;
    for (const [i, lane] of lanes.entries()) {
      const value = source.normal();
      lane[row] = isMissing ? Number.NaN : value;
      if (!isMissing && i < 3) signal[row]! += value * (i === 1 ? -1 : 1);
    }
    size.push(source.normal());
    kinds.push(["red", "green", "blue"][source.below(3)]!);
    signal[row]! += 0.5 * size[row]! + (kinds[row] === "red" ? 0.7 : 0);
  }
  const table = tableOf({ size: numbers(...size), meaning: { type: "vector", lanes }, kind: categoryColumn(kinds) });
  const values = signal.map((value) => value + 0.3 * source.normal());
  const labels: Record<"binary" | "multiclass" | "regression", Label> = {
    binary: { task: "binary", classes: ["no", "yes"], codes: Int32Array.from(values, (value) => Number(value > 0)) },
    multiclass: {
      task: "multiclass",
      classes: ["low", "middle", "high"],
      codes: Int32Array.from(values, (value) => (value < -0.8 ? 0 : value < 0.8 ? 1 : 2)),
    },
    regression: { task: "regression", values },
  };
  return { table, ...labels };
}

function rowOf(table: Table, row: number) {
  return Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, row)]));
}

/** ONNX inputs of a table: the plain columns in X, each vector by its name. */
function inputsOf(artifact: Artifact, table: Table): Record<string, Tensor> {
  const { features } = openModel(artifact);
  const plain = features.filter(({ type }) => type !== "vector");
  const matrix = (columns: readonly ArrayLike<number>[]): Tensor => ({
    shape: [table.rowCount, columns.length],
    values: Array.from({ length: table.rowCount }, (_, row) => columns.map((column) => column[row]!)).flat(),
  });
  const vectors = features
    .filter(({ type }) => type === "vector")
    .map(({ name }) => [name, matrix((table.columns.get(name) as Extract<Column, { type: "vector" }>).lanes)] as const);
  return { X: matrix(encodeTable(plain, table)), ...Object.fromEntries(vectors) };
}

const specs: [CandidateSpec, "binary" | "multiclass" | "regression", least: number][] = [
  [{ algorithm: "gradientBoosting", params: { trees: 60 } }, "binary", 0.85],
  [{ algorithm: "gradientBoosting", params: { trees: 60 } }, "regression", 0.6],
  [{ algorithm: "randomForest", params: { trees: 60 } }, "multiclass", 0.55],
  [{ algorithm: "extraTrees", params: { trees: 60 } }, "binary", 0.85],
  [{ algorithm: "logistic" }, "binary", 0.9],
  [{ algorithm: "logistic" }, "multiclass", 0.7],
  [{ algorithm: "ridge" }, "regression", 0.8],
  [{ algorithm: "elasticNet" }, "regression", 0.8],
  [{ algorithm: "naiveBayes" }, "binary", 0.85],
  [{ algorithm: "nearestNeighbours" }, "binary", 0.8],
  [{ algorithm: "neuralNetwork", params: { epochs: 30 } }, "binary", 0.85],
];

for (const [spec, task, least] of specs)
  test(`${spec.algorithm} (${task}) learns from a vector, and explains, ranks and exports it as one feature`, async () => {
    const train = vectorSample(900, 8, 1);
    const asked = vectorSample(200, 8, 2);
    const artifact = await fit(spec, train.table, train[task], { seed: 1 });
    const model = openModel(artifact);
    assert.deepEqual(
      model.features.map(({ name, type, dimensions = 0 }) => [name, type, dimensions]),
      [
        ["size", "number", 0],
        ["meaning", "vector", 8],
        ["kind", "category", 0],
      ],
    );
    const prediction = model.predict(asked.table);
    const metric = task === "binary" ? "rocAuc" : task === "multiclass" ? "balancedAccuracy" : "r2";
    const quality = score(metric, asked[task], prediction);
    assert.ok(quality > least, `${metric} ${quality}`);

    // One row by name and as a list answers like the table, and its explanation adds up.
    const all = "values" in prediction ? prediction.values : prediction.probabilities;
    const width = all.length / asked.table.rowCount;
    for (const row of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const values = rowOf(asked.table, row);
      for (const one of [values, [values.size!, values.meaning!, values.kind!]]) {
        const answer = [model.predictRow(one)].flat();
        for (let k = 0; k < width; k++) assert.ok(Math.abs(answer[k]! - all[row * width + k]!) < 1e-9);
      }
      const { base, contributions } = model.explainRow(values);
      assert.deepEqual(contributions.map(({ feature }) => feature).sort(), ["kind", "meaning", "size"]);
      const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
      assert.ok(Number.isFinite(sum));
      if (spec.algorithm === "ridge" || (spec.algorithm === "gradientBoosting" && task === "regression"))
        assert.ok(Math.abs(sum - (model.predictRow(values) as number)) < 1e-6);
      if (spec.algorithm === "logistic" && task === "binary")
        assert.ok(Math.abs(1 / (1 + Math.exp(-sum)) - (model.predictRow(values) as number[])[1]!) < 1e-9);
    }
    assert.equal(model.importance()[0]?.feature, "meaning");
    const [first] = permutationImportance(model, asked.table, asked[task], metric, { seed: 1 });
    assert.equal(first?.feature, "meaning");

    // Its operators are more than the interpreter knows: `npm run conformance` runs it.
    if (spec.algorithm === "nearestNeighbours") return;
    const few = { rowCount: 20, columns: new Map([...asked.table.columns].map(([name, c]) => [name, firstRows(c)])) };
    const { output, metadata } = runOnnx(toOnnx(artifact), inputsOf(artifact, few));
    for (const [i, value] of output.values.entries()) assert.ok(Math.abs(value - all[i]!) < 1e-6, `${i}: ${value}`);
    assert.deepEqual(JSON.parse(metadata.get("pentad.features")!)[1], {
      name: "meaning",
      type: "vector",
      dimensions: 8,
    });
  });

function firstRows(column: Column): Column {
  if (column.type === "vector") return { ...column, lanes: column.lanes.map((lane) => lane.slice(0, 20)) };
  if (column.type === "category") return { ...column, codes: column.codes.slice(0, 20) };
  return { ...column, values: column.values.slice(0, 20) } as Column;
}

test("the interactions of a vector's numbers are those of the vector", async () => {
  const { table, binary } = vectorSample(500, 4, 3);
  const model = openModel(
    await fit({ algorithm: "gradientBoosting", params: { trees: 10 } }, table, binary, { seed: 1 }),
  );
  const values = rowOf(table, 0);
  const pairs = model.explainInteractions!(values);
  const names = new Set(pairs.flatMap(({ features }) => features));
  assert.ok([...names].every((name) => ["size", "meaning", "kind"].includes(name)));
  const { contributions } = model.explainRow(values);
  const whole = (list: readonly { readonly contribution: number }[]) =>
    list.reduce((sum, { contribution }) => sum + contribution, 0);
  assert.ok(Math.abs(whole(pairs) - whole(contributions)) < 1e-9);
});

test("a vector of another length, with texts or infinities in it, or no list at all counts as missing", async () => {
  const { table, binary } = vectorSample(300, 4, 4);
  for (const spec of [{ algorithm: "logistic" }, { algorithm: "gradientBoosting", params: { trees: 5 } }] as const) {
    const model = openModel(await fit(spec, table, binary, { seed: 1 }));
    const missing = model.predictRow({ size: 0.5, kind: "red", meaning: null });
    for (const odd of [[1, 2, 3], [1, 2, 3, 4, 5], "1,2,3,4", 7, [], {}])
      assert.deepEqual(model.predictRow({ size: 0.5, kind: "red", meaning: odd as never }), missing);
    const numbersOnly = model.predictRow({
      size: 0.5,
      kind: "red",
      meaning: ["a", Number.NaN, Infinity, null] as never,
    });
    assert.ok([numbersOnly].flat().every(Number.isFinite));
    const shorter = { ...table, columns: new Map(table.columns).set("meaning", { type: "vector", lanes: [] }) };
    assert.ok("probabilities" in model.predict(shorter as Table));
  }
});

test("one dimension, constant dimensions and a vector that is missing nearly everywhere are learnt without harm", async () => {
  const { table, binary } = vectorSample(200, 1, 5);
  const constant = new Float32Array(200).fill(0.25);
  const rare = Array.from({ length: 3 }, (_, i) =>
    Float32Array.from({ length: 200 }, (_, row) => (row < 2 ? row + i : Number.NaN)),
  );
  const { lanes } = table.columns.get("meaning") as Extract<Column, { type: "vector" }>;
  const odd: Table = {
    rowCount: 200,
    columns: new Map<string, Column>([
      ["one", { type: "vector", lanes }],
      ["flat", { type: "vector", lanes: [constant, constant] }],
      ["rare", { type: "vector", lanes: rare }],
    ]),
  };
  for (const [spec] of specs.filter(([, task]) => task === "binary")) {
    const model = openModel(await fit(spec, odd, binary, { seed: 1 }));
    assert.equal(model.features.length, 3);
    // Naive Bayes measures how far apart the classes' means lie, of however few rows.
    if (spec.algorithm !== "naiveBayes") assert.equal(model.importance()[0]?.feature, "one", spec.algorithm);
  }
  const flat: Table = { rowCount: 200, columns: new Map<string, Column>([["flat", odd.columns.get("flat")!]]) };
  await assert.rejects(
    async () => fit({ algorithm: "logistic" }, flat, binary, { seed: 1 }),
    (error: unknown) => isFailure(error, "TRAINING_NO_FEATURES"),
  );
});

test("ten thousand dimensions over few rows are fitted by linear models and trees", async () => {
  const { table, binary, regression } = vectorSample(120, 10_000, 6, 0);
  for (const [spec, label] of [
    [{ algorithm: "logistic" }, binary],
    [{ algorithm: "ridge" }, regression],
    [{ algorithm: "gradientBoosting", params: { trees: 5 } }, binary],
  ] as const) {
    const model = openModel(await fit(spec, table, label, { seed: 1 }));
    assert.equal(model.explainRow(rowOf(table, 0)).contributions.length, 3);
  }
});

test("groups and odd rows are found among vectors, and their reasons name the vector", () => {
  const { table } = vectorSample(300, 6, 7, 0);
  const clusters = openClusters(fitClusters(table, { clusters: 3 }, { seed: 1 }));
  assert.equal(clusters.reasonsRow(rowOf(table, 0)).length, 3);
  assert.equal(clusters.spread().length, 3);
  assert.equal(clusters.features.length, 3);
  const odd = openAnomaly(fitAnomaly(table, {}, { seed: 1 }));
  assert.ok(odd.features.some(({ name, type }) => name === "meaning" && type === "vector"));
});

test("an artifact with vectors of an impossible size is refused", async () => {
  const { table, binary } = vectorSample(100, 2, 8);
  const artifact = await fit({ algorithm: "logistic" }, table, binary, { seed: 1 });
  for (const dimensions of [0, -1, 1.5, 1e9, "2", null]) {
    const features = (artifact.meta.features as { name: string }[]).map((one) =>
      one.name === "meaning" ? { ...one, dimensions } : one,
    );
    assert.throws(
      () => openModel({ ...artifact, meta: { ...artifact.meta, features: features as never } }),
      (error: unknown) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
    );
  }
  assert.equal(takeLabel(binary, [0]).task, "binary");
});

test("a model of the user's own is given vectors as lists, null where they are missing, and is explained by the vector as a whole", async () => {
  const { table, regression } = vectorSample(60, 4, 9, 0.2);
  const code = { file: "training.ts", code: "vectors", name: "first number" };
  const seen: unknown[] = [];
  const functions = {
    fit: ({ rows }: { rows: readonly { meaning: readonly number[] | null }[] }) => {
      seen.push(...rows.map(({ meaning }) => meaning));
      return { rows: rows.length };
    },
    predict: (_: never, rows: readonly Readonly<Record<string, unknown>>[]) =>
      rows.map(({ meaning, size }) => 2 * ((meaning as readonly number[] | null)?.[0] ?? 0) + (size as number)),
    location: undefined,
    locate: () => undefined,
  };
  provideCustom(code, functions as never);
  const model = openModel(await fitCustom(code, functions as never, table, regression, { seed: 1 }));
  assert.deepEqual(
    seen,
    Array.from({ length: 60 }, (_, row) => rowOf(table, row).meaning),
  );
  assert.ok(seen.includes(null) && seen.some((one) => (one as readonly number[] | null)?.length === 4));
  const { values } = model.predict(table) as { values: Float64Array };
  for (const row of [0, 1, 2, 3, 4, 5]) {
    const { meaning, size } = rowOf(table, row);
    assert.equal(values[row], 2 * ((meaning as readonly number[] | null)?.[0] ?? 0) + (size as number));
    assert.equal(model.predictRow(rowOf(table, row)), values[row]);
    const { base, contributions } = model.explainRow(rowOf(table, row));
    assert.deepEqual(contributions.map(({ feature }) => feature).sort(), ["kind", "meaning", "size"]);
    const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
    assert.ok(Math.abs(sum - values[row]!) < 1e-9);
  }
});
