// The design matrix of the linear models: standardised numbers, missing indicators and one-hot categories, kept sparse where they are.

import { fail } from "../base/failure.ts";
import { inner } from "./cholesky.ts";
import { encodeTable, textsOf } from "./features.ts";
import type { FitInput } from "./fit.ts";
import { rarityOf, textBuckets, visitTerms } from "./text-terms.ts";

/** More levels of a category than these are folded into one. */
const maxLevels = 100;

/** A dense column of the matrix: `(x - mean) / scale` of a feature with 0 for missing, or 1 where the feature is missing. */
export interface DenseColumn {
  readonly feature: number;
  readonly kind: "value" | "missing";
  readonly mean: number;
  readonly scale: number;
  /** Mean of the column over the weighted rows. */
  readonly average: number;
  readonly values: Float64Array;
}

/** The one-hot columns of one category feature: each row has a 1 in at most one of them. */
export interface LevelGroup {
  readonly feature: number;
  /** The first level's column in the matrix. */
  readonly start: number;
  readonly count: number;
  /** Column within the group per row. */
  readonly level: Int32Array;
  /** Column within the group per code of the feature's dictionary; codes that were not seen in training have none (-1). */
  readonly levelOfCode: Int32Array;
  /** The level of rows whose category is missing; -1 when none was. */
  readonly missingLevel: number;
}

/** The hashed terms of a text feature: row i holds entries [rowStart[i], rowStart[i + 1]). */
export interface TermBlock {
  readonly feature: number;
  readonly start: number;
  readonly count: number;
  readonly rowStart: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
  /** Column within the block per bucket, -1 for buckets that hardly any text has. */
  readonly columnOfBucket: Int32Array;
  readonly rarity: Float64Array;
}

/** Column 0 is the intercept (all ones), then the dense columns, the groups, and the texts' terms. */
export interface Design {
  readonly rowCount: number;
  readonly width: number;
  readonly dense: readonly DenseColumn[];
  readonly groups: readonly LevelGroup[];
  readonly terms: readonly TermBlock[];
  readonly weights: Float64Array;
  readonly totalWeight: number;
}

/** Throws TRAINING_NO_FEATURES when every feature is constant or missing. */
export function linearDesign({ table, features, options }: FitInput): Design {
  const rowCount = table.rowCount;
  const weights = options.weights ?? new Float64Array(rowCount).fill(1);
  let totalWeight = 0;
  for (let row = 0; row < rowCount; row++) totalWeight += weights[row]!;
  const encoded = encodeTable(features, table);
  const dense: DenseColumn[] = [];
  for (const [feature, { type }] of features.entries()) {
    if (type !== "category" && type !== "text") dense.push(...denseColumns(feature, encoded[feature]!, weights));
  }
  const groups: LevelGroup[] = [];
  let width = 1 + dense.length;
  for (const [feature, { type, dictionary }] of features.entries()) {
    if (type !== "category") continue;
    const group = levelGroup(feature, encoded[feature]!, dictionary!.length, weights, width);
    if (group === undefined) continue;
    groups.push(group);
    width += group.count;
  }
  const terms: TermBlock[] = [];
  for (const [feature, texts] of textsOf(features, table).entries()) {
    if (texts === undefined) continue;
    const block = termBlock(feature, texts, width);
    if (block.count === 0) continue;
    terms.push(block);
    width += block.count;
  }
  if (width === 1)
    throw fail("TRAINING_NO_FEATURES", "Expected a feature that varies, got only constant or missing ones");
  return { rowCount, width, dense, groups, terms, weights, totalWeight };
}

function denseColumns(feature: number, values: Float64Array, weights: Float64Array): DenseColumn[] {
  let largest = 0;
  let missing = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (weights[row] === 0) continue;
    if (Number.isNaN(value)) missing++;
    else if (value > largest) largest = value;
    else if (-value > largest) largest = -value;
  }
  // In units of the largest value, neither the sum nor the squares can overflow; measured from some value, they do not cancel.
  const unit = largest || 1;
  const start = values.findIndex((value, row) => !Number.isNaN(value) && weights[row]! > 0);
  if (start < 0) return [];
  const shift = values[start]! / unit;
  let present = 0;
  let absent = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < values.length; row++) {
    const distance = values[row]! / unit - shift;
    if (Number.isNaN(distance)) {
      absent += weights[row]!;
      continue;
    }
    const weighted = weights[row]! * distance;
    present += weights[row]!;
    sum += weighted;
    squares += weighted * distance;
  }
  const columns: DenseColumn[] = [];
  const mean = sum / present;
  const deviation = Math.sqrt(Math.max(0, squares / present - mean * mean));
  if (deviation > 1e-13) {
    const center = (shift + mean) * unit;
    const scale = deviation * unit;
    const standardised = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const value = (values[row]! - center) / scale;
      standardised[row] = Number.isNaN(value) ? 0 : value;
    }
    columns.push({ feature, kind: "value", mean: center, scale, average: 0, values: standardised });
  }
  // A single missing row would only teach the model that row's label.
  if (missing >= 2) {
    const average = absent / (present + absent);
    columns.push({
      feature,
      kind: "missing",
      mean: 0,
      scale: 1,
      average,
      values: values.map((value) => (Number.isNaN(value) ? 1 : 0)),
    });
  }
  return columns;
}

