// Objectives of gradient boosting: where the margins start, their derivatives, their loss, and what a leaf answers.

import { fail } from "../../base/failure.ts";
import type { Link } from "../link.ts";
import type { Label } from "../model.ts";
import { weightedQuantile } from "../weighted.ts";
import type { BoostingSettings } from "./params.ts";
import type { Team } from "./team.ts";

/** Labels as the kernels see them: class codes, or numbers in the objective's own unit. */
export interface Target {
  readonly values: Float32Array | Int32Array;
  readonly weights: Float64Array | undefined;
}

export interface Objective {
  readonly link: Link;
  readonly outputs: number;
  /** Margins before the first tree, in training units. */
  readonly start: Float64Array;
  /** A model's margin is `shift` + `unit` · (margin in training units). */
  readonly shift: number;
  readonly unit: number;
  /** True when every unweighted row has curvature 1, which then counts rows. */
  readonly countsRows: boolean;
  targetOf(label: Label, rows: Int32Array | undefined, weights: Float64Array | undefined): Target;
  /** Once per iteration, before the first output. */
  prepare(team: Team, rowCount: number): void;
  /** Derivatives of one output for all rows, and the sums of |g| and h per part. */
  derive(team: Team, rowCount: number, output: number): void;
  /** Mean loss; scores of output k start at k · pitch. */
  loss(scores: Float32Array, pitch: number, target: Target): number;
  /** Replaces a leaf's Newton step where that is not the best constant, given the rows of the leaf. */
  readonly leafValue?: (
    rows: Uint32Array,
    scores: Float32Array,
    labels: Float32Array,
    weights: Float32Array | undefined,
  ) => number;
}

const kernelNumber = { squaredError: 0, logistic: 1, poisson: 2, quantile: 3 } as const;

export function boostingObjective(
  settings: BoostingSettings,
  label: Label,
  weights: Float64Array | undefined,
): Objective {
  if (label.task !== "regression")
    return settings.objective === "softmax" ? softmaxObjective(label, weights) : logisticObjective(label, weights);
  if (settings.objective === "poisson") return poissonObjective(label.values, weights);
  return distanceObjective(settings.objective === "quantile" ? settings.level : undefined, label.values, weights);
}

function deriveWith(kernel: keyof typeof kernelNumber, level = 0): Objective["derive"] {
  return (team, rowCount) => team.share("gradients", rowCount, [kernelNumber[kernel], level]);
}

function meanOf(count: number, weights: Float64Array | undefined, value: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < count; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    sum += weight * value(row);
    total += weight;
  }
  return sum / total;
}

function picked<T extends Float32Array | Int32Array>(
  into: T,
  rows: Int32Array | undefined,
  value: (row: number) => number,
): T {
  for (let i = 0; i < into.length; i++) into[i] = value(rows === undefined ? i : rows[i]!);
  return into;
}

function pickedWeights(rows: Int32Array | undefined, weights: Float64Array | undefined): Float64Array | undefined {
  return weights === undefined || rows === undefined ? weights : Float64Array.from(rows, (row) => weights[row]!);
}

/** Squared error, or the pinball loss of a quantile. Labels are centred and scaled, so that any unit is numerically alike. */
function distanceObjective(
  level: number | undefined,
  labels: Float64Array,
  weights: Float64Array | undefined,
): Objective {
  const shift =
    level === undefined
      ? meanOf(labels.length, weights, (row) => labels[row]!)
      : weightedQuantile(labels, weights ?? new Float64Array(labels.length).fill(1), level);
  let largest = 0;
  for (const value of labels) largest = Math.max(largest, Math.abs(value - shift));
  const unit = largest * Math.sqrt(meanOf(labels.length, weights, (row) => ((labels[row]! - shift) / largest) ** 2));
  if (!(unit > 0 && unit < Number.POSITIVE_INFINITY && Number.isFinite(shift)))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected labels whose range can be computed, got numbers too large or too close",
    );
  const isQuantile = level !== undefined;
  return {
    link: "identity",
    outputs: 1,
    start: new Float64Array(1),
    shift,
    unit,
    countsRows: true,
    targetOf: (label, rows, all) => ({
      values: picked(
        new Float32Array(rows?.length ?? (label as { values: Float64Array }).values.length),
        rows,
        (row) => ((label as { values: Float64Array }).values[row]! - shift) / unit,
      ),
      weights: pickedWeights(rows, all),
    }),
    prepare() {},
    derive: deriveWith(isQuantile ? "quantile" : "squaredError", level),
    loss(scores, _pitch, { values, weights: held }) {
      return meanOf(values.length, held, (row) => {
        const difference = unit * (values[row]! - scores[row]!);
        return isQuantile ? Math.max(level * difference, (level - 1) * difference) : difference ** 2;
      });
    },
    ...(isQuantile && {
      leafValue: (rows, scores, y, w) =>
        weightedQuantile(
          Float64Array.from(rows, (row) => y[row]! - scores[row]!),
          Float64Array.from(rows, (row) => (w === undefined ? 1 : w[row]!)),
          level,
        ),
    }),
  };
}

