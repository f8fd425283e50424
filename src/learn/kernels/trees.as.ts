// Prediction kernels for tree ensembles, in AssemblyScript: compiled to WebAssembly by scripts/build-kernels.ts.
//
// Addresses come from trees-evaluate.ts. A node is 16 bytes: f64 threshold (of a category: u32 address of its set of codes),
// u32 left child (the right one is next to it), u16 feature, u8 missing goes right, u8 kind (0 number or leaf, 1 category).
// A leaf is its own left child with an infinite threshold, so that every walk may take the same number of steps: no branch
// depends on the data, and several walks run interleaved while each waits for memory.

@inline function step(nodes: usize, node: usize, row: usize): usize {
  const record = nodes + (node << 4);
  const x = load<f64>(row + (<usize>load<u16>(record, 12) << 3));
  const right = select<usize>(<usize>load<u8>(record, 14), <usize>(x > load<f64>(record)), x != x);
  return <usize>load<u32>(record, 8) + right;
}

@inline function stepMixed(nodes: usize, node: usize, row: usize): usize {
  const record = nodes + (node << 4);
  const x = load<f64>(row + (<usize>load<u16>(record, 12) << 3));
  let right: usize = 0;
  if (x != x) right = load<u8>(record, 14);
  else if (load<u8>(record, 15) == 0) right = <usize>(x > load<f64>(record));
  else {
    const code = <u32>x;
    right = 1 - ((<usize>load<u32>(<usize>load<u32>(record) + ((code >> 5) << 2)) >> (code & 31)) & 1);
  }
  return <usize>load<u32>(record, 8) + right;
}

@inline function valueOf(values: usize, node: usize): f64 {
  return load<f64>(values + (node << 3));
}

/** The sum of trees [from, to) for one row, four trees at a time. Trees are sorted by depth, so that four are alike. */
export function scoreOne(nodes: usize, values: usize, roots: usize, depths: usize, from: usize, to: usize, row: usize, base: f64): f64 {
  let sum = base;
  let t = from;
  for (; t + 4 <= to; t += 4) {
    const root = roots + (t << 2);
    let a: usize = load<u32>(root);
    let b: usize = load<u32>(root, 4);
    let c: usize = load<u32>(root, 8);
    let d: usize = load<u32>(root, 12);
    for (let k = load<i32>(depths + (t << 2), 12); k > 0; k--) {
      a = step(nodes, a, row);
      b = step(nodes, b, row);
      c = step(nodes, c, row);
      d = step(nodes, d, row);
    }
    sum += valueOf(values, a);
    sum += valueOf(values, b);
    sum += valueOf(values, c);
    sum += valueOf(values, d);
  }
  for (; t < to; t++) {
    let a: usize = load<u32>(roots + (t << 2));
    for (let k = load<i32>(depths + (t << 2)); k > 0; k--) a = step(nodes, a, row);
    sum += valueOf(values, a);
  }
  return sum;
}

export function scoreOneMixed(nodes: usize, values: usize, roots: usize, depths: usize, from: usize, to: usize, row: usize, base: f64): f64 {
  let sum = base;
  let t = from;
  for (; t + 4 <= to; t += 4) {
    const root = roots + (t << 2);
    let a: usize = load<u32>(root);
    let b: usize = load<u32>(root, 4);
    let c: usize = load<u32>(root, 8);
    let d: usize = load<u32>(root, 12);
    for (let k = load<i32>(depths + (t << 2), 12); k > 0; k--) {
      a = stepMixed(nodes, a, row);
      b = stepMixed(nodes, b, row);
      c = stepMixed(nodes, c, row);
      d = stepMixed(nodes, d, row);
    }
    sum += valueOf(values, a);
    sum += valueOf(values, b);
    sum += valueOf(values, c);
    sum += valueOf(values, d);
  }
  for (; t < to; t++) {
    let a: usize = load<u32>(roots + (t << 2));
    for (let k = load<i32>(depths + (t << 2)); k > 0; k--) a = stepMixed(nodes, a, row);
    sum += valueOf(values, a);
  }
  return sum;
}

/** Adds trees [from, to) to the sums of 8 · groups rows, eight rows at a time, in the same order as `scoreOne`. */
export function scoreMany(
  nodes: usize, values: usize, roots: usize, depths: usize, from: usize, to: usize, rows: usize, stride: usize, groups: usize, sums: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    const r = rows + group * 8 * stride;
    const out = sums + (group << 6);
    for (let t = from; t < to; t++) {
      const root: usize = load<u32>(roots + (t << 2));
      let a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;
      for (let k = load<i32>(depths + (t << 2)); k > 0; k--) {
        a = step(nodes, a, r);
        b = step(nodes, b, r + stride);
        c = step(nodes, c, r + 2 * stride);
        d = step(nodes, d, r + 3 * stride);
        e = step(nodes, e, r + 4 * stride);
        f = step(nodes, f, r + 5 * stride);
        g = step(nodes, g, r + 6 * stride);
        h = step(nodes, h, r + 7 * stride);
      }
      store<f64>(out, load<f64>(out) + valueOf(values, a));
      store<f64>(out, load<f64>(out, 8) + valueOf(values, b), 8);
      store<f64>(out, load<f64>(out, 16) + valueOf(values, c), 16);
      store<f64>(out, load<f64>(out, 24) + valueOf(values, d), 24);
      store<f64>(out, load<f64>(out, 32) + valueOf(values, e), 32);
      store<f64>(out, load<f64>(out, 40) + valueOf(values, f), 40);
      store<f64>(out, load<f64>(out, 48) + valueOf(values, g), 48);
      store<f64>(out, load<f64>(out, 56) + valueOf(values, h), 56);
    }
  }
}

export function scoreManyMixed(
  nodes: usize, values: usize, roots: usize, depths: usize, from: usize, to: usize, rows: usize, stride: usize, groups: usize, sums: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    const r = rows + group * 8 * stride;
    const out = sums + (group << 6);
    for (let t = from; t < to; t++) {
      const root: usize = load<u32>(roots + (t << 2));
      let a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;
      for (let k = load<i32>(depths + (t << 2)); k > 0; k--) {
        a = stepMixed(nodes, a, r);
        b = stepMixed(nodes, b, r + stride);
        c = stepMixed(nodes, c, r + 2 * stride);
        d = stepMixed(nodes, d, r + 3 * stride);
        e = stepMixed(nodes, e, r + 4 * stride);
        f = stepMixed(nodes, f, r + 5 * stride);
        g = stepMixed(nodes, g, r + 6 * stride);
        h = stepMixed(nodes, h, r + 7 * stride);
      }
      store<f64>(out, load<f64>(out) + valueOf(values, a));
      store<f64>(out, load<f64>(out, 8) + valueOf(values, b), 8);
      store<f64>(out, load<f64>(out, 16) + valueOf(values, c), 16);
      store<f64>(out, load<f64>(out, 24) + valueOf(values, d), 24);
      store<f64>(out, load<f64>(out, 32) + valueOf(values, e), 32);
      store<f64>(out, load<f64>(out, 40) + valueOf(values, f), 40);
      store<f64>(out, load<f64>(out, 48) + valueOf(values, g), 48);
      store<f64>(out, load<f64>(out, 56) + valueOf(values, h), 56);
    }
  }
}
