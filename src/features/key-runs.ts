// Finds the rows of the labels' keys in a sorted file: both are in order, so that one walk along the two does.

import { UnusualFile } from "./parquet-thrift.ts";
import type { CodedTexts, Texts } from "./parquet-values.ts";

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
  /** The runs of the file's next rows, given the parts of their keys. */
  take(parts: readonly CodedTexts[], rows: number): KeyRun[];
  /** Whether the first part of any key lies within these bounds. */
  anyWithin(least: Uint8Array, greatest: Uint8Array): boolean;
}

/** `take` throws UnusualFile when the rows' keys are not in order. */
export function walkKeys({ count, parts: keys }: SortedKeys): KeyWalk {
  let key = 0;
  let last: { readonly parts: readonly CodedTexts[]; readonly row: number } | undefined;

  /** Adds the rows from `first` on, up to `stop`, which have one key; it may be the key of the rows before. */
  function add(runs: KeyRun[], parts: readonly CodedTexts[], first: number, stop: number): void {
    const order = last === undefined ? -1 : compareRows(last.parts, last.row, parts, first);
    if (order > 0) throw new UnusualFile("The keys are not in order");
    last = { parts, row: first };
    while (key < count && compareKey(keys, key, parts, first) < 0) key++;
    if (key === count || compareKey(keys, key, parts, first) !== 0) return;
    const before = runs.at(-1);
    if (before !== undefined && before.key === key) runs[runs.length - 1] = { ...before, stop };
    else runs.push({ key, first, stop });
  }

  return {
    take(parts, rows) {
      if (parts.length === 0) return count === 0 || rows === 0 ? [] : [{ key: 0, first: 0, stop: rows }];
      const runs: KeyRun[] = [];
      const changes = new Uint8Array(rows);
      for (const { codes } of parts)
        for (let row = 1; row < rows; row++) if (codes[row] !== codes[row - 1]) changes[row] = 1;
      for (let first = 0; first < rows; ) {
        const next = changes.indexOf(1, first + 1);
        const stop = next < 0 ? rows : next;
        add(runs, parts, first, stop);
        first = stop;
      }
      return runs;
    },
    anyWithin(least, greatest) {
      const [first] = keys;
      if (first === undefined) return count > 0;
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compareTexts(first, middle, textOf(least), 0) < 0) low = middle + 1;
        else high = middle;
      }
      return low < count && compareTexts(first, low, textOf(greatest), 0) <= 0;
    },
  };
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
