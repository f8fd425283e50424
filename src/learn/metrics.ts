// Metrics: how good predictions are, each with its task, direction and scale, and its odd cases defined.

import { type ClassScores, classScores, confusionMatrix, positives, predictedCodes } from "./class-scores.ts";
import type { Label, Prediction, Task } from "./model.ts";
import { prAuc, rocAuc } from "./ranking.ts";
import { weightedQuantile } from "./weighted.ts";

export type MetricName =
  | "rocAuc"
  | "prAuc"
  | "accuracy"
  | "balancedAccuracy"
  | "f1"
  | "precision"
  | "recall"
  | "logLoss"
  | "brier"
  | "rmse"
  | "mae"
  | "medianAbsoluteError"
  | "r2"
  | "mape";

export interface Metric {
  readonly name: MetricName;
  readonly title: string;
  readonly tasks: readonly Task[];
  readonly better: "higher" | "lower";
  /** Lowest and highest possible value; null where there is no bound. `label` means the label's own unit. */
  readonly scale: { readonly min: number | null; readonly max: number | null; readonly unit: "none" | "label" };
  /** When the value is NaN, and what it means in odd cases. */
  readonly note: string;
}

const classes: readonly Task[] = ["binary", "multiclass"];
const numbers: readonly Task[] = ["regression"];
const share = { min: 0, max: 1, unit: "none" } as const;
const loss = { min: 0, max: null, unit: "none" } as const;
const error = { min: 0, max: null, unit: "label" } as const;

/** Every metric by name. */
export const metrics: Readonly<Record<MetricName, Metric>> = {
  rocAuc: {
    name: "rocAuc",
    title: "Area under the ROC curve",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN when only one class occurs. Multiclass: the mean of one-versus-rest over the classes that occur",
  },
  prAuc: {
    name: "prAuc",
    title: "Average precision (area under the precision-recall curve)",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN when only one class occurs. Multiclass: the mean of one-versus-rest over the classes that occur",
  },
  accuracy: {
    name: "accuracy",
    title: "Accuracy",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN without rows",
  },
  balancedAccuracy: {
    name: "balancedAccuracy",
    title: "Balanced accuracy (mean recall)",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "The mean of the recall over the classes that occur; NaN without rows",
  },
  f1: {
    name: "f1",
    title: "F1",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class. Multiclass: the mean over classes that occur or are predicted. 0 when nothing is right; NaN without rows",
  },
  precision: {
    name: "precision",
    title: "Precision",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class. Multiclass: the mean over classes that occur or are predicted. 0 when the class is never predicted; NaN without rows",
  },
  recall: {
    name: "recall",
    title: "Recall",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class, 0 when it never occurs. Multiclass: the mean over classes that occur or are predicted. NaN without rows",
  },
  logLoss: {
    name: "logLoss",
    title: "Log loss",
    tasks: classes,
    better: "lower",
    scale: loss,
    note: "Natural logarithm; probabilities are kept away from 0 by 1e-15, so a certain mistake costs 34.5. NaN without rows",
  },
  brier: {
    name: "brier",
    title: "Brier score",
    tasks: classes,
    better: "lower",
    scale: { min: 0, max: 2, unit: "none" },
    note: "Binary: the mean squared error of the positive class's probability (0 to 1). Multiclass: summed over classes (0 to 2). NaN without rows",
  },
  rmse: {
    name: "rmse",
    title: "Root mean squared error",
    tasks: numbers,
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  mae: {
    name: "mae",
    title: "Mean absolute error",
    tasks: numbers,
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  medianAbsoluteError: {
    name: "medianAbsoluteError",
    title: "Median absolute error",
    tasks: numbers,
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  r2: {
    name: "r2",
    title: "R² (share of the variance explained)",
    tasks: numbers,
    better: "higher",
    scale: { min: null, max: 1, unit: "none" },
    note: "0 for always guessing the mean of these rows, negative when worse; NaN when all labels are equal",
  },
  mape: {
    name: "mape",
    title: "Mean absolute percentage error",
    tasks: numbers,
    better: "lower",
    scale: loss,
    note: "A share, not per cent (0.1 is 10 %); rows whose label is 0 are left out, NaN when none is left",
  },
};

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
  /** Row weights; a weight of 2 counts like the row twice. */
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
    const even = new Float64Array(label.values.length).fill(1);
    return ({ weights = even }) => regressionScore(name, label.values, prediction.values, weights);
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