/** Poisson deviance of a rate e^margin. */
function poissonObjective(labels: Float64Array, weights: Float64Array | undefined): Objective {
  if (labels.some((value) => value < 0))
    throw fail("TRAINING_LABEL_INVALID", "Expected counts or rates of at least 0 for poisson, got a negative label");
  // Rates are fitted in units of their mean, so that exponents stay small.
  const mean = meanOf(labels.length, weights, (row) => labels[row]!);
  return {
    link: "exp",
    outputs: 1,
    start: new Float64Array(1),
    shift: Math.log(mean),
    unit: 1,
    countsRows: false,
    targetOf: (label, rows, all) => ({
      values: picked(
        new Float32Array(rows?.length ?? (label as { values: Float64Array }).values.length),
        rows,
        (row) => (label as { values: Float64Array }).values[row]! / mean,
      ),
      weights: pickedWeights(rows, all),
    }),
    prepare() {},
    derive: deriveWith("poisson"),
    loss: (scores, _pitch, { values, weights: held }) =>
      meanOf(values.length, held, (row) => mean * (Math.exp(scores[row]!) - values[row]! * scores[row]!)),
  };
}

function logisticObjective(label: Extract<Label, { codes: Int32Array }>, weights: Float64Array | undefined): Objective {
  const share = meanOf(label.codes.length, weights, (row) => label.codes[row]!);
  if (!(share > 0 && share < 1)) throw fail("TRAINING_LABEL_CONSTANT", "Expected both classes to have weight, got one");
  return {
    link: "logit",
    outputs: 1,
    start: Float64Array.of(Math.log(share / (1 - share))),
    shift: 0,
    unit: 1,
    countsRows: false,
    targetOf: (held, rows, all) => {
      const { codes } = held as { codes: Int32Array };
      return {
        values: picked(new Float32Array(rows?.length ?? codes.length), rows, (row) => codes[row]!),
        weights: pickedWeights(rows, all),
      };
    },
    prepare() {},
    derive: deriveWith("logistic"),
    loss: (scores, _pitch, { values, weights: held }) =>
      meanOf(values.length, held, (row) => {
        const m = values[row] === 1 ? scores[row]! : -scores[row]!;
        return Math.max(-m, 0) + Math.log1p(Math.exp(-Math.abs(m)));
      }),
  };
}

function softmaxObjective(label: Extract<Label, { codes: Int32Array }>, weights: Float64Array | undefined): Objective {
  const K = label.classes.length;
  const counts = new Float64Array(K);
  let total = 0;
  for (let row = 0; row < label.codes.length; row++) {
    counts[label.codes[row]!]! += weights?.[row] ?? 1;
    total += weights?.[row] ?? 1;
  }
  return {
    link: "softmax",
    outputs: K,
    // A class without rows starts as if it had half of one.
    start: counts.map((count) => Math.log(Math.max(count, 0.5) / total)),
    shift: 0,
    unit: 1,
    countsRows: false,
    targetOf: (held, rows, all) => {
      const { codes } = held as { codes: Int32Array };
      return {
        values: picked(new Int32Array(rows?.length ?? codes.length), rows, (row) => codes[row]!),
        weights: pickedWeights(rows, all),
      };
    },
    prepare: (team, rowCount) => team.share("softmax", rowCount, []),
    derive: (team, rowCount, output) => team.share("softmaxGradients", rowCount, [output, K / (K - 1)]),
    loss(scores, pitch, { values, weights: held }) {
      return meanOf(values.length, held, (row) => {
        let top = scores[row]!;
        for (let k = 1; k < K; k++) top = Math.max(top, scores[k * pitch + row]!);
        let sum = 0;
        for (let k = 0; k < K; k++) sum += Math.exp(scores[k * pitch + row]! - top);
        return Math.log(sum) + top - scores[values[row]! * pitch + row]!;
      });
    },
  };
}
