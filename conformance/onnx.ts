// Every kind of model, calibrated or not, exported to ONNX and run by onnxruntime on 100,000 rows with missing values, categories, times and texts.

import { createRequire } from "node:module";
import { type Column, categoryColumn, type Table, takeRows } from "../src/base/table.ts";
import { onnxruntimeSessions } from "../src/drivers/onnxruntime-session.ts";
import { fitAnomaly } from "../src/learn/anomaly.ts";
import { fitBestClusters } from "../src/learn/clusters/silhouette.ts";
import { type CalibrationMethod, fitCalibration } from "../src/learn/evaluation/calibration.ts";
import { encodeTable } from "../src/learn/features.ts";
import { type CandidateSpec, fit } from "../src/learn/fit.ts";
import { takeLabel } from "../src/learn/label.ts";
import type { Artifact, Label } from "../src/learn/model.ts";
import { toOnnx } from "../src/learn/onnx/onnx.ts";
import { openModel } from "../src/learn/open-model.ts";
import { random } from "../src/learn/random.ts";
import { openServed, withCalibration } from "../src/models/served-model.ts";

const most = 1e-5;
const trainRows = 4_000;
const askedRows = Number(process.env.PENTAD_ONNX_ROWS ?? 100_000);
const rowsAtOnce = 1_000;

try {
  createRequire(import.meta.url).resolve("onnxruntime-node");
} catch {
  console.log(
    "onnx.ts: skipped, onnxruntime-node is not installed (ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save onnxruntime-node)",
  );
  process.exit(0);
}
const open = onnxruntimeSessions(process.cwd());

/** Numbers of several sizes, yes and no, times, categories; each missing in some rows, and categories that training has not seen. */
function rowsOf(count: number, seed: number, unseen: boolean) {
  const source = random(seed);
  const kinds = ["a", "b", "c", "d", "e", "f", "g"];
  const cities = Array.from({ length: 60 }, (_, i) => `city ${i}`);
  const sometimes = (value: number) => (source.next() < 0.08 ? Number.NaN : value);
  const columns = {
    small: [] as number[],
    large: [] as number[],
    skewed: [] as number[],
    yes: [] as number[],
    at: [] as number[],
  };
  const kind: (string | null)[] = [];
  const city: (string | null)[] = [];
  const margin: number[] = [];
  for (let i = 0; i < count; i++) {
    const x = source.normal();
    const k = source.below(kinds.length);
    const c = source.below(cities.length);
    const flag = source.below(2);
    columns.small.push(sometimes(x));
    columns.large.push(sometimes(1e6 + 5e4 * source.normal()));
    columns.skewed.push(sometimes(Math.exp(source.normal())));
    columns.yes.push(sometimes(flag));
    // From before 1970 to far beyond what training knows.
    const at = Math.floor((unseen ? 8e12 : 1.4e12) * (source.next() - (unseen ? 0.4 : 0.1)));
    columns.at.push(sometimes(at));
    kind.push(source.next() < 0.05 ? null : unseen && source.next() < 0.02 ? "never seen" : (kinds[k] as string));
    city.push(source.next() < 0.05 ? null : (cities[c] as string));
    margin.push(x + 0.5 * (k - 3) + 0.02 * (c - 30) + 0.4 * flag + 0.4 * Math.cos(at / 5.02e9) + 0.5 * source.normal());
  }
  const numbers = (values: number[]) => ({ type: "number" as const, values: Float64Array.from(values) });
  const table: Table = {
    rowCount: count,
    columns: new Map<string, Column>([
      ["small", numbers(columns.small)],
      ["large", numbers(columns.large)],
      ["skewed", numbers(columns.skewed)],
      ["yes", { type: "boolean" as const, values: Float64Array.from(columns.yes) }],
      ["at", { type: "time" as const, values: Float64Array.from(columns.at) }],
      ["kind", categoryColumn(kind)],
      ["city", categoryColumn(city)],
    ]),
  };
  return { table, margin };
}

