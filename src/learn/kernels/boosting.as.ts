// Training kernels of gradient boosting, in AssemblyScript: compiled to WebAssembly with SIMD by scripts/build-kernels.ts.
//
// Addresses come from boosting-memory.ts, which owns the layout. The ideas that everything rests on:
// - Values are bytes (bin numbers), kept twice: by feature, to part rows by one of them, and by row in panels of features, to add
//   rows to histograms with up to 8 features read as one word.
// - A histogram cell is one i64: the sum of gradients in fixed point above, the sum of curvatures below. One addition updates
//   both, integer sums do not depend on their order (so any number of threads grows the same tree), and a sibling's histogram
//   is an exact subtraction. Scales are chosen so that no subset of rows can overflow.
// - A split of any kind (number, category, missing) becomes a table of 256 bytes: does this bin go left?

/** Bytes from one feature's histogram to the next: 256 cells. */
const FEATURE_BYTES: usize = 2048;

// Feature record, 32 bytes (see boosting-memory.ts).
const F_BINS: usize = 0; // number of ordinary bins
const F_MISSING: usize = 4; // the bin of missing values, or -1 when training saw none
const F_KIND: usize = 8; // 0 number, 1 category
const F_ACTIVE: usize = 12; // 0: not drawn for this tree
const F_MONOTONE: usize = 16; // -1, 0 or 1
const F_DRAWN: usize = 20; // extra trees: a random number that picks the one threshold to try, or -1 to try all
const FEATURE_RECORD: usize = 32;

// Search parameters, f64 each.
const P_UNIT_G: usize = 0; // value of one fixed-point step of a gradient
const P_UNIT_H: usize = 8;
const P_L1: usize = 16;
const P_L2: usize = 24;
const P_MIN_H: usize = 32; // least curvature in a leaf
const P_MIN_ROWS: usize = 40; // least (estimated) rows in a leaf
const P_CAT_SMOOTH: usize = 48;
const P_CAT_L2: usize = 56;
const P_GENERAL: usize = 64; // not 0: L1, bounds or monotone constraints are in use

// Search result per feature, 16 bytes: f64 gain (below 0: none), i32 threshold, i32 missing goes left (-1: the leaf has none).

// --- bins ------------------------------------------------------------------------------------------------------------------

/** bin = the first of 256 ascending bounds that is not below the value; NaN and infinities go to `missing`. */
export function binColumn(values: usize, count: usize, bounds: usize, missing: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const v = load<f64>(values + (i << 3));
    let p: usize = 0;
    // A branchless binary search: eight comparisons, no mispredictions.
    p += load<f64>(bounds + ((p + 127) << 3)) < v ? 128 : 0;
    p += load<f64>(bounds + ((p + 63) << 3)) < v ? 64 : 0;
    p += load<f64>(bounds + ((p + 31) << 3)) < v ? 32 : 0;
    p += load<f64>(bounds + ((p + 15) << 3)) < v ? 16 : 0;
    p += load<f64>(bounds + ((p + 7) << 3)) < v ? 8 : 0;
    p += load<f64>(bounds + ((p + 3) << 3)) < v ? 4 : 0;
    p += load<f64>(bounds + ((p + 1) << 3)) < v ? 2 : 0;
    p += load<f64>(bounds + (p << 3)) < v ? 1 : 0;
    store<u8>(out + i, v - v == 0 ? p : missing);
  }
}

/** Copies a column of bins to its place in the rows of a panel. */
export function interleave(column: usize, count: usize, out: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) store<u8>(out + i * stride, load<u8>(column + i));
}

// --- gradients -------------------------------------------------------------------------------------------------------------

/** Rows per partial sum. Sums of floats depend on their order, so their parts must not depend on the number of threads. */
const PART: usize = 8192;

/** e^x for four floats, relative error about 2e-7 (Cephes expf). */
@inline function exp4(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(87));
  const k = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(k, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23));
}

@inline function sum4(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}

