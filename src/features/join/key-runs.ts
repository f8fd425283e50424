// Finds the rows of the labels' keys in a sorted file: both are in order, so that one walk along the two does.

import { UnusualFile } from "../parquet/thrift.ts";
import type { CodedTexts, Texts } from "../parquet/values.ts";

/** Keys in ascending order, one column of texts for each of their parts. */
export interface SortedKeys {
  readonly count: number;
  readonly parts: readonly Texts[];
}

/** The rows of a piece of a file that belong to a key: from `first` to before `stop`. */
export interface KeyRun {
  /** The key's number. */
  readonly key: number;
  readonly first: number;
  readonly stop: number;
}

export interface KeyWalk {
  /** The runs of a piece of the file, given the parts of its keys; from the last piece to the first. */
  take(parts: readonly CodedTexts[], rows: number): KeyRun[];
  /** Whether the first part of any key lies within these bounds. */
  anyWithin(least: Uint8Array, greatest: Uint8Array): boolean;
}

/** `take` throws UnusualFile when the rows' keys are not in order. */
export function walkKeys({ count, parts: keys }: SortedKeys): KeyWalk {
  /** The piece taken last: its first row follows. */
  let after: readonly CodedTexts[] | undefined;

  return {
    take(parts, rows) {
      if (parts.length === 0) return count === 0 || rows === 0 ? [] : [{ key: 0, first: 0, stop: rows }];
      if (after !== undefined && rows > 0 && compareRows(parts, rows - 1, after, 0) > 0)
        throw new UnusualFile("The keys are not in order");
      if (rows > 0) after = parts;
      const changes = new Uint8Array(rows);
      for (const { codes } of parts)
        for (let row = 1; row < rows; row++) if (codes[row] !== codes[row - 1]) changes[row] = 1;
      const runs: KeyRun[] = [];
      let key = rows === 0 ? count : lowerBound(count, (one) => compareKey(keys, one, parts, 0));
      for (let first = 0; first < rows; ) {
        const next = changes.indexOf(1, first + 1);
        const stop = next < 0 ? rows : next;
        if (first > 0 && compareRows(parts, first - 1, parts, first) > 0)
          throw new UnusualFile("The keys are not in order");
        while (key < count && compareKey(keys, key, parts, first) < 0) key++;
        if (key < count && compareKey(keys, key, parts, first) === 0) addRun(runs, { key, first, stop });
        first = stop;
      }
      return runs;
    },
    anyWithin(least, greatest) {
      const [first] = keys;
      if (first === undefined) return count > 0;
      const key = lowerBound(count, (one) => compareTexts(first, one, textOf(least), 0));
      return key < count && compareTexts(first, key, textOf(greatest), 0) <= 0;
    },
  };
}

/** A dictionary may be left in the middle of a key's rows. */
function addRun(runs: KeyRun[], run: KeyRun): void {
  const before = runs.at(-1);
  if (before !== undefined && before.key === run.key) runs[runs.length - 1] = { ...before, stop: run.stop };
  else runs.push(run);
}

/** The first of ascending numbers that does not come before. */
function lowerBound(count: number, compare: (one: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function textOf(bytes: Uint8Array): Texts {
  return { bytes, starts: Uint32Array.of(0, bytes.length) };
}

function compareRows(a: readonly CodedTexts[], rowA: number, b: readonly CodedTexts[], rowB: number): number {
  for (const [part, texts] of a.entries()) {
    const other = b[part] as CodedTexts;
    const order = compareTexts(texts, texts.codes[rowA]!, other, other.codes[rowB]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareKey(keys: readonly Texts[], key: number, parts: readonly CodedTexts[], row: number): number {
  for (const [part, texts] of keys.entries()) {
    const other = parts[part] as CodedTexts;
    const order = compareTexts(texts, key, other, other.codes[row]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** By bytes, as the engine sorts. */
function compareTexts(a: Texts, textA: number, b: Texts, textB: number): number {
  const startA = a.starts[textA]!;
  const startB = b.starts[textB]!;
  const lengthA = a.starts[textA + 1]! - startA;
  const lengthB = b.starts[textB + 1]! - startB;
  const shorter = Math.min(lengthA, lengthB);
  for (let at = 0; at < shorter; at++) {
    const order = a.bytes[startA + at]! - b.bytes[startB + at]!;
    if (order !== 0) return order;
  }
  return lengthA - lengthB;
}
