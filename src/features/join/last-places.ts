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

/** The answers that stand in a piece of a file, until the next piece is taken. */
export interface Settled {
  readonly count: number;
  /** Label rows. */
  readonly row: Uint32Array;
  /** The row of each answer in the piece. */
  readonly at: Uint32Array;
}

/** The rows of a piece: those of a key stand in the order in which the later one counts. */
export interface PieceRows {
  /** From when on a row may be the answer; ascending within a key. */
  readonly from: Float64Array;
  readonly event: Float64Array;
  /** Tells rows of one event time apart; null where the later file's row counts. */
  readonly ordinal: Float64Array | null;
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

/**
 * Merges labels with one file, from its last piece to its first and without its values, in O(labels + rows): what comes
 * later is known then. Gives undefined for rows that are not in order, or whose times are no exact numbers.
 */
export function mergePlaces(
  { starts, rows, moments: wanted }: LabelsByKey,
  { found, oldest }: MergeOptions,
): (runs: readonly KeyRun[], piece: PieceRows) => Settled | undefined {
  const row = new Uint32Array(rows.length);
  const at = new Uint32Array(rows.length);
  /** The key that the piece taken last began with, the last of its labels without an answer, and its first row's moment. */
  const open = { key: -1, label: 0, after: 0 };

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

  return (runs, { from, event, ordinal }) => {
    let count = 0;
    for (const { key, first, stop } of runs.toReversed()) {
      const goesOn = key === open.key;
      let label = goesOn ? open.label : starts[key + 1]! - 1;
      let after = goesOn ? open.after : Number.MAX_SAFE_INTEGER;
      const firstLabel = starts[key]!;
      for (let next = stop - 1; next >= first; next--) {
        const since = from[next]!;
        if (!(since <= after && since >= -Number.MAX_SAFE_INTEGER)) return undefined;
        after = since;
        for (; label >= firstLabel && wanted[label]! >= since; label--)
          count = settle(count, label, event[next]!, ordinal?.[next] ?? 0, next);
      }
      open.key = first === 0 ? key : -1;
      open.label = label;
      open.after = after;
    }
    return { count, row, at };
  };
}