/** 0 where the rows of this four are past the end, all ones elsewhere: keeps padding out of every sum. */
@inline function inside(i: usize, to: usize): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(<i32>i), i32x4(0, 1, 2, 3)), i32x4.splat(<i32>to));
}

/** Writes g and h of four rows, weighted, and adds |g| and h to the sums of their part. */
@inline function emit(i: usize, to: usize, gradient: v128, curvature: v128, weights: usize, g: usize, h: usize, part: usize): void {
  const at = i << 2;
  if (weights != 0) {
    const w = v128.load(weights + at);
    gradient = f32x4.mul(gradient, w);
    curvature = f32x4.mul(curvature, w);
  }
  const mask = inside(i, to);
  gradient = v128.and(gradient, mask);
  curvature = v128.and(curvature, mask);
  v128.store(g + at, gradient);
  v128.store(h + at, curvature);
  store<f64>(part, load<f64>(part) + sum4(f32x4.abs(gradient)));
  store<f64>(part + 8, load<f64>(part + 8) + sum4(curvature));
}

@inline function partOf(parts: usize, i: usize): usize {
  return parts + ((i / PART) << 4);
}

/** Objectives: 0 squared error, 1 log loss of one margin, 2 Poisson, 3 quantile (`level`). `from` is a multiple of PART. */
export function gradients(
  objective: i32, level: f32, scores: usize, y: usize, weights: usize, from: usize, to: usize, g: usize, h: usize, parts: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = from; i < to; i += 4) {
    const part = partOf(parts, i);
    if (i % PART == 0) memory.fill(part, 0, 16);
    const s = v128.load(scores + (i << 2));
    const label = v128.load(y + (i << 2));
    if (objective == 0) emit(i, to, f32x4.sub(s, label), one, weights, g, h, part);
    else if (objective == 1) {
      const p = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(s))));
      emit(i, to, f32x4.sub(p, label), f32x4.max(f32x4.mul(p, f32x4.sub(one, p)), f32x4.splat(1e-16)), weights, g, h, part);
    } else if (objective == 2) {
      const rate = exp4(s);
      // Curvature as if the margin were 0.7 higher: keeps the steps of rare, large counts in bounds (as LightGBM does).
      emit(i, to, f32x4.sub(rate, label), f32x4.mul(rate, f32x4.splat(2.0137527)), weights, g, h, part);
    } else {
      const over = f32x4.gt(s, label);
      emit(i, to, v128.bitselect(f32x4.splat(1 - level), f32x4.splat(-level), over), one, weights, g, h, part);
    }
  }
}

/** Turns the margins of `classes` outputs into probabilities: output k's row i lies at k · pitch + 4 · i. */
export function softmax(scores: usize, out: usize, classes: usize, pitch: usize, from: usize, to: usize): void {
  for (let i = from; i < to; i += 4) {
    const at = i << 2;
    let top = v128.load(scores + at);
    for (let k: usize = 1; k < classes; k++) top = f32x4.max(top, v128.load(scores + k * pitch + at));
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < classes; k++) {
      const e = exp4(f32x4.sub(v128.load(scores + k * pitch + at), top));
      v128.store(out + k * pitch + at, e);
      sum = f32x4.add(sum, e);
    }
    const share = f32x4.div(f32x4.splat(1), sum);
    for (let k: usize = 0; k < classes; k++) v128.store(out + k * pitch + at, f32x4.mul(v128.load(out + k * pitch + at), share));
  }
}

/** Gradient of one class's margin from its softmax probability; `factor` makes up for the coupling of the classes. */
export function softmaxGradients(
  probabilities: usize, codes: usize, code: i32, factor: f32, weights: usize, from: usize, to: usize, g: usize, h: usize, parts: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = from; i < to; i += 4) {
    const part = partOf(parts, i);
    if (i % PART == 0) memory.fill(part, 0, 16);
    const p = v128.load(probabilities + (i << 2));
    const label = v128.and(i32x4.eq(v128.load(codes + (i << 2)), i32x4.splat(code)), one);
    const curvature = f32x4.max(f32x4.mul(f32x4.mul(p, f32x4.sub(one, p)), f32x4.splat(factor)), f32x4.splat(1e-16));
    emit(i, to, f32x4.sub(p, label), curvature, weights, g, h, part);
  }
}

