// The dense columns of a large design in the memory of the linear kernels, where every pass over them is fast.

import { linearWasm } from "../kernels/linear.wasm.ts";
import { mostBytes, wasmKernels, wasmMemory } from "../wasm.ts";
import type { ColumnReader } from "./dense-columns.ts";

/** What the linear kernels export. */
export interface LinearKernels {
  addGram(
    columns: number,
    pitch: number,
    count: number,
    rows: number,
    weights: number,
    scaled: number,
    out: number,
  ): void;
  addTimes(columns: number, pitch: number, count: number, rows: number, factors: number, out: number): void;
  survey(column: number, weights: number, rows: number, into: number, out: number): void;
  moments(column: number, weights: number, rows: number, perUnit: number, shift: number, out: number): void;
  standardise(column: number, rows: number, center: number, scale: number, out: number): void;
  indicate(column: number, rows: number, out: number): void;
  addTransposed(columns: number, pitch: number, count: number, rows: number, residual: number, sums: number): void;
  logisticPass(
    columns: number,
    pitch: number,
    count: number,
    rows: number,
    factors: number,
    margins: number,
    labels: number,
    weights: number,
    residual: number,
    curvature: number,
    sums: number,
  ): number;
}

/** Arrays of one number per row are read in place when they are the block's own, and copied to it otherwise. */
export interface DenseBlock extends ColumnReader {
  /** A place for the next column, filled with 0. */
  nextColumn(): Float64Array;
  /** Own arrays, of one number per row. */
  readonly margin: Float64Array;
  readonly residual: Float64Array;
  readonly curvature: Float64Array;
  readonly label: Float64Array;
  readonly weights: Float64Array;
  /** Writes the upper triangle of (1, columns)ᵀ·diag(weights)·(1, columns) to the corner of `out`, whose rows are `width` long. */
  gram(weights: Float64Array, out: Float64Array, width: number): void;
  /** out += columns·factors. */
  addTimes(factors: Float64Array, out: Float64Array): void;
  /** (1, columns)ᵀ·residual. */
  transposeTimes(residual: Float64Array): Float64Array;
  /**
   * Adds columns·factors to the own margin, fills the own residual and curvature from it and the own label and weights, and returns
   * the weighted log loss with (1, columns)ᵀ·residual.
   */
  logistic(factors: Float64Array): { loss: number; gradient: Float64Array };
}

/** Smaller designs are served as fast by plain arrays, and do not cost a memory. */
const fewestNumbers = 50_000;

/** Rows whose columns stay in the cache while every pair of columns is multiplied. */
const chunkRows = 256;

/** Room for so many columns; undefined when the design is small, or too large for one memory. */
export function denseBlock(rowCount: number, mostColumns: number): DenseBlock | undefined {
  if (rowCount * mostColumns < fewestNumbers) return undefined;
  const pitch = Math.ceil(rowCount / 2) * 16;
  // The first column is the intercept's; kernels take columns by fours, and unused ones hold 0.
  const places = Math.ceil((1 + mostColumns) / 4) * 4;
  let end = 1024;
  const take = (bytes: number): number => {
    const address = end;
    end += Math.ceil(bytes / 16) * 16;
    return address;
  };
  const columnsAt = take(places * pitch);
  const rowArrays = Array.from({ length: 6 }, () => take(pitch));
  const factorsAt = take(places * 8);
  const sumsAt = take(places * 8);
  const scaledAt = take(2 * chunkRows * 8);
  const gramAt = take(places * places * 8);
  if (end > mostBytes - 2 ** 20) return undefined;
  const memory = wasmMemory(end, { shared: false });
  const kernels = wasmKernels<LinearKernels>(linearWasm, memory);
  const rowArray = (address: number): Float64Array => new Float64Array(memory.buffer, address, rowCount);
  const small = (address: number, length: number): Float64Array => new Float64Array(memory.buffer, address, length);
  const [margin, residual, curvature, label, weights, scratch] = rowArrays.map(rowArray) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  rowArray(columnsAt).fill(1);
  let used = 1;
  const evenRows = pitch / 8;
  const inMemory = (array: Float64Array): number => {
    if (array.buffer === memory.buffer) return array.byteOffset;
    scratch.set(array);
    return scratch.byteOffset;
  };
  const byFours = (): number => Math.ceil(used / 4) * 4;
  const nextColumn = (): Float64Array => rowArray(columnsAt + used++ * pitch);
  return {
    margin,
    residual,
    curvature,
    label,
    weights,
    nextColumn,
    load(values) {
      scratch.set(values);
      kernels.survey(scratch.byteOffset, weights.byteOffset, evenRows, scratch.byteOffset, factorsAt);
      const [largest, missing, first] = small(factorsAt, 3);
      return { largest: largest!, missing: missing!, first: first! };
    },
    moments(perUnit, shift) {
      kernels.moments(scratch.byteOffset, weights.byteOffset, evenRows, perUnit, shift, factorsAt);
      const [present, absent, sum, squares] = small(factorsAt, 4);
      return { present: present!, absent: absent!, sum: sum!, squares: squares! };
    },
    standardised(center, scale) {
      const column = nextColumn();
      kernels.standardise(scratch.byteOffset, evenRows, center, scale, column.byteOffset);
      // The row that makes an odd number of them even has to be 0 in every column.
      if (rowCount < evenRows) small(column.byteOffset + rowCount * 8, 1)[0] = 0;
      return column;
    },
    indicator() {
      const column = nextColumn();
      kernels.indicate(scratch.byteOffset, evenRows, column.byteOffset);
      return column;
    },
    gram(own, out, width) {
      const count = Math.ceil(used / 2) * 2;
      const at = inMemory(own);
      small(gramAt, count * count).fill(0);
      for (let from = 0; from < evenRows; from += chunkRows) {
        const rows = Math.min(chunkRows, evenRows - from);
        kernels.addGram(columnsAt + from * 8, pitch, count, rows, at + from * 8, scaledAt, gramAt);
      }
      const sums = small(gramAt, count * count);
      for (let i = 0; i < used; i++) for (let j = i; j < used; j++) out[i * width + j] = sums[i * count + j]!;
    },
    addTimes(factors, out) {
      const place = small(factorsAt, places).fill(0);
      place.set(factors.subarray(0, used - 1), 1);
      const at = inMemory(out);
      kernels.addTimes(columnsAt, pitch, byFours(), evenRows, factorsAt, at);
      if (at === scratch.byteOffset && out !== scratch) out.set(scratch);
    },
    transposeTimes(own) {
      const sums = small(factorsAt, places).fill(0);
      kernels.addTransposed(columnsAt, pitch, byFours(), evenRows, inMemory(own), factorsAt);
      return sums.slice(0, used);
    },
    logistic(factors) {
      small(factorsAt, places)
        .fill(0)
        .set(factors.subarray(0, used - 1), 1);
      const sums = small(sumsAt, places).fill(0);
      const loss = kernels.logisticPass(
        columnsAt,
        pitch,
        byFours(),
        evenRows,
        factorsAt,
        margin.byteOffset,
        label.byteOffset,
        weights.byteOffset,
        residual.byteOffset,
        curvature.byteOffset,
        sumsAt,
      );
      return { loss, gradient: sums.slice(0, used) };
    },
  };
}
