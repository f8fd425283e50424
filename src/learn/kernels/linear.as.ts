// The kernels of the linear models, in AssemblyScript: compiled to WebAssembly with SIMD by scripts/build-kernels.ts.

/**
 * Adds columnsᵀ·diag(weights)·columns of a chunk of rows to `out` (count × count doubles; only places with column >= row are
 * written). Columns are `pitch` bytes apart; rows and count are even. `scaled` has room for two columns times the weights.
 */
export function addGram(columns: usize, pitch: usize, count: usize, rows: usize, weights: usize, scaled: usize, out: usize): void {
  const bytes = rows << 3;
  const width = count << 3;
  const a = scaled;
  const b = scaled + bytes;
  // Two columns against two at a time: four products for four loads.
  for (let i: usize = 0; i < count; i += 2) {
    const first = columns + i * pitch;
    const second = first + pitch;
    for (let r: usize = 0; r < bytes; r += 16) {
      const w = v128.load(weights + r);
      v128.store(a + r, f64x2.mul(v128.load(first + r), w));
      v128.store(b + r, f64x2.mul(v128.load(second + r), w));
    }
    for (let j = i; j < count; j += 2) {
      const c = columns + j * pitch;
      const d = c + pitch;
      let ac = f64x2.splat(0);
      let ad = f64x2.splat(0);
      let bc = f64x2.splat(0);
      let bd = f64x2.splat(0);
      for (let r: usize = 0; r < bytes; r += 16) {
        const va = v128.load(a + r);
        const vb = v128.load(b + r);
        const vc = v128.load(c + r);
        const vd = v128.load(d + r);
        ac = f64x2.add(ac, f64x2.mul(va, vc));
        ad = f64x2.add(ad, f64x2.mul(va, vd));
        bc = f64x2.add(bc, f64x2.mul(vb, vc));
        bd = f64x2.add(bd, f64x2.mul(vb, vd));
      }
      const at = out + i * width + (j << 3);
      add(at, ac);
      add(at + 8, ad);
      add(at + width, bc);
      add(at + width + 8, bd);
    }
  }
}

@inline function add(at: usize, v: v128): void {
  store<f64>(at, load<f64>(at) + f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1));
}

/** Rows of a pass over all columns: their sums stay in the cache. */
const CHUNK: usize = 4096;

/** out += Σ factors[j] · column j. Count is a multiple of 4, rows are even, columns `pitch` bytes apart. */
export function addTimes(columns: usize, pitch: usize, count: usize, rows: usize, factors: usize, out: usize): void {
  const bytes = rows << 3;
  for (let from: usize = 0; from < bytes; from += CHUNK) {
    const to = min(from + CHUNK, bytes);
    for (let j: usize = 0; j < count; j += 4) {
      const a = columns + j * pitch;
      const b = a + pitch;
      const c = b + pitch;
      const d = c + pitch;
      const at = factors + (j << 3);
      const fa = v128.load64_splat(at);
      const fb = v128.load64_splat(at, 8);
      const fc = v128.load64_splat(at, 16);
      const fd = v128.load64_splat(at, 24);
      for (let r = from; r < to; r += 16) {
        const ab = f64x2.add(f64x2.mul(fa, v128.load(a + r)), f64x2.mul(fb, v128.load(b + r)));
        const cd = f64x2.add(f64x2.mul(fc, v128.load(c + r)), f64x2.mul(fd, v128.load(d + r)));
        v128.store(out + r, f64x2.add(v128.load(out + r), f64x2.add(ab, cd)));
      }
    }
  }
}

