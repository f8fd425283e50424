// Histograms of binned rows: the innermost loops of growing trees. Compiled into boosting.wasm.ts.

import { F_ACTIVE, F_BINS, FEATURE_BYTES, FEATURE_RECORD, curvatureOf, gradientOf } from "./boosting-records.as.ts";

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

/**
 * The histograms of every `step`-th drawn feature from `from` on, for the listed rows: where few of many features are drawn for a
 * split, reading those by column beats adding all of them by row.
 */
export function drawnHistogram(
  columns: usize, pitch: usize, features: usize, from: usize, featureCount: usize, step: usize, rows: usize, count: usize, gh: usize,
  out: usize, spare: usize,
): void {
  for (let f = from; f < featureCount; f += step) {
    const feature = features + f * FEATURE_RECORD;
    if (load<i32>(feature + F_ACTIVE) != 0) memory.fill(out + f * FEATURE_BYTES, 0, usedBytes(feature));
  }
  for (let done: usize = 0; done < count; done += CHUNK) {
    const some = min<usize>(CHUNK, count - done);
    const chunk = rows + (done << 2);
    for (let i: usize = 0; i < some; i++) store<i64>(spare + (i << 3), load<i64>(gh + (<usize>load<u32>(chunk + (i << 2)) << 3)));
    for (let f = from; f < featureCount; f += step) {
      if (load<i32>(features + f * FEATURE_RECORD + F_ACTIVE) == 0) continue;
      const column = columns + f * pitch;
      const h = out + f * FEATURE_BYTES;
      for (let i: usize = 0; i < some; i++) add(h, load<u8>(column + <usize>load<u32>(chunk + (i << 2))), load<i64>(spare + (i << 3)));
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

/** The fixed-point sums of the bins that `table` sends left, of one feature's `cells` cells: gradients and curvatures as f64. */
export function sideSums(h: usize, table: usize, cells: usize, out: usize): void {
  let g: i64 = 0;
  let c: i64 = 0;
  for (let b: usize = 0; b < cells; b++) {
    const cell = load<u8>(table + b) != 0 ? load<i64>(h + (b << 3)) : 0;
    g += gradientOf(cell);
    c += curvatureOf(cell);
  }
  store<f64>(out, <f64>g);
  store<f64>(out, <f64>c, 8);
}
