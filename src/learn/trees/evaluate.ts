// Runs a tree ensemble over rows in WebAssembly: one row at a time with little overhead, or many.

import type { Numbers } from "../feature.ts";
import { treesWasm } from "../kernels/trees.wasm.ts";
import { wasmKernels, wasmMemory } from "../wasm.ts";
import type { Trees } from "./artifact.ts";

interface TreesKernels {
  scoreOne: ScoreOne;
  scoreOneMixed: ScoreOne;
  scoreMany: ScoreMany;
  scoreManyMixed: ScoreMany;
}

type ScoreOne = (
  nodes: number,
  values: number,
  roots: number,
  depths: number,
  from: number,
  to: number,
  row: number,
  base: number,
) => number;
type ScoreMany = (
  nodes: number,
  values: number,
  roots: number,
  depths: number,
  from: number,
  to: number,
  rows: number,
  stride: number,
  groups: number,
  sums: number,
) => void;

export interface TreesEvaluator {
  /** One row's margins; the array is reused by the next call. */
  row(values: Float64Array): Float64Array;
  /** Margins of many rows, row after row. */
  columns(columns: readonly Numbers[], rowCount: number): Float64Array;
}

/** Rows that are laid out and scored at once: small enough to stay in the cache beside the trees. */
const batchRows = 512;

export function treesEvaluator(trees: Trees): TreesEvaluator {
  const { featureCount, outputs, base, treeStart } = trees;
  const treeCount = treeStart.length - 1;
  const nodeCount = trees.feature.length;
  let end = 1024;
  const take = (bytes: number): number => {
    const address = end;
    end = Math.ceil((end + bytes) / 64) * 64;
    return address;
  };
  const nodes = take(nodeCount * 16);
  const values = take(nodeCount * 8);
  const roots = take(treeCount * 4 + 16);
  const depths = take(treeCount * 4 + 16);
  const sets = take(trees.sets.length * 4);
  const stride = Math.max(1, featureCount) * 8;
  const rows = take(batchRows * stride);
  const sums = take(batchRows * 8);

  const memory = wasmMemory(end, { shared: false });
  const kernels = wasmKernels<TreesKernels>(treesWasm, memory);
  const f64 = new Float64Array(memory.buffer);
  const u32 = new Uint32Array(memory.buffer);
  writeNodes(trees, memory.buffer, nodes, values, sets);
  u32.set(trees.sets, sets / 4);

  // Trees of one output side by side and sorted by depth, so that trees walked together are alike.
  const ranges: { from: number; to: number }[] = [];
  let placed = 0;
  for (let output = 0; output < outputs; output++) {
    const own: number[] = [];
    for (let t = output; t < treeCount; t += outputs) own.push(t);
    own.sort((a, b) => trees.depth[a]! - trees.depth[b]! || a - b);
    ranges.push({ from: placed, to: placed + own.length });
    for (const t of own) {
      u32[roots / 4 + placed] = treeStart[t]!;
      u32[depths / 4 + placed] = trees.depth[t]!;
      placed++;
    }
  }

  const isMixed = trees.isCategory.includes(1);
  const scoreOne = isMixed ? kernels.scoreOneMixed : kernels.scoreOne;
  const scoreMany = isMixed ? kernels.scoreManyMixed : kernels.scoreMany;
  const rowPlace = f64.subarray(rows / 8, rows / 8 + featureCount);
  const margins = new Float64Array(outputs);
  return {
    row(row) {
      rowPlace.set(row);
      for (let k = 0; k < outputs; k++)
        margins[k] = scoreOne(nodes, values, roots, depths, ranges[k]!.from, ranges[k]!.to, rows, base[k]!);
      return margins;
    },
    columns(columns, rowCount) {
      const out = new Float64Array(rowCount * outputs);
      const width = stride / 8;
      for (let from = 0; from < rowCount; from += batchRows) {
        const count = Math.min(batchRows, rowCount - from);
        for (let f = 0; f < featureCount; f++) {
          const column = columns[f]!;
          for (let i = 0, at = rows / 8 + f; i < count; i++, at += width) f64[at] = column[from + i]!;
        }
        for (let k = 0; k < outputs; k++) {
          f64.fill(base[k]!, sums / 8, sums / 8 + batchRows);
          // The last group may hold rows of the batch before: they are walked, and not read.
          scoreMany(
            nodes,
            values,
            roots,
            depths,
            ranges[k]!.from,
            ranges[k]!.to,
            rows,
            stride,
            Math.ceil(count / 8),
            sums,
          );
          for (let i = 0; i < count; i++) out[(from + i) * outputs + k] = f64[sums / 8 + i]!;
        }
      }
      return out;
    },
  };
}

function writeNodes(trees: Trees, buffer: ArrayBufferLike, nodes: number, values: number, sets: number): void {
  const view = new DataView(buffer);
  for (let i = 0; i < trees.feature.length; i++) {
    const at = nodes + i * 16;
    const isLeaf = trees.feature[i] === -1;
    if (trees.isCategory[i] === 1) view.setUint32(at, sets + trees.value[i]! * 32, true);
    else view.setFloat64(at, isLeaf ? Number.POSITIVE_INFINITY : trees.value[i]!, true);
    view.setUint32(at + 8, trees.left[i]!, true);
    view.setUint16(at + 12, isLeaf ? 0 : trees.feature[i]!, true);
    view.setUint8(at + 14, isLeaf || trees.missingLeft[i] === 1 ? 0 : 1);
    view.setUint8(at + 15, trees.isCategory[i]!);
    view.setFloat64(values + i * 8, isLeaf ? trees.value[i]! : 0, true);
  }
}