/** Rounds gradients and curvatures to fixed point, one i64 per row: gradient above, curvature below. */
export function quantise(g: usize, h: usize, from: usize, to: usize, scaleG: f32, scaleH: f32, out: usize): void {
  const byG = f32x4.splat(scaleG);
  const byH = f32x4.splat(scaleH);
  for (let i = from; i < to; i += 4) {
    const gq = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(g + (i << 2)), byG)));
    const hq = i32x4.trunc_sat_f32x4_u(f32x4.nearest(f32x4.mul(v128.load(h + (i << 2)), byH)));
    v128.store(out + (i << 3), v128.shuffle<i32>(hq, gq, 0, 4, 1, 5));
    v128.store(out + (i << 3) + 16, v128.shuffle<i32>(hq, gq, 2, 6, 3, 7));
  }
}

export function countUp(out: usize, from: usize, to: usize): void {
  for (let i = from; i < to; i++) store<u32>(out + (i << 2), <u32>i);
}

// --- histograms ------------------------------------------------------------------------------------------------------------

@inline function add(histogram: usize, bin: u64, value: i64): void {
  const cell = histogram + (<usize>bin << 3);
  store<i64>(cell, load<i64>(cell) + value);
}

function add8(bins: usize, stride: usize, values: usize, count: usize, h: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const word = load<u64>(bins);
    const value = load<i64>(values + (i << 3));
    add(h, word & 255, value);
    add(h + 2048, (word >> 8) & 255, value);
    add(h + 4096, (word >> 16) & 255, value);
    add(h + 6144, (word >> 24) & 255, value);
    add(h + 8192, (word >> 32) & 255, value);
    add(h + 10240, (word >> 40) & 255, value);
    add(h + 12288, (word >> 48) & 255, value);
    add(h + 14336, word >> 56, value);
    bins += stride;
  }
}

function add4(bins: usize, stride: usize, values: usize, count: usize, h: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const word = <u64>load<u32>(bins);
    const value = load<i64>(values + (i << 3));
    add(h, word & 255, value);
    add(h + 2048, (word >> 8) & 255, value);
    add(h + 4096, (word >> 16) & 255, value);
    add(h + 6144, word >> 24, value);
    bins += stride;
  }
}

function add1(bins: usize, stride: usize, values: usize, count: usize, h: usize): void {
  for (let i: usize = 0; i < count; i++) {
    add(h, load<u8>(bins), load<i64>(values + (i << 3)));
    bins += stride;
  }
}

