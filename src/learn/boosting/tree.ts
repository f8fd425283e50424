// Grows one tree best first: the leaf whose split saves most is split next, and the smaller child's histogram gives the larger's.

import type { Bins } from "./bins.ts";
import { type BoostingMemory, featureBytes } from "./memory.ts";
import type { BoostingSettings } from "./params.ts";
import { splitQueue } from "./queue.ts";
import type { Team } from "./team.ts";

/** A split of binned rows; children are splits, or below 0 the complement of a leaf's number. */
export interface GrownSplit {
  readonly feature: number;
  readonly gain: number;
  /** Numbers: bins up to this one go left. */
  readonly threshold: number;
  /** 256 entries: 1 for each bin that goes left, that of missing values among them. */
  readonly table: Uint8Array;
  left: number;
  right: number;
}

/** A leaf holds rows [start, start + count) of the layout's row order. */
export interface GrownLeaf {
  readonly start: number;
  readonly count: number;
  /** The sums of its rows' gradients and curvatures in fixed point; exact whole numbers. */
  readonly gradient: number;
  readonly curvature: number;
  /** Bounds from monotone constraints. */
  readonly lowest: number;
  readonly highest: number;
}

export interface GrownTree {
  readonly splits: GrownSplit[];
  readonly leaves: GrownLeaf[];
}

interface Candidate {
  readonly feature: number;
  readonly gain: number;
  readonly threshold: number;
  readonly missing: number;
  readonly table: Uint8Array;
  /** Sums of the rows that go left. */
  readonly gradient: number;
  readonly curvature: number;
}

interface OpenLeaf extends GrownLeaf {
  readonly depth: number;
  readonly parent: number;
  readonly side: "left" | "right";
  /** Address, or 0 when it was given up. */
  histogram: number;
  best: Candidate | undefined;
}

/** What growing a tree needs to know. */
export interface GrowthSettings
  extends Pick<BoostingSettings, "leaves" | "maxDepth" | "minRowsInLeaf" | "minGain" | "l1" | "l2" | "monotone"> {
  /** Draws the features that the next search for a split may look at; histograms then hold those alone, one leaf at a time. */
  readonly drawForSplit?: () => void;
}

