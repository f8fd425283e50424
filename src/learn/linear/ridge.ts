// Ridge regression: least squares with an L2 penalty, in closed form.

import { fail } from "../../base/failure.ts";
import type { FitInput } from "../fit-input.ts";
import type { Artifact } from "../model.ts";
import { additiveArtifact } from "./additive-model.ts";
import { solveByGradients, solvePositive } from "./cholesky.ts";
import { linearDesign, times, transposeTimes } from "./design.ts";
import { gram } from "./gram.ts";

export interface RidgeParams {
  /** Weight of the penalty on the standardised coefficients, on the scale of the sum of squared errors. Default 1. */
  readonly l2?: number;
}

/** Wider designs are solved by conjugate gradients: n·p per step instead of n·p² + p³ at once. */
const widestFactorised = 1200;

/** Minimises Σ w·(y - b - x·β)² + l2·|β|² over standardised x; the intercept b is not penalised. */
export function fitRidge({ label, ...rest }: FitInput, params: RidgeParams): Artifact {
  if (label.task !== "regression")
    throw fail("DEFINE_INVALID", `Expected a regression task for ridge, got ${label.task}`, {
      hint: "Use logistic() for classes",
    });
  const l2 = params.l2 ?? 1;
  if (!(l2 >= 0 && l2 < Number.POSITIVE_INFINITY))
    throw fail("DEFINE_INVALID", `l2: expected a number from 0, got ${l2}`);
  const design = linearDesign({ label, ...rest }, { encodesTargets: true });
  const { weights, totalWeight, rowCount, width } = design;
  // In units of its own spread around its mean, any label is numerically alike.
  let mean = 0;
  for (let row = 0; row < rowCount; row++) mean += (weights[row]! / totalWeight) * label.values[row]!;
  let spread = 0;
  for (let row = 0; row < rowCount; row++) spread = Math.max(spread, Math.abs(label.values[row]! - mean));
  if (!(spread > 0 && spread < Number.POSITIVE_INFINITY))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected labels whose range can be computed, got numbers too large or all equal",
    );
  const target = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) target[row] = (weights[row]! * (label.values[row]! - mean)) / spread;

  const right = transposeTimes(design, target);
  // A whisker of curvature keeps exactly collinear columns solvable when no penalty is wanted.
  const penalty = Math.max(l2, totalWeight * 1e-10);
  let beta: Float64Array;
  if (width <= widestFactorised && design.terms.length === 0) {
    const matrix = gram(design, weights);
    for (let i = 1; i < width; i++) matrix[i * width + i]! += penalty;
    beta = solvePositive(matrix, right);
  } else {
    const apply = (x: Float64Array): Float64Array => {
      const image = transposeTimes(
        design,
        times(design, x).map((value, row) => value * weights[row]!),
      );
      for (let i = 1; i < width; i++) image[i]! += penalty * x[i]!;
      return image;
    };
    const diagonal = new Float64Array(width).fill(totalWeight + penalty);
    beta = solveByGradients(apply, right, diagonal, { tolerance: 1e-10, maxSteps: 10 * width });
  }
  for (let i = 0; i < width; i++) beta[i]! *= spread;
  beta[0]! += mean;
  return additiveArtifact({ ...rest, label }, design, [beta], "identity", { algorithm: "ridge", l2 });
}
