// The one WebAssembly memory that a boosting run works in: what lies where, and the kernels over it.

import { fail } from "../base/failure.ts";
import type { Bins } from "./boosting-bins.ts";
import { boostingWasm } from "./kernels/boosting.wasm.ts";
import { mostBytes, type WasmMemory, wasmKernels, wasmMemory } from "./wasm.ts";

/** The kernels of kernels/boosting.as.ts; all arguments are addresses, counts or numbers. */
export interface BoostingKernels {
  binColumn(values: number, count: number, bounds: number, missing: number, out: number, stride: number): void;
  gradients(
    objective: number,
    level: number,
    scores: number,
    y: number,
    weights: number,
    from: number,
    to: number,
    g: number,
    h: number,
    parts: number,
  ): void;
  softmax(scores: number, out: number, classes: number, pitch: number, from: number, to: number): void;
  softmaxGradients(
    probabilities: number,
    codes: number,
    code: number,
    factor: number,
    weights: number,
    from: number,
    to: number,
    g: number,
    h: number,
    parts: number,
  ): void;
  quantise(g: number, h: number, from: number, to: number, scaleG: number, scaleH: number, out: number): void;
  countUp(out: number, from: number, to: number): void;
  histogram(
    blocks: number,
    blockCount: number,
    rows: number,
    count: number,
    gh: number,
    out: number,
    spare: number,
  ): void;
  clear(features: number, from: number, to: number, histogram: number): void;
  subtract(features: number, from: number, to: number, target: number, other: number): void;
  join(features: number, from: number, to: number, target: number, other: number): void;
  search(
    histogram: number,
    count: number,
    lowest: number,
    highest: number,
    features: number,
    from: number,
    featureCount: number,
    step: number,
    params: number,
    results: number,
    tables: number,
    spare: number,
  ): void;
  partition(bins: number, stride: number, rows: number, count: number, table: number, spare: number): number;
  leafSums(rows: number, count: number, g: number, h: number, out: number): void;
  addToScores(rows: number, count: number, value: number, scores: number): void;
  walk(nodes: number, tables: number, leafValues: number, rows: number, count: number, scores: number): void;
}

/** Rows in binned form: feature f of a row is the byte at `address[f] + row · stride[f]`. */
export interface BinnedRows {
  readonly rowCount: number;
  readonly address: Uint32Array;
  readonly stride: Uint32Array;
}

/** A run of up to 8 features of one panel that histograms read at once. */
export interface Block {
  readonly feature: number;
  readonly width: 1 | 4 | 8;
}

/** Features of a row that lie beside each other: about one cache line, so that a row of a small leaf costs one fetch per panel. */
const panelFeatures = 32;

/** Histograms beyond this are given up and built again when needed. */
const histogramBytes = 512 * 2 ** 20;
const featureBytes = 2048;

/** Addresses of everything; plain numbers, so that it can be handed to other threads. */
export interface BoostingLayout {
  readonly rowCount: number;
  /** rowCount rounded up to whole vectors. */
  readonly padded: number;
  readonly outputs: number;
  readonly featureCount: number;
  readonly train: BinnedRows;
  readonly held: BinnedRows;
  readonly blocks: readonly Block[];
  readonly blockRecords: number;
  readonly featureRecords: number;
  readonly bounds: number;
  readonly staging: number;
  /** Per-output arrays are `pitch` bytes apart. */
  readonly pitch: number;
  readonly scores: number;
  readonly probabilities: number;
  readonly heldScores: number;
  readonly heldPitch: number;
  readonly labels: number;
  /** 0 when there are no weights. */
  readonly weights: number;
  readonly g: number;
  readonly h: number;
  readonly gh: number;
  readonly rows: number;
  readonly bag: number;
  readonly spareRows: number;
  readonly parts: number;
  readonly params: number;
  readonly results: number;
  readonly tables: number;
  readonly spare: number;
  readonly histograms: readonly number[];
  readonly sums: number;
  readonly splitTable: number;
  readonly walkNodes: number;
  readonly walkTables: number;
  readonly walkValues: number;
  readonly bytes: number;
}

export interface LayoutNeeds {
  readonly rowCount: number;
  readonly heldRows: number;
  readonly outputs: number;
  readonly featureCount: number;
  readonly leaves: number;
  readonly weighted: boolean;
}

/** Rows that are copied into the memory at once to be binned. */
export const stagingRows = 16384;