/** sums[j] += column j · residual. Count is a multiple of 4, rows are even. */
export function addTransposed(columns: usize, pitch: usize, count: usize, rows: usize, residual: usize, sums: usize): void {
  const bytes = rows << 3;
  for (let from: usize = 0; from < bytes; from += CHUNK) {
    const to = min(from + CHUNK, bytes);
    for (let j: usize = 0; j < count; j += 4) {
      const a = columns + j * pitch;
      const b = a + pitch;
      const c = b + pitch;
      const d = c + pitch;
      let sa = f64x2.splat(0);
      let sb = f64x2.splat(0);
      let sc = f64x2.splat(0);
      let sd = f64x2.splat(0);
      for (let r = from; r < to; r += 16) {
        const v = v128.load(residual + r);
        sa = f64x2.add(sa, f64x2.mul(v, v128.load(a + r)));
        sb = f64x2.add(sb, f64x2.mul(v, v128.load(b + r)));
        sc = f64x2.add(sc, f64x2.mul(v, v128.load(c + r)));
        sd = f64x2.add(sd, f64x2.mul(v, v128.load(d + r)));
      }
      const at = sums + (j << 3);
      add(at, sa);
      add(at + 8, sb);
      add(at + 16, sc);
      add(at + 24, sd);
    }
  }
}

/** e^x of two doubles from -700 to 0, to the last digit or two. */
@inline function exp2(x: v128): v128 {
  x = f64x2.max(x, f64x2.splat(-700));
  const k = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
  // ln 2 in two parts: the first has so few digits that its product with k is exact.
  let r = f64x2.sub(x, f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1)));
  r = f64x2.sub(r, f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)));
  let p = f64x2.splat(1.0 / 6227020800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 479001600.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 39916800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 3628800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  const power = i64x2.shl(i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k)), 52);
  return i64x2.add(p, power);
}

/** log(1 + e) of two doubles from 0 to 1, as 2·artanh(e / (2 + e)). */
@inline function log1p2(e: v128): v128 {
  const s = f64x2.div(e, f64x2.add(e, f64x2.splat(2)));
  const q = f64x2.mul(s, s);
  let p = f64x2.splat(2.0 / 33.0);
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 31.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 29.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 27.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 25.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 23.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 21.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 19.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 17.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 15.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 13.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 11.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 9.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 7.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 5.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2.0 / 3.0));
  p = f64x2.add(f64x2.mul(p, q), f64x2.splat(2));
  return f64x2.mul(s, p);
}

/**
 * The log loss of margins against labels of 0 and 1, times the weights: returns its sum and writes its first and second derivatives
 * by the margin. Rows are even; those added for that have weight 0.
 */
function logLoss(margins: usize, labels: usize, weights: usize, rows: usize, residual: usize, curvature: usize): f64 {
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const bytes = rows << 3;
  let total: f64 = 0;
  for (let from: usize = 0; from < bytes; from += CHUNK) {
    const to = min(from + CHUNK, bytes);
    let sum = zero;
    for (let r = from; r < to; r += 16) {
      const m = v128.load(margins + r);
      const y = v128.load(labels + r);
      const w = v128.load(weights + r);
      const e = exp2(f64x2.neg(f64x2.abs(m)));
      const share = f64x2.div(one, f64x2.add(one, e));
      // The probability of the positive class: 1 / (1 + e) on its side of 0, e / (1 + e) on the other.
      const p = f64x2.mul(share, v128.bitselect(one, e, f64x2.ge(m, zero)));
      v128.store(residual + r, f64x2.mul(w, f64x2.sub(p, y)));
      v128.store(curvature + r, f64x2.mul(f64x2.mul(w, e), f64x2.mul(share, share)));
      const wrongWay = v128.bitselect(f64x2.neg(m), m, f64x2.gt(y, zero));
      sum = f64x2.add(sum, f64x2.mul(w, f64x2.add(f64x2.max(wrongWay, zero), log1p2(e))));
    }
    total += f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  }
  return total;
}

/** `addTimes`, `logLoss` and `addTransposed` in one pass over the columns, which are read from afar once. Margins hold the rest's sums. */
export function logisticPass(
  columns: usize, pitch: usize, count: usize, rows: usize, factors: usize, margins: usize, labels: usize, weights: usize,
  residual: usize, curvature: usize, sums: usize,
): f64 {
  const bytes = rows << 3;
  let loss: f64 = 0;
  for (let from: usize = 0; from < bytes; from += CHUNK) {
    const some = (min(from + CHUNK, bytes) - from) >> 3;
    addTimes(columns + from, pitch, count, some, factors, margins + from);
    loss += logLoss(margins + from, labels + from, weights + from, some, residual + from, curvature + from);
    addTransposed(columns + from, pitch, count, some, residual + from, sums);
  }
  return loss;
}

