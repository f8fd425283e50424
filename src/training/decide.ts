// How a model's probabilities become answers: whether to calibrate them, and from which probability on a model says yes. Pure.

import type { Success } from "../define/success.ts";
import { classScores, positives } from "../learn/class-scores.ts";
import { calibrated, fitCalibration } from "../learn/evaluation/calibration.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { bestF1Threshold, cheapestThreshold } from "../learn/evaluation/threshold.ts";
import { takeLabel, totalWeight } from "../learn/label.ts";
import type { Artifact, Label, Predictor } from "../learn/model.ts";
import type { CalibrationChoice, Threshold } from "../models/evaluation.ts";
import type { HeldRows } from "./trial.ts";

const fewestForPlatt = 200;
const fewestForIsotonic = 2_000;
/** A calibration must lower the log loss on rows it was not learnt on by this share, or it stays out. */
const leastGain = 0.01;

export interface CalibrationFound {
  readonly choice: CalibrationChoice;
  readonly artifact: Artifact | null;
}

/** Tries both ways on one half of the held-back rows against the other, and takes one only when it clearly helps. */
export function chooseCalibration({ label, probabilities }: HeldRows, success: Success): CalibrationFound {
  const before = finite(score("logLoss", label, { probabilities }));
  const none: CalibrationFound = { choice: { method: "none", before, after: null }, artifact: null };
  if (label.task === "regression" || before === null || label.codes.length < fewestForPlatt) return none;
  // Steps of an isotonic curve make ties, which a metric of order would pay for.
  const ranks = success.metric === "rocAuc" || success.metric === "prAuc";
  const methods =
    label.codes.length >= fewestForIsotonic && !ranks ? (["platt", "isotonic"] as const) : (["platt"] as const);
  const K = label.classes.length;
  let best = none;
  for (const method of methods) {
    let loss = 0;
    for (const half of [0, 1]) {
      const learn = everyOther(label.codes.length, half);
      const judge = everyOther(label.codes.length, 1 - half);
      const curve = fitCalibration(method, takeLabel(label, learn), takeProbabilities(probabilities, learn, K));
      const judged = takeProbabilities(probabilities, judge, K);
      const after = throughCalibration(curve, label, judged);
      const judgedBy = takeLabel(label, judge);
      loss += (score("logLoss", judgedBy, { probabilities: after }) * totalWeight(judgedBy)) / totalWeight(label);
    }
    const reference = best.choice.after ?? before * (1 - leastGain);
    if (loss < reference)
      best = { choice: { method, before, after: loss }, artifact: fitCalibration(method, label, probabilities) };
  }
  return best;
}

function everyOther(count: number, from: number): Int32Array {
  return Int32Array.from({ length: Math.ceil((count - from) / 2) }, (_, index) => from + 2 * index);
}

function takeProbabilities(probabilities: Float64Array, rows: Int32Array, width: number): Float64Array {
  const taken = new Float64Array(rows.length * width);
  for (const [index, row] of rows.entries())
    taken.set(probabilities.subarray(row * width, (row + 1) * width), index * width);
  return taken;
}

/** Probabilities as a calibration makes them: it is given a model that answers just these. */
export function throughCalibration(
  calibration: Artifact,
  label: Extract<Label, { codes: Int32Array }>,
  probabilities: Float64Array,
): Float64Array {
  const source = { task: label.task, classes: label.classes, features: [], predict: () => ({ probabilities }) };
  const answer = calibrated(source as unknown as Predictor, calibration).predict({
    rowCount: probabilities.length / label.classes.length,
    columns: new Map(),
  });
  return "probabilities" in answer ? answer.probabilities : probabilities;
}

const fewestForThreshold = 50;

/** The probability from which a yes/no model says yes; null where the usual half stands. */
export function chooseThreshold(success: Success, held: HeldRows | undefined): Threshold | null {
  const { costs, metric } = success;
  if (held === undefined || held.label.task !== "binary" || held.label.codes.length < fewestForThreshold) {
    if (costs === undefined) return null;
    return {
      value: costs.falsePositive / (costs.falsePositive + costs.falseNegative),
      reason: `follows from the costs of ${costs.falsePositive} for a false yes and ${costs.falseNegative} for a false no`,
    };
  }
  const ranking = positives(classScores(held.label, held.probabilities), 1);
  if (costs !== undefined)
    return {
      value: bounded(cheapestThreshold(ranking, costs).threshold),
      reason: `costs least at ${costs.falsePositive} for a false yes and ${costs.falseNegative} for a false no, on rows held back from the training part`,
    };
  if (metric === "f1")
    return {
      value: bounded(bestF1Threshold(ranking).threshold),
      reason: "gives the best F1 on rows held back from the training part",
    };
  if (metric === "balancedAccuracy") {
    const yes = ranking.hits.reduce((sum, hit, row) => sum + hit * ranking.weights[row]!, 0);
    const no = totalWeight(held.label) - yes;
    if (yes === 0 || no === 0) return null;
    const choice = cheapestThreshold(ranking, { falsePositive: 1 / no, falseNegative: 1 / yes });
    return {
      value: bounded(choice.threshold),
      reason: "gives both classes the same weight on rows held back from the training part",
    };
  }
  return null;
}

/** "Never" is kept as a probability that no answer passes in practice: JSON has no infinity. */
function bounded(threshold: number): number {
  return Math.min(1, Math.max(0, threshold));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
