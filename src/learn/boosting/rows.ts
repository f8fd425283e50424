// Brings binned rows, and the records that describe them, into the memory of a boosting run.

import type { Feature, Numbers } from "../feature.ts";
import { type Bins, type CategoryBins, categoryBins } from "./bins.ts";
import { type BoostingMemory, featureBytes } from "./memory.ts";
import type { Team } from "./team.ts";

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

/** Encoded columns, and which of their rows are used: all in order when `order` is absent. */
export interface EncodedRows {
  readonly columns: readonly Numbers[];
  readonly order: Int32Array | undefined;
}

/** Bins every column of the training rows, and the held-out rows by the same bins. */
export function writeBins(
  memory: BoostingMemory,
  team: Team,
  features: readonly Feature[],
  maxBins: number,
  train: EncodedRows,
  held: EncodedRows | undefined,
): Bins[] {
  const { layout } = memory;
  const bins: Bins[] = [];
  const numbers: number[] = [];
  for (const [f, { type, dictionary }] of features.entries()) {
    if (type !== "category") {
      numbers.push(f);
      continue;
    }
    const codes = picked(train, f);
    const own = categoryBins(codes, dictionary!.length, maxBins);
    bins[f] = own;
    writeCategories(memory, own, codes, layout.columns + f * layout.columnPitch);
    if (held !== undefined)
      writeCategories(memory, own, picked(held, f), layout.heldColumns + f * layout.heldColumnPitch);
  }
  for (let done = 0; done < numbers.length; ) {
    const some = numbers.slice(done, done + Math.min(layout.slots.length, team.size()));
    for (const [slot, f] of some.entries()) fillSlot(memory, slot, train, f, 0, layout.rowCount);
    team.share("bin", layout.rowCount, [some.length, maxBins, ...some]);
    for (const [slot, f] of some.entries()) bins[f] = foundBins(memory, slot);
    for (let from = 0; held !== undefined && from < layout.heldRows; from += layout.padded) {
      const to = Math.min(layout.heldRows, from + layout.padded);
      for (const [slot, f] of some.entries()) fillSlot(memory, slot, held, f, from, to);
      team.share("binHeld", to - from, [some.length, from, to, ...some]);
    }
    done += some.length;
  }
  team.share("interleave", layout.rowCount, []);
  return bins;
}

/** Copies rows [from, to) of one column into a slot. */
function fillSlot(
  { f64, layout }: BoostingMemory,
  slot: number,
  { columns, order }: EncodedRows,
  feature: number,
  from: number,
  to: number,
): void {
  const at = layout.slots[slot]! / 8;
  const column = columns[feature]!;
  if (order === undefined) f64.set(column.subarray(from, to), at);
  else for (let i = from; i < to; i++) f64[at + i - from] = column[order[i]!]!;
}

function foundBins({ f64, layout }: BoostingMemory, slot: number): Bins {
  const at = layout.found[slot]! / 8;
  const count = f64[at]!;
  return { kind: "number", count, bounds: f64.slice(at + 2, at + 1 + count), hasMissing: f64[at + 1] === 1 };
}

function picked({ columns, order }: EncodedRows, feature: number): Numbers {
  const column = columns[feature]!;
  if (order === undefined) return column;
  const some = new Float64Array(order.length);
  for (let i = 0; i < some.length; i++) some[i] = column[order[i]!]!;
  return some;
}

function writeCategories({ bytes }: BoostingMemory, bins: CategoryBins, codes: Numbers, out: number): void {
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    const bin = Number.isNaN(code) ? -1 : bins.binOfCode[code]!;
    bytes[out + row] = bin < 0 ? bins.count : bin;
  }
}
