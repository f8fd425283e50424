// Logistic and softmax regression with an L2 penalty, by Newton's method to a stated gradient.

import { fail } from "../base/failure.ts";
import { additiveArtifact } from "./additive-model.ts";
import { inner, solveByGradients, solvePositive } from "./cholesky.ts";
import type { FitInput } from "./fit.ts";
import { gram } from "./gram.ts";
import { type Design, linearDesign, times, transposeTimes } from "./linear-design.ts";
import type { Artifact } from "./model.ts";

export interface LogisticParams {
  /** Weight of the penalty ½·l2·|β|² on the standardised coefficients, on the scale of the summed loss. Default 1. */
  readonly l2?: number;
  /** Converged when no derivative of the mean loss exceeds it. Default 1e-8. */
  readonly tolerance?: number;
  /** Default 100; reaching it is an error, not a silent half-fit. */
  readonly maxSteps?: number;
}

const widestFactorised = 400;

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
  const design = linearDesign(input);
  // Without any penalty, separable classes would send the coefficients to infinity.
  const penalty = Math.max(l2, design.totalWeight * 1e-9);
  const problem =
    label.task === "binary"
      ? binaryProblem(design, label.codes, penalty)
      : softmaxProblem(design, label.codes, label.classes.length, penalty);
  const tolerance = params.tolerance ?? 1e-8;
  const maxSteps = params.maxSteps ?? 100;

  let beta = problem.start;
  let state = problem.evaluate(beta);
  for (let step = 0; ; step++) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ iteration: step, of: maxSteps, loss: state.loss / design.totalWeight });
    const steepest = state.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (steepest <= tolerance * design.totalWeight) break;
    if (step === maxSteps || !Number.isFinite(steepest))
      throw fail(
        "TRAINING_DIVERGED",
        `Expected to converge in ${maxSteps} steps, got a gradient of ${steepest / design.totalWeight}`,
      );
    const direction = state.newtonStep();
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
    if (length <= 1e-10) break;
    beta = moved(beta, direction, length);
    state = next;
  }
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

function moved(beta: Float64Array, direction: Float64Array, length: number): Float64Array {
  return beta.map((value, i) => value - length * direction[i]!);
}

interface State {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** Hessian⁻¹·gradient, exactly or to an accuracy that keeps the convergence superlinear. */
  newtonStep(): Float64Array;
}

interface Problem {
  readonly start: Float64Array;
  evaluate(beta: Float64Array): State;
}

function binaryProblem(design: Design, codes: Int32Array, penalty: number): Problem {
  const { rowCount, width, weights, totalWeight } = design;
  let positive = 0;
  for (let row = 0; row < rowCount; row++) positive += codes[row] === 1 ? weights[row]! : 0;
  if (positive === 0 || positive === totalWeight)
    throw fail("TRAINING_LABEL_CONSTANT", "Expected both classes to have weight, got one");
  const start = new Float64Array(width);
  start[0] = Math.log(positive / (totalWeight - positive));
  // Used by every evaluation: a Newton step is only ever taken from the latest one.
  const margin = new Float64Array(rowCount);
  const residual = new Float64Array(rowCount);
  const curvature = new Float64Array(rowCount);
  return {
    start,
    evaluate(beta) {
      times(design, beta, margin);
      let loss = 0;
      for (let row = 0; row < rowCount; row++) {
        const m = margin[row]!;
        const weight = weights[row]!;
        const e = Math.exp(-Math.abs(m));
        const p = m >= 0 ? 1 / (1 + e) : e / (1 + e);
        const wrongWay = codes[row] === 1 ? -m : m;
        loss += weight * (Math.max(wrongWay, 0) + Math.log1p(e));
        residual[row] = weight * (p - (codes[row] === 1 ? 1 : 0));
        curvature[row] = (weight * e) / ((1 + e) * (1 + e));
      }
      const gradient = transposeTimes(design, residual);
      loss += penalise(beta, gradient, width, penalty);
      const newtonStep = (): Float64Array => {
        if (width <= widestFactorised && design.terms.length === 0) {
          const matrix = gram(design, curvature);
          for (let i = 1; i < width; i++) matrix[i * width + i]! += penalty;
          return solvePositive(matrix, gradient);
        }
        const apply = (x: Float64Array): Float64Array => {
          const image = transposeTimes(
            design,
            times(design, x).map((value, row) => value * curvature[row]!),
          );
          for (let i = 1; i < width; i++) image[i]! += penalty * x[i]!;
          return image;
        };
        const diagonal = diagonalOf(design, curvature).map((value, i) => value + (i === 0 ? 1e-12 : penalty));
        return solveByGradients(apply, gradient, diagonal, {
          tolerance: accuracy(gradient, totalWeight),
          maxSteps: 2000,
        });
      };
      return { loss, gradient, newtonStep };
    },
  };
}

