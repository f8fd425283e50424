// The loss of softmax regression over a design, and Newton steps on it.

import { solveByGradients } from "./cholesky.ts";
import { type Design, times, transposeTimes } from "./design.ts";
import { accuracy, diagonalOf, type Newton, type Problem, penalise } from "./logistic-problem.ts";

export function softmaxProblem(design: Design, codes: Int32Array, classes: number, penalty: number): Problem {
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
      const newton = (): Newton => {
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
        return {
          isCheap: false,
          solve: (right) =>
            solveByGradients(apply, right, diagonal, { tolerance: accuracy(right, totalWeight), maxSteps: 2000 }),
        };
      };
      return { loss, gradient, newton };
    },
  };
}
