// Lasso and elastic net: least squares with an L1 and an L2 penalty, by cyclic coordinate descent (Friedman, Hastie & Tibshirani 2010).

import { fail } from "../../base/failure.ts";
import type { FitInput } from "../fit-input.ts";
import type { Artifact } from "../model.ts";
import { paramReader } from "../params.ts";
import { additiveArtifact } from "./additive-model.ts";
import { linearDesign, transposeTimes } from "./design.ts";
import { gram } from "./gram.ts";

export interface ElasticNetParams {
  /** Strength of the penalty. Default 0.01. The label is scaled to variance 1, so that it has the same meaning for any unit. */
  readonly penalty?: number;
  /** Share of the penalty that is L1: 1 is the lasso, 0 is ridge. Default 0.5. */
  readonly l1Share?: number;
  /** Converged when no optimality condition is violated by more, in units of the scaled label. Default 1e-8. */
  readonly tolerance?: number;
  readonly maxSweeps?: number;
}

const widest = 3000;

/** Minimises (1/2W)·Σ w·(y - b - x·β)² + penalty·(share·|β|₁ + ½·(1 - share)·|β|²) over standardised x and y; W is the total weight. */
export function fitElasticNet(input: FitInput, params: ElasticNetParams): Artifact {
  const { label } = input;
  if (label.task !== "regression")
    throw fail("DEFINE_INVALID", `Expected a regression task for elasticNet, got ${label.task}`, {
      hint: "Use logistic() for classes",
    });
  const number = paramReader(params);
  const penalty = number("penalty", 0.01, 0, 1e9);
  const l1Share = number("l1Share", 0.5, 0, 1);
  const tolerance = number("tolerance", 1e-8, 1e-14, 1);
  const maxSweeps = number("maxSweeps", 10_000, 1, 1e9, true);
  const design = linearDesign(input, { encodesTargets: true });
  const { weights, totalWeight, rowCount, width } = design;
  if (width > widest)
    throw fail(
      "RUNS_STEP_MEMORY",
      `Expected at most ${widest} columns after one-hot encoding for elasticNet, got ${width}`,
      { hint: "Use ridge(), which has no such limit" },
    );
  let mean = 0;
  for (let row = 0; row < rowCount; row++) mean += (weights[row]! / totalWeight) * label.values[row]!;
  let largest = 0;
  for (let row = 0; row < rowCount; row++) largest = Math.max(largest, Math.abs(label.values[row]! - mean));
  let variance = 0;
  for (let row = 0; row < rowCount; row++)
    variance += (weights[row]! / totalWeight) * ((label.values[row]! - mean) / largest) ** 2;
  const unit = largest * Math.sqrt(variance);
  if (!(unit > 0 && unit < Number.POSITIVE_INFINITY))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected labels whose range can be computed, got numbers too large or all equal",
    );
  const target = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++)
    target[row] = (weights[row]! / totalWeight) * ((label.values[row]! - mean) / unit);

  // Everything the descent needs is in the Gram matrix: one sweep costs width², whatever the number of rows.
  const matrix = gram(
    design,
    weights.map((weight) => weight / totalWeight),
  );
  const beta = new Float64Array(width);
  const slack = transposeTimes(design, target);
  const l1 = penalty * l1Share;
  const l2 = penalty * (1 - l1Share);
  for (let sweep = 0; ; sweep++) {
    if (sweep === maxSweeps)
      throw fail("TRAINING_DIVERGED", `Expected to converge in ${maxSweeps} sweeps`, { hint: "Raise the penalty" });
    let largestMove = 0;
    for (let j = 0; j < width; j++) {
      const own = matrix[j * width + j]!;
      if (own <= 1e-14) continue;
      const pull = slack[j]! + own * beta[j]!;
      const next = j === 0 ? pull / own : Math.sign(pull) * (Math.max(0, Math.abs(pull) - l1) / (own + l2));
      const move = next - beta[j]!;
      if (move === 0) continue;
      beta[j] = next;
      for (let k = 0; k < width; k++) slack[k]! -= move * matrix[j * width + k]!;
      largestMove = Math.max(largestMove, Math.abs(move) * Math.sqrt(own));
    }
    if (largestMove <= tolerance) break;
  }
  for (let j = 0; j < width; j++) beta[j]! *= unit;
  beta[0]! += mean;
  return additiveArtifact(input, design, [beta], "identity", { algorithm: "elasticNet", penalty, l1Share });
}
