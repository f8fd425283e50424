// Shapley values of any model against one reference row: exact for few features, by seeded permutations for many.

import { random, shuffled } from "./random.ts";

/** Up to this many differing features all their subsets are tried. */
const mostExact = 8;

/** Random orders, each walked forwards and backwards, which halves the noise of features that act alike. */
const orders = 32;

/**
 * How much each feature's value, instead of the reference's, adds to the margin (Štrumbelj & Kononenko 2014). The contributions
 * sum exactly to margin(row) - margin(reference), sampled or not.
 */
export function referenceShapley(
  margin: (row: Float64Array) => number,
  row: Float64Array,
  reference: Float64Array,
): { base: number; contributions: Float64Array } {
  const base = margin(reference);
  const contributions = new Float64Array(row.length);
  const differing = row
    .keys()
    .filter((f) => !Object.is(row[f], reference[f]))
    .toArray();
  if (differing.length <= mostExact) {
    const n = differing.length;
    const mixed = Float64Array.from(reference);
    const worth = Float64Array.from({ length: 1 << n }, (_, set) => {
      for (const [i, f] of differing.entries()) mixed[f] = (set >> i) & 1 ? row[f]! : reference[f]!;
      return margin(mixed);
    });
    // Weight of a subset of size s among the others: s!·(n - s - 1)! / n!.
    const weight = [1 / Math.max(1, n)];
    for (let s = 1; s < n; s++) weight[s] = (weight[s - 1]! * s) / (n - s);
    for (let set = 0; set < 1 << n; set++) {
      const size = set.toString(2).replaceAll("0", "").length;
      for (const [i, f] of differing.entries())
        if (((set >> i) & 1) === 0) contributions[f]! += weight[size]! * (worth[set | (1 << i)]! - worth[set]!);
    }
    return { base, contributions };
  }
  const source = random(differing.length);
  for (let round = 0; round < orders; round++) {
    const forwards = Array.from(shuffled(differing.length, source), (i) => differing[i]!);
    for (const path of [forwards, forwards.toReversed()]) {
      const mixed = Float64Array.from(reference);
      let before = base;
      for (const f of path) {
        mixed[f] = row[f]!;
        const after = margin(mixed);
        contributions[f]! += (after - before) / (2 * orders);
        before = after;
      }
    }
  }
  return { base, contributions };
}

/** The row that explanations start from: the median of each number, the commonest category. Missing when most rows are. */
export function referenceRow(columns: readonly Float64Array[], isCategory: (feature: number) => boolean): Float64Array {
  return Float64Array.from(columns, (column, f) => {
    const present = column.filter((value) => !Number.isNaN(value)).sort();
    if (present.length * 2 < column.length || present.length === 0) return Number.NaN;
    if (!isCategory(f)) return present[present.length >> 1]!;
    let best = present[0]!;
    let longest = 0;
    for (let i = 0; i < present.length; ) {
      let end = i + 1;
      while (end < present.length && present[end] === present[i]) end++;
      if (end - i > longest) {
        longest = end - i;
        best = present[i]!;
      }
      i = end;
    }
    return best;
  });
}

/** The standard deviation of what each feature alone moves the margin by, over the given rows: an importance for any model. */
export function referenceImportance(
  margin: (row: Float64Array) => number,
  rows: readonly Float64Array[],
  reference: Float64Array,
): Float64Array {
  const mixed = Float64Array.from(reference);
  return reference.map((_, f) => {
    const margins = rows.map((row) => {
      mixed[f] = row[f]!;
      return margin(mixed);
    });
    mixed[f] = reference[f]!;
    const mean = margins.reduce((sum, value) => sum + value, 0) / Math.max(1, rows.length);
    return Math.sqrt(margins.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows.length));
  });
}
