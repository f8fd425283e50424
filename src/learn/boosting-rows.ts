// Brings binned rows, and the records that describe them, into the memory of a boosting run.

import type { Bins } from "./boosting-bins.ts";
import { type BoostingMemory, featureBytes, stagingRows } from "./boosting-memory.ts";

/** Writes the records that kernels read about features, panels and blocks. `active` has 1 for each feature drawn for the tree. */
export function writeFeatures(
  { i32, u32, layout }: BoostingMemory,
  bins: readonly Bins[],
  monotone: Int8Array,
  active: Uint8Array,
): void {
  for (const [f, { count, hasMissing, kind }] of bins.entries()) {
    const at = layout.featureRecords / 4 + f * 8;
    i32[at] = count;
    i32[at + 1] = hasMissing ? count : -1;
    i32[at + 2] = kind === "category" ? 1 : 0;
    i32[at + 3] = active[f]!;
    i32[at + 4] = monotone[f]!;
    i32[at + 5] = -1;
  }
  for (const [b, { panel, feature, width }] of layout.blocks.entries()) {
    const at = layout.blockRecords / 4 + b * 4;
    u32[at] = feature - layout.panels[panel]!.feature;
    u32[at + 1] = active.subarray(feature, feature + width).includes(1) ? width : 0;
    u32[at + 2] = feature * featureBytes;
  }
  for (const [p, { address, stride }] of layout.panels.entries()) {
    const at = layout.panelRecords / 4 + p * 4;
    const first = layout.blocks.findIndex(({ panel }) => panel === p);
    u32[at] = address;
    u32[at + 1] = stride;
    u32[at + 2] = first;
    u32[at + 3] = layout.blocks.filter(({ panel }) => panel === p).length;
  }
}

/** Bins one encoded column for training; `order` names the column's row for each of them (all in order when absent). */
export function writeTrainingBins(
  memory: BoostingMemory,
  feature: number,
  bins: Bins,
  values: Float64Array,
  order: Int32Array | undefined,
): void {
  const { kernels, layout } = memory;
  const column = layout.columns + feature * layout.columnPitch;
  writeBins(memory, column, layout.rowCount, bins, values, order);
  const panel = layout.panels.find((candidate) => feature < candidate.feature + candidate.features)!;
  kernels.interleave(column, layout.rowCount, panel.address + feature - panel.feature, panel.stride);
}

/** Bins one encoded column of the held-out rows. */
export function writeHeldBins(
  memory: BoostingMemory,
  feature: number,
  bins: Bins,
  values: Float64Array,
  order: Int32Array | undefined,
): void {
  const { layout } = memory;
  writeBins(memory, layout.heldColumns + feature * layout.heldColumnPitch, layout.heldRows, bins, values, order);
}

function writeBins(
  { kernels, bytes, f64, layout }: BoostingMemory,
  out: number,
  rowCount: number,
  bins: Bins,
  values: Float64Array,
  order: Int32Array | undefined,
): void {
  const missing = bins.count;
  if (bins.kind === "category") {
    for (let row = 0; row < rowCount; row++) {
      const code = values[order === undefined ? row : order[row]!]!;
      const bin = Number.isNaN(code) ? -1 : bins.binOfCode[code]!;
      bytes[out + row] = bin < 0 ? missing : bin;
    }
    return;
  }
  f64.fill(Number.POSITIVE_INFINITY, layout.bounds / 8, layout.bounds / 8 + 256);
  f64.set(bins.bounds, layout.bounds / 8);
  for (let from = 0; from < rowCount; from += stagingRows) {
    const count = Math.min(stagingRows, rowCount - from);
    if (order === undefined) f64.set(values.subarray(from, from + count), layout.staging / 8);
    else for (let i = 0; i < count; i++) f64[layout.staging / 8 + i] = values[order[from + i]!]!;
    kernels.binColumn(layout.staging, count, layout.bounds, missing, out + from);
  }
}
