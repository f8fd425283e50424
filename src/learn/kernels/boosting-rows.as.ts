// Rows: parted by a split, summed, and walked down a tree. Compiled into boosting.wasm.ts.

import { curvatureOf, gradientOf } from "./boosting-records.as.ts";

/**
 * Moves the rows that go left to the front and the others to `spare`, keeping their order on both sides; returns how many go left.
 */
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

/** The sum of the squares of some rows' gradients in fixed point: exact, as the sum of their absolute values is below 2^31. */
export function squaresOf(rows: usize, count: usize, gh: usize): f64 {
  let sum: i64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const g = gradientOf(load<i64>(gh + (<usize>load<u32>(rows + (i << 2)) << 3)));
    sum += g * g;
  }
  return <f64>sum;
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

/** Adds each leaf's value to its rows, as far as they lie in [from, to) of the row order. Leaves are records of 16 bytes: start, count, value. */
export function addLeaves(leaves: usize, leafCount: usize, rows: usize, from: usize, to: usize, scores: usize): void {
  for (let n: usize = 0; n < leafCount; n++) {
    const leaf = leaves + (n << 4);
    const start = <usize>load<u32>(leaf);
    const first = max<usize>(from, start);
    const end = min<usize>(to, start + <usize>load<u32>(leaf, 4));
    if (first < end) addToScores(rows + (first << 2), end - first, load<f32>(leaf, 8), scores);
  }
}

/**
 * Adds a tree's values to rows it was not grown on. Nodes are records of 16 bytes: address of the feature's bins, left, right
 * (below 0: the complement of a leaf's number); node n's table lies at tables + 256 · n. `rows` 0 means all of them;
 * [from, to) are places in `rows`.
 */
export function walk(nodes: usize, tables: usize, leafValues: usize, rows: usize, from: usize, to: usize, scores: usize): void {
  for (let i = from; i < to; i++) {
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