/** Plans the memory. Throws RUNS_STEP_MEMORY when it would not fit into the 4 GB that WebAssembly can address. */
export function boostingLayout({
  rowCount,
  heldRows,
  outputs,
  featureCount,
  leaves,
  weighted,
}: LayoutNeeds): BoostingLayout {
  let end = 1024;
  const take = (bytes: number): number => {
    const address = end;
    end = Math.ceil((end + bytes) / 64) * 64;
    return address;
  };
  const padded = Math.ceil(rowCount / 4) * 4;
  const pitch = padded * 4;
  const heldPitch = Math.ceil(heldRows / 4) * 16;
  const most = Math.max(2, Math.min(leaves + 1, Math.floor(histogramBytes / (featureCount * featureBytes))));
  const blocks = blocksOf(featureCount);
  const layout: BoostingLayout = {
    rowCount,
    padded,
    outputs,
    featureCount,
    blocks,
    pitch,
    heldPitch,
    blockRecords: take(blocks.length * 16),
    featureRecords: take(featureCount * 32),
    params: take(128),
    bounds: take(256 * 8),
    splitTable: take(256),
    sums: take(64),
    results: take(featureCount * 16),
    tables: take(featureCount * 256),
    // Holds a chunk of gradients (8 KB) or the search's order of categories (2.3 KB).
    spare: take(8192),
    parts: take((Math.ceil(rowCount / 8192) + 1) * 16),
    walkNodes: take(leaves * 16),
    walkTables: take(leaves * 256),
    walkValues: take(leaves * 4),
    staging: take(Math.min(stagingRows, Math.max(rowCount, heldRows)) * 8),
    histograms: Array.from({ length: most }, () => take(featureCount * featureBytes)),
    train: panels(rowCount, featureCount, take),
    held: panels(heldRows, featureCount, take),
    labels: take(pitch),
    weights: weighted ? take(pitch) : 0,
    scores: take(outputs * pitch),
    probabilities: outputs > 1 ? take(outputs * pitch) : 0,
    heldScores: take(outputs * heldPitch),
    g: take(pitch),
    h: take(pitch),
    gh: take(padded * 8),
    rows: take(pitch),
    bag: take(pitch),
    spareRows: take(pitch),
    bytes: 0,
  };
  if (end > mostBytes)
    throw fail(
      "RUNS_STEP_MEMORY",
      `Expected boosting to need at most 4 GB, got ${(end / 2 ** 30).toFixed(1)} GB for ${rowCount} rows × ${featureCount} features`,
      { hint: "Train on a sample of the rows, or on fewer features" },
    );
  return { ...layout, bytes: end };
}

function panels(rowCount: number, featureCount: number, take: (bytes: number) => number): BinnedRows {
  const address = new Uint32Array(featureCount);
  const stride = new Uint32Array(featureCount);
  for (let first = 0; first < featureCount; first += panelFeatures) {
    const features = Math.min(panelFeatures, featureCount - first);
    const width = features > 2 ? Math.ceil(features / 4) * 4 : features;
    const base = take(rowCount * width);
    for (let f = 0; f < features; f++) {
      address[first + f] = base + f;
      stride[first + f] = width;
    }
  }
  return { rowCount, address, stride };
}

function blocksOf(featureCount: number): Block[] {
  const blocks: Block[] = [];
  for (let feature = 0; feature < featureCount; ) {
    const left = featureCount - feature;
    const width = left >= 8 ? 8 : left >= 4 ? 4 : 1;
    blocks.push({ feature, width });
    feature += width;
  }
  return blocks;
}

export interface BoostingMemory {
  readonly memory: WasmMemory;
  readonly kernels: BoostingKernels;
  readonly layout: BoostingLayout;
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** Allocates the memory, or joins another thread's, and makes its views. */
export function boostingMemory(layout: BoostingLayout, joined?: WasmMemory): BoostingMemory {
  const memory = joined ?? wasmMemory(layout.bytes, { shared: true });
  const { buffer } = memory;
  return {
    memory,
    layout,
    kernels: wasmKernels<BoostingKernels>(boostingWasm, memory),
    bytes: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

/** Writes the records that kernels read about features and blocks. `active` has 1 for each feature drawn for the tree. */
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
  for (const [b, { feature, width }] of layout.blocks.entries()) {
    const at = layout.blockRecords / 4 + b * 4;
    u32[at] = layout.train.address[feature]!;
    u32[at + 1] = layout.train.stride[feature]!;
    u32[at + 2] = active.subarray(feature, feature + width).includes(1) ? width : 0;
    u32[at + 3] = feature * featureBytes;
  }
}

/** Bins one encoded column into `rows`; `order` names the column's row for each of them (all in order when absent). */
export function writeBins(
  { kernels, bytes, f64, layout }: BoostingMemory,
  rows: BinnedRows,
  feature: number,
  bins: Bins,
  values: Float64Array,
  order?: Int32Array,
): void {
  const address = rows.address[feature]!;
  const stride = rows.stride[feature]!;
  const missing = bins.count;
  if (bins.kind === "category") {
    for (let row = 0; row < rows.rowCount; row++) {
      const code = values[order === undefined ? row : order[row]!]!;
      const bin = Number.isNaN(code) ? -1 : bins.binOfCode[code]!;
      bytes[address + row * stride] = bin < 0 ? missing : bin;
    }
    return;
  }
  f64.fill(Number.POSITIVE_INFINITY, layout.bounds / 8, layout.bounds / 8 + 256);
  f64.set(bins.bounds, layout.bounds / 8);
  for (let from = 0; from < rows.rowCount; from += stagingRows) {
    const count = Math.min(stagingRows, rows.rowCount - from);
    if (order === undefined) f64.set(values.subarray(from, from + count), layout.staging / 8);
    else for (let i = 0; i < count; i++) f64[layout.staging / 8 + i] = values[order[from + i]!]!;
    kernels.binColumn(layout.staging, count, layout.bounds, missing, address + from * stride, stride);
  }
}
