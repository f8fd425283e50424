// Metrics: how good predictions are, with their odd cases defined.

import { type ClassScores, classScores, confusionMatrix, positives, predictedCodes } from "../class-scores.ts";
import type { Label, Prediction, Task } from "../model.ts";
import { weightedQuantile } from "../weighted.ts";
import { type MetricName, metrics } from "./metric-table.ts";
import { prAuc, rocAuc } from "./ranking.ts";

/** The metric to compare candidates by when nobody chose one. */
export function usualMetric(task: Task): MetricName {
  return task === "binary" ? "rocAuc" : task === "multiclass" ? "logLoss" : "rmse";
}

/** True when `a` is better than `b`; NaN is never better. */
export function isBetter(name: MetricName, a: number, b: number): boolean {
  if (Number.isNaN(a)) return false;
  return Number.isNaN(b) || (metrics[name].better === "higher" ? a > b : a < b);
}

export interface ScoreOptions {
  /** Row weights in place of the label's own. */
  readonly weights?: Float64Array;
  /** Binary: predict the positive class from this probability on. Default 0.5. */
  readonly threshold?: number;
}

/** The value of one metric; NaN where it is not defined (see the metric's note) or does not fit the task. */
export function score(name: MetricName, label: Label, prediction: Prediction, options: ScoreOptions = {}): number {
  return scorer(name, label, prediction)(options);
}

/** `score` for many weights or thresholds over the same predictions: what does not depend on them (sorting) is done once. */
export function scorer(name: MetricName, label: Label, prediction: Prediction): (options: ScoreOptions) => number {
  if (!metrics[name].tasks.includes(label.task)) return () => Number.NaN;
  if (label.task === "regression") {
    if (!("values" in prediction)) return () => Number.NaN;
    const own = label.weights ?? new Float64Array(label.values.length).fill(1);
    return ({ weights = own }) => regressionScore(name, label.values, prediction.values, weights);
  }
  if (!("probabilities" in prediction)) return () => Number.NaN;
  const scores = classScores(label, prediction.probabilities);
  if (name === "rocAuc" || name === "prAuc") {
    const area = name === "rocAuc" ? rocAuc : prAuc;
    const wanted = label.task === "binary" ? [1] : Array.from(label.classes.keys());
    const rankings = wanted.map((code) => positives(scores, code));
    return ({ weights }) =>
      meanDefined(rankings.map((ranking) => area(weights === undefined ? ranking : { ...ranking, weights })));
  }
  return ({ weights = scores.weights, threshold = 0.5 }) => classScore(name, { ...scores, weights }, threshold);
}

/** Every metric that fits the task. */
export function scoreAll(
  label: Label,
  prediction: Prediction,
  options: ScoreOptions = {},
): Partial<Record<MetricName, number>> {
  const scores: Partial<Record<MetricName, number>> = {};
  for (const { name, tasks } of Object.values(metrics))
    if (tasks.includes(label.task)) scores[name] = score(name, label, prediction, options);
  return scores;
}

function classScore(name: MetricName, scores: ClassScores, threshold: number): number {
  if (name === "logLoss" || name === "brier") return probabilityScore(name, scores);
  const K = scores.classes.length;
  const matrix = confusionMatrix(scores, predictedCodes(scores, threshold));
  const actual = new Float64Array(K);
  const predicted = new Float64Array(K);
  let total = 0;
  let right = 0;
  for (let a = 0; a < K; a++) {
    right += matrix[a * K + a]!;
    for (let p = 0; p < K; p++) {
      actual[a]! += matrix[a * K + p]!;
      predicted[p]! += matrix[a * K + p]!;
      total += matrix[a * K + p]!;
    }
  }
  if (!(total > 0)) return Number.NaN;
  if (name === "accuracy") return right / total;
  const hits = (k: number): number => matrix[k * K + k]!;
  const of = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
  const perClass = (k: number): number => {
    if (name === "precision") return of(hits(k), predicted[k]!);
    if (name === "f1") return of(2 * hits(k), actual[k]! + predicted[k]!);
    return of(hits(k), actual[k]!);
  };
  if (scores.task === "binary" && name !== "balancedAccuracy") return perClass(1);
  let sum = 0;
  let counted = 0;
  for (let k = 0; k < K; k++) {
    if (actual[k] === 0 && (name === "balancedAccuracy" || predicted[k] === 0)) continue;
    sum += perClass(k);
    counted++;
  }
  return sum / counted;
}

function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.length === 0 ? Number.NaN : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

function probabilityScore(
  name: "logLoss" | "brier",
  { task, codes, classes: { length: K }, probabilities, weights }: ClassScores,
): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    let cost = 0;
    if (name === "logLoss") cost = -Math.log(Math.max(1e-15, probabilities[row * K + code]!));
    else if (task === "binary") cost = (probabilities[row * 2 + 1]! - code) ** 2;
    else for (let k = 0; k < K; k++) cost += (probabilities[row * K + k]! - (k === code ? 1 : 0)) ** 2;
    sum += weights[row]! * cost;
    total += weights[row]!;
  }
  return sum / total;
}

function regressionScore(
  name: MetricName,
  actual: Float64Array,
  predicted: Float64Array,
  weights: Float64Array,
): number {
  if (name === "medianAbsoluteError")
    return weightedQuantile(
      actual.map((value, row) => Math.abs(value - predicted[row]!)),
      weights,
      0.5,
    );
  let total = 0;
  let mean = 0;
  for (let row = 0; row < actual.length; row++) {
    total += weights[row]!;
    mean += weights[row]! * actual[row]!;
  }
  mean /= total;
  let squared = 0;
  let absolute = 0;
  let spread = 0;
  let relative = 0;
  let relativeTotal = 0;
  for (let row = 0; row < actual.length; row++) {
    const weight = weights[row]!;
    const difference = predicted[row]! - actual[row]!;
    squared += weight * difference ** 2;
    absolute += weight * Math.abs(difference);
    spread += weight * (actual[row]! - mean) ** 2;
    if (actual[row] === 0) continue;
    relative += weight * Math.abs(difference / actual[row]!);
    relativeTotal += weight;
  }
  if (name === "rmse") return Math.sqrt(squared / total);
  if (name === "mae") return absolute / total;
  if (name === "mape") return relative / relativeTotal;
  return spread > 0 ? 1 - squared / spread : Number.NaN;
}
