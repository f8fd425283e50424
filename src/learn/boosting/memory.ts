// The one WebAssembly memory that a boosting run works in: what lies where.

import { fail } from "../../base/failure.ts";
import { mostBytes, type WasmMemory, wasmMemory } from "../wasm.ts";
import { mostSampled } from "./bins.ts";
import { type BoostingKernels, boostingKernels } from "./kernels.ts";

/** Features whose bins lie beside each other, row after row. */
export interface Panel {
  /** Address of row 0. */
  readonly address: number;
  /** Bytes per row. */
  readonly stride: number;
  readonly feature: number;
  readonly features: number;
}

/** Up to 8 features of a panel that histograms read as one word. */
export interface Block {
  readonly panel: number;
  readonly feature: number;
  readonly width: 1 | 4 | 8;
}

/** Half a cache line: a row of a small leaf costs one fetch per panel. */
const panelFeatures = 32;

/** Histograms of leaves beyond this are given up, and built again when needed. */
const histogramBytes = 512 * 2 ** 20;

/** 256 cells of 8 bytes. */
export const featureBytes = 2048;

/** Columns that are binned at the same time, at most: each lies, as doubles, where later the rows' derivatives and numbers are. */
const mostSlots = 3;

/** Below so many cells, a run is over before another thread has started. */
const leastCellsToShare = 2 ** 17;

/** Numbers that an operation of the team is told, at most. */
export const teamArgs = 8;

/** Threads that may help are never more. */
const mostHelpers = 62;

/** Addresses of everything: plain numbers, so that it can be handed to other threads. */
export interface BoostingLayout {
  readonly rowCount: number;
  readonly heldRows: number;
  /** rowCount rounded up to whole vectors. */
  readonly padded: number;
  readonly outputs: number;
  readonly featureCount: number;
  /** Bins by feature: feature f of row i is the byte at columns + f · columnPitch + i. */
  readonly columns: number;
  readonly columnPitch: number;
  readonly heldColumns: number;
  readonly heldColumnPitch: number;
  /** The same bins by row. */
  readonly panels: readonly Panel[];
  readonly blocks: readonly Block[];
  readonly panelRecords: number;
  readonly blockRecords: number;
  readonly featureRecords: number;
  /** Places for whole columns of doubles, `padded` each, while nothing else is in the memory that they share. */
  readonly slots: readonly number[];
  /** Per slot: room to sort a sample in, and what was found: number of bins, missing values or not, 256 bounds. */
  readonly sortRooms: readonly number[];
  readonly sampled: number;
  readonly found: readonly number[];
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
  /** Both in fixed point, one i64 per row. */
  readonly gh: number;
  /** Row numbers, leaf beside leaf. */
  readonly rows: number;
  /** Row numbers that the current tree is not grown on. */
  readonly bag: number;
  readonly spareRows: number;
  readonly parts: number;
  readonly params: number;
  readonly results: number;
  readonly tables: number;
  /** Per thread: room for a chunk of rows, or for the search's order of categories. */
  readonly spares: readonly number[];
  /** Threads that may help. */
  readonly helpers: number;
  /** One per helping thread. */
  readonly privateHistograms: readonly number[];
  readonly control: number;
  readonly teamArgs: number;
  readonly teamResults: number;
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
  /** Whether a leaf's histogram is needed for its own search alone. */
  readonly oneHistogram?: boolean;
  readonly weighted: boolean;
  /** Threads there are, this one included; 1 when absent. */
  readonly threads?: number;
}

