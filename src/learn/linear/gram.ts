// The weighted Gram matrix of a design, which is most of the work of fitting a linear model.

import { linearWasm } from "../kernels/linear.wasm.ts";
import { wasmKernels, wasmMemory } from "../wasm.ts";
import type { LinearKernels } from "./dense-block.ts";
import type { Design } from "./design.ts";

/** Rows that stay in the cache while every pair of columns is multiplied. */
const chunkRows = 256;

/** Xᵀ·diag(w)·X as a full symmetric matrix, row after row. Of a design without terms: theirs are too many for a full matrix. */
export function gram(design: Design, weights: Float64Array): Float64Array {
  const { rowCount, width, dense, groups } = design;
  const out = new Float64Array(width * width);
  if (design.block === undefined) addDense(design, weights, out);
  else design.block.gram(weights, out, width);
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++) if (level[row]! >= 0) out[start + level[row]!]! += weights[row]!;
    for (const [j, { values }] of dense.entries()) {
      const base = (1 + j) * width + start;
      for (let row = 0; row < rowCount; row++)
        if (level[row]! >= 0) out[base + level[row]!]! += weights[row]! * values[row]!;
    }
  }
  for (const [a, first] of groups.entries()) {
    for (const second of groups.slice(a)) {
      for (let row = 0; row < rowCount; row++) {
        if (first.level[row]! < 0 || second.level[row]! < 0) continue;
        out[(first.start + first.level[row]!) * width + second.start + second.level[row]!]! += weights[row]!;
      }
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[i * width + j] = out[j * width + i]!;
  return out;
}

/** The part of the intercept and the dense columns: chunks of rows are copied to the kernel's memory and multiplied there. */
function addDense({ rowCount, width, dense }: Design, weights: Float64Array, out: Float64Array): void {
  // The kernel takes columns in pairs; a last odd one is paired with zeros.
  const count = Math.ceil((1 + dense.length) / 2) * 2;
  const pitch = chunkRows * 8;
  const weightsAt = 1024;
  const columnsAt = weightsAt + pitch;
  const scaledAt = columnsAt + count * pitch;
  const outAt = scaledAt + 2 * pitch;
  const memory = wasmMemory(outAt + count * count * 8, { shared: false });
  const kernels = wasmKernels<LinearKernels>(linearWasm, memory);
  const f64 = new Float64Array(memory.buffer);
  f64.fill(1, columnsAt / 8, columnsAt / 8 + chunkRows);
  for (let from = 0; from < rowCount; from += chunkRows) {
    const rows = Math.min(chunkRows, rowCount - from);
    f64.set(weights.subarray(from, from + rows), weightsAt / 8);
    // An odd last row is paired with one of weight 0.
    if (rows % 2 === 1) f64[weightsAt / 8 + rows] = 0;
    for (const [j, { values }] of dense.entries())
      f64.set(values.subarray(from, from + rows), (columnsAt + (1 + j) * pitch) / 8);
    kernels.addGram(columnsAt, pitch, count, rows + (rows % 2), weightsAt, scaledAt, outAt);
  }
  for (let i = 0; i <= dense.length; i++)
    for (let j = i; j <= dense.length; j++) out[i * width + j] = f64[outAt / 8 + i * count + j]!;
}
