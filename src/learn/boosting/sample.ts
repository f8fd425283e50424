// The rows and features that a tree is grown on: all of them, or a random part.

import type { Random } from "../random.ts";
import type { BoostingMemory } from "./memory.ts";
import type { BoostingSettings } from "./params.ts";
import type { Team } from "./team.ts";

export interface Bag {
  /** Rows inside the bag, and outside it. */
  readonly inside: number;
  readonly outside: number;
  /** Lays the rows inside out in the layout's row order, and those outside in its bag; growing a tree disturbs the former. */
  place(team: Team): void;
}

/** Draws one iteration's rows; each row is in with probability `rowSample`, at least one is. */
export function drawBag(
  { layout, u32 }: BoostingMemory,
  { rowSample }: Pick<BoostingSettings, "rowSample">,
  source: Random,
): Bag {
  const { rowCount } = layout;
  if (rowSample === 1) return { inside: rowCount, outside: 0, place: (team) => team.share("countUp", rowCount, []) };
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
  return bagOf({ layout, u32 }, isInside);
}

/**
 * Draws one tree's rows by the gradients in place: the largest in absolute value, and a random part of the others, whose gradients
 * and curvatures are multiplied so that they stand for all of them. Returns the bag and the new sums for the fixed point.
 */
export function drawByGradient(
  { layout, f32, u32 }: BoostingMemory,
  { gradientTop, gradientOther }: Pick<BoostingSettings, "gradientTop" | "gradientOther">,
  source: Random,
): { bag: Bag; sumG: number; sumH: number } {
  const { rowCount } = layout;
  const g = f32.subarray(layout.g / 4, layout.g / 4 + rowCount);
  const h = f32.subarray(layout.h / 4, layout.h / 4 + rowCount);
  const limit = nthLargest(g, Math.max(1, Math.round(gradientTop * rowCount)));
  const chance = gradientOther / (1 - gradientTop);
  const factor = 1 / chance;
  const isInside = new Uint8Array(rowCount);
  let sumG = 0;
  let sumH = 0;
  for (let row = 0; row < rowCount; row++) {
    if (Math.abs(g[row]!) < limit) {
      if (source.next() >= chance) continue;
      g[row]! *= factor;
      h[row]! *= factor;
    }
    isInside[row] = 1;
    sumG += Math.abs(g[row]!);
    sumH += h[row]!;
  }
  return { bag: bagOf({ layout, u32 }, isInside), sumG, sumH };
}

function bagOf({ layout, u32 }: Pick<BoostingMemory, "layout" | "u32">, isInside: Uint8Array): Bag {
  const inside = isInside.reduce((sum, is) => sum + is, 0);
  return {
    inside,
    outside: isInside.length - inside,
    place() {
      let a = layout.rows / 4;
      let b = layout.bag / 4;
      for (let row = 0; row < isInside.length; row++) {
        if (isInside[row] === 1) u32[a++] = row;
        else u32[b++] = row;
      }
    },
  };
}

/** About the n-th largest absolute value, by counting floats by their upper bits: exact to a thousandth, without sorting. */
function nthLargest(values: Float32Array, n: number): number {
  const counts = new Int32Array(2 ** 18);
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  for (const value of values) {
    float[0] = Math.abs(value);
    counts[bits[0]! >>> 13]!++;
  }
  let left = n;
  let place = counts.length - 1;
  for (; place > 0; place--) {
    left -= counts[place]!;
    if (left <= 0) break;
  }
  bits[0] = place << 13;
  return float[0]!;
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
