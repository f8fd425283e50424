// The design matrix of the linear models: standardised numbers, missing indicators and one-hot categories, kept sparse where they are.

import { fail } from "../../base/failure.ts";
import { encodeTable, type Feature, type Numbers, textsOf } from "../features.ts";
import type { FitInput } from "../fit-input.ts";
import { signalsOf, targetEncoding } from "../target-encoding.ts";
import { termReader, type Vocabulary, vocabularyOf } from "../text-terms.ts";
import { inner } from "./cholesky.ts";
import { type DenseBlock, denseBlock } from "./dense-block.ts";
import { type DenseColumn, denseColumns, plainReader } from "./dense-columns.ts";

/** More levels of a category than these are folded into one. */
const maxLevels = 100;

/** A term that a single text has says nothing of others. */
const fewestTexts = 2;

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

/** The terms of a text feature, a column each: row i holds entries [rowStart[i], rowStart[i + 1]). */
export interface TermBlock {
  readonly feature: number;
  readonly start: number;
  readonly count: number;
  readonly rowStart: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
  readonly vocabulary: Vocabulary;
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
  /** Where the dense columns of a large design live. */
  readonly block: DenseBlock | undefined;
}

/** Throws TRAINING_NO_FEATURES when every feature is constant or missing. */
export function linearDesign(
  { table, features, label, options }: FitInput,
  { encodesTargets = false }: { readonly encodesTargets?: boolean } = {},
): Design {
  const rowCount = table.rowCount;
  const weights = options.weights ?? new Float64Array(rowCount).fill(1);
  let totalWeight = 0;
  for (let row = 0; row < rowCount; row++) totalWeight += weights[row]!;
  const dense: DenseColumn[] = [];
  const numeric = [...features.keys()].filter((f) => features[f]!.type !== "category" && features[f]!.type !== "text");
  // One-hot columns cannot carry so many levels: the label's mean per level does, beside those of the most frequent ones.
  const encoded = [...features.keys()].filter(
    (f) => encodesTargets && features[f]!.dictionary !== undefined && features[f]!.dictionary!.length > maxLevels,
  );
  const signals = encoded.length > 0 ? signalsOf(label) : [];
  // Each may need a column that says where it is missing (a vector one for all of its numbers); room that is not used costs no memory.
  const marks = numeric.filter((f) => saysMissing(features[f]!)).length;
  const block = denseBlock(rowCount, numeric.length + marks + encoded.length * signals.length);
  block?.weights.set(weights);
  const reader = block ?? plainReader(weights);
  for (const feature of numeric) {
    const column = table.columns.get(features[feature]!.name);
    // The reader takes infinities for missing, as encodeTable would at the price of another pass.
    const values = column?.type === "number" ? column.values : encodeTable([features[feature]!], table)[0]!;
    const columns = denseColumns(feature, values, reader, saysMissing(features[feature]!));
    for (const one of columns) dense.push(one);
  }
  for (const feature of encoded) {
    const codes = encodeTable([features[feature]!], table)[0]!;
    const known = features[feature]!.dictionary!.length;
    for (const signal of signals) {
      const { rows, ofCode, prior } = targetEncoding(codes, known, signal, weights, options.seed);
      for (const column of denseColumns(feature, rows, reader, true)) {
        const standard = (value: number): number => (value - column.mean) / column.scale;
        dense.push({ ...column, kind: "encoded", ofCode: ofCode.map(standard), ofMissing: standard(prior) });
      }
    }
  }
  const groups: LevelGroup[] = [];
  let width = 1 + dense.length;
  for (const [feature, { type, dictionary }] of features.entries()) {
    if (type !== "category") continue;
    const group = levelGroup(feature, encodeTable([features[feature]!], table)[0]!, dictionary!.length, weights, width);
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
  return { rowCount, width, dense, groups, terms, weights, totalWeight, block };
}

/** The numbers of a vector are missing together. */
function saysMissing({ part }: Feature): boolean {
  return part === undefined || part.index === 0;
}

function levelGroup(
  feature: number,
  codes: Numbers,
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
  const vocabulary = vocabularyOf(texts, fewestTexts);
  const read = termReader(vocabulary);
  const rowStart = new Int32Array(texts.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  for (const [row, text] of texts.entries()) {
    if (text !== null)
      read(text, (term, weight) => {
        column.push(term);
        value.push(weight);
      });
    rowStart[row + 1] = column.length;
  }
  return {
    feature,
    start,
    count: vocabulary.terms.length,
    rowStart,
    column: Int32Array.from(column),
    value: Float64Array.from(value),
    vocabulary,
  };
}

/** The design of rows 0, n, 2n, …, with the columns of the whole; of a design without terms. */
export function everyNthRow(design: Design, n: number): Design {
  const rowCount = Math.ceil(design.rowCount / n);
  const block = denseBlock(rowCount, design.dense.length);
  const taken = <A extends Float64Array | Int32Array>(from: A, to: A): A => {
    for (let i = 0; i < rowCount; i++) to[i] = from[i * n]!;
    return to;
  };
  const weights = taken(design.weights, block?.weights ?? new Float64Array(rowCount));
  return {
    ...design,
    rowCount,
    dense: design.dense.map((column) => ({
      ...column,
      values: taken(column.values, block?.nextColumn() ?? new Float64Array(rowCount)),
    })),
    groups: design.groups.map((group) => ({ ...group, level: taken(group.level, new Int32Array(rowCount)) })),
    weights,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
    block,
  };
}

/** X·β, one number per row; written to `out` when it is given. */
export function times(
  design: Design,
  beta: Float64Array,
  out: Float64Array = new Float64Array(design.rowCount),
): Float64Array {
  const { rowCount, dense, block } = design;
  out.fill(beta[0]!);
  block?.addTimes(beta.subarray(1, 1 + dense.length), out);
  for (let j = 0; block === undefined && j < dense.length; j++) {
    const factor = beta[1 + j]!;
    if (factor === 0) continue;
    const { values } = dense[j]!;
    for (let row = 0; row < rowCount; row++) out[row]! += factor * values[row]!;
  }
  addSparseTimes(design, beta, out);
  return out;
}

/** Adds what the groups and the terms contribute to X·β. */
export function addSparseTimes({ rowCount, groups, terms }: Design, beta: Float64Array, out: Float64Array): void {
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++) if (level[row]! >= 0) out[row]! += beta[start + level[row]!]!;
  }
  for (const { start, rowStart, column, value } of terms) {
    for (let row = 0; row < rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) out[row]! += beta[start + column[i]!]! * value[i]!;
  }
}

/** Xᵀ·r, one number per column. */
export function transposeTimes(design: Design, residual: Float64Array): Float64Array {
  const { rowCount, width, dense, block } = design;
  const out = new Float64Array(width);
  if (block !== undefined) out.set(block.transposeTimes(residual));
  else {
    for (let row = 0; row < rowCount; row++) out[0]! += residual[row]!;
    for (let j = 0; j < dense.length; j++) out[1 + j] = inner(dense[j]!.values, residual);
  }
  addSparseTransposed(design, residual, out);
  return out;
}

/** Adds the entries of Xᵀ·r that belong to groups and terms. */
export function addSparseTransposed(
  { rowCount, groups, terms }: Design,
  residual: Float64Array,
  out: Float64Array,
): void {
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++) if (level[row]! >= 0) out[start + level[row]!]! += residual[row]!;
  }
  for (const { start, rowStart, column, value } of terms) {
    for (let row = 0; row < rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) out[start + column[i]!]! += residual[row]! * value[i]!;
  }
}
