// Splits of rows into training and test parts: by time, at random, by class, by group, and in folds. Row indices only, ascending.

import { fail } from "../../base/failure.ts";
import { random, shuffled } from "../random.ts";

export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export interface RandomSplitOptions {
  /** Share of rows for the test part, above 0 and below 1. Default 0.2. */
  readonly test?: number;
  readonly seed: number;
}

export interface TimeSplitOptions {
  readonly test?: number;
  /** Rows closer than this before the first test row are left out, so that windows and late labels cannot leak. Default 0. */
  readonly gapMs?: number;
}

/** Any rows, at random. Both parts get at least one row; throws TRAINING_TOO_FEW_ROWS below 2 rows. */
export function randomSplit(rowCount: number, options: RandomSplitOptions): Split {
  const count = testCount(rowCount, options.test);
  return parted(rowCount, shuffled(rowCount, random(options.seed)).subarray(0, count));
}

/**
 * At random within each class, so that both parts have each class's share. A class of at least 2 rows is in both parts, a class
 * of one row in the training part. `codes` are class indices; below 0 counts as a class of its own.
 */
export function stratifiedSplit(codes: ArrayLike<number>, options: RandomSplitOptions): Split {
  const wanted = testCount(codes.length, options.test);
  const classes = [...rowsBy(codes).values()];
  const share = wanted / codes.length;
  const counts = classes.map((rows) =>
    rows.length < 2 ? 0 : Math.min(rows.length - 1, Math.max(1, Math.floor(rows.length * share))),
  );
  // What rounding down left over goes to the classes that lost most by it.
  const lost = (i: number): number => classes[i]!.length * share - counts[i]!;
  for (let left = wanted - counts.reduce((a, b) => a + b, 0); left > 0; left--) {
    const open = counts.map((_, i) => i).filter((i) => counts[i]! < classes[i]!.length - 1);
    if (open.length === 0) break;
    counts[open.reduce((best, i) => (lost(i) > lost(best) ? i : best))]!++;
  }
  if (counts.every((count) => count === 0)) return randomSplit(codes.length, options);
  const test: number[] = [];
  for (const [i, rows] of classes.entries()) {
    const order = shuffled(rows.length, random(options.seed, i));
    for (let j = 0; j < counts[i]!; j++) test.push(rows[order[j]!]!);
  }
  return parted(codes.length, test);
}

/**
 * Whole groups (a customer, a household): no group is in both parts. Groups are drawn until the test part is as near to its
 * share as whole groups allow. Throws TRAINING_TOO_FEW_ROWS below 2 groups.
 */
export function groupSplit(groups: ArrayLike<number | string>, options: RandomSplitOptions): Split {
  const wanted = testCount(groups.length, options.test);
  const members = [...rowsBy(groups).values()];
  if (members.length < 2)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 groups to split by, got ${members.length}`);
  const test: number[] = [];
  let taken = 0;
  for (const index of shuffled(members.length, random(options.seed))) {
    const rows = members[index]!;
    const nearer = Math.abs(test.length + rows.length - wanted) < Math.abs(test.length - wanted);
    const allowed = taken + 1 < members.length;
    if (allowed && (nearer || taken === 0)) {
      test.push(...rows);
      taken++;
    }
  }
  return parted(groups.length, test);
}

/**
 * The latest rows are the test part. Rows of one instant never straddle the cut; it lies where the test part is nearest to its
 * share. Rows without a time (NaN) are in neither part. Throws TRAINING_TOO_FEW_ROWS when all times are equal or the gap eats
 * the whole training part.
 */
export function timeSplit(times: Float64Array, options: TimeSplitOptions = {}): Split {
  const order = byTime(times);
  const wanted = testCount(order.length, options.test);
  const cut = nearestCut(times, order, order.length - wanted);
  if (cut === undefined)
    throw fail("TRAINING_TOO_FEW_ROWS", "Expected rows of at least 2 different times to split by time, got one");
  return cutAt(times, order, cut, order.length, options.gapMs ?? 0);
}

export interface FoldOptions {
  readonly seed: number;
  /** Class per row: each fold gets each class's share. */
  readonly classes?: ArrayLike<number>;
  /** Group per row: no group is in two folds. Takes precedence over classes. */
  readonly groups?: ArrayLike<number | string>;
}

/** k test parts that together hold every row once. k is lowered to the number of rows (or groups) when there are fewer. */
export function kFold(rowCount: number, k: number, options: FoldOptions): Split[] {
  if (!Number.isInteger(k) || k < 2) throw fail("DEFINE_INVALID", `folds: expected a whole number from 2, got ${k}`);
  const units =
    options.groups === undefined
      ? Array.from({ length: rowCount }, (_, row) => [row])
      : [...rowsBy(options.groups).values()];
  const folds = Math.min(k, units.length);
  if (folds < 2)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 rows or groups to make folds of, got ${units.length}`);
  const order = Array.from(shuffled(units.length, random(options.seed)));
  if (options.groups !== undefined) order.sort((a, b) => units[b]!.length - units[a]!.length);
  else if (options.classes !== undefined) order.sort((a, b) => options.classes![a]! - options.classes![b]!);
  const parts: number[][] = Array.from({ length: folds }, () => []);
  for (const [i, unit] of order.entries()) {
    // Groups go to the emptiest fold, largest first; single rows are dealt like cards, which also spreads sorted classes.
    const to =
      options.groups === undefined
        ? i % folds
        : parts.reduce((least, part, f) => (part.length < parts[least]!.length ? f : least), 0);
    parts[to]!.push(...units[unit]!);
  }
  return parts.map((test) => parted(rowCount, test));
}

