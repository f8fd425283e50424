// What the training kernels of kernels/boosting-*.as.ts offer, as types.

import { boostingWasm } from "../kernels/boosting.wasm.ts";
import { type WasmMemory, wasmKernels } from "../wasm.ts";

/** A place in the run's memory, in bytes; 0 where there is none. */
type Address = number;
type Count = number;

// biome-ignore format: one kernel per line reads as the table that it is
export interface BoostingKernels {
  sortNumbers(numbers: Address, count: Count, spare: Address, counts: Address): void;
  binColumn(values: Address, count: Count, bounds: Address, missing: number, out: Address): number;
  interleave(columns: Address, pitch: Count, features: Count, from: Count, to: Count, panel: Address, stride: Count): void;
  gradients(objective: number, level: number, scores: Address, y: Address, weights: Address, from: Count, to: Count, g: Address, h: Address, parts: Address): void;
  softmax(scores: Address, out: Address, classes: Count, pitch: Count, from: Count, to: Count): void;
  softmaxGradients(probabilities: Address, codes: Address, code: number, factor: number, weights: Address, from: Count, to: Count, g: Address, h: Address, parts: Address): void;
  quantise(g: Address, h: Address, from: Count, to: Count, scaleG: number, scaleH: number, out: Address): void;
  countUp(out: Address, from: Count, to: Count): void;
  histogram(panels: Address, panelCount: Count, blocks: Address, rows: Address, first: Count, count: Count, gh: Address, out: Address, spare: Address): void;
  drawnHistogram(columns: Address, pitch: Count, features: Address, from: Count, featureCount: Count, step: Count, rows: Address, count: Count, gh: Address, out: Address, spare: Address): void;
  clear(features: Address, from: Count, to: Count, histogram: Address): void;
  subtract(features: Address, from: Count, to: Count, target: Address, other: Address): void;
  join(features: Address, from: Count, to: Count, target: Address, other: Address): void;
  search(histogram: Address, count: Count, squares: number, lowest: number, highest: number, features: Address, from: Count, featureCount: Count, step: Count, params: Address, results: Address, tables: Address, spare: Address): void;
  sideSums(histogram: Address, table: Address, cells: Count, out: Address): void;
  partition(bins: Address, rows: Address, count: Count, table: Address, spare: Address): Count;
  leafSums(rows: Address, count: Count, gh: Address, out: Address): void;
  squaresOf(rows: Address, count: Count, gh: Address): number;
  sumOf(rows: Address, count: Count, values: Address): number;
  addToScores(rows: Address, count: Count, value: number, scores: Address): void;
  addLeaves(leaves: Address, leafCount: Count, rows: Address, from: Count, to: Count, scores: Address): void;
  walk(nodes: Address, tables: Address, leafValues: Address, rows: Address, from: Count, to: Count, scores: Address): void;
}

export function boostingKernels(memory: WasmMemory): BoostingKernels {
  return wasmKernels<BoostingKernels>(boostingWasm, memory);
}
