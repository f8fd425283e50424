// Columns that give the label away: one column alone tells nearly every row's label. Pure, on typed columns.

import type { Column, Table } from "../base/table.ts";

/** The label of each row: class codes, or numbers. */
export type LabelValues =
  | { readonly codes: ArrayLike<number>; readonly classCount: number }
  | { readonly values: Float64Array };

export interface Leak {
  readonly column: string;
  readonly reason: string;
}

/** A single column that is right this often is the label in other words. */
const giveaway = 0.995;

export function findLeaks(features: Table, label: LabelValues): Leak[] {
  const leaks: Leak[] = [];
  for (const [name, column] of features.columns) {
    const reason =
      "codes" in label ? tellsClass(column, label.codes, label.classCount) : tellsNumber(column, label.values);
    if (reason !== undefined) leaks.push({ column: name, reason });
  }
  return leaks;
}

function tellsClass(column: Column, codes: ArrayLike<number>, classCount: number): string | undefined {
  if (column.type === "text" || column.type === "vector") return undefined;
  const keys = column.type === "category" ? column.codes : column.values;
  const total = codes.length;
  if (total < 50) return undefined;
  const majority = mostFrequent(codes, classCount) / total;
  const right =
    column.type === "category" || column.type === "boolean"
      ? rightByValue(keys, codes, classCount)
      : rightByCuts(keys, codes, classCount);
  // Where one class is nearly everything, being right nearly always says little.
  if (right < giveaway || 1 - right > (1 - majority) * 0.05) return undefined;
  return `alone tells the answer in ${percent(right)} of the rows; it may be known only together with it`;
}

/** Learns each value's class on every second row and counts the hits on the others. */
function rightByValue(keys: ArrayLike<number>, codes: ArrayLike<number>, classCount: number): number {
  const counts = new Map<number, Int32Array>();
  for (let row = 0; row < codes.length; row += 2) {
    const key = keyOf(keys[row]!);
    let classes = counts.get(key);
    if (classes === undefined) {
      classes = new Int32Array(classCount);
      counts.set(key, classes);
    }
    classes[codes[row]!]!++;
  }
  let hits = 0;
  let tested = 0;
  for (let row = 1; row < codes.length; row += 2) {
    tested++;
    const classes = counts.get(keyOf(keys[row]!));
    if (classes !== undefined && classes.indexOf(Math.max(...classes)) === codes[row]) hits++;
  }
  return hits / Math.max(1, tested);
}

/**
 * A number gives a class away when, sorted by it, the rows change class hardly more often than there are classes.
 * Rows of one value count as wrong unless they are of that value's commonest class.
 */
function rightByCuts(values: ArrayLike<number>, codes: ArrayLike<number>, classCount: number): number {
  const order = Array.from({ length: codes.length }, (_, row) => row).sort(
    (a, b) => sortable(values[a]!) - sortable(values[b]!),
  );
  let wrong = 0;
  let changes = 0;
  let before = -1;
  for (let from = 0; from < order.length; ) {
    const value = sortable(values[order[from]!]!);
    const counts = new Int32Array(classCount);
    let to = from;
    for (; to < order.length && sortable(values[order[to]!]!) === value; to++) counts[codes[order[to]!]!]!++;
    const most = Math.max(...counts);
    const common = counts.indexOf(most);
    wrong += to - from - most;
    if (common !== before) changes++;
    before = common;
    from = to;
  }
  return 1 - (wrong + Math.max(0, changes - classCount)) / codes.length;
}

function tellsNumber(column: Column, label: Float64Array): string | undefined {
  if (column.type === "text" || column.type === "vector" || label.length < 50) return undefined;
  if (column.type === "category" || column.type === "boolean") return undefined;
  const pairs: number[] = [];
  for (let row = 0; row < label.length; row++) if (!Number.isNaN(column.values[row]!)) pairs.push(row);
  if (pairs.length < label.length * 0.5) return undefined;
  const r = Math.abs(
    correlation(
      pairs.map((row) => column.values[row]!),
      pairs.map((row) => label[row]!),
    ),
  );
  return r > 0.9995 ? "moves in step with the answer in every row: it is the answer in another unit" : undefined;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = a.reduce((sum, value) => sum + value, 0) / a.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / b.length;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB);
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

function mostFrequent(codes: ArrayLike<number>, classCount: number): number {
  const counts = new Int32Array(classCount);
  for (let row = 0; row < codes.length; row++) counts[codes[row]!]!++;
  return Math.max(...counts);
}

/** Missing is a value of its own. */
function keyOf(value: number): number {
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}

function sortable(value: number): number {
  return Number.isNaN(value) ? -Number.MAX_VALUE : value;
}

function percent(part: number): string {
  return `${Math.floor(part * 1000) / 10} %`;
}
