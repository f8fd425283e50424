// The kernel of the point-in-time join over sorted rows: a merge that finds for every moment the last row of its key at or before it.

import type { KeyRun } from "./key-runs.ts";

/** Labels by key: those of key `k` stand at `starts[k]` to `starts[k + 1] - 1`, by event time. */
export interface LabelsByKey {
  readonly starts: Uint32Array;
  /** The label's row. */
  readonly rows: Uint32Array;
  /** Its event time. */
  readonly moments: Float64Array;
}

/** `keys[row]` is the number of the label row's key, -1 for none; the rows are in order of time. Counting sort, O(rows + keys). */
export function labelsByKey(keys: Int32Array, keyCount: number, wanted: Float64Array): LabelsByKey {
  const starts = new Uint32Array(keyCount + 1);
  for (const key of keys) if (key >= 0) starts[key + 1]!++;
  for (let key = 0; key < keyCount; key++) starts[key + 1]! += starts[key]!;
  const rows = new Uint32Array(starts[keyCount]!);
  const moments = new Float64Array(rows.length);
  const next = starts.slice();
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]!;
    if (key < 0) continue;
    const label = next[key]!++;
    rows[label] = row;
    moments[label] = wanted[row]!;
  }
  return { starts, rows, moments };
}

/** The answers that a piece of a file settles, until the next piece is taken. */
export interface Settled {
  readonly count: number;
  /** Label rows. */
  readonly row: Uint32Array;
  /** The row of each answer in the piece; -1 is the last row of the piece before. */
  readonly at: Int32Array;
}

export interface PlaceMerge {
  /** Takes the event times of the file's next rows; undefined when they are not in order, or no exact numbers. */
  take(runs: readonly KeyRun[], moments: Float64Array): Settled | undefined;
  /** What is left when all was taken. */
  finish(): Settled;
}

export interface MergeOptions {
  /** By label: the event time of the answer in the files before, written anew; of equals the later file's row counts. */
  readonly found: Float64Array;
  /** An answer that happened longer ago is none. */
  readonly oldest: number;
}

/** Merges labels with one file, piece by piece and without its values, in O(labels + rows). */
export function mergePlaces(labels: LabelsByKey, { found, oldest }: MergeOptions): PlaceMerge {
  const { starts, rows, moments: wanted } = labels;
  const row = new Uint32Array(rows.length);
  const at = new Int32Array(rows.length);
  /** The key that the last piece ended with, its labels that are not settled, and the event time of its last row. */
  const open = { key: -1, label: 0, end: 0, before: 0 };

  function settle(count: number, label: number, before: number, place: number): number {
    if (before < found[label]!) return count;
    found[label] = before;
    if (wanted[label]! - before > oldest) return count;
    row[count] = rows[label]!;
    at[count] = place;
    return count + 1;
  }

  /** The rows to come are of another key. */
  function close(): number {
    let count = 0;
    for (; open.label < open.end; open.label++) count = settle(count, open.label, open.before, -1);
    open.key = -1;
    return count;
  }

  function take(runs: readonly KeyRun[], moments: Float64Array): Settled | undefined {
    let count = runs[0]?.key === open.key ? 0 : close();
    for (const { key, first, stop } of runs) {
      const goesOn = key === open.key;
      let label = goesOn ? open.label : starts[key]!;
      let before = goesOn ? open.before : Number.NEGATIVE_INFINITY;
      const end = starts[key + 1]!;
      let next = first;
      for (; label < end; label++) {
        const moment = wanted[label]!;
        while (next < stop) {
          const happened = moments[next]!;
          if (happened > moment) break;
          if (!(happened >= before && happened >= -Number.MAX_SAFE_INTEGER)) return undefined;
          before = happened;
          next++;
        }
        // The rows to come may hold a later one.
        if (next === moments.length) break;
        if (goesOn || next > first) count = settle(count, label, before, next - 1);
      }
      for (; next < stop; next++) {
        const happened = moments[next]!;
        if (!(happened >= before && happened <= Number.MAX_SAFE_INTEGER)) return undefined;
        before = happened;
      }
      open.key = stop === moments.length ? key : -1;
      open.label = label;
      open.end = end;
      open.before = before;
    }
    return { count, row, at };
  }

  return { take, finish: () => ({ count: close(), row, at }) };
}
