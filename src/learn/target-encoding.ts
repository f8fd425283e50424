// Target encoding: a category as the mean label of its rows, made for each row from other rows, so that no row sees its own label.

import type { Numbers } from "./feature.ts";
import type { Label } from "./model.ts";
import { random } from "./random.ts";

/** Rows of an average category that the mean of all rows counts for. */
const priorRows = 10;
const folds = 5;

export interface TargetEncoding {
  /** Per row: its category's mean over the other folds, drawn towards the mean of those. Missing categories get the mean. */
  readonly rows: Float64Array;
  /** Per category: its mean over all rows, drawn towards the mean. */
  readonly ofCode: Float64Array;
  readonly prior: number;
}

/** What is averaged: the label itself, the positive class, or each class of several. */
export function signalsOf(label: Label): Float64Array[] {
  if (label.task === "regression") return [label.values];
  const wanted = label.task === "binary" ? [1] : [...label.classes.keys()];
  return wanted.map((own) => Float64Array.from(label.codes, (code) => (code === own ? 1 : 0)));
}

/** `codes` are below `known`, or NaN for missing. */
export function targetEncoding(
  codes: Numbers,
  known: number,
  signal: Float64Array,
  weights: Float64Array,
  seed: number,
): TargetEncoding {
  const source = random(seed, 4242);
  const fold = Uint8Array.from(codes, () => source.below(folds));
  // Distances from some value, so that labels far from 0 do not cancel.
  const origin = signal[0] ?? 0;
  const sums = new Float64Array(known * folds);
  const totals = new Float64Array(known * folds);
  const foldSum = new Float64Array(folds);
  const foldTotal = new Float64Array(folds);
  let counted = 0;
  for (let row = 0; row < codes.length; row++) {
    const weight = weights[row]!;
    const weighted = weight * (signal[row]! - origin);
    if (weight > 0) counted++;
    foldSum[fold[row]!]! += weighted;
    foldTotal[fold[row]!]! += weight;
    if (Number.isNaN(codes[row]!)) continue;
    sums[codes[row]! * folds + fold[row]!]! += weighted;
    totals[codes[row]! * folds + fold[row]!]! += weight;
  }
  const sum = foldSum.reduce((a, b) => a + b, 0);
  const total = foldTotal.reduce((a, b) => a + b, 0);
  // In weights: priorRows rows of average weight.
  const strength = (priorRows * total) / Math.max(1, counted);
  const mean = total > 0 ? sum / total : 0;
  const meanWithout = Float64Array.from(foldSum, (own, f) =>
    total - foldTotal[f]! > 0 ? (sum - own) / (total - foldTotal[f]!) : mean,
  );
  const codeSum = new Float64Array(known);
  const codeTotal = new Float64Array(known);
  for (let i = 0; i < sums.length; i++) {
    codeSum[Math.floor(i / folds)]! += sums[i]!;
    codeTotal[Math.floor(i / folds)]! += totals[i]!;
  }
  const drawn = (own: number, weight: number, towards: number): number =>
    origin + (own + strength * towards) / (weight + strength);
  return {
    rows: Float64Array.from(codes, (code, row) => {
      const f = fold[row]!;
      if (Number.isNaN(code)) return origin + meanWithout[f]!;
      const at = code * folds + f;
      return drawn(codeSum[code]! - sums[at]!, codeTotal[code]! - totals[at]!, meanWithout[f]!);
    }),
    ofCode: codeSum.map((own, code) => drawn(own, codeTotal[code]!, mean)),
    prior: origin + mean,
  };
}
