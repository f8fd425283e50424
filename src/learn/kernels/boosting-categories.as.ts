// The search for the best split of a leaf by a category. Part of boosting.wasm.ts.

import { F_BINS, F_MISSING, P_CAT_L2, P_CAT_SMOOTH, curvatureOf, gradientOf } from "./boosting-records.as.ts";
import { gainOf, l2, leastH, parent, perRow, totalG, totalH, unitG, unitH } from "./boosting-gain.as.ts";

/** Up to this many bins, categories are split on without smoothing and without an L2 of their own. */
const FEW_CATEGORIES: i32 = 4;

/**
 * Categories in the order of their mean gradient (Fisher 1958: the best two-set partition is a cut of that order), cut from both
 * ends; the missing bin is a category like the others. `table` receives 1 for each bin that goes left.
 *
 * Sorting by the very gradients that a cut is then judged by makes chance look like gain: of m categories that do not matter, the
 * k with the largest means gain about m · φ(z)² / (p (1 - p)) times the variance, where p = k / m is the normal share above z.
 * That is near 4/π · m · √(p (1 - p)); half of it is taken off, as not all that rows of one category differ by is chance. The
 * variance is that within categories (Fisher's analysis of variance).
 */
export function searchCategory(
  h: usize, count: f64, squares: f64, feature: usize, params: usize, table: usize, spare: usize, out: usize,
): void {
  const bins = load<i32>(feature + F_BINS) + (load<i32>(feature + F_MISSING) >= 0 ? 1 : 0);
  // Smoothing keeps many categories from being sorted by noise; a few can hardly be, and would only lose their say.
  const few = bins <= FEW_CATEGORIES;
  const smooth = few ? 0 : load<f64>(params + P_CAT_SMOOTH);
  const penalty = l2 + (few ? 0 : load<f64>(params + P_CAT_L2));
  const more = smooth / perRow;
  const order = spare;
  const keys = spare + 256;
  let m = 0;
  let present = 0;
  let between: f64 = 0;
  for (let b = 0; b < bins; b++) {
    const cell = load<i64>(h + (<usize>b << 3));
    if (cell == 0) continue;
    const G = <f64>gradientOf(cell) * unitG;
    const H = <f64>curvatureOf(cell) * unitH;
    present++;
    if (H > 0) between += (G * G) / H;
    if (H * perRow < smooth / 2) continue;
    // As if there were `smooth` rows more, of the leaf's mean.
    const key = (G + (more * totalG) / totalH) / (H + more);
    let j = m++;
    for (; j > 0 && load<f64>(keys + (<usize>(j - 1) << 3)) > key; j--) {
      store<f64>(keys + (<usize>j << 3), load<f64>(keys + (<usize>(j - 1) << 3)));
      store<u8>(order + j, load<u8>(order + j - 1));
    }
    store<f64>(keys + (<usize>j << 3), key);
    store<u8>(order + j, b);
  }
  const chance = smooth == 0 || m < 3 ? 0 : (2 / Math.PI) * <f64>(m - 2) * varianceWithin(count, squares, between, <f64>present);
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
      const p = <f64>(k + 1) / <f64>m;
      const gain = gainOf(<f64>g * unitG, HL, penalty, 0) - chance * sqrt<f64>(p * (1 - p));
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
  const hasMissing = missing >= 0 && load<i64>(h + (<usize>missing << 3)) != 0;
  store<f64>(out, cut < 0 ? -1 : best - parent);
  store<i32>(out, cut, 8);
  store<i32>(out, hasMissing ? <i32>load<u8>(table + missing) : -1, 12);
}

/**
 * The variance of gradients, per curvature, within `groups` groups: what `between` them does not explain of the leaf's squares.
 * The leaf's own variance counts as one row more, which keeps the estimate steady where groups have hardly more than a row each.
 */
@inline function varianceWithin(count: f64, squares: f64, between: f64, groups: f64): f64 {
  const all = squares * unitG * unitG * perRow;
  const own = max<f64>(0, all - (totalG * totalG) / totalH) / max<f64>(1, count - 1);
  return (max<f64>(0, all - between) + own) / (max<f64>(0, count - groups) + 1);
}
