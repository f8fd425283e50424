// The kernels of the vector search, in AssemblyScript: compiled to WebAssembly with SIMD by scripts/build-kernels.ts.

/**
 * The product of the query with each of `count` vectors, as 32-bit floats to `out`. Vectors are `pitch` bytes long, a
 * multiple of 16, the rest filled with zeros; `ids` are their numbers.
 */
export function products(vectors: usize, pitch: usize, query: usize, ids: usize, count: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const vector = vectors + <usize>load<u32>(ids + (i << 2)) * pitch;
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 32 <= pitch; at += 32) {
      a = f32x4.add(a, f32x4.mul(v128.load(vector + at), v128.load(query + at)));
      b = f32x4.add(b, f32x4.mul(v128.load(vector + at, 16), v128.load(query + at, 16)));
    }
    if (at < pitch) a = f32x4.add(a, f32x4.mul(v128.load(vector + at), v128.load(query + at)));
    store<f32>(out + (i << 2), sum(f32x4.add(a, b)));
  }
}

/** The same with the negative of the distance's square. */
export function distances(vectors: usize, pitch: usize, query: usize, ids: usize, count: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const vector = vectors + <usize>load<u32>(ids + (i << 2)) * pitch;
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 32 <= pitch; at += 32) {
      const c = f32x4.sub(v128.load(vector + at), v128.load(query + at));
      const d = f32x4.sub(v128.load(vector + at, 16), v128.load(query + at, 16));
      a = f32x4.add(a, f32x4.mul(c, c));
      b = f32x4.add(b, f32x4.mul(d, d));
    }
    if (at < pitch) {
      const c = f32x4.sub(v128.load(vector + at), v128.load(query + at));
      a = f32x4.add(a, f32x4.mul(c, c));
    }
    store<f32>(out + (i << 2), -sum(f32x4.add(a, b)));
  }
}

function sum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
