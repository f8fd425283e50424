// From when on a row of a sorted file may be the answer: not before it happened, not before it came in.

import type { KeyRun } from "./key-runs.ts";

/**
 * Within a key the later row counts more, so that one which comes in after a row that counts more is never the answer: it
 * gets the moment of that row. Takes a file from its last piece to its first, and gives moments that ascend within each
 * run; undefined when the event times do not. `created` is missing where a row was known when it happened.
 */
export function visibleRows(): (
  runs: readonly KeyRun[],
  event: Float64Array,
  created: Float64Array,
) => Float64Array | undefined {
  /** The key that the piece taken last began with, and its first row. */
  let after = { key: -1, event: 0, from: 0 };

  return (runs, event, created) => {
    const from = new Float64Array(event.length);
    for (const { key, first, stop } of runs.toReversed()) {
      const goesOn = key === after.key;
      let later = goesOn ? after.event : Number.POSITIVE_INFINITY;
      let least = goesOn ? after.from : Number.POSITIVE_INFINITY;
      for (let row = stop - 1; row >= first; row--) {
        const happened = event[row]!;
        if (!(happened <= later)) return undefined;
        later = happened;
        const came = created[row]!;
        least = Math.min(least, Number.isNaN(came) ? happened : Math.max(came, happened));
        from[row] = least;
      }
      after = { key: first === 0 ? key : -1, event: later, from: least };
    }
    return from;
  };
}