/**
 * Turns infinities of a column into NaN; of the rows with weight, writes the largest absolute value, the number of missing ones
 * and the first present one. `into` takes the cleaned column.
 */
export function survey(column: usize, weights: usize, rows: usize, into: usize, out: usize): void {
  const zero = f64x2.splat(0);
  const bytes = rows << 3;
  let largest = zero;
  let missing = i64x2.splat(0);
  for (let r: usize = 0; r < bytes; r += 16) {
    const raw = v128.load(column + r);
    const none = f64x2.sub(raw, raw);
    // x - x is 0 for a number and NaN for all else.
    const v = f64x2.add(raw, none);
    v128.store(into + r, v);
    const counted = f64x2.gt(v128.load(weights + r), zero);
    const present = f64x2.eq(none, zero);
    largest = f64x2.pmax(largest, v128.and(f64x2.abs(v), v128.and(counted, present)));
    missing = i64x2.sub(missing, v128.andnot(counted, present));
  }
  store<f64>(out, max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1)));
  store<f64>(out, <f64>(i64x2.extract_lane(missing, 0) + i64x2.extract_lane(missing, 1)), 8);
  let first: f64 = NaN;
  for (let r: usize = 0; r < bytes && first != first; r += 8) if (load<f64>(weights + r) > 0) first = load<f64>(into + r);
  store<f64>(out, first, 16);
}

/** The weights of present and of missing rows, and the weighted sums of x·perUnit - shift and of its square. */
export function moments(column: usize, weights: usize, rows: usize, perUnit: f64, shift: f64, out: usize): void {
  const zero = f64x2.splat(0);
  const factor = f64x2.splat(perUnit);
  const origin = f64x2.splat(shift);
  const bytes = rows << 3;
  let present = zero;
  let absent = zero;
  let sum = zero;
  let squares = zero;
  for (let r: usize = 0; r < bytes; r += 16) {
    const distance = f64x2.sub(f64x2.mul(v128.load(column + r), factor), origin);
    const w = v128.load(weights + r);
    const known = v128.and(f64x2.eq(distance, distance), f64x2.gt(w, zero));
    const d = v128.and(distance, known);
    present = f64x2.add(present, v128.and(w, known));
    absent = f64x2.add(absent, v128.andnot(w, known));
    const weighted = f64x2.mul(w, d);
    sum = f64x2.add(sum, weighted);
    squares = f64x2.add(squares, f64x2.mul(weighted, d));
  }
  store<f64>(out, f64x2.extract_lane(present, 0) + f64x2.extract_lane(present, 1));
  store<f64>(out, f64x2.extract_lane(absent, 0) + f64x2.extract_lane(absent, 1), 8);
  store<f64>(out, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1), 16);
  store<f64>(out, f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1), 24);
}

/** (x - center) / scale, 0 where missing. */
export function standardise(column: usize, rows: usize, center: f64, scale: f64, out: usize): void {
  const middle = f64x2.splat(center);
  const unit = f64x2.splat(scale);
  for (let r: usize = 0; r < rows << 3; r += 16) {
    const value = f64x2.div(f64x2.sub(v128.load(column + r), middle), unit);
    v128.store(out + r, v128.and(value, f64x2.eq(f64x2.sub(value, value), f64x2.splat(0))));
  }
}

/** 1 where missing, 0 elsewhere. */
export function indicate(column: usize, rows: usize, out: usize): void {
  for (let r: usize = 0; r < rows << 3; r += 16) {
    const value = v128.load(column + r);
    v128.store(out + r, v128.and(f64x2.splat(1), f64x2.ne(value, value)));
  }
}
