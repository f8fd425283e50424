// Predicted classes and their counts: what accuracy, F1, confusion and the curves are made of.

import type { Label } from "./model.ts";

/** A classification's labels beside its probabilities (rows × classes) and row weights. */
export interface ClassScores {
  readonly task: "binary" | "multiclass";
  readonly codes: Int32Array;
  readonly classes: readonly string[];
  readonly probabilities: Float64Array;
  readonly weights: Float64Array;
}

/** One class against the rest: its probability per row, and whether the row is of it. */
export interface Ranking {
  readonly scores: Float64Array;
  readonly hits: Uint8Array;
  readonly weights: Float64Array;
  /** Rows from the highest score to the lowest. */
  readonly order: Int32Array;
}

export function classScores(label: Extract<Label, { codes: Int32Array }>, probabilities: Float64Array): ClassScores {
  return { ...label, probabilities, weights: label.weights ?? new Float64Array(label.codes.length).fill(1) };
}

export function positives({ codes, classes, probabilities, weights }: ClassScores, of: number): Ranking {
  const K = classes.length;
  const scores = new Float64Array(codes.length);
  const hits = new Uint8Array(codes.length);
  for (let row = 0; row < codes.length; row++) {
    scores[row] = probabilities[row * K + of]!;
    hits[row] = codes[row] === of ? 1 : 0;
  }
  return ranking(scores, hits, weights);
}

export function ranking(
  scores: Float64Array,
  hits: Uint8Array,
  weights: Float64Array = new Float64Array(scores.length).fill(1),
): Ranking {
  const order = Int32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  return { scores, hits, weights, order };
}

/** The likeliest class per row (the first on a tie); of a binary model, the positive one from the threshold on. */
export function predictedCodes(
  { task, classes: { length: K }, probabilities, codes }: ClassScores,
  threshold = 0.5,
): Int32Array {
  const predicted = new Int32Array(codes.length);
  for (let row = 0; row < predicted.length; row++) {
    if (task === "binary") {
      predicted[row] = probabilities[row * 2 + 1]! >= threshold ? 1 : 0;
      continue;
    }
    let best = 0;
    for (let k = 1; k < K; k++) if (probabilities[row * K + k]! > probabilities[row * K + best]!) best = k;
    predicted[row] = best;
  }
  return predicted;
}

/** Weight of the rows of class a (row) predicted as class p (column): classes × classes, row after row. */
export function confusionMatrix(
  { codes, classes: { length: K }, weights }: ClassScores,
  predicted: Int32Array,
): Float64Array {
  const matrix = new Float64Array(K * K);
  for (let row = 0; row < codes.length; row++) matrix[codes[row]! * K + predicted[row]!]! += weights[row]!;
  return matrix;
}
