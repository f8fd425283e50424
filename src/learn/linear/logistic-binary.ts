// The log loss of logistic regression over a design, and Newton steps on it.

import { fail } from "../../base/failure.ts";
import { factorise, solveByGradients, solveFactorised } from "./cholesky.ts";
import { addSparseTimes, addSparseTransposed, type Design, times, transposeTimes } from "./design.ts";
import { gram } from "./gram.ts";
import { accuracy, diagonalOf, type Newton, type Problem, penalise } from "./logistic-problem.ts";

const widestFactorised = 400;

/** Throws TRAINING_LABEL_CONSTANT when only one class has weight. */
export function binaryProblem(design: Design, codes: Int32Array, penalty: number): Problem {
  const { rowCount, width, weights, totalWeight, block } = design;
  let positive = 0;
  for (let row = 0; row < rowCount; row++) positive += codes[row] === 1 ? weights[row]! : 0;
  if (positive === 0 || positive === totalWeight)
    throw fail("TRAINING_LABEL_CONSTANT", "Expected both classes to have weight, got one");
  const start = new Float64Array(width);
  start[0] = Math.log(positive / (totalWeight - positive));
  // Used by every evaluation: a Newton step is only ever taken from the latest one.
  const margin = block?.margin ?? new Float64Array(rowCount);
  const residual = block?.residual ?? new Float64Array(rowCount);
  const curvature = block?.curvature ?? new Float64Array(rowCount);
  if (block !== undefined) for (let row = 0; row < rowCount; row++) block.label[row] = codes[row] === 1 ? 1 : 0;
  const logLoss = (): number => {
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
    return loss;
  };
  const factorised = (): Newton => {
    const matrix = gram(design, curvature);
    for (let i = 1; i < width; i++) matrix[i * width + i]! += penalty;
    factorise(matrix, width);
    return { isCheap: true, solve: (gradient) => solveFactorised(matrix, gradient) };
  };
  const iterative = (): Newton => {
    const apply = (x: Float64Array): Float64Array => {
      const image = transposeTimes(
        design,
        times(design, x).map((value, row) => value * curvature[row]!),
      );
      for (let i = 1; i < width; i++) image[i]! += penalty * x[i]!;
      return image;
    };
    const diagonal = diagonalOf(design, curvature).map((value, i) => value + (i === 0 ? 1e-12 : penalty));
    return {
      isCheap: false,
      solve: (gradient) =>
        solveByGradients(apply, gradient, diagonal, { tolerance: accuracy(gradient, totalWeight), maxSteps: 2000 }),
    };
  };
  return {
    start,
    evaluate(beta) {
      let loss: number;
      let gradient: Float64Array;
      if (block === undefined) {
        times(design, beta, margin);
        loss = logLoss();
        gradient = transposeTimes(design, residual);
      } else {
        margin.fill(beta[0]!);
        addSparseTimes(design, beta, margin);
        const dense = block.logistic(beta.subarray(1, 1 + design.dense.length));
        loss = dense.loss;
        gradient = new Float64Array(width);
        gradient.set(dense.gradient);
        addSparseTransposed(design, residual, gradient);
      }
      loss += penalise(beta, gradient, width, penalty);
      return {
        loss,
        gradient,
        newton: width <= widestFactorised && design.terms.length === 0 ? factorised : iterative,
      };
    },
  };
}
