// The kernel of the linear models, in AssemblyScript: compiled to WebAssembly with SIMD by scripts/build-kernels.ts.

/**
 * Adds columnsᵀ·diag(weights)·columns of a chunk of rows to `out` (count × count doubles; only places with column >= row are
 * written). Columns are `pitch` bytes apart; rows and count are even. `scaled` has room for the columns times the weights.
 */
export function addGram(columns: usize, pitch: usize, count: usize, rows: usize, weights: usize, scaled: usize, out: usize): void {
  const bytes = rows << 3;
  for (let i: usize = 0; i < count; i++) {
    const from = columns + i * pitch;
    const to = scaled + i * pitch;
    for (let r: usize = 0; r < bytes; r += 16) v128.store(to + r, f64x2.mul(v128.load(from + r), v128.load(weights + r)));
  }
  const width = count << 3;
  // Two columns against two at a time: four products for four loads.
  for (let i: usize = 0; i < count; i += 2) {
    const a = scaled + i * pitch;
    const b = a + pitch;
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
