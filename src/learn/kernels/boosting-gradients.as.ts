// Bins, and the derivatives of the objectives in floating and fixed point. Compiled into boosting.wasm.ts.

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
