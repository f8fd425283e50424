// Bins, and the derivatives of the objectives in floating and fixed point. Compiled into boosting.wasm.ts.

/**
 * bin = the first of 256 ascending bounds that is not below the value; NaN and infinities go to `missing`. Returns 1 when there
 * were any of these.
 */
export function binColumn(values: usize, count: usize, bounds: usize, missing: usize, out: usize): i32 {
  let allPresent = true;
  for (let i: usize = 0; i < count; i++) {
    const v = load<f64>(values + (i << 3));
    // A branchless binary search: eight comparisons, no mispredictions.
    let p: usize = usize(load<f64>(bounds + (127 << 3)) < v) << 7;
    p += usize(load<f64>(bounds + (p << 3), 63 << 3) < v) << 6;
    p += usize(load<f64>(bounds + (p << 3), 31 << 3) < v) << 5;
    p += usize(load<f64>(bounds + (p << 3), 15 << 3) < v) << 4;
    p += usize(load<f64>(bounds + (p << 3), 7 << 3) < v) << 3;
    p += usize(load<f64>(bounds + (p << 3), 3 << 3) < v) << 2;
    p += usize(load<f64>(bounds + (p << 3), 1 << 3) < v) << 1;
    p += usize(load<f64>(bounds + (p << 3)) < v);
    const present = v - v == 0;
    allPresent = allPresent && present;
    store<u8>(out + i, present ? p : missing);
  }
  return allPresent ? 0 : 1;
}

/** Copies rows [from, to) of `features` columns of bins, `pitch` bytes apart, to their places in the rows of a panel. */
export function interleave(columns: usize, pitch: usize, features: usize, from: usize, to: usize, panel: usize, stride: usize): void {
  // So few rows at a time that their lines stay in the cache until every feature has written its byte.
  for (let start = from; start < to; start += 256) {
    const end = min<usize>(to, start + 256);
    for (let f: usize = 0; f < features; f++) {
      const column = columns + f * pitch;
      const out = panel + f;
      for (let i = start; i < end; i++) store<u8>(out + i * stride, load<u8>(column + i));
    }
  }
}

const DIGIT: usize = 11;
const DIGITS: usize = 6;
const VALUES: usize = 1 << DIGIT;

/** Sorts numbers (no NaN) ascending, digit by digit. `spare` has room for as many, `counts` for 6 · 2048 u32. */
export function sortNumbers(numbers: usize, count: usize, spare: usize, counts: usize): void {
  memory.fill(counts, 0, (DIGITS * VALUES) << 2);
  for (let i: usize = 0; i < count; i++) {
    // Bits in the order of the numbers: of a negative one all are turned, of others the sign.
    const bits = load<i64>(numbers + (i << 3));
    const key = <u64>(bits ^ ((bits >> 63) | i64.MIN_VALUE));
    store<u64>(numbers + (i << 3), key);
    for (let d: usize = 0; d < DIGITS; d++) {
      const cell = counts + ((d * VALUES + <usize>((key >> (d * DIGIT)) & (VALUES - 1))) << 2);
      store<u32>(cell, load<u32>(cell) + 1);
    }
  }
  let source = numbers;
  let target = spare;
  for (let d: usize = 0; d < DIGITS; d++) {
    const shift = d * DIGIT;
    const own = counts + ((d * VALUES) << 2);
    // A digit that all share sorts nothing.
    if (count == 0 || <usize>load<u32>(own + (<usize>((load<u64>(source) >> shift) & (VALUES - 1)) << 2)) == count) continue;
    let sum: u32 = 0;
    for (let v: usize = 0; v < VALUES; v++) {
      const here = load<u32>(own + (v << 2));
      store<u32>(own + (v << 2), sum);
      sum += here;
    }
    for (let i: usize = 0; i < count; i++) {
      const key = load<u64>(source + (i << 3));
      const cell = own + (<usize>((key >> shift) & (VALUES - 1)) << 2);
      const place = load<u32>(cell);
      store<u32>(cell, place + 1);
      store<u64>(target + (<usize>place << 3), key);
    }
    const swapped = source;
    source = target;
    target = swapped;
  }
  for (let i: usize = 0; i < count; i++) {
    const key = load<i64>(source + (i << 3));
    store<i64>(numbers + (i << 3), key ^ (~(key >> 63) | i64.MIN_VALUE));
  }
}

/** Rows per partial sum. Sums of floats depend on their order, so their parts must not depend on the number of threads. */
const PART: usize = 8192;

/** 1.5 · 2^23: added to a small float, it leaves the nearest whole number in the lowest bits. */
const ROUND: f32 = 12582912;