function levelGroup(
  feature: number,
  codes: Float64Array,
  known: number,
  weights: Float64Array,
  start: number,
): LevelGroup | undefined {
  const rows = new Int32Array(known);
  let missing = 0;
  for (let row = 0; row < codes.length; row++) {
    if (weights[row] === 0) continue;
    if (Number.isNaN(codes[row])) missing++;
    else rows[codes[row]!]!++;
  }
  const rare = codes.length < 100 ? 1 : codes.length < 1000 ? 2 : 5;
  const seen = Array.from(rows.keys()).filter((code) => rows[code]! > 0);
  const byFrequency = seen.toSorted((a, b) => rows[b]! - rows[a]! || a - b);
  const kept = byFrequency.slice(0, maxLevels).filter((code) => rows[code]! >= rare);
  const levelOfCode = new Int32Array(known).fill(-1);
  for (const [level, code] of kept.entries()) levelOfCode[code] = level;
  let count = kept.length;
  if (kept.length < seen.length) {
    for (const code of seen) if (levelOfCode[code] === -1) levelOfCode[code] = count;
    count++;
  }
  const missingLevel = missing > 0 ? count++ : -1;
  if (count < 2) return undefined;
  const level = Int32Array.from(codes, (code) => (Number.isNaN(code) ? missingLevel : levelOfCode[code]!));
  // Rows of weight 0 may hold categories that no counted row has.
  return { feature, start, count, level, levelOfCode, missingLevel };
}

function termBlock(feature: number, texts: readonly (string | null)[], start: number): TermBlock {
  const rarity = rarityOf(texts, texts.length < 1000 ? 2 : 5);
  const columnOfBucket = new Int32Array(textBuckets).fill(-1);
  let count = 0;
  for (let bucket = 0; bucket < textBuckets; bucket++) if (rarity[bucket]! > 0) columnOfBucket[bucket] = count++;
  const rowStart = new Int32Array(texts.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  for (const [row, text] of texts.entries()) {
    if (text !== null)
      visitTerms(text, rarity, 0, (bucket, weight) => {
        column.push(columnOfBucket[bucket]!);
        value.push(weight);
      });
    rowStart[row + 1] = column.length;
  }
  return {
    feature,
    start,
    count,
    rowStart,
    column: Int32Array.from(column),
    value: Float64Array.from(value),
    columnOfBucket,
    rarity,
  };
}

/** X·β, one number per row; written to `out` when it is given. */
export function times(
  design: Design,
  beta: Float64Array,
  out: Float64Array = new Float64Array(design.rowCount),
): Float64Array {
  const { rowCount, dense, groups, terms } = design;
  out.fill(beta[0]!);
  for (let j = 0; j < dense.length; j++) {
    const factor = beta[1 + j]!;
    if (factor === 0) continue;
    const { values } = dense[j]!;
    for (let row = 0; row < rowCount; row++) out[row]! += factor * values[row]!;
  }
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++) if (level[row]! >= 0) out[row]! += beta[start + level[row]!]!;
  }
  for (const { start, rowStart, column, value } of terms) {
    for (let row = 0; row < rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) out[row]! += beta[start + column[i]!]! * value[i]!;
  }
  return out;
}

/** Xᵀ·r, one number per column. */
export function transposeTimes(design: Design, residual: Float64Array): Float64Array {
  const { rowCount, width, dense, groups, terms } = design;
  const out = new Float64Array(width);
  let sum = 0;
  for (let row = 0; row < rowCount; row++) sum += residual[row]!;
  out[0] = sum;
  for (let j = 0; j < dense.length; j++) out[1 + j] = inner(dense[j]!.values, residual);
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++) if (level[row]! >= 0) out[start + level[row]!]! += residual[row]!;
  }
  for (const { start, rowStart, column, value } of terms) {
    for (let row = 0; row < rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) out[start + column[i]!]! += residual[row]! * value[i]!;
  }
  return out;
}
