// What the model leans on, how its answer moves with that, and what looks too good to be true.

import { type Column, type Table, takeRows, valueAt } from "../base/table.ts";
import type { MetricName } from "../define/metrics.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { partialDependence } from "../learn/evaluation/partial-dependence.ts";
import { permutationImportance } from "../learn/evaluation/permutation.ts";
import { fit } from "../learn/fit.ts";
import { labelLength, takeLabel } from "../learn/label.ts";
import type { Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import type { Dependence, Importance, ShapSummary, Suspicion } from "../models/evaluation.ts";
import type { TestRows } from "./evaluate.ts";

const permutedRows = 2_000;
const permutedRounds = 3;
const permutedMs = 4_000;

/** By shuffling each feature among held-out rows, when that is quick enough; otherwise the model's own account. */
export function importanceOf(model: Predictor, test: TestRows, metric: MetricName, seed: number): Importance {
  const rows = firstRows(test, permutedRows);
  const startedAt = performance.now();
  model.predict(rows.table);
  const onceMs = performance.now() - startedAt;
  if (onceMs * model.features.length * permutedRounds <= permutedMs) {
    const found = permutationImportance(model, rows.table, rows.label, metric, { seed, rounds: permutedRounds });
    if (found.every(({ loss }) => Number.isFinite(loss)))
      return { method: "permutation", features: found.map(({ feature, loss }) => ({ feature, value: short(loss) })) };
  }
  return {
    method: "model",
    features: model.importance().map(({ feature, share }) => ({ feature, value: short(share) })),
  };
}

const dependentFeatures = 4;

const dependentClasses = 4;

/** How the answer moves with the strongest features, all else as it is; of several classes, the probability of each frequent one. */
export function dependenceOf(
  model: Predictor,
  { table, label }: TestRows,
  importance: Importance,
  seed: number,
): Dependence[] {
  const classes = model.task === "multiclass" ? frequentClasses(label) : [undefined];
  return importance.features
    .filter(({ feature, value }) => value > 0 && moves(table.columns.get(feature)))
    .slice(0, dependentFeatures)
    .flatMap(({ feature }) =>
      classes.map((name) => ({
        feature,
        type: table.columns.get(feature)!.type,
        ...(name === undefined ? {} : { class: name }),
        points: partialDependence(model, table, feature, {
          seed,
          rows: name === undefined ? 300 : 150,
          points: 16,
          ...(name === undefined ? {} : { class: name }),
        }).map(
          ({ value, mean, rows }) => [typeof value === "number" ? value : String(value), short(mean), rows] as const,
        ),
      })),
    );
}

/** A text has no order, and the numbers of a vector mean nothing one by one. */
function moves(column: Column | undefined): boolean {
  return column !== undefined && column.type !== "text" && column.type !== "vector";
}

export function frequentClasses(label: TestRows["label"]): string[] {
  if (label.task === "regression") return [];
  const counts = new Int32Array(label.classes.length);
  for (const code of label.codes) counts[code]!++;
  const codes = [...label.classes.keys()].sort((a, b) => counts[b]! - counts[a]!).slice(0, dependentClasses);
  return codes.sort((a, b) => a - b).map((code) => label.classes[code] as string);
}

const explainedRows = 200;
const explainedMs = 3_000;
const explainedFeatures = 10;

/** What each feature adds to the answers of some held-out rows; null for models that explain too slowly, or not exactly. */
export function shapOf(model: Predictor, test: TestRows): ShapSummary | null {
  if (model.task === "multiclass" || model.runsApart === true) return null;
  const { table } = firstRows(test, explainedRows);
  const found = new Map<string, [row: number, contribution: number][]>();
  const startedAt = performance.now();
  for (let row = 0; row < table.rowCount; row++) {
    const values = Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, row)]));
    for (const { feature, contribution } of model.explainRow(values).contributions) {
      const known = found.get(feature);
      if (known === undefined) found.set(feature, [[row, contribution]]);
      else known.push([row, contribution]);
    }
    if (performance.now() - startedAt > explainedMs) return null;
  }
  const mean = (list: readonly [number, number][]) =>
    list.reduce((sum, [, one]) => sum + Math.abs(one), 0) / table.rowCount;
  return {
    rows: table.rowCount,
    features: [...found]
      .map(([feature, list]) => ({ feature, mean: short(mean(list)), list }))
      .filter((one) => one.mean > 0)
      .sort((a, b) => b.mean - a.mean)
      .slice(0, explainedFeatures)
      .map(({ feature, mean: strength, list }) => {
        const placeOf = places(table.columns.get(feature));
        return { feature, mean: strength, points: list.map(([row, one]) => [placeOf(row), short(one)] as const) };
      }),
  };
}

