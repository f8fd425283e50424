// From when on a row of a sorted file may be the answer: not before it happened, not before it came in.

import type { KeyRun } from "./key-runs.ts";

/**
 * Within a key the later row counts more, so that one which came in late hides those before it only from then on, and one
 * which comes in after a row that counts more is never the answer: it gets the moment of that row. Ascending within each
 * run; undefined when the event times are not. `created` is missing where a row was known when it happened.
 */
export function visibleFrom(
  runs: readonly KeyRun[],
  event: Float64Array,
  created: Float64Array,
): Float64Array | undefined {
  const from = new Float64Array(event.length);
  for (const { first, stop } of runs) {
    let least = Number.POSITIVE_INFINITY;
    for (let row = stop - 1; row >= first; row--) {
      const happened = event[row]!;
      if (row > first && !(event[row - 1]! <= happened)) return undefined;
      const came = created[row]!;
      least = Math.min(least, Number.isNaN(came) ? happened : Math.max(came, happened));
      from[row] = least;
    }
  }
  return from;
}