const words = ["refund", "late", "Zürich", "МОСКВА", "great", "Σοφός", "東京", "हिन्दी", "İzmir", "not", "42", "thanks"];

/** The same with a text that goes with the label, in any script and case, sometimes missing or of unknown words. */
function withTexts({ table, margin }: ReturnType<typeof rowsOf>, seed: number, known: number) {
  const source = random(seed);
  const values = margin.map((m) => {
    if (source.next() < 0.05) return source.next() < 0.5 ? null : "";
    const own = Array.from({ length: source.below(9) }, () => words[source.below(known)] as string);
    const text = [...own, m > 0.5 ? "great" : m < -0.5 ? "late" : "so", source.next() < 0.05 ? "unheard-of ἄλλο" : ""];
    const whole = text.join(source.next() < 0.5 ? " " : ", ");
    return source.next() < 0.2 ? whole.toUpperCase() : whole;
  });
  return { rowCount: table.rowCount, columns: new Map(table.columns).set("words", { type: "text" as const, values }) };
}

/** The same rows with a vector, missing in some, that tells something of the margin. */
function withVectors({ table, margin }: ReturnType<typeof rowsOf>, seed: number): Table {
  const source = random(seed);
  const lanes = Array.from({ length: 24 }, () => new Float32Array(table.rowCount));
  for (const [row, m] of margin.entries()) {
    const missing = source.next() < 0.08;
    for (const [i, lane] of lanes.entries()) lane[row] = missing ? Number.NaN : source.normal() + (i < 4 ? 0.3 * m : 0);
  }
  return { rowCount: table.rowCount, columns: new Map(table.columns).set("meaning", { type: "vector", lanes }) };
}

const train = rowsOf(trainRows, 1, false);
const askedToo = rowsOf(askedRows, 2, true);
const labels: Readonly<Record<"binary" | "multiclass" | "regression", Label>> = {
  binary: { task: "binary", classes: ["no", "yes"], codes: Int32Array.from(train.margin, (m) => Number(m > 0)) },
  multiclass: {
    task: "multiclass",
    classes: ["low", "middle", "high"],
    codes: Int32Array.from(train.margin, (m) => (m < -0.7 ? 0 : m < 0.7 ? 1 : 2)),
  },
  regression: { task: "regression", values: Float64Array.from(train.margin, (m) => 100 + 10 * m) },
};

const specs: readonly CandidateSpec[] = [
  { algorithm: "gradientBoosting", params: { trees: 100 } },
  { algorithm: "randomForest", params: { trees: 50 } },
  { algorithm: "extraTrees", params: { trees: 50 } },
  { algorithm: "logistic" },
  { algorithm: "ridge" },
  { algorithm: "elasticNet" },
  { algorithm: "naiveBayes" },
  { algorithm: "neuralNetwork", params: { epochs: 10 } },
  { algorithm: "nearestNeighbours" },
];
const classesOnly = new Set(["logistic", "naiveBayes"]);
const numbersOnly = new Set(["ridge", "elasticNet"]);

let failed = 0;

function vectorTensor(name: string, lanes: readonly Float32Array[], count: number) {
  const data = new Float64Array(count * lanes.length);
  for (const [i, lane] of lanes.entries())
    for (let row = 0; row < count; row++) data[row * lanes.length + i] = lane[row]!;
  return { name, type: "float64", dims: [count, lanes.length], data };
}