/** Grows a tree over the layout's first `rowCount` rows, whose fixed-point derivatives are in place. */
export function growTree(
  memory: BoostingMemory,
  team: Team,
  bins: readonly Bins[],
  rowCount: number,
  settings: GrowthSettings,
): GrownTree {
  const { kernels, layout, bytes, f64 } = memory;
  const isDrawn = settings.drawForSplit !== undefined;
  const free = [...layout.histograms];
  const splits: GrownSplit[] = [];
  let root: OpenLeaf = {
    start: 0,
    count: rowCount,
    gradient: 0,
    curvature: 0,
    lowest: Number.NEGATIVE_INFINITY,
    highest: Number.POSITIVE_INFINITY,
    depth: 0,
    parent: -1,
    side: "left",
    histogram: free.pop()!,
    best: undefined,
  };
  const isConstrained = settings.monotone.some((sign) => sign !== 0);
  const canSplit = (leaf: OpenLeaf): boolean =>
    leaf.count >= 2 * Math.max(1, settings.minRowsInLeaf) && leaf.depth < settings.maxDepth;
  const measure = (leaf: OpenLeaf): void => {
    // All rows in their own order need not be gathered.
    const rows = leaf.count === layout.rowCount ? 0 : layout.rows + leaf.start * 4;
    team.histogram(rows, leaf.count, leaf.histogram);
  };
  const acquire = (except?: OpenLeaf): number => {
    const address = free.pop();
    if (address !== undefined) return address;
    // Give up the histogram of the leaf that is least likely to be split soon.
    let victim: OpenLeaf | undefined;
    for (const leaf of leaves) {
      if (
        leaf !== except &&
        leaf.histogram !== 0 &&
        (victim === undefined || (leaf.best?.gain ?? 0) < (victim.best?.gain ?? 0))
      )
        victim = leaf;
    }
    const taken = victim!.histogram;
    victim!.histogram = 0;
    return taken;
  };

  if (canSplit(root) && !isDrawn) {
    measure(root);
    root = { ...root, ...sumsOfRoot(memory, root.histogram) };
  } else {
    kernels.leafSums(layout.rows, rowCount, layout.gh, layout.sums);
    root = { ...root, gradient: f64[layout.sums / 8]!, curvature: f64[layout.sums / 8 + 1]! };
  }
  const leaves = [root];
  const queue = splitQueue();
  const look = (leaf: OpenLeaf, place: number): void => {
    leaf.best = bestSplit(memory, team, bins, leaf, settings);
    if (leaf.best !== undefined) queue.add(place, leaf.best.gain);
  };
  if (canSplit(root)) look(root, 0);
  while (leaves.length < settings.leaves) {
    const at = queue.take();
    if (at === undefined) break;
    const leaf = leaves[at]!;
    const { feature, gain, threshold, missing, table, gradient, curvature } = leaf.best!;
    bytes.set(table, layout.splitTable);
    const leftCount = team.partition(feature, layout.rows + leaf.start * 4, leaf.count);
    // A leaf without missing values cannot teach where they go: with the majority.
    if (missing < 0) table[bins[feature]!.count] = leftCount * 2 >= leaf.count ? 1 : 0;
    const id = splits.length;
    splits.push({ feature, gain, threshold, table, left: 0, right: 0 });
    if (leaf.parent >= 0) splits[leaf.parent]![leaf.side] = id;
    const child = (side: "left" | "right"): OpenLeaf => ({
      start: side === "left" ? leaf.start : leaf.start + leftCount,
      count: side === "left" ? leftCount : leaf.count - leftCount,
      gradient: side === "left" ? gradient : leaf.gradient - gradient,
      curvature: side === "left" ? curvature : leaf.curvature - curvature,
      lowest: leaf.lowest,
      highest: leaf.highest,
      depth: leaf.depth + 1,
      parent: id,
      side,
      histogram: 0,
      best: undefined,
    });
    let left = child("left");
    let right = child("right");
    const sign = settings.monotone[feature]!;
    if (isConstrained && sign !== 0) {
      const middle = (leafOutput(memory, left, settings) + leafOutput(memory, right, settings)) / 2;
      left = { ...left, ...(sign > 0 ? { highest: middle } : { lowest: middle }) };
      right = { ...right, ...(sign > 0 ? { lowest: middle } : { highest: middle }) };
    }
    leaves[at] = left;
    leaves.push(right);
    const isLast = leaves.length === settings.leaves;
    const wanted = isLast ? [] : [left, right].filter(canSplit);
    const placeOf = (open: OpenLeaf): number => (open === left ? at : leaves.length - 1);
    if (isDrawn) {
      for (const open of wanted) look(open, placeOf(open));
      continue;
    }
    if (wanted.length === 0) {
      if (leaf.histogram !== 0) free.push(leaf.histogram);
      continue;
    }
    const [small, large] = left.count <= right.count ? [left, right] : [right, left];
    const parent = leaf.histogram;
    small.histogram = acquire();
    measure(small);
    if (wanted.includes(large)) {
      large.histogram = parent === 0 ? acquire(small) : parent;
      if (parent === 0) measure(large);
      else team.share("subtract", layout.featureCount * 64, [parent, small.histogram]);
    } else if (parent !== 0) free.push(parent);
    for (const open of wanted) look(open, placeOf(open));
    for (const open of [left, right]) {
      if (open.best !== undefined || open.histogram === 0) continue;
      free.push(open.histogram);
      open.histogram = 0;
    }
  }
  for (const [i, { parent, side }] of leaves.entries()) if (parent >= 0) splits[parent]![side] = ~i;
  return { splits, leaves };
}