/** Plans the memory. Throws RUNS_STEP_MEMORY when it would not fit into the 4 GB that WebAssembly can address. */
export function boostingLayout({
  rowCount,
  heldRows,
  outputs,
  featureCount,
  leaves,
  oneHistogram = false,
  weighted,
  threads = 1,
}: LayoutNeeds): BoostingLayout {
  let end = 1024;
  const take = (bytes: number): number => {
    const address = end;
    end = Math.ceil((end + bytes) / 64) * 64;
    return address;
  };
  const padded = Math.ceil(rowCount / 4) * 4;
  const helpers = rowCount * featureCount < leastCellsToShare ? 0 : Math.min(mostHelpers, threads - 1);
  const slots = Array.from({ length: rowCount < 64 ? 1 : Math.min(mostSlots, 1 + helpers) }, (_, slot) => slot);
  const sampled = Math.min(rowCount, mostSampled);
  const pitch = padded * 4;
  const heldPitch = Math.ceil(heldRows / 4) * 16;
  const fitting = Math.floor(histogramBytes / (featureCount * featureBytes));
  const mostHistograms = oneHistogram ? 1 : Math.max(2, Math.min(leaves + 1, fitting));
  const panels = panelsOf(rowCount, featureCount, take);
  const blocks = blocksOf(panels);
  const layout: BoostingLayout = {
    rowCount,
    heldRows,
    padded,
    outputs,
    featureCount,
    panels,
    blocks,
    pitch,
    heldPitch,
    columnPitch: rowCount,
    heldColumnPitch: heldRows,
    columns: take(rowCount * featureCount),
    heldColumns: take(heldRows * featureCount),
    panelRecords: take(panels.length * 16),
    blockRecords: take(blocks.length * 16),
    featureRecords: take(featureCount * 32),
    params: take(128),
    sampled,
    // A sample twice, and the counts of its digits.
    sortRooms: slots.map(() => take(sampled * 16 + 6 * 2048 * 4)),
    found: slots.map(() => take(258 * 8)),
    splitTable: take(256),
    sums: take(64),
    results: take(featureCount * 16),
    tables: take(featureCount * 256),
    helpers,
    // A chunk of 512 rows' gradients and bins (20 KB and a vector's overhang), or an order of categories (2.3 KB).
    spares: Array.from({ length: 1 + helpers }, () => take(512 * 8 + 512 * panelFeatures + 64)),
    privateHistograms: Array.from({ length: helpers }, () => take(featureCount * featureBytes)),
    control: take(64),
    teamArgs: take(teamArgs * 8),
    teamResults: take(8 * (1 + helpers)),
    parts: take((Math.ceil(rowCount / 8192) + 1) * 16),
    walkNodes: take(leaves * 16),
    walkTables: take(leaves * 256),
    walkValues: take(leaves * 4),
    histograms: Array.from({ length: mostHistograms }, () => take(featureCount * featureBytes)),
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
    slots: [],
    bytes: 0,
  };
  if (end > mostBytes)
    throw fail(
      "RUNS_STEP_MEMORY",
      `Expected boosting to need at most 4 GB, got ${(end / 2 ** 30).toFixed(1)} GB for ${rowCount} rows × ${featureCount} features`,
      { hint: "Train on a sample of the rows, or on fewer features" },
    );
  const { g } = layout;
  return { ...layout, slots: slots.map((slot) => g + slot * Math.ceil(padded / 8) * 64), bytes: end };
}

function panelsOf(rowCount: number, featureCount: number, take: (bytes: number) => number): Panel[] {
  const panels: Panel[] = [];
  for (let feature = 0; feature < featureCount; feature += panelFeatures) {
    const features = Math.min(panelFeatures, featureCount - feature);
    const stride = features > 2 ? Math.ceil(features / 4) * 4 : features;
    // A whole vector is read from the last row's start.
    panels.push({ address: take(rowCount * stride + 32), stride, feature, features });
  }
  return panels;
}

function blocksOf(panels: readonly Panel[]): Block[] {
  const blocks: Block[] = [];
  for (const [panel, { feature, features }] of panels.entries()) {
    for (let done = 0; done < features; ) {
      const width = features - done >= 8 ? 8 : features - done >= 4 ? 4 : 1;
      blocks.push({ panel, feature: feature + done, width });
      done += width;
    }
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
    kernels: boostingKernels(memory),
    bytes: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}