function softmaxProblem(design: Design, codes: Int32Array, classes: number, penalty: number): Problem {
  const { rowCount, width, weights, totalWeight } = design;
  const start = new Float64Array(classes * width);
  const counts = new Float64Array(classes);
  for (let row = 0; row < rowCount; row++) counts[codes[row]!]! += weights[row]!;
  // A class without weight starts as if it had half a row: finite, and soon at its optimum.
  for (let k = 0; k < classes; k++) start[k * width] = Math.log((counts[k]! || 0.5) / totalWeight);
  const part = (all: Float64Array, k: number): Float64Array => all.subarray(k * width, (k + 1) * width);
  return {
    start,
    evaluate(beta) {
      const probabilities = Array.from({ length: classes }, (_, k) => times(design, part(beta, k)));
      let loss = 0;
      for (let row = 0; row < rowCount; row++) {
        let top = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < classes; k++) top = Math.max(top, probabilities[k]![row]!);
        let sum = 0;
        const own = probabilities[codes[row]!]![row]!;
        for (let k = 0; k < classes; k++) sum += probabilities[k]![row] = Math.exp(probabilities[k]![row]! - top);
        for (let k = 0; k < classes; k++) probabilities[k]![row]! /= sum;
        loss += weights[row]! * (Math.log(sum) + top - own);
      }
      const gradient = new Float64Array(classes * width);
      const residual = new Float64Array(rowCount);
      for (let k = 0; k < classes; k++) {
        const p = probabilities[k]!;
        for (let row = 0; row < rowCount; row++) residual[row] = weights[row]! * (p[row]! - (codes[row] === k ? 1 : 0));
        part(gradient, k).set(transposeTimes(design, residual));
        loss += penalise(part(beta, k), part(gradient, k), width, penalty);
      }
      const newtonStep = (): Float64Array => {
        const apply = (x: Float64Array): Float64Array => {
          const images = Array.from({ length: classes }, (_, k) => times(design, part(x, k)));
          for (let row = 0; row < rowCount; row++) {
            let mean = 0;
            for (let k = 0; k < classes; k++) mean += probabilities[k]![row]! * images[k]![row]!;
            for (let k = 0; k < classes; k++)
              images[k]![row] = weights[row]! * probabilities[k]![row]! * (images[k]![row]! - mean);
          }
          const out = new Float64Array(classes * width);
          for (let k = 0; k < classes; k++) {
            const slice = part(out, k);
            slice.set(transposeTimes(design, images[k]!));
            for (let i = 1; i < width; i++) slice[i]! += penalty * x[k * width + i]!;
          }
          return out;
        };
        const diagonal = new Float64Array(classes * width);
        for (let k = 0; k < classes; k++) {
          const p = probabilities[k]!;
          part(diagonal, k).set(
            diagonalOf(
              design,
              p.map((value, row) => weights[row]! * value * (1 - value)),
            ),
          );
        }
        for (let i = 0; i < diagonal.length; i++) diagonal[i]! += i % width === 0 ? 1e-9 * totalWeight : penalty;
        return solveByGradients(apply, gradient, diagonal, {
          tolerance: accuracy(gradient, totalWeight),
          maxSteps: 2000,
        });
      };
      return { loss, gradient, newtonStep };
    },
  };
}

/** Adds the penalty's derivative to the gradient and returns its value. */
function penalise(beta: Float64Array, gradient: Float64Array, width: number, penalty: number): number {
  let sum = 0;
  for (let i = 1; i < width; i++) {
    gradient[i]! += penalty * beta[i]!;
    sum += beta[i]! ** 2;
  }
  return 0.5 * penalty * sum;
}

/** How exactly the inner system must be solved: looser far from the optimum (Eisenstat & Walker's forcing term). */
function accuracy(gradient: Float64Array, totalWeight: number): number {
  return Math.min(0.1, Math.sqrt(Math.sqrt(inner(gradient, gradient)) / totalWeight));
}

function diagonalOf(design: Design, weights: Float64Array): Float64Array {
  const out = new Float64Array(design.width);
  for (const weight of weights) out[0]! += weight;
  for (const [j, { values }] of design.dense.entries()) {
    let sum = 0;
    for (let row = 0; row < values.length; row++) sum += weights[row]! * values[row]! ** 2;
    out[1 + j] = sum;
  }
  for (const { start, level } of design.groups) {
    for (let row = 0; row < level.length; row++) if (level[row]! >= 0) out[start + level[row]!]! += weights[row]!;
  }
  for (const { start, rowStart, column, value } of design.terms) {
    for (let row = 0; row < design.rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++)
        out[start + column[i]!]! += weights[row]! * value[i]! ** 2;
  }
  return out;
}
