// The rows that a tree is grown on: all of them, or a random part.

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
  { rowSample }: BoostingSettings,
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
