// The search for the best split of a leaf, feature by feature. Compiled into boosting.wasm.ts.

import { searchCategory } from "./boosting-categories.as.ts";
import { enterLeaf, gainOf, general, l2, leastH, parent, totalG, totalH, unitG, unitH } from "./boosting-gain.as.ts";
import {
  FEATURE_BYTES,
  FEATURE_RECORD,
  F_ACTIVE,
  F_BINS,
  F_DRAWN,
  F_KIND,
  F_MISSING,
  F_MONOTONE,
  curvatureOf,
  gradientOf,
} from "./boosting-records.as.ts";

// Search result per feature, 16 bytes: f64 gain (below 0: none), i32 threshold, i32 missing goes left (-1: the leaf has none).

function searchNumber(h: usize, feature: usize, out: usize): void {
  const bins = load<i32>(feature + F_BINS);
  const missing = load<i32>(feature + F_MISSING);
  const monotone = load<i32>(feature + F_MONOTONE);
  const drawn = load<i32>(feature + F_DRAWN);
  let best: f64 = -1;
  let threshold = -1;
  let missingLeft = 0;
  const lost: i64 = missing >= 0 ? load<i64>(h + (<usize>missing << 3)) : 0;
  const directions = lost != 0 ? 2 : 1;
  let only = -1;
  if (drawn >= 0) {
    let first = 0;
    let last = bins - 1;
    while (first < last && load<i64>(h + (<usize>first << 3)) == 0) first++;
    while (first < last && load<i64>(h + (<usize>last << 3)) == 0) last--;
    if (first < last) only = first + drawn % (last - first);
  }
  for (let direction = 0; direction < directions; direction++) {
    let g: i64 = direction == 1 ? gradientOf(lost) : 0;
    let c: i64 = direction == 1 ? curvatureOf(lost) : 0;
    // With missing values on the right, everything present against everything missing is a split, too.
    const end = direction == 0 && lost != 0 ? bins : bins - 1;
    for (let b = 0; b < end; b++) {
      const cell = load<i64>(h + (<usize>b << 3));
      // Most bins of a small leaf are empty, and cutting after an empty bin is cutting before it.
      if (cell == 0 && b != only) continue;
      g += gradientOf(cell);
      c += curvatureOf(cell);
      if (only >= 0 && b != only) continue;
      const HL = <f64>c * unitH;
      if (HL < leastH) continue;
      if (totalH - HL < leastH) break;
      const gain = gainOf(<f64>g * unitG, HL, l2, monotone);
      if (gain > best) {
        best = gain;
        threshold = b;
        missingLeft = direction;
      }
    }
  }
  store<f64>(out, threshold < 0 ? -1 : best - parent);
  store<i32>(out, threshold, 8);
  store<i32>(out, lost == 0 ? -1 : missingLeft, 12);
}

@inline function pair(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(low, high, 1, 2);
}

/** The same for a plain search (no L1, no bounds, every threshold): two neighbouring thresholds at once. */
function searchPlain(h: usize, feature: usize, out: usize): void {
  const bins = load<i32>(feature + F_BINS);
  const missing = load<i32>(feature + F_MISSING);
  const lost: i64 = missing >= 0 ? load<i64>(h + (<usize>missing << 3)) : 0;
  const zero = f64x2.splat(0);
  const none = f64x2.splat(-1);
  const G = f64x2.splat(totalG);
  const H = f64x2.splat(totalH);
  const least = f64x2.splat(leastH);
  const penalty = f64x2.splat(l2);
  let best: f64 = -1;
  let threshold = -1;
  let missingLeft = 0;
  const directions = lost != 0 ? 2 : 1;
  for (let direction = 0; direction < directions; direction++) {
    // With missing values on the right, everything present against everything missing is a split, too.
    const end = direction == 0 && lost != 0 ? bins : bins - 1;
    const last = f64x2.splat(<f64>end);
    let g = f64x2.splat(direction == 1 ? <f64>gradientOf(lost) : 0);
    let c = f64x2.splat(direction == 1 ? <f64>curvatureOf(lost) : 0);
    let bin = f64x2(0, 1);
    let most = none;
    let where = none;
    for (let b = 0; b < end; b += 2) {
      const cells = v128.load(h + (<usize>b << 3));
      const gs = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(cells, cells, 1, 3, 1, 3));
      const cs = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(cells, cells, 0, 2, 0, 2));
      // Whole numbers below 2^53: the sums are exact.
      g = f64x2.add(g, f64x2.add(gs, pair(zero, gs)));
      c = f64x2.add(c, f64x2.add(cs, pair(zero, cs)));
      const GL = f64x2.mul(g, f64x2.splat(unitG));
      const HL = f64x2.mul(c, f64x2.splat(unitH));
      const GR = f64x2.sub(G, GL);
      const HR = f64x2.sub(H, HL);
      const a = f64x2.add(HL, penalty);
      const d = f64x2.add(HR, penalty);
      // One division for the sum of two quotients.
      const top = f64x2.add(f64x2.mul(f64x2.mul(GL, GL), d), f64x2.mul(f64x2.mul(GR, GR), a));
      const gain = f64x2.div(top, f64x2.mul(a, d));
      const allowed = v128.and(v128.and(f64x2.ge(HL, least), f64x2.ge(HR, least)), f64x2.lt(bin, last));
      const better = v128.and(allowed, f64x2.gt(gain, most));
      most = v128.bitselect(gain, most, better);
      where = v128.bitselect(bin, where, better);
      bin = f64x2.add(bin, f64x2.splat(2));
      g = v128.shuffle<i64>(g, g, 1, 1);
      c = v128.shuffle<i64>(c, c, 1, 1);
    }
    const even = f64x2.extract_lane(most, 0);
    const odd = f64x2.extract_lane(most, 1);
    const evenAt = <i32>f64x2.extract_lane(where, 0);
    const oddAt = <i32>f64x2.extract_lane(where, 1);
    // Of equals the lower threshold, as if they had been looked at one by one.
    const takeOdd = odd > even || (odd == even && oddAt < evenAt);
    const found = takeOdd ? odd : even;
    if (found > best) {
      best = found;
      threshold = takeOdd ? oddAt : evenAt;
      missingLeft = direction;
    }
  }
  store<f64>(out, threshold < 0 ? -1 : best - parent);
  store<i32>(out, threshold, 8);
  store<i32>(out, lost == 0 ? -1 : missingLeft, 12);
}

/**
 * The best split of every `step`-th feature from `from` on, for a leaf of `count` rows whose output must lie in [lowest, highest]
 * and whose gradients' squares, in fixed point, add up to `squares` (of use for categories alone).
 * One result of 16 bytes and one table of 256 bytes per feature.
 */
export function search(
  h: usize, count: f64, squares: f64, lowest: f64, highest: f64, features: usize, from: usize, featureCount: usize, step: usize,
  params: usize, results: usize, tables: usize, spare: usize,
): void {
  enterLeaf(h, count, lowest, highest, features, from, featureCount, step, params);
  for (let f = from; f < featureCount; f += step) {
    const feature = features + f * FEATURE_RECORD;
    const out = results + (f << 4);
    if (load<i32>(feature + F_ACTIVE) == 0) store<f64>(out, -1);
    else if (load<i32>(feature + F_KIND) != 0) searchCategory(h + f * FEATURE_BYTES, count, squares, feature, params, tables + (f << 8), spare, out);
    else if (general || load<i32>(feature + F_DRAWN) >= 0) searchNumber(h + f * FEATURE_BYTES, feature, out);
    else searchPlain(h + f * FEATURE_BYTES, feature, out);
  }
}