/** Where each row's number lies among all of them. */
function places(column: Column | undefined): (row: number) => number | null {
  if (column === undefined || column.type === "category" || column.type === "text" || column.type === "vector")
    return () => null;
  const sorted = Float64Array.from(column.values.filter((value) => !Number.isNaN(value))).sort();
  return (row) => {
    const value = column.values[row]!;
    if (Number.isNaN(value) || sorted.length < 2) return null;
    let low = 0;
    for (let high = sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return short(Math.min(1, low / (sorted.length - 1)));
  };
}

const suspectedFeatures = 60;
const suspectedRows = 3_000;
const suspiciousScore = { rocAuc: 0.99, balancedAccuracy: 0.99, r2: 0.99 } as const;

/** Features that nearly give the answer away alone, and held-out rows that repeat training rows. */
export async function suspicionsOf(train: TestRows, test: TestRows, seed: number): Promise<Suspicion[]> {
  const few = firstRows(train, suspectedRows);
  const judged = firstRows(test, permutedRows);
  const { task } = train.label;
  const metric = task === "binary" ? "rocAuc" : task === "multiclass" ? "balancedAccuracy" : "r2";
  const found: Suspicion[] = [];
  for (const [name, column] of [...train.table.columns].slice(0, suspectedFeatures)) {
    if (column.type === "text") continue;
    const only = (table: Table): Table => ({
      rowCount: table.rowCount,
      columns: new Map([[name, table.columns.get(name)!]]),
    });
    const value = await scoreAlone(only(few.table), few, only(judged.table), judged, metric, seed);
    if (value !== undefined && value >= suspiciousScore[metric])
      found.push({
        kind: "feature",
        message: `${JSON.stringify(name)} alone reaches ${metricWords[metric]} of ${Number(value.toPrecision(3))}: make sure that it is known before the answer is`,
      });
  }
  return [...found, ...duplicates(train, test)];
}

const metricWords = { rocAuc: "a ROC AUC", balancedAccuracy: "a balanced accuracy", r2: "an R²" } as const;

async function scoreAlone(
  features: Table,
  train: TestRows,
  testFeatures: Table,
  test: TestRows,
  metric: MetricName,
  seed: number,
): Promise<number | undefined> {
  try {
    const spec = { algorithm: "gradientBoosting", params: { trees: 20, leaves: 8, learningRate: 0.3 } } as const;
    const artifact = await fit(spec, features, train.label, { seed });
    return score(metric, test.label, openModel(artifact).predict(testFeatures));
  } catch {
    // A feature that is constant or missing in these rows gives nothing away.
    return undefined;
  }
}

const suspiciousShare = 0.05;

/** Copies are a suspicion only where chance hardly makes any: when some number takes many values. */
function duplicates(train: TestRows, test: TestRows): Suspicion[] {
  const manyValues = [...train.table.columns.values()].some(
    (column) =>
      ((column.type === "number" || column.type === "time") && new Set(column.values).size > 50) ||
      (column.type === "vector" && new Set(column.lanes[0]).size > 50),
  );
  if (!manyValues) return [];
  const known = new Set(rowHashes(train));
  let repeated = 0;
  for (const hash of rowHashes(test)) if (known.has(hash)) repeated++;
  const share = repeated / Math.max(1, test.table.rowCount);
  if (share < suspiciousShare) return [];
  return [
    {
      kind: "duplicates",
      message: `${Math.round(share * 100)} % of the held-out rows repeat a training row exactly, label and all: the quality may look better than it is`,
    },
  ];
}

/**
 * A 32-bit hash of every row, label and all, column by column over the raw bits. Chance makes a few equal among millions;
 * the share that counts as suspicious is far from that. Both parts share their categories' codes.
 */
function rowHashes({ table, label }: TestRows): Int32Array {
  const hashes = new Int32Array(table.rowCount);
  const mix = (row: number, bits: number) => {
    const hash = Math.imul(hashes[row]! ^ bits, 0x9e3779b1);
    hashes[row] = hash ^ (hash >>> 15);
  };
  const mixNumbers = (values: Float64Array) => {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let row = 0; row < table.rowCount; row++) {
      mix(row, bits[2 * row]!);
      mix(row, bits[2 * row + 1]!);
    }
  };
  const mixLane = (lane: Float32Array) => {
    const bits = new Int32Array(lane.buffer, lane.byteOffset, lane.length);
    for (let row = 0; row < table.rowCount; row++) mix(row, bits[row]!);
  };
  for (const column of table.columns.values()) {
    if (column.type === "category") for (let row = 0; row < table.rowCount; row++) mix(row, column.codes[row]!);
    else if (column.type === "text")
      for (let row = 0; row < table.rowCount; row++)
        for (const letter of column.values[row] ?? "") mix(row, letter.codePointAt(0)!);
    else if (column.type === "vector") for (const lane of column.lanes) mixLane(lane);
    else mixNumbers(column.values);
  }
  if (label.task === "regression") mixNumbers(label.values);
  else for (let row = 0; row < table.rowCount; row++) mix(row, label.codes[row]!);
  return hashes;
}

function firstRows({ table, label }: TestRows, most: number): TestRows {
  const count = labelLength(label);
  if (count <= most) return { table, label };
  // Spread over all of them: the first ones may be the oldest.
  const rows = Int32Array.from({ length: most }, (_, index) => Math.floor((index * count) / most));
  return { table: takeRows(table, rows), label: takeLabel(label, rows) };
}

function short(value: number): number {
  return Number(value.toPrecision(5));
}
