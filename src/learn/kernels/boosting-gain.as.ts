// The gain of a split of the leaf that is searched, and what is known of that leaf. Part of boosting.wasm.ts.

import {
  FEATURE_BYTES,
  FEATURE_RECORD,
  F_ACTIVE,
  F_BINS,
  P_GENERAL,
  P_L1,
  P_L2,
  P_MIN_H,
  P_MIN_ROWS,
  P_UNIT_G,
  P_UNIT_H,
  curvatureOf,
  gradientOf,
} from "./boosting-records.as.ts";

/** What L1 leaves of a sum of gradients. */
@inline function softened(G: f64, l1: f64): f64 {
  return l1 == 0 ? G : copysign<f64>(max<f64>(0, abs(G) - l1), G);
}

@inline function outputOf(G: f64, H: f64, l1: f64, l2: f64, low: f64, high: f64): f64 {
  return min<f64>(high, max<f64>(low, -softened(G, l1) / (H + l2)));
}

/** Twice the loss that a leaf with this output saves. */
@inline function savedBy(output: f64, G: f64, H: f64, l1: f64, l2: f64): f64 {
  return -(2 * softened(G, l1) * output + (H + l2) * output * output);
}

// The leaf that one search call works on. Module variables, because every helper needs them and each thread has its own instance.
export let unitG: f64 = 0;
export let unitH: f64 = 0;
export let totalG: f64 = 0;
export let totalH: f64 = 0;
export let leastH: f64 = 0;
export let l1: f64 = 0;
export let l2: f64 = 0;
export let low: f64 = 0;
export let high: f64 = 0;
/** Rows per curvature. */
export let perRow: f64 = 0;
/** What the whole leaf saves. */
export let parent: f64 = 0;
export let general: bool = false;

/** Gain of a split without the parent's share; -1 when a monotone constraint forbids it. */
@inline export function gainOf(GL: f64, HL: f64, penalty: f64, monotone: i32): f64 {
  const GR = totalG - GL;
  const HR = totalH - HL;
  if (!general) {
    // Both sides in one vector division: this is the innermost statement of the search.
    const G = f64x2.replace_lane(f64x2.splat(GL), 1, GR);
    const q = f64x2.div(f64x2.mul(G, G), f64x2.replace_lane(f64x2.splat(HL + penalty), 1, HR + penalty));
    return f64x2.extract_lane(q, 0) + f64x2.extract_lane(q, 1);
  }
  const left = outputOf(GL, HL, l1, penalty, low, high);
  const right = outputOf(GR, HR, l1, penalty, low, high);
  if ((monotone > 0 && left > right) || (monotone < 0 && left < right)) return -1;
  return savedBy(left, GL, HL, l1, penalty) + savedBy(right, GR, HR, l1, penalty);
}

/** Reads what every feature's search needs of a leaf of `count` rows; `step`-th features from `from` on are this thread's. */
export function enterLeaf(
  h: usize, count: f64, lowest: f64, highest: f64, features: usize, from: usize, featureCount: usize, step: usize, params: usize,
): void {
  unitG = load<f64>(params + P_UNIT_G);
  unitH = load<f64>(params + P_UNIT_H);
  l1 = load<f64>(params + P_L1);
  l2 = load<f64>(params + P_L2);
  low = lowest;
  high = highest;
  general = load<f64>(params + P_GENERAL) != 0;
  let firstActive = from;
  for (; firstActive < featureCount; firstActive += step) if (load<i32>(features + firstActive * FEATURE_RECORD + F_ACTIVE) != 0) break;
  if (firstActive < featureCount) {
    // Every row is in one bin of each feature, so any feature's cells add up to the leaf.
    const bins = load<i32>(features + firstActive * FEATURE_RECORD + F_BINS);
    let g: i64 = 0;
    let c: i64 = 0;
    for (let b = 0; b <= bins; b++) {
      const cell = load<i64>(h + firstActive * FEATURE_BYTES + (<usize>b << 3));
      g += gradientOf(cell);
      c += curvatureOf(cell);
    }
    totalG = <f64>g * unitG;
    totalH = <f64>c * unitH;
  }
  perRow = count / totalH;
  leastH = max<f64>(load<f64>(params + P_MIN_H), load<f64>(params + P_MIN_ROWS) / perRow);
  // A hair less, because a curvature that is constant is a count, and counts must not fail by rounding.
  leastH *= 1 - 1e-9;
  const whole = outputOf(totalG, totalH, l1, l2, low, high);
  parent = general ? savedBy(whole, totalG, totalH, l1, l2) : (totalG * totalG) / (totalH + l2);
}
