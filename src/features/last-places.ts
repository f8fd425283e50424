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

/** The rows of a piece: those of a key stand in the order in which the later one counts. */
export interface PieceRows {
  /** From when on a row may be the answer; ascending within a key. */
  readonly from: Float64Array;
  readonly event: Float64Array;
  /** Tells rows of one event time apart; null where the later file's row counts. */
  readonly ordinal: Float64Array | null;
}

export interface PlaceMerge {
  /** Takes the file's next rows; undefined when they are not in order, or their times no exact numbers. */
  take(runs: readonly KeyRun[], rows: PieceRows): Settled | undefined;
  /** What is left when all was taken. */
  finish(): Settled;
}

/** By label: the answer in the files before. */
export interface FoundRows {
  readonly event: Float64Array;
  readonly ordinal: Float64Array;
}

export function nothingFound(labels: number): FoundRows {
  return { event: new Float64Array(labels).fill(Number.NEGATIVE_INFINITY), ordinal: new Float64Array(labels) };
}

export interface MergeOptions {
  /** Written anew where this file's row counts more; of equals the later file's does. */
  readonly found: FoundRows;
  /** An answer that happened longer ago is none. */
  readonly oldest: number;
}

/** Merges labels with one file, piece by piece and without its values, in O(labels + rows). */
export function mergePlaces(labels: LabelsByKey, { found, oldest }: MergeOptions): PlaceMerge {
  const { starts, rows, moments: wanted } = labels;
  const row = new Uint32Array(rows.length);
  const at = new Int32Array(rows.length);
  /** The key that the last piece ended with, its labels that are not settled, and its last row. */
  const open = { key: -1, label: 0, end: 0, before: 0, event: 0, ordinal: 0 };

  function settle(count: number, label: number, event: number, ordinal: number, place: number): number {
    if (event < found.event[label]!) return count;
    if (event === found.event[label] && ordinal < found.ordinal[label]!) return count;
    found.event[label] = event;
    found.ordinal[label] = ordinal;
    if (wanted[label]! - event > oldest) return count;
    row[count] = rows[label]!;
    at[count] = place;
    return count + 1;
  }

  /** The rows to come are of another key. */
  function close(): number {
    let count = 0;
    for (; open.label < open.end; open.label++) count = settle(count, open.label, open.event, open.ordinal, -1);
    open.key = -1;
    return count;
  }

  function take(runs: readonly KeyRun[], { from, event, ordinal }: PieceRows): Settled | undefined {
    let count = runs[0]?.key === open.key ? 0 : close();
    for (const { key, first, stop } of runs) {
      const goesOn = key === open.key;
      let label = goesOn ? open.label : starts[key]!;
      let before = goesOn ? open.before : -Number.MAX_SAFE_INTEGER;
      const end = starts[key + 1]!;
      let next = first;
      for (; label < end; label++) {
        const moment = wanted[label]!;
        while (next < stop) {
          const since = from[next]!;
          if (since > moment) break;
          if (!(since >= before)) return undefined;
          before = since;
          next++;
        }
        // The rows to come may hold a later one.
        if (next === from.length) break;
        if (next > first) count = settle(count, label, event[next - 1]!, ordinal?.[next - 1] ?? 0, next - 1);
        else if (goesOn) count = settle(count, label, open.event, open.ordinal, -1);
      }
      for (; next < stop; next++) {
        const since = from[next]!;
        if (!(since >= before && since <= Number.MAX_SAFE_INTEGER)) return undefined;
        before = since;
      }
      open.key = stop === from.length ? key : -1;
      open.label = label;
      open.end = end;
      open.before = before;
      open.event = event[stop - 1]!;
      open.ordinal = ordinal?.[stop - 1] ?? 0;
    }
    return { count, row, at };
  }

  return { take, finish: () => ({ count: close(), row, at }) };
}
