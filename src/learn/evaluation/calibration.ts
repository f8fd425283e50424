// Calibration: makes a model's probabilities mean what they say, by Platt's sigmoid or an isotonic curve, learnt on rows of its own.

import { fail } from "../../base/failure.ts";
import { isObject } from "../../base/json.ts";
import { corrupt, readArray, readChoice } from "../artifact.ts";
import { labelLength } from "../label.ts";
import type { Artifact, Label, Predictor } from "../model.ts";

export type CalibrationMethod = "platt" | "isotonic";

/**
 * A curve per class (one for a binary model) from predicted to calibrated probability, as an artifact of its own to keep beside
 * the model's. The rows must not be training rows; isotonic wants about 1000 of them, Platt tens.
 * Throws DEFINE_INVALID for a regression, TRAINING_TOO_FEW_ROWS below 10 rows.
 */
export function fitCalibration(method: CalibrationMethod, label: Label, probabilities: Float64Array): Artifact {
  if (label.task === "regression") throw fail("DEFINE_INVALID", "Expected classes to calibrate, got a regression task");
  const rows = labelLength(label);
  if (rows < 10) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 10 rows to calibrate on, got ${rows}`);
  const K = label.classes.length;
  const wanted = label.task === "binary" ? [1] : Array.from({ length: K }, (_, code) => code);
  const starts = [0];
  const x: number[] = [];
  const y: number[] = [];
  for (const code of wanted) {
    const predicted = Float64Array.from({ length: rows }, (_, row) => probabilities[row * K + code]!);
    const hits = Uint8Array.from(label.codes, (own) => (own === code ? 1 : 0));
    const weights = label.weights ?? new Float64Array(rows).fill(1);
    const curve = method === "platt" ? plattCurve(predicted, hits, weights) : isotonicCurve(predicted, hits, weights);
    x.push(...curve.x);
    y.push(...curve.y);
    starts.push(x.length);
  }
  return {
    format: "pentad.calibration/1",
    meta: { task: label.task, classes: label.classes, method },
    arrays: { starts: Int32Array.from(starts), x: Float64Array.from(x), y: Float64Array.from(y) },
  };
}

/** The model with calibrated probabilities. Explanations stay those of the model itself: its margin before calibration. */
export function calibrated(model: Predictor, calibration: Artifact): Predictor {
  if (!isObject(calibration) || calibration.format !== "pentad.calibration/1")
    throw corrupt("Expected a calibration of format pentad.calibration/1");
  const method = readChoice(calibration, "method", ["platt", "isotonic"]);
  const K = model.classes.length;
  if (JSON.stringify(calibration.meta.classes) !== JSON.stringify(model.classes))
    throw corrupt("Expected a calibration of the model's own classes");
  const starts = readArray(calibration, "starts", Int32Array, (model.task === "binary" ? 1 : K) + 1);
  const x = readArray(calibration, "x", Float64Array);
  const y = readArray(calibration, "y", Float64Array, x.length);
  if (starts[0] !== 0 || starts.at(-1) !== x.length) throw corrupt("Expected curves that cover all points");
  const curves = Array.from({ length: starts.length - 1 }, (_, i): Curve => {
    if (!(starts[i + 1]! > starts[i]! && starts[i + 1]! <= x.length))
      throw corrupt(`Expected curve ${i} to have points`);
    const curve = { x: x.subarray(starts[i], starts[i + 1]), y: y.subarray(starts[i], starts[i + 1]) };
    if (method === "platt" && curve.x.length !== 1) throw corrupt("Expected a slope and an offset per class");
    if (method === "isotonic") {
      for (let j = 0; j < curve.x.length; j++)
        if (
          curve.y[j]! < 0 ||
          curve.y[j]! > 1 ||
          (j > 0 && !(curve.x[j]! > curve.x[j - 1]! && curve.y[j]! >= curve.y[j - 1]!))
        )
          throw corrupt(`Expected curve ${i} to rise within 0 and 1`);
    }
    return curve;
  });
  const at = (curve: Curve, p: number): number => (method === "platt" ? sigmoidAt(curve, p) : interpolated(curve, p));
  const mapRow = (row: Float64Array | number[], from: number): void => {
    if (K === 2 && curves.length === 1) {
      row[from + 1] = at(curves[0]!, row[from + 1]!);
      row[from] = 1 - row[from + 1]!;
      return;
    }
    let sum = 0;
    for (let k = 0; k < K; k++) sum += row[from + k] = at(curves[k]!, row[from + k]!);
    for (let k = 0; k < K; k++) row[from + k] = sum > 0 ? row[from + k]! / sum : 1 / K;
  };
  return {
    ...model,
    predict(table) {
      const prediction = model.predict(table);
      if ("values" in prediction) return prediction;
      const probabilities = prediction.probabilities.slice();
      for (let row = 0; row < table.rowCount; row++) mapRow(probabilities, row * K);
      return { probabilities };
    },
    predictRow(row) {
      const answer = model.predictRow(row);
      if (typeof answer !== "number") mapRow(answer, 0);
      return answer;
    },
  };
}

interface Curve {
  readonly x: Float64Array | number[];
  readonly y: Float64Array | number[];
}

function logOdds(p: number): number {
  const kept = Math.min(1 - 1e-12, Math.max(1e-12, p));
  return Math.log(kept / (1 - kept));
}

function sigmoidAt({ x: [slope], y: [offset] }: Curve, p: number): number {
  return 1 / (1 + Math.exp(-(slope! * logOdds(p) + offset!)));
}

/**
 * Platt 1999: a logistic regression on the log-odds, with targets drawn away from 0 and 1 as if one more row of each class had been
 * seen, by Newton's method (Lin, Lin & Weng 2007). Kept as slope (x) and offset (y).
 */
function plattCurve(predicted: Float64Array, hits: Uint8Array, weights: Float64Array): Curve {
  let positive = 0;
  let total = 0;
  for (const [row, weight] of weights.entries()) {
    positive += hits[row]! * weight;
    total += weight;
  }
  const high = (positive + 1) / (positive + 2);
  const low = 1 / (total - positive + 2);
  const margin = predicted.map(logOdds);
  let slope = 1;
  let offset = 0;
  const lossAt = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < margin.length; i++) {
      const m = a * margin[i]! + b;
      const target = hits[i] === 1 ? high : low;
      sum += weights[i]! * (Math.max(m, 0) - target * m + Math.log1p(Math.exp(-Math.abs(m))));
    }
    return sum;
  };
  let loss = lossAt(slope, offset);
  for (let step = 0; step < 100; step++) {
    let ga = 0;
    let gb = 0;
    let haa = 1e-10;
    let hab = 0;
    let hbb = 1e-10;
    for (let i = 0; i < margin.length; i++) {
      const p = 1 / (1 + Math.exp(-(slope * margin[i]! + offset)));
      const residual = weights[i]! * (p - (hits[i] === 1 ? high : low));
      const curvature = weights[i]! * p * (1 - p);
      ga += residual * margin[i]!;
      gb += residual;
      haa += curvature * margin[i]! ** 2;
      hab += curvature * margin[i]!;
      hbb += curvature;
    }
    if (Math.max(Math.abs(ga), Math.abs(gb)) < 1e-9 * total) break;
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    let length = 1;
    while (length > 1e-10 && !(lossAt(slope - length * da, offset - length * db) < loss)) length /= 2;
    if (length <= 1e-10) break;
    slope -= length * da;
    offset -= length * db;
    loss = lossAt(slope, offset);
  }
  return { x: [slope], y: [offset] };
}

/** Isotonic regression by pooling adjacent violators (Ayer et al. 1955); between its blocks the curve is interpolated. */
function isotonicCurve(predicted: Float64Array, hits: Uint8Array, weights: Float64Array): Curve {
  const order = Array.from(predicted.keys())
    .filter((row) => weights[row]! > 0)
    .sort((a, b) => predicted[a]! - predicted[b]!);
  const blocks: { x: number; hits: number; weight: number }[] = [];
  for (let i = 0; i < order.length; ) {
    const value = predicted[order[i]!]!;
    const block = { x: 0, hits: 0, weight: 0 };
    for (; i < order.length && predicted[order[i]!] === value; i++) {
      const weight = weights[order[i]!]!;
      block.x += weight * value;
      block.hits += weight * hits[order[i]!]!;
      block.weight += weight;
    }
    blocks.push(block);
    for (let last = blocks.length - 1; last > 0; last--) {
      const a = blocks[last - 1]!;
      const b = blocks[last]!;
      if (a.hits * b.weight < b.hits * a.weight) break;
      blocks.splice(last - 1, 2, { x: a.x + b.x, hits: a.hits + b.hits, weight: a.weight + b.weight });
    }
  }
  return { x: blocks.map(({ x, weight }) => x / weight), y: blocks.map(({ hits: sum, weight }) => sum / weight) };
}

function interpolated({ x, y }: Curve, p: number): number {
  let low = 0;
  let high = x.length - 1;
  if (p <= x[0]!) return y[0]!;
  if (p >= x[high]!) return y[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= p) low = middle;
    else high = middle;
  }
  return y[low]! + ((p - x[low]!) / (x[high]! - x[low]!)) * (y[high]! - y[low]!);
}