/** Copies the rows of a panel beside each other. Whole words: what a row writes too much, the next one overwrites. */
function gather(bins: usize, stride: usize, rows: usize, count: usize, out: usize): void {
  if (stride <= 8) {
    for (let i: usize = 0; i < count; i++) store<u64>(out + i * stride, load<u64>(bins + <usize>load<u32>(rows + (i << 2)) * stride));
  } else if (stride <= 16) {
    for (let i: usize = 0; i < count; i++) {
      const from = bins + <usize>load<u32>(rows + (i << 2)) * stride;
      v128.store(out + i * stride, v128.load(from));
    }
  } else if (stride <= 24) {
    for (let i: usize = 0; i < count; i++) {
      const from = bins + <usize>load<u32>(rows + (i << 2)) * stride;
      const to = out + i * stride;
      v128.store(to, v128.load(from));
      store<u64>(to, load<u64>(from, 16), 16);
    }
  } else {
    for (let i: usize = 0; i < count; i++) {
      const from = bins + <usize>load<u32>(rows + (i << 2)) * stride;
      const to = out + i * stride;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  }
}

/** Rows that stay in the cache while all their features are added. */
const CHUNK: usize = 512;

/**
 * Adds rows to a histogram. Panels are records of 16 bytes: address of row 0, bytes per row, first block, blocks. Blocks are
 * records of 16 bytes: offset in the row, width (8, 4, 1; 0 skips), histogram offset. `rows` 0 means rows from `first` on.
 *
 * Rows of a leaf lie scattered. They are first gathered by a loop that does nothing else: so short that many of its loads are
 * under way at once, which hides the memory's delay; the additions then read from the cache.
 */
export function histogram(
  panels: usize, panelCount: usize, blocks: usize, rows: usize, first: usize, count: usize, gh: usize, out: usize, spare: usize,
): void {
  const gathered = spare + (CHUNK << 3);
  for (let from: usize = 0; from < count; from += CHUNK) {
    const some = min<usize>(CHUNK, count - from);
    const chunk = rows + (from << 2);
    let values = gh + ((first + from) << 3);
    if (rows != 0) {
      values = spare;
      for (let i: usize = 0; i < some; i++) store<i64>(spare + (i << 3), load<i64>(gh + (<usize>load<u32>(chunk + (i << 2)) << 3)));
    }
    for (let p: usize = 0; p < panelCount; p++) {
      const panel = panels + (p << 4);
      const stride: usize = load<u32>(panel, 4);
      const end: usize = <usize>load<u32>(panel, 8) + <usize>load<u32>(panel, 12);
      let bins: usize = load<u32>(panel);
      if (rows == 0) bins += (first + from) * stride;
      else {
        gather(bins, stride, chunk, some, gathered);
        bins = gathered;
      }
      for (let b: usize = load<u32>(panel, 8); b < end; b++) {
        const block = blocks + (b << 4);
        const width = load<u32>(block, 4);
        const at = bins + <usize>load<u32>(block);
        const h = out + <usize>load<u32>(block, 8);
        if (width == 8) add8(at, stride, values, some, h);
        else if (width == 4) add4(at, stride, values, some, h);
        else if (width == 1) add1(at, stride, values, some, h);
      }
    }
  }
}

/** Cells of a feature that can be in use, as bytes, rounded up to whole vectors. */
@inline function usedBytes(feature: usize): usize {
  return ((<usize>load<i32>(feature + F_BINS) + 2) & ~1) << 3;
}

export function clear(features: usize, from: usize, to: usize, histogram: usize): void {
  for (let f = from; f < to; f++) memory.fill(histogram + f * FEATURE_BYTES, 0, usedBytes(features + f * FEATURE_RECORD));
}

/** target -= other, for features [from, to). */
export function subtract(features: usize, from: usize, to: usize, target: usize, other: usize): void {
  for (let f = from; f < to; f++) {
    const bytes = usedBytes(features + f * FEATURE_RECORD);
    const a = target + f * FEATURE_BYTES;
    const b = other + f * FEATURE_BYTES;
    for (let i: usize = 0; i < bytes; i += 16) v128.store(a + i, i64x2.sub(v128.load(a + i), v128.load(b + i)));
  }
}

/** target += other, for features [from, to): joins the threads' parts. */
export function join(features: usize, from: usize, to: usize, target: usize, other: usize): void {
  for (let f = from; f < to; f++) {
    const bytes = usedBytes(features + f * FEATURE_RECORD);
    const a = target + f * FEATURE_BYTES;
    const b = other + f * FEATURE_BYTES;
    for (let i: usize = 0; i < bytes; i += 16) v128.store(a + i, i64x2.add(v128.load(a + i), v128.load(b + i)));
  }
}

// --- split search ----------------------------------------------------------------------------------------------------------

@inline function gradientOf(cell: i64): i64 {
  return cell >> 32;
}

@inline function curvatureOf(cell: i64): i64 {
  return cell & 0xffffffff;
}

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

/**
 * Categories in the order of their mean gradient (Fisher 1958: the best two-set partition is a cut of that order), cut from both
 * ends; the missing bin is a category like the others. `table` receives 1 for each bin that goes left.
 */
function searchCategory(h: usize, feature: usize, parent: f64, params: usize, perRow: f64, table: usize, spare: usize, out: usize): void {
  const bins = load<i32>(feature + F_BINS) + (load<i32>(feature + F_MISSING) >= 0 ? 1 : 0);
  const smooth = load<f64>(params + P_CAT_SMOOTH);
  const penalty = l2 + load<f64>(params + P_CAT_L2);
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
  let from0 = from;
  for (; from0 < featureCount; from0 += step) if (load<i32>(features + from0 * FEATURE_RECORD + F_ACTIVE) != 0) break;
  if (from0 < featureCount) {
    // Every row is in one bin of each feature, so any feature's cells add up to the leaf.
    const bins = load<i32>(features + from0 * FEATURE_RECORD + F_BINS);
    let g: i64 = 0;
    let c: i64 = 0;
    for (let b = 0; b <= bins; b++) {
      const cell = load<i64>(h + from0 * FEATURE_BYTES + (<usize>b << 3));
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
    else if (load<i32>(feature + F_KIND) == 0) searchNumber(h + f * FEATURE_BYTES, feature, parent, out);
    else searchCategory(h + f * FEATURE_BYTES, feature, parent, params, perRow, tables + (f << 8), spare, out);
  }
}

// --- rows ------------------------------------------------------------------------------------------------------------------

/** Moves the rows that go left to the front, keeping their order on both sides; returns how many they are. */
export function partition(bins: usize, rows: usize, count: usize, table: usize, spare: usize): usize {
  let left = rows;
  let right = spare;
  for (let i: usize = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const goes: usize = load<u8>(table + <usize>load<u8>(bins + <usize>row));
    // Both are written, one counts: no branch to mispredict. The left side never overtakes what is still to be read.
    store<u32>(left, row);
    store<u32>(right, row);
    left += goes << 2;
    right += (1 - goes) << 2;
  }
  memory.copy(left, spare, right - spare);
  return (left - rows) >> 2;
}

/** The fixed-point sums of a leaf's rows: out = i64 gradients, i64 curvatures as f64. */
export function leafSums(rows: usize, count: usize, gh: usize, out: usize): void {
  let g: i64 = 0;
  let c: i64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const cell = load<i64>(gh + (<usize>load<u32>(rows + (i << 2)) << 3));
    g += gradientOf(cell);
    c += curvatureOf(cell);
  }
  store<f64>(out, <f64>g);
  store<f64>(out, <f64>c, 8);
}

/** The sum of some rows' values, in their order. */
export function sumOf(rows: usize, count: usize, values: usize): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < count; i++) sum += <f64>load<f32>(values + (<usize>load<u32>(rows + (i << 2)) << 2));
  return sum;
}

export function addToScores(rows: usize, count: usize, value: f32, scores: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const at = scores + (<usize>load<u32>(rows + (i << 2)) << 2);
    store<f32>(at, load<f32>(at) + value);
  }
}

/**
 * Adds a tree's values to rows it was not grown on. Nodes are records of 16 bytes: address of the feature's bins, left, right
 * (below 0: the complement of a leaf's number); node n's table lies at tables + 256 · n. `rows` 0 means all of them.
 */
export function walk(nodes: usize, tables: usize, leafValues: usize, rows: usize, count: usize, scores: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const row: usize = rows != 0 ? <usize>load<u32>(rows + (i << 2)) : i;
    let node = 0;
    while (node >= 0) {
      const record = nodes + (<usize>node << 4);
      const bin: usize = load<u8>(<usize>load<u32>(record) + row);
      node = load<u8>(tables + (<usize>node << 8) + bin) != 0 ? load<i32>(record, 4) : load<i32>(record, 8);
    }
    const at = scores + (row << 2);
    store<f32>(at, load<f32>(at) + load<f32>(leafValues + (<usize>~node << 2)));
  }
}