/** The largest difference, in units of 1 or of the answer where that is larger. */
function check(name: string, model: Artifact, calibration: Artifact | null, asked: Table = askedToo.table): void {
  const own = openServed(calibration === null ? model : withCalibration(model, calibration));
  const session = open(toOnnx(model, calibration));
  let worst = 0;
  for (let from = 0; from < asked.rowCount; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, asked.rowCount - from);
    const rows = takeRows(
      asked,
      Int32Array.from({ length: count }, (_, i) => from + i),
    );
    const numbers = own.features.filter(({ type }) => type !== "text" && type !== "vector");
    const columns = encodeTable(numbers, rows);
    const data = new Float64Array(count * columns.length);
    for (const [f, column] of columns.entries())
      for (let row = 0; row < count; row++) data[row * columns.length + f] = column[row]!;
    const texts = rows.columns.get("words");
    const vectors = rows.columns.get("meaning");
    const [output] = session.run([
      { name: "X", type: "float64", dims: [count, columns.length], data },
      ...(texts?.type === "text"
        ? [{ name: "texts", type: "string", dims: [count, 1], data: texts.values.map((text) => text ?? "") }]
        : []),
      ...(vectors?.type === "vector" ? [vectorTensor("meaning", vectors.lanes, count)] : []),
    ]);
    const said = output?.data as ArrayLike<number>;
    const prediction = own.predict(rows);
    const expected = "values" in prediction ? prediction.values : prediction.probabilities;
    for (const [i, value] of expected.entries())
      worst = Math.max(
        worst,
        Math.abs(Number(said[i]) - value) / Math.max(1, Math.abs(value)) || (Number.isNaN(said[i]) ? 1 : 0),
      );
  }
  if (!(worst <= most)) failed++;
  console.log(`${worst <= most ? "ok    " : "FAILED"} ${worst.toExponential(1).padStart(8)}  ${name}`);
}

for (const spec of specs)
  for (const task of ["binary", "multiclass", "regression"] as const) {
    if (task === "regression" ? classesOnly.has(spec.algorithm) : numbersOnly.has(spec.algorithm)) continue;
    const label = labels[task];
    const half = Int32Array.from({ length: trainRows / 2 }, (_, i) => 2 * i);
    const model = await fit(spec, takeRows(train.table, half), takeLabel(label, half), { seed: 1 });
    check(`${spec.algorithm}, ${task}`, model, null);
    if (task === "regression") continue;
    const others = half.map((row) => row + 1);
    const held = openModel(model).predict(takeRows(train.table, others));
    if (!("probabilities" in held)) continue;
    for (const method of ["platt", "isotonic"] satisfies CalibrationMethod[])
      check(
        `${spec.algorithm}, ${task}, ${method}`,
        model,
        fitCalibration(method, takeLabel(label, others), held.probabilities),
      );
  }
for (const [name, known] of [
  ["texts of any script", words.length],
  ["texts in ASCII", 2],
] as const) {
  const texts = withTexts(train, 3, known);
  const askedTexts = withTexts(askedToo, 4, words.length);
  for (const task of ["binary", "multiclass", "regression"] as const)
    for (const spec of [
      { algorithm: task === "regression" ? "ridge" : "logistic" },
      { algorithm: "gradientBoosting", params: { trees: 40 } },
      { algorithm: "neuralNetwork", params: { epochs: 5 } },
    ] satisfies CandidateSpec[])
      check(`${spec.algorithm}, ${task}, ${name}`, await fit(spec, texts, labels[task], { seed: 1 }), null, askedTexts);
}
const vectors = withVectors(train, 5);
const askedVectors = withVectors(askedToo, 6);
for (const spec of specs)
  for (const task of ["binary", "regression"] as const) {
    if (task === "regression" ? classesOnly.has(spec.algorithm) : numbersOnly.has(spec.algorithm)) continue;
    const model = await fit(spec, vectors, labels[task], { seed: 1 });
    check(`${spec.algorithm}, ${task}, a vector`, model, null, askedVectors);
  }
check("kMeans, a vector", fitBestClusters(vectors, { clusters: 5 }, { seed: 1 }), null, askedVectors);
check("isolationForest", fitAnomaly(train.table, {}, { seed: 1 }), null);
check("kMeans", fitBestClusters(train.table, { clusters: 5 }, { seed: 1 }), null);
console.log(
  `onnx.ts: ${askedRows.toLocaleString("en")} rows, at most ${most} apart: ${failed === 0 ? "passed" : `${failed} failed`}`,
);
process.exit(failed === 0 ? 0 : 1);