function bestSplit(
  memory: BoostingMemory,
  team: Team,
  bins: readonly Bins[],
  leaf: OpenLeaf,
  { minGain, drawForSplit }: GrowthSettings,
): Candidate | undefined {
  const { kernels, layout, bytes, f64, i32 } = memory;
  const { featureCount, results, tables } = layout;
  const histogram = drawForSplit === undefined ? leaf.histogram : layout.histograms[0]!;
  if (drawForSplit !== undefined) {
    drawForSplit();
    team.share("drawnHistogram", leaf.count, [layout.rows + leaf.start * 4, leaf.count, histogram]);
  }
  // Only categories ask how much of a leaf's gradients may be chance.
  const hasCategories = bins.some(({ kind }) => kind === "category");
  const squares = hasCategories ? kernels.squaresOf(layout.rows + leaf.start * 4, leaf.count, layout.gh) : 0;
  team.search(histogram, leaf.count, squares, leaf.lowest, leaf.highest);
  let feature = -1;
  let gain = minGain;
  for (let f = 0; f < featureCount; f++) {
    const found = f64[results / 8 + f * 2]!;
    if (found <= gain) continue;
    gain = found;
    feature = f;
  }
  if (feature < 0) return undefined;
  const result = results / 4 + feature * 4;
  const missing = i32[result + 3]!;
  const kind = bins[feature]!;
  if (kind.kind === "category")
    return {
      feature,
      gain,
      threshold: -1,
      missing,
      table: bytes.slice(tables + feature * 256, tables + feature * 256 + 256),
      ...sumsOfSide(memory, histogram, feature, tables + feature * 256),
    };
  const table = new Uint8Array(256);
  const threshold = middleOfGap(i32, histogram + feature * 2048, i32[result + 2]!, kind.count);
  table.fill(1, 0, threshold + 1);
  table[kind.count] = missing === 1 ? 1 : 0;
  bytes.set(table, tables + feature * 256);
  return {
    feature,
    gain,
    threshold,
    missing,
    table,
    ...sumsOfSide(memory, histogram, feature, tables + feature * 256),
  };
}

type Sums = Pick<GrownLeaf, "gradient" | "curvature">;

/** The sums of the rows of a leaf whose bin of one feature has a 1 in the table. */
function sumsOfSide({ kernels, layout, f64 }: BoostingMemory, histogram: number, feature: number, table: number): Sums {
  kernels.sideSums(histogram + feature * featureBytes, table, 256, layout.sums);
  return { gradient: f64[layout.sums / 8]!, curvature: f64[layout.sums / 8 + 1]! };
}

/** All rows are in one bin of each feature: those of any feature in use add up to the leaf. */
function sumsOfRoot(memory: BoostingMemory, histogram: number): Sums {
  const { bytes, i32, layout } = memory;
  let feature = 0;
  while (i32[layout.featureRecords / 4 + feature * 8 + 3] === 0) feature++;
  bytes.fill(1, layout.tables, layout.tables + 256);
  return sumsOfSide(memory, histogram, feature, layout.tables);
}

/** Bins without rows of the leaf may lie between its two sides: cutting in the middle of them is likelier right for new rows. */
function middleOfGap(i32: Int32Array, histogram: number, threshold: number, count: number): number {
  const isEmpty = (bin: number): boolean =>
    i32[histogram / 4 + bin * 2] === 0 && i32[histogram / 4 + bin * 2 + 1] === 0;
  let last = threshold;
  while (last + 1 < count - 1 && isEmpty(last + 1)) last++;
  return (threshold + last) >> 1;
}

/** A leaf's Newton step within its bounds. */
export function leafOutput(
  { layout, f64 }: BoostingMemory,
  leaf: GrownLeaf,
  settings: Pick<GrowthSettings, "l1" | "l2">,
): number {
  const G = leaf.gradient * f64[layout.params / 8]!;
  const H = leaf.curvature * f64[layout.params / 8 + 1]!;
  if (!(H + settings.l2 > 0)) return 0;
  const softened = Math.sign(G) * Math.max(0, Math.abs(G) - settings.l1);
  return Math.min(leaf.highest, Math.max(leaf.lowest, -softened / (H + settings.l2)));
}
