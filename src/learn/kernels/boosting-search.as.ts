// The search for the best split of a leaf, feature by feature. Compiled into boosting.wasm.ts.

import {
  FEATURE_BYTES,
  FEATURE_RECORD,
  F_ACTIVE,
  F_BINS,
  F_DRAWN,
  F_KIND,
  F_MISSING,
  F_MONOTONE,
  P_CAT_L2,
  P_CAT_SMOOTH,
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

// Search result per feature, 16 bytes: f64 gain (below 0: none), i32 threshold, i32 missing goes left (-1: the leaf has none).

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

// What one search call works on. Module variables, because every helper needs them and each thread has its own instance.
let unitG: f64 = 0;
let unitH: f64 = 0;
let totalG: f64 = 0;
let totalH: f64 = 0;
let leastH: f64 = 0;
let l1: f64 = 0;
let l2: f64 = 0;
let low: f64 = 0;
let high: f64 = 0;
let general: bool = false;

/** Gain of a split without the parent's share; -1 when a monotone constraint forbids it. */
@inline function gainOf(GL: f64, HL: f64, penalty: f64, monotone: i32): f64 {
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

function searchNumber(h: usize, feature: usize, parent: f64, out: usize): void {
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
function searchPlain(h: usize, feature: usize, parent: f64, out: usize): void {
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

/** Up to this many bins, categories are split on without smoothing and without an L2 of their own. */
const FEW_CATEGORIES = 4;

/**
 * Categories in the order of their mean gradient (Fisher 1958: the best two-set partition is a cut of that order), cut from both
 * ends; the missing bin is a category like the others. `table` receives 1 for each bin that goes left.
 */
function searchCategory(h: usize, feature: usize, parent: f64, params: usize, perRow: f64, table: usize, spare: usize, out: usize): void {
  const bins = load<i32>(feature + F_BINS) + (load<i32>(feature + F_MISSING) >= 0 ? 1 : 0);
  // Smoothing keeps many categories from being sorted by noise; a few can hardly be, and would only lose their say.
  const few = bins <= FEW_CATEGORIES;
  const smooth = few ? 0 : load<f64>(params + P_CAT_SMOOTH);
  const penalty = l2 + (few ? 0 : load<f64>(params + P_CAT_L2));
  const order = spare;
  const keys = spare + 256;
  let m = 0;
  for (let b = 0; b < bins; b++) {
    const cell = load<i64>(h + (<usize>b << 3));
    const H = <f64>curvatureOf(cell) * unitH;
    if (cell == 0 || H * perRow < smooth) continue;
    const key = (<f64>gradientOf(cell) * unitG) / (H + smooth / perRow);
    let j = m++;
    for (; j > 0 && load<f64>(keys + (<usize>(j - 1) << 3)) > key; j--) {
      store<f64>(keys + (<usize>j << 3), load<f64>(keys + (<usize>(j - 1) << 3)));
      store<u8>(order + j, load<u8>(order + j - 1));
    }
    store<f64>(keys + (<usize>j << 3), key);
    store<u8>(order + j, b);
  }
  let best: f64 = -1;
  let cut = -1;
  let reversed = false;
  // Sets of more than 32 categories are hardly ever better, and cost as much to keep.
  const longest = min<i32>(32, (m + 1) / 2);
  for (let direction = 0; direction < 2; direction++) {
    let g: i64 = 0;
    let c: i64 = 0;
    for (let k = 0; k < longest; k++) {
      const cell = load<i64>(h + (<usize>load<u8>(order + (direction == 1 ? m - 1 - k : k)) << 3));
      g += gradientOf(cell);
      c += curvatureOf(cell);
      const HL = <f64>c * unitH;
      if (HL < leastH) continue;
      if (totalH - HL < leastH) break;
      const gain = gainOf(<f64>g * unitG, HL, penalty, 0);
      if (gain > best) {
        best = gain;
        cut = k;
        reversed = direction == 1;
      }
    }
  }
  memory.fill(table, 0, 256);
  for (let k = 0; k <= cut; k++) store<u8>(table + load<u8>(order + (reversed ? m - 1 - k : k)), 1);
  const missing = load<i32>(feature + F_MISSING);
  const present = missing >= 0 && load<i64>(h + (<usize>missing << 3)) != 0;
  store<f64>(out, cut < 0 ? -1 : best - parent);
  store<i32>(out, cut, 8);
  store<i32>(out, present ? <i32>load<u8>(table + missing) : -1, 12);
}

/**
 * The best split of every `step`-th feature from `from` on, for a leaf of `count` rows whose output must lie in [lowest, highest].
 * One result of 16 bytes and one table of 256 bytes per feature.
 */
export function search(
  h: usize, count: f64, lowest: f64, highest: f64, features: usize, from: usize, featureCount: usize, step: usize, params: usize,
  results: usize, tables: usize, spare: usize,
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
  const perRow = count / totalH;
  leastH = max<f64>(load<f64>(params + P_MIN_H), load<f64>(params + P_MIN_ROWS) / perRow);
  // A hair less, because a curvature that is constant is a count, and counts must not fail by rounding.
  leastH *= 1 - 1e-9;
  const whole = outputOf(totalG, totalH, l1, l2, low, high);
  const parent = general ? savedBy(whole, totalG, totalH, l1, l2) : (totalG * totalG) / (totalH + l2);
  for (let f = from; f < featureCount; f += step) {
    const feature = features + f * FEATURE_RECORD;
    const out = results + (f << 4);
    if (load<i32>(feature + F_ACTIVE) == 0) store<f64>(out, -1);
    else if (load<i32>(feature + F_KIND) != 0) searchCategory(h + f * FEATURE_BYTES, feature, parent, params, perRow, tables + (f << 8), spare, out);
    else if (general || load<i32>(feature + F_DRAWN) >= 0) searchNumber(h + f * FEATURE_BYTES, feature, parent, out);
    else searchPlain(h + f * FEATURE_BYTES, feature, parent, out);
  }
}
