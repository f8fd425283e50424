// Bins: how the values of a feature become at most 255 ordered numbers (or sets of categories) that trees split between.

import type { Feature, Numbers } from "../feature.ts";

/** Bins of a number: value v is in the first bin whose bound is not below v; `bounds` are ascending and one fewer than bins. */
export interface NumberBins {
  readonly kind: "number";
  readonly count: number;
  readonly bounds: Float64Array;
  readonly hasMissing: boolean;
}

/** Bins of a category: one per frequent code; the rest share the last one. Codes never seen count as missing (-1). */
export interface CategoryBins {
  readonly kind: "category";
  readonly count: number;
  readonly binOfCode: Int16Array;
  readonly hasMissing: boolean;
}

export type Bins = NumberBins | CategoryBins;

/** Bounds are found from at most so many rows: the error of a quantile is far below the width of a bin. */
export const mostSampled = 50_000;

/** Where a sample is drawn to and sorted, its first `count` numbers. */
export interface SampleRoom {
  readonly sample: Float64Array;
  sort(count: number): void;
}

/** The bins of one encoded feature (NaN missing); at most `maxBins` (2 to 255) without the one for missing values. */
export function binsOf(feature: Feature, values: Numbers, maxBins: number): Bins {
  if (feature.type === "category") return categoryBins(values, feature.dictionary!.length, maxBins);
  const sample = new Float64Array(Math.min(values.length, mostSampled));
  const room = { sample, sort: (count: number) => void sample.subarray(0, count).sort() };
  const bins = numberBins(values, maxBins, room);
  return bins.hasMissing ? bins : { ...bins, hasMissing: values.some(Number.isNaN) };
}

/** The bins of a number; of many values only a sample is looked at, `hasMissing` speaks of it alone. */
export function numberBins(values: Numbers, maxBins: number, { sample, sort }: SampleRoom): NumberBins {
  const stride = Math.ceil(values.length / mostSampled);
  let present = 0;
  let hasMissing = false;
  // A stride that is not a divisor of any natural period: regular data must not show the sample one phase only.
  for (let i = 0, row = 0; row < values.length; i++, row += stride) {
    const value = values[stride === 1 ? row : Math.min(values.length - 1, row + ((i * 7) % stride))]!;
    if (Number.isNaN(value)) hasMissing = true;
    else sample[present++] = value;
  }
  sort(present);
  const bounds = boundsOf(sample.subarray(0, present), maxBins);
  return { kind: "number", count: bounds.length + 1, bounds, hasMissing };
}

/**
 * Bounds halfway between neighbouring values. Few distinct values get a bin each. Otherwise bins hold about equally many rows;
 * a value that alone fills a bin gets one of its own, and the others share what is left (as LightGBM's greedy binning does).
 */
function boundsOf(sorted: Float64Array, maxBins: number): Float64Array {
  const distinct = new Float64Array(sorted.length);
  const counts = new Int32Array(sorted.length);
  let found = 0;
  for (let i = 0; i < sorted.length; found++) {
    const value = sorted[i]!;
    let end = i + 1;
    while (end < sorted.length && sorted[end] === value) end++;
    distinct[found] = value;
    counts[found] = end - i;
    i = end;
  }
  const bounds: number[] = [];
  if (found <= maxBins) {
    for (let i = 1; i < found; i++) bounds.push(between(distinct[i - 1]!, distinct[i]!));
    return Float64Array.from(bounds);
  }
  const even = sorted.length / maxBins;
  const isBig = (i: number): boolean => counts[i]! >= even;
  let rowsLeft = sorted.length;
  let binsLeft = maxBins;
  for (let i = 0; i < found; i++) {
    if (!isBig(i)) continue;
    rowsLeft -= counts[i]!;
    binsLeft--;
  }
  let target = rowsLeft / Math.max(1, binsLeft);
  let filled = 0;
  for (let i = 0; i + 1 < found && bounds.length < maxBins - 1; i++) {
    filled += counts[i]!;
    if (!isBig(i)) rowsLeft -= counts[i]!;
    const full = isBig(i) || filled >= target || (isBig(i + 1) && filled >= Math.max(1, target / 2));
    if (!full) continue;
    bounds.push(between(distinct[i]!, distinct[i + 1]!));
    filled = 0;
    if (!isBig(i)) {
      binsLeft--;
      target = rowsLeft / Math.max(1, binsLeft);
    }
  }
  return Float64Array.from(bounds);
}

/** A number m with a <= m < b, near the middle. */
function between(a: number, b: number): number {
  const middle = a + (b - a) / 2;
  if (middle >= a && middle < b) return middle;
  // The distance overflowed, or a and b are neighbours.
  const halves = a / 2 + b / 2;
  return halves >= a && halves < b ? halves : a;
}

export function categoryBins(codes: Numbers, known: number, maxBins: number): CategoryBins {
  const rows = new Int32Array(known);
  let hasMissing = false;
  for (let row = 0; row < codes.length; row++) {
    if (Number.isNaN(codes[row])) hasMissing = true;
    else rows[codes[row]!]!++;
  }
  const seen = Array.from(rows.keys()).filter((code) => rows[code]! > 0);
  const byFrequency = seen.toSorted((a, b) => rows[b]! - rows[a]! || a - b);
  const own = seen.length <= maxBins ? seen.length : maxBins - 1;
  const binOfCode = new Int16Array(known).fill(-1);
  for (const [rank, code] of byFrequency.entries()) binOfCode[code] = Math.min(rank, own);
  return { kind: "category", count: Math.max(1, Math.min(seen.length, own + 1)), binOfCode, hasMissing };
}
