// The numbers behind the plots of a report: curves, confusion and residuals of the held-out rows. Pure.

import { classScores, confusionMatrix, positives, predictedCodes, type Ranking } from "../learn/class-scores.ts";
import { calibrationCurve, calibrationError, prCurve, rocCurve } from "../learn/evaluation/ranking.ts";
import type { Label, Prediction } from "../learn/model.ts";
import { random, shuffled } from "../learn/random.ts";
import type { Confusion, Curves, Residuals } from "../models/evaluation.ts";

const curvePoints = 100;

/** ROC, precision-recall and calibration of the positive class; null for other tasks and where only one class occurs. */
export function curvesOf(label: Label, prediction: Prediction): Curves | null {
  if (label.task !== "binary" || !("probabilities" in prediction)) return null;
  const ranking = positives(classScores(label, prediction.probabilities), 1);
  const roc = rocCurve(ranking, curvePoints);
  if (roc.length === 0) return null;
  const bins = calibrationCurve(ranking, ranking.scores.length < 200 ? 5 : 10);
  return {
    class: label.classes[1] as string,
    roc: roc.map(({ falsePositiveRate, truePositiveRate }) => [short(falsePositiveRate), short(truePositiveRate)]),
    precisionRecall: prCurve(ranking, curvePoints).map(({ recall, precision }) => [short(recall), short(precision)]),
    calibration: bins.map(({ predicted, actual, weight }) => [short(predicted), short(actual), weight]),
    calibrationError: short(calibrationError(bins)),
    lift: liftOf(ranking),
  };
}

const liftPoints = 20;

/** Cumulative gains: whoever looks at the first share of the rows, by weight, finds the second share of the class. */
function liftOf({ order, hits, weights }: Ranking): [number, number][] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const all = hits.reduce((sum, hit, row) => sum + hit * weights[row]!, 0);
  let found = 0;
  let seen = 0;
  let at = 0;
  return Array.from({ length: liftPoints + 1 }, (_, i) => {
    const until = Math.round((i * order.length) / liftPoints);
    for (; at < until; at++) {
      found += hits[order[at]!]! * weights[order[at]!]!;
      seen += weights[order[at]!]!;
    }
    return [short(seen / total), short(all === 0 ? 0 : found / all)];
  });
}

const mostClasses = 20;

export function confusionOf(label: Label, prediction: Prediction, threshold: number | undefined): Confusion | null {
  if (label.task === "regression" || !("probabilities" in prediction)) return null;
  const K = label.classes.length;
  if (K > mostClasses) return null;
  const scores = classScores(label, prediction.probabilities);
  const matrix = confusionMatrix(scores, predictedCodes(scores, threshold));
  return {
    classes: label.classes,
    counts: Array.from({ length: K }, (_, row) => Array.from(matrix.subarray(row * K, (row + 1) * K))),
  };
}

const levels = [0.05, 0.25, 0.5, 0.75, 0.95];
const bars = 24;
const mostPoints = 200;

export function residualsOf(label: Label, prediction: Prediction, seed: number): Residuals | null {
  if (label.task !== "regression" || !("values" in prediction)) return null;
  const { values, weights = new Float64Array(values.length).fill(1) } = label;
  const residuals = values.map((actual, row) => actual - prediction.values[row]!);
  const order = Int32Array.from(residuals.keys()).sort((a, b) => residuals[a]! - residuals[b]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const at = (level: number) => {
    let seen = 0;
    const row = order.find((one) => {
      seen += weights[one]!;
      return seen - weights[one]! / 2 >= level * total;
    });
    return residuals[row ?? order.at(-1)!]!;
  };
  // The outermost hundredths would squeeze all others into one bar.
  const from = at(0.01);
  const to = at(0.99);
  const counts = new Array<number>(bars).fill(0);
  for (const [row, one] of residuals.entries()) {
    const bar = to > from ? Math.floor(((one - from) / (to - from)) * bars) : 0;
    counts[Math.min(bars - 1, Math.max(0, bar))]! += weights[row]!;
  }
  const drawn = shuffled(values.length, random(seed)).subarray(0, mostPoints).sort();
  return {
    quantiles: levels.map((level) => short(at(level))),
    histogram: { from: short(from), to: short(to), counts },
    points: Array.from(drawn, (row) => [short(prediction.values[row]!), short(values[row]!)] as const),
  };
}

/** Five digits are enough to draw. */
function short(value: number): number {
  return Number(value.toPrecision(5));
}