/**
 * Backtests in time order: fold i trains on everything before its test window, and the windows follow each other up to the end.
 * Each window is about `test` of all rows (default 0.5 / folds). Folds that ties make empty are left out.
 */
export function rollingOrigin(times: Float64Array, folds: number, options: TimeSplitOptions = {}): Split[] {
  if (!Number.isInteger(folds) || folds < 1)
    throw fail("DEFINE_INVALID", `folds: expected a whole number from 1, got ${folds}`);
  const order = byTime(times);
  const share = options.test ?? 0.5 / folds;
  if (!(share > 0 && share * folds < 1))
    throw fail("DEFINE_INVALID", `test: expected a share whose ${folds} windows leave rows to train on, got ${share}`);
  const cuts: number[] = [];
  for (let i = 0; i < folds; i++) {
    const cut = nearestCut(times, order, Math.round(order.length * (1 - share * (folds - i))));
    if (cut !== undefined && cut > (cuts.at(-1) ?? 0)) cuts.push(cut);
  }
  if (cuts.length === 0)
    throw fail("TRAINING_TOO_FEW_ROWS", "Expected rows of at least 2 different times to split by time, got one");
  return cuts.map((cut, i) => cutAt(times, order, cut, cuts[i + 1] ?? order.length, options.gapMs ?? 0));
}

function testCount(rowCount: number, share = 0.2): number {
  if (!(share > 0 && share < 1))
    throw fail("DEFINE_INVALID", `test: expected a share above 0 and below 1, got ${share}`);
  if (rowCount < 2) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 rows to split, got ${rowCount}`);
  return Math.min(rowCount - 1, Math.max(1, Math.round(rowCount * share)));
}

function parted(rowCount: number, test: ArrayLike<number>): Split {
  const isTest = new Uint8Array(rowCount);
  for (let i = 0; i < test.length; i++) isTest[test[i]!] = 1;
  const train = new Int32Array(rowCount - test.length);
  const held = new Int32Array(test.length);
  let a = 0;
  let b = 0;
  for (let row = 0; row < rowCount; row++) {
    if (isTest[row] === 1) held[b++] = row;
    else train[a++] = row;
  }
  return { train, test: held };
}

function rowsBy<T>(keys: ArrayLike<T>): Map<T, number[]> {
  const rows = new Map<T, number[]>();
  for (let row = 0; row < keys.length; row++) {
    const list = rows.get(keys[row]!);
    if (list === undefined) rows.set(keys[row]!, [row]);
    else list.push(row);
  }
  return rows;
}

function byTime(times: Float64Array): number[] {
  const order: number[] = [];
  for (let row = 0; row < times.length; row++) if (!Number.isNaN(times[row])) order.push(row);
  return order.sort((a, b) => times[a]! - times[b]! || a - b);
}

/** The place nearest to `wanted` where the time changes: rows before it are earlier than rows from it on. */
function nearestCut(times: Float64Array, order: readonly number[], wanted: number): number | undefined {
  const changes = (at: number): boolean => at > 0 && at < order.length && times[order[at - 1]!] !== times[order[at]!];
  for (let distance = 0; distance < order.length; distance++) {
    if (changes(wanted - distance)) return wanted - distance;
    if (changes(wanted + distance)) return wanted + distance;
  }
  return undefined;
}

function cutAt(times: Float64Array, order: readonly number[], from: number, to: number, gapMs: number): Split {
  const border = times[order[from]!]! - gapMs;
  const train = order.slice(0, from).filter((row) => (gapMs > 0 ? times[row]! <= border : true));
  if (train.length === 0)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected rows before the test part and its gap of ${gapMs} ms, got none`);
  return { train: Int32Array.from(train).sort(), test: Int32Array.from(order.slice(from, to)).sort() };
}
