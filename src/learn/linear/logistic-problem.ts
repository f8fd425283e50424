// What Newton's method needs to know of a convex loss over a design, and the parts that its kinds share.

import { inner } from "./cholesky.ts";
import type { Design } from "./design.ts";

export interface State {
  readonly loss: number;
  readonly gradient: Float64Array;
  newton(): Newton;
}

export interface Newton {
  /** Hessian⁻¹·gradient, exactly or to an accuracy that keeps the convergence superlinear. */
  solve(gradient: Float64Array): Float64Array;
  /** Whether solving again, with a gradient from near by, costs much less than a new Hessian. */
  readonly isCheap: boolean;
}

export interface Problem {
  readonly start: Float64Array;
  evaluate(beta: Float64Array): State;
}

/** Adds the penalty's derivative to the gradient and returns its value. */
export function penalise(beta: Float64Array, gradient: Float64Array, width: number, penalty: number): number {
  let sum = 0;
  for (let i = 1; i < width; i++) {
    gradient[i]! += penalty * beta[i]!;
    sum += beta[i]! ** 2;
  }
  return 0.5 * penalty * sum;
}

/** How exactly the inner system must be solved: looser far from the optimum (Eisenstat & Walker's forcing term). */
export function accuracy(gradient: Float64Array, totalWeight: number): number {
  return Math.min(0.1, Math.sqrt(Math.sqrt(inner(gradient, gradient)) / totalWeight));
}

export function diagonalOf(design: Design, weights: Float64Array): Float64Array {
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
