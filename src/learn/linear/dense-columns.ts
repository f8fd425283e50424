// Standardised columns of a design and columns that say where a number is missing, made of raw numbers without losing digits.

import type { Numbers } from "../feature.ts";

/**
 * A dense column of the matrix: `(x - mean) / scale` of a feature with 0 for missing, 1 where the feature is missing, or the encoding
 * of a category.
 */
export interface DenseColumn {
  readonly feature: number;
  readonly kind: "value" | "missing" | "encoded";
  readonly mean: number;
  readonly scale: number;
  /** Mean of the column over the weighted rows. */
  readonly average: number;
  readonly values: Float64Array;
  /** Of an encoded category: the column's value for each code, and for missing or unknown ones. */
  readonly ofCode?: Float64Array;
  readonly ofMissing?: number;
}

/** Reads one column after the other; only rows with weight count, and infinities are missing. */
export interface ColumnReader {
  /** Takes the next column: its largest absolute value, the number of missing ones, and the first that is present (or NaN). */
  load(values: Numbers): { largest: number; missing: number; first: number };
  /** Weights of present and missing rows, and the weighted sums of x·perUnit - shift and of its square. */
  moments(perUnit: number, shift: number): { present: number; absent: number; sum: number; squares: number };
  standardised(center: number, scale: number): Float64Array;
  indicator(): Float64Array;
}

/** The columns of one numeric feature: none, one or two. */
export function denseColumns(
  feature: number,
  values: Numbers,
  reader: ColumnReader,
  saysMissing: boolean,
): DenseColumn[] {
  const { largest, missing, first } = reader.load(values);
  if (Number.isNaN(first)) return [];
  // In units of about the largest value, neither the sum nor the squares can overflow; measured from some value, they do not cancel.
  // A power of two changes no digit, and neither does its inverse.
  const unit = 2 ** Math.max(-1022, Math.min(1022, Math.floor(Math.log2(largest || 1))));
  const perUnit = 1 / unit;
  const shift = first * perUnit;
  const { present, absent, sum, squares } = reader.moments(perUnit, shift);
  const columns: DenseColumn[] = [];
  const mean = sum / present;
  const deviation = Math.sqrt(Math.max(0, squares / present - mean * mean));
  if (deviation > 1e-13) {
    const center = (shift + mean) * unit;
    const scale = deviation * unit;
    columns.push({
      feature,
      kind: "value",
      mean: center,
      scale,
      average: 0,
      values: reader.standardised(center, scale),
    });
  }
  // A single missing row would only teach the model that row's label.
  if (saysMissing && missing >= 2) {
    const average = absent / (present + absent);
    columns.push({ feature, kind: "missing", mean: 0, scale: 1, average, values: reader.indicator() });
  }
  return columns;
}

/** Reads with plain loops, for designs that are too small or too large for the kernels' memory. */
export function plainReader(weights: Float64Array): ColumnReader {
  let values: Numbers = new Float64Array(0);
  return {
    load(next) {
      values = next;
      let largest = 0;
      let missing = 0;
      let first = Number.NaN;
      for (let row = 0; row < values.length; row++) {
        if (weights[row] === 0) continue;
        const size = Math.abs(values[row]!);
        if (!(size < Number.POSITIVE_INFINITY)) missing++;
        else {
          if (Number.isNaN(first)) first = values[row]!;
          if (size > largest) largest = size;
        }
      }
      return { largest, missing, first };
    },
    moments(perUnit, shift) {
      let [present, absent, sum, squares] = [0, 0, 0, 0];
      for (let row = 0; row < values.length; row++) {
        const weight = weights[row]!;
        const distance = values[row]! * perUnit - shift;
        if (distance - distance !== 0) {
          absent += weight;
          continue;
        }
        present += weight;
        if (weight === 0) continue;
        sum += weight * distance;
        squares += weight * distance * distance;
      }
      return { present, absent, sum, squares };
    },
    standardised: (center, scale) =>
      Float64Array.from(values, (value) => {
        const standard = (value - center) / scale;
        return Number.isFinite(value) && Number.isFinite(standard) ? standard : 0;
      }),
    indicator: () => Float64Array.from(values, (value) => (Number.isFinite(value) ? 0 : 1)),
  };
}
