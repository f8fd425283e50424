// Shapley values of any model against one reference row: exact for few features, by seeded permutations for many.

import { type Feature, groupsOf, type Numbers } from "./feature.ts";
import { random, shuffled } from "./random.ts";

/** Up to this many differing features all their subsets are tried. */
const mostExact = 8;

/** Random orders, each walked forwards and backwards, which halves the noise of features that act alike. */
const orders = 32;

/**
 * How much each feature's value, instead of the reference's, adds to the margin (Štrumbelj & Kononenko 2014). The contributions
 * sum exactly to margin(row) - margin(reference), sampled or not. The numbers of a vector change together; what they add stands
 * at the first of them.
 */
export function referenceShapley(
  margin: (row: Float64Array) => number,
  row: Float64Array,
  reference: Float64Array,
  features: readonly Feature[],
): { base: number; contributions: Float64Array } {
  const base = margin(reference);
  const contributions = new Float64Array(row.length);
  const differing = groupsOf(features).filter((group) => group.some((f) => !Object.is(row[f], reference[f])));
  const copy = (group: readonly number[], from: Float64Array, into: Float64Array): void => {
    for (const f of group) into[f] = from[f]!;
  };
  if (differing.length <= mostExact) {
    const n = differing.length;
    const mixed = Float64Array.from(reference);
    const worth = Float64Array.from({ length: 1 << n }, (_, set) => {
      for (const [i, group] of differing.entries()) copy(group, (set >> i) & 1 ? row : reference, mixed);
      return margin(mixed);
    });
    // Weight of a subset of size s among the others: s!·(n - s - 1)! / n!.
    const weight = [1 / Math.max(1, n)];
    for (let s = 1; s < n; s++) weight[s] = (weight[s - 1]! * s) / (n - s);
    for (let set = 0; set < 1 << n; set++) {
      const size = set.toString(2).replaceAll("0", "").length;
      for (const [i, [f]] of differing.entries())
        if (((set >> i) & 1) === 0) contributions[f!]! += weight[size]! * (worth[set | (1 << i)]! - worth[set]!);
    }
    return { base, contributions };
  }
  const source = random(differing.length);
  for (let round = 0; round < orders; round++) {
    const forwards = Array.from(shuffled(differing.length, source), (i) => differing[i]!);
    for (const path of [forwards, forwards.toReversed()]) {
      const mixed = Float64Array.from(reference);
      let before = base;
      for (const group of path) {
        copy(group, row, mixed);
        const after = margin(mixed);
        contributions[group[0]!]! += (after - before) / (2 * orders);
        before = after;
      }
    }
  }
  return { base, contributions };
}

/** The row that explanations start from: the median of each number, the commonest category. Missing when most rows are. */
export function referenceRow(columns: readonly Numbers[], features: readonly Feature[]): Float64Array {
  return Float64Array.from(columns, (whole, f) => {
    const column = features[f]!.part === undefined ? whole : spreadOver(whole);
    const present = column.filter((value) => !Number.isNaN(value)).sort();
    if (present.length * 2 < column.length || present.length === 0) return Number.NaN;
    if (features[f]!.type !== "category") return present[present.length >> 1]!;
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

/** Of the many numbers of a vector some rows are enough. */
function spreadOver(column: Numbers): Numbers {
  const stride = Math.ceil(column.length / 10_000);
  return stride === 1 ? column : column.filter((_, row) => row % stride === 0);
}

/** The standard deviation of what each feature alone (a vector as a whole) moves the margin by, over the given rows: an importance for any model. */
export function referenceImportance(
  margin: (row: Float64Array) => number,
  rows: readonly Float64Array[],
  reference: Float64Array,
  features: readonly Feature[],
): Float64Array {
  const mixed = Float64Array.from(reference);
  const importance = new Float64Array(reference.length);
  for (const group of groupsOf(features)) {
    const margins = rows.map((row) => {
      for (const f of group) mixed[f] = row[f]!;
      return margin(mixed);
    });
    for (const f of group) mixed[f] = reference[f]!;
    const mean = margins.reduce((sum, value) => sum + value, 0) / Math.max(1, rows.length);
    importance[group[0]!] = Math.sqrt(
      margins.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows.length),
    );
  }
  return importance;
}