/** e^x for four floats, relative error about 2e-7 (Cephes expf). */
@inline function exp4(x: v128): v128 {
  x = f32x4.pmin(f32x4.splat(87), f32x4.pmax(f32x4.splat(-87), x));
  const rounded = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504)), f32x4.splat(ROUND));
  const k = f32x4.sub(rounded, f32x4.splat(ROUND));
  let r = f32x4.sub(x, f32x4.mul(k, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // k stands in the lowest bits of `rounded`; shifted into the exponent it is 2^k.
  return f32x4.mul(p, i32x4.add(i32x4.shl(rounded, 23), i32x4.splat(0x3f800000)));
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

// The sums of |g| and h over one part, four rows beside each other. A part's sums are at most 2048 additions of floats: more than
// exact enough for choosing a scale.
let sumG: v128 = i32x4.splat(0);
let sumH: v128 = i32x4.splat(0);

/** Writes g and h of four rows, weighted, and adds |g| and h to the sums of their part. */
@inline function emit(i: usize, to: usize, gradient: v128, curvature: v128, weights: usize, g: usize, h: usize): void {
  const at = i << 2;
  if (weights != 0) {
    const w = v128.load(weights + at);
    gradient = f32x4.mul(gradient, w);
    curvature = f32x4.mul(curvature, w);
  }
  if (i + 4 > to) {
    const mask = inside(i, to);
    gradient = v128.and(gradient, mask);
    curvature = v128.and(curvature, mask);
  }
  v128.store(g + at, gradient);
  v128.store(h + at, curvature);
  sumG = f32x4.add(sumG, f32x4.abs(gradient));
  sumH = f32x4.add(sumH, curvature);
}

@inline function endPart(parts: usize, from: usize): void {
  const part = parts + ((from / PART) << 4);
  store<f64>(part, sum4(sumG));
  store<f64>(part, sum4(sumH), 8);
}

/** Objectives: 0 squared error, 1 log loss of one margin, 2 Poisson, 3 quantile (`level`). `from` is a multiple of PART. */
export function gradients(
  objective: i32, level: f32, scores: usize, y: usize, weights: usize, from: usize, to: usize, g: usize, h: usize, parts: usize,
): void {
  const one = f32x4.splat(1);
  for (let start = from; start < to; start += PART) {
    const end = min<usize>(to, start + PART);
    sumG = f32x4.splat(0);
    sumH = f32x4.splat(0);
    if (objective == 0) {
      for (let i = start; i < end; i += 4) emit(i, to, f32x4.sub(v128.load(scores + (i << 2)), v128.load(y + (i << 2))), one, weights, g, h);
    } else if (objective == 1) {
      for (let i = start; i < end; i += 4) {
        const p = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v128.load(scores + (i << 2))))));
        const curvature = f32x4.pmax(f32x4.splat(1e-16), f32x4.mul(p, f32x4.sub(one, p)));
        emit(i, to, f32x4.sub(p, v128.load(y + (i << 2))), curvature, weights, g, h);
      }
    } else if (objective == 2) {
      for (let i = start; i < end; i += 4) {
        const rate = exp4(v128.load(scores + (i << 2)));
        // Curvature as if the margin were 0.7 higher: keeps the steps of rare, large counts in bounds (as LightGBM does).
        emit(i, to, f32x4.sub(rate, v128.load(y + (i << 2))), f32x4.mul(rate, f32x4.splat(2.0137527)), weights, g, h);
      }
    } else {
      for (let i = start; i < end; i += 4) {
        const over = f32x4.gt(v128.load(scores + (i << 2)), v128.load(y + (i << 2)));
        emit(i, to, v128.bitselect(f32x4.splat(1 - level), f32x4.splat(-level), over), one, weights, g, h);
      }
    }
    endPart(parts, start);
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
  for (let start = from; start < to; start += PART) {
    const end = min<usize>(to, start + PART);
    sumG = f32x4.splat(0);
    sumH = f32x4.splat(0);
    for (let i = start; i < end; i += 4) {
      const p = v128.load(probabilities + (i << 2));
      const label = v128.and(i32x4.eq(v128.load(codes + (i << 2)), i32x4.splat(code)), one);
      const curvature = f32x4.pmax(f32x4.splat(1e-16), f32x4.mul(f32x4.mul(p, f32x4.sub(one, p)), f32x4.splat(factor)));
      emit(i, to, f32x4.sub(p, label), curvature, weights, g, h);
    }
    endPart(parts, start);
  }
}

/** Rounds gradients and curvatures to fixed point, one i64 per row: gradient above, curvature below. */
export function quantise(g: usize, h: usize, from: usize, to: usize, scaleG: f32, scaleH: f32, out: usize): void {
  const byG = f32x4.splat(scaleG);
  const byH = f32x4.splat(scaleH);
  for (let i = from; i < to; i += 4) {
    const gq = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(g + (i << 2)), byG)));
    const hq = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(h + (i << 2)), byH)));
    v128.store(out + (i << 3), v128.shuffle<i32>(hq, gq, 0, 4, 1, 5));
    v128.store(out + (i << 3) + 16, v128.shuffle<i32>(hq, gq, 2, 6, 3, 7));
  }
}

export function countUp(out: usize, from: usize, to: usize): void {
  for (let i = from; i < to; i++) store<u32>(out + (i << 2), <u32>i);
}
