// Logistic and softmax regression with an L2 penalty, by Newton's method to a stated gradient.

import { fail } from "../../base/failure.ts";
import type { FitInput, FitOptions } from "../fit-input.ts";
import type { Artifact } from "../model.ts";
import { additiveArtifact } from "./additive-model.ts";
import { inner } from "./cholesky.ts";
import { type Design, everyNthRow, linearDesign } from "./design.ts";
import { binaryProblem } from "./logistic-binary.ts";
import type { Newton, Problem } from "./logistic-problem.ts";
import { softmaxProblem } from "./logistic-softmax.ts";

export interface LogisticParams {
  /** Weight of the penalty ½·l2·|β|² on the standardised coefficients, on the scale of the summed loss. Default 1. */
  readonly l2?: number;
  /** Converged when no derivative of the mean loss exceeds it. Default 1e-8. */
  readonly tolerance?: number;
  /** Default 100; reaching it is an error, not a silent half-fit. */
  readonly maxSteps?: number;
}

/** Minimises Σ w·logloss + ½·l2·|β|² over standardised features; intercepts are not penalised. */
export function fitLogistic(input: FitInput, params: LogisticParams): Artifact {
  const { label, options } = input;
  if (label.task === "regression")
    throw fail("DEFINE_INVALID", "Expected classes for logistic, got a regression task", {
      hint: "Use ridge() for numbers",
    });
  const l2 = params.l2 ?? 1;
  if (!(l2 >= 0 && l2 < Number.POSITIVE_INFINITY))
    throw fail("DEFINE_INVALID", `l2: expected a number from 0, got ${l2}`);
  const design = linearDesign(input, { encodesTargets: true });
  // Without any penalty, separable classes would send the coefficients to infinity.
  const penalty = Math.max(l2, design.totalWeight * 1e-9);
  const tolerance = params.tolerance ?? 1e-8;
  const maxSteps = params.maxSteps ?? 100;
  const [codes, count] = [label.codes, label.classes.length];
  const problemOn = (part: Design, ownCodes: Int32Array, ownPenalty: number): Problem =>
    label.task === "binary"
      ? binaryProblem(part, ownCodes, ownPenalty)
      : softmaxProblem(part, ownCodes, count, ownPenalty);
  const problem = problemOn(design, codes, penalty);
  let start = problem.start;
  let borrowed: Newton | undefined;
  const stride = strideOf(design);
  if (stride > 1) {
    // The optimum of a few rows is near the optimum of all, and costs next to nothing.
    const few = everyNthRow(design, stride);
    const fewCodes = Int32Array.from({ length: few.rowCount }, (_, i) => codes[i * stride]!);
    if (new Set(fewCodes.filter((_, i) => few.weights[i]! > 0)).size === count) {
      const found = minimise(problemOn(few, fewCodes, penalty / stride), few.totalWeight, {
        tolerance: 1e-4,
        maxSteps: 20,
        ...(options.signal && { signal: options.signal }),
      });
      const { newton } = found;
      const ratio = design.totalWeight / few.totalWeight;
      start = found.beta;
      if (newton?.isCheap === true)
        borrowed = { isCheap: false, solve: (gradient) => newton.solve(gradient.map((value) => value / ratio)) };
    }
  }
  const { beta, steepest } = minimise({ ...problem, start }, design.totalWeight, {
    ...options,
    tolerance,
    maxSteps,
    ...(borrowed && { borrowed }),
  });
  if (!(steepest <= tolerance))
    throw fail("TRAINING_DIVERGED", `Expected to converge in ${maxSteps} steps, got a gradient of ${steepest}`);
  const { width } = design;
  const perOutput = Array.from({ length: beta.length / width }, (_, k) => beta.slice(k * width, (k + 1) * width));
  if (perOutput.length > 1) {
    // Softmax does not see a shift of all intercepts; centring them makes the answer unique.
    const mean = perOutput.reduce((sum, coefficients) => sum + coefficients[0]!, 0) / perOutput.length;
    for (const coefficients of perOutput) coefficients[0]! -= mean;
  }
  return additiveArtifact(input, design, perOutput, label.task === "binary" ? "logit" : "softmax", {
    algorithm: "logistic",
    l2,
  });
}

/** 1 when no part of the rows would be a much cheaper start. */
function strideOf({ rowCount, width, terms }: Design): number {
  const enough = Math.max(4000, 40 * width);
  return terms.length > 0 || rowCount < 8 * enough ? 1 : Math.min(32, Math.floor(rowCount / enough));
}

interface Search extends Pick<FitOptions, "signal" | "onProgress"> {
  readonly tolerance: number;
  readonly maxSteps: number;
  /** Serves for the first step. */
  readonly borrowed?: Newton;
}

/** Newton's method; `steepest` is the largest derivative of the mean loss, 0 when the arithmetic allows no better point. */
function minimise(
  problem: Problem,
  totalWeight: number,
  { tolerance, maxSteps, signal, onProgress, borrowed }: Search,
): { beta: Float64Array; steepest: number; newton: Newton | undefined } {
  let beta = problem.start;
  let state = problem.evaluate(beta);
  let newton = borrowed;
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; ; step++) {
    signal?.throwIfAborted();
    onProgress?.({ iteration: step, of: maxSteps, loss: state.loss / totalWeight });
    const steepest = state.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / totalWeight;
    if (steepest <= tolerance || step === maxSteps || !Number.isFinite(steepest)) return { beta, steepest, newton };
    // A cheap Hessian from near by serves on as long as it gains a digit at each step.
    if (newton === undefined || (step > 0 && !(newton.isCheap && steepest <= 0.1 * before))) newton = state.newton();
    before = steepest;
    const direction = newton.solve(state.gradient);
    const slope = inner(direction, state.gradient);
    // Halving until the loss falls makes Newton's method converge from anywhere on a convex loss.
    let length = 1;
    let next = problem.evaluate(moved(beta, direction, length));
    const noise = 1e-12 * Math.abs(state.loss);
    while (!(next.loss <= state.loss - 1e-4 * length * slope + noise) && length > 1e-10) {
      length /= 2;
      next = problem.evaluate(moved(beta, direction, length));
    }
    // No shorter step lowers the loss: this is as exact as the arithmetic allows.
    if (length <= 1e-10) return { beta, steepest: 0, newton };
    if (length < 1) before = 0;
    beta = moved(beta, direction, length);
    state = next;
  }
}

function moved(beta: Float64Array, direction: Float64Array, length: number): Float64Array {
  return beta.map((value, i) => value - length * direction[i]!);
}
