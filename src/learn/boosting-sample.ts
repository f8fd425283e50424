// The rows and features that a tree is grown on: all of them, or a random part.

import type { BoostingMemory } from "./boosting-memory.ts";
import type { BoostingSettings } from "./boosting-params.ts";
import type { Random } from "./random.ts";

export interface Bag {
  /** Rows inside the bag, and outside it. */
  readonly inside: number;
  readonly outside: number;
  /** Lays the rows inside out in the layout's row order, and those outside in its bag; growing a tree disturbs the former. */
  place(): void;
}

/** Draws one iteration's rows; each row is in with probability `rowSample`, at least one is. */
export function drawBag(
  { kernels, layout, u32 }: BoostingMemory,
  { rowSample }: Pick<BoostingSettings, "rowSample">,
  source: Random,
): Bag {
  const { rowCount } = layout;
  if (rowSample === 1) return { inside: rowCount, outside: 0, place: () => kernels.countUp(layout.rows, 0, rowCount) };
  const isInside = new Uint8Array(rowCount);
  let inside = 0;
  for (let row = 0; row < rowCount; row++) {
    if (source.next() >= rowSample) continue;
    isInside[row] = 1;
    inside++;
  }
  if (inside === 0) {
    isInside[source.below(rowCount)] = 1;
    inside = 1;
  }
  return {
    inside,
    outside: rowCount - inside,
    place() {
      let a = layout.rows / 4;
      let b = layout.bag / 4;
      for (let row = 0; row < rowCount; row++) {
        if (isInside[row] === 1) u32[a++] = row;
        else u32[b++] = row;
      }
    },
  };
}

/** 1 for each of the `wanted` features that are drawn; each set of that size is equally likely (Knuth 3.4.2 S). */
export function drawFeatures(count: number, wanted: number, source: Random): Uint8Array {
  const active = new Uint8Array(count);
  for (let f = 0, taken = 0; f < count; f++) {
    if (source.next() * (count - f) >= wanted - taken) continue;
    active[f] = 1;
    taken++;
  }
  return active;
}
