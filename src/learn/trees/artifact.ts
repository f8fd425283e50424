// Tree ensembles at rest: written from grown trees, and read without trust.

import type { JsonObject } from "../../base/json.ts";
import { corrupt, readArray } from "../artifact.ts";
import { type Feature, featuresToJson } from "../features.ts";
import type { Link } from "../link.ts";
import type { Artifact, Label } from "../model.ts";

/*
 * Arrays, for T trees of N nodes in all and K outputs (tree t adds to output t % K):
 *   treeStart T + 1 · feature N (-1: leaf) · value N (threshold, a leaf's value, or the number of a set) · missingLeft N
 *   cover N (weight of the training rows) · gain N · sets 8 · S (256 bins per set) · base K
 *   binStart F + 1 · binOfCode (entry binStart[f] + code: the bin of a category, -1 for missing)
 * Within a tree nodes stand in the order of their depth, siblings side by side: the i-th split's children are nodes 2i + 1 and
 * 2i + 2. So children need no storage, and a hostile artifact cannot contain a cycle. Number x goes left when x <= value;
 * a category goes left when the split's set holds its bin.
 */

const setWords = 8;

/** Deeper trees than this are refused: explaining one row recurses along its path. */
const deepest = 1000;

export interface Trees {
  readonly featureCount: number;
  readonly outputs: number;
  readonly base: Float64Array;
  readonly treeStart: Int32Array;
  readonly feature: Int32Array;
  /** Index of the left child; of a leaf, its own. */
  readonly left: Int32Array;
  readonly value: Float64Array;
  readonly isCategory: Uint8Array;
  readonly missingLeft: Uint8Array;
  readonly cover: Float64Array;
  readonly gain: Float64Array;
  readonly sets: Uint32Array;
  /** Per feature: the bin of each category; undefined for numbers. */
  readonly binOfCode: readonly (Int16Array | undefined)[];
  readonly depth: Int32Array;
}

/** A tree as its algorithm grew it: nodes by number from 0, the root. */
export interface SourceTree {
  nodeAt(index: number): SourceSplit | SourceLeaf;
}

export interface SourceSplit {
  readonly feature: number;
  readonly left: number;
  readonly right: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  /** Numbers: the greatest value that goes left. */
  readonly threshold?: number;
  /** Categories: 1 for each bin that goes left. */
  readonly bins?: Uint8Array;
}

export interface SourceLeaf {
  readonly value: number;
  readonly cover: number;
}

export interface TreesDescription {
  readonly features: readonly Feature[];
  readonly label: Label;
  readonly link: Link;
  readonly base: Float64Array;
  /** Per feature: the bin of each category, -1 for those that count as missing; undefined for numbers. */
  readonly binOfCode: readonly (Int16Array | undefined)[];
  readonly meta: JsonObject;
}

/** Writes trees in the order of iterations: those of one iteration, one per output, side by side. */
export function treesArtifact(
  trees: readonly SourceTree[],
  { features, label, link, base, binOfCode, meta }: TreesDescription,
): Artifact {
  const treeStart = new Int32Array(trees.length + 1);
  const feature: number[] = [];
  const value: number[] = [];
  const missingLeft: number[] = [];
  const cover: number[] = [];
  const gain: number[] = [];
  const sets: number[] = [];
  for (const [t, tree] of trees.entries()) {
    const queue = [0];
    const first = feature.length;
    for (let i = 0; i < queue.length; i++) {
      const node = tree.nodeAt(queue[i]!);
      if ("cover" in node) {
        feature.push(-1);
        value.push(node.value);
        missingLeft.push(0);
        cover.push(node.cover);
        gain.push(0);
        continue;
      }
      feature.push(node.feature);
      missingLeft.push(node.missingLeft ? 1 : 0);
      gain.push(node.gain);
      cover.push(0);
      if (node.bins === undefined) value.push(node.threshold!);
      else {
        value.push(sets.length / setWords);
        const words = new Uint32Array(setWords);
        for (const [bin, goesLeft] of node.bins.entries()) if (goesLeft === 1) words[bin >> 5]! |= 1 << (bin & 31);
        sets.push(...words);
      }
      queue.push(node.left, node.right);
    }
    // A split's cover is the sum of its children's, exactly, or explanations would not add up.
    let child = feature.length;
    for (let i = feature.length - 1; i >= first; i--) {
      if (feature[i] === -1) continue;
      child -= 2;
      cover[i] = cover[child]! + cover[child + 1]!;
    }
    treeStart[t + 1] = feature.length;
  }
  const binStart = new Int32Array(features.length + 1);
  for (const [f, bins] of binOfCode.entries()) binStart[f + 1] = binStart[f]! + (bins?.length ?? 0);
  const allBins = new Int16Array(binStart[features.length]!);
  for (const [f, bins] of binOfCode.entries()) if (bins !== undefined) allBins.set(bins, binStart[f]!);
  return {
    format: "pentad.trees/1",
    meta: {
      ...meta,
      task: label.task,
      classes: label.task === "regression" ? [] : label.classes,
      features: featuresToJson(features),
      link,
    },
    arrays: {
      base,
      treeStart,
      feature: Int32Array.from(feature),
      value: Float64Array.from(value),
      missingLeft: Uint8Array.from(missingLeft),
      cover: Float64Array.from(cover),
      gain: Float64Array.from(gain),
      sets: Uint32Array.from(sets),
      binStart,
      binOfCode: allBins,
    },
  };
}

/** Reads and checks the trees of an artifact. */
export function readTrees(artifact: Artifact, features: readonly Feature[], outputs: number): Trees {
  const base = readArray(artifact, "base", Float64Array, outputs);
  const treeStart = readArray(artifact, "treeStart", Int32Array);
  const feature = readArray(artifact, "feature", Int32Array);
  const N = feature.length;
  const value = readArray(artifact, "value", Float64Array, N);
  const missingLeft = readArray(artifact, "missingLeft", Uint8Array, N);
  const cover = readArray(artifact, "cover", Float64Array, N);
  const gain = readArray(artifact, "gain", Float64Array, N);
  const sets = readArray(artifact, "sets", Uint32Array);
  const binOfCode = readBins(artifact, features);
  if (features.length > 65_535) throw corrupt(`Expected at most 65535 features, got ${features.length}`);
  if (treeStart[0] !== 0 || treeStart[treeStart.length - 1] !== N)
    throw corrupt("Expected the trees to cover all nodes");
  if ((treeStart.length - 1) % outputs !== 0)
    throw corrupt(`Expected a multiple of ${outputs} trees, got ${treeStart.length - 1}`);
  if (sets.length % setWords !== 0) throw corrupt(`Expected sets of ${setWords} words, got ${sets.length} words`);
  const left = new Int32Array(N);
  const isCategory = new Uint8Array(N);
  const depths = new Int32Array(treeStart.length - 1);
  const nodeDepth = new Int32Array(N);
  for (let t = 0; t + 1 < treeStart.length; t++) {
    const start = treeStart[t]!;
    const end = treeStart[t + 1]!;
    if (!(start >= 0 && end > start && end <= N)) throw corrupt(`Expected tree ${t} to have nodes`);
    let next = start + 1;
    for (let i = start; i < end; i++) {
      // A node that no split before it claimed as a child would belong to no tree.
      if (i >= next) throw corrupt(`Expected tree ${t} to be one tree, got a node without parent`);
      if (missingLeft[i]! > 1 || cover[i]! < 0 || gain[i]! < 0) throw corrupt(`Expected sound numbers at node ${i}`);
      depths[t] = Math.max(depths[t]!, nodeDepth[i]!);
      const f = feature[i]!;
      if (f === -1) {
        left[i] = i;
        continue;
      }
      const known = features[f];
      if (known === undefined) throw corrupt(`Expected a known feature at node ${i}, got ${f}`);
      if (next + 1 >= end) throw corrupt(`Expected node ${i} to have two children`);
      left[i] = next;
      nodeDepth[next] = nodeDepth[next + 1] = nodeDepth[i]! + 1;
      next += 2;
      if (known.type !== "category") continue;
      isCategory[i] = 1;
      const set = value[i]!;
      if (!(Number.isInteger(set) && set >= 0 && set < sets.length / setWords))
        throw corrupt(`Expected node ${i} to have a set, got ${set}`);
    }
    if (next !== end) throw corrupt(`Expected tree ${t} to have ${end - start} connected nodes, got ${next - start}`);
    if (depths[t]! > deepest) throw corrupt(`Expected trees of depth up to ${deepest}, got ${depths[t]}`);
  }
  const featureCount = features.length;
  return {
    featureCount,
    outputs,
    base,
    treeStart,
    feature,
    left,
    value,
    isCategory,
    missingLeft,
    cover,
    gain,
    sets,
    binOfCode,
    depth: depths,
  };
}

function readBins(artifact: Artifact, features: readonly Feature[]): (Int16Array | undefined)[] {
  const binStart = readArray(artifact, "binStart", Int32Array, features.length + 1);
  const all = readArray(artifact, "binOfCode", Int16Array);
  let start = 0;
  const bins = features.map(({ name, dictionary }, f) => {
    const count = dictionary?.length ?? 0;
    if (binStart[f] !== start)
      throw corrupt(`Expected the bins of ${JSON.stringify(name)} to start at ${start}, got ${binStart[f]}`);
    start += count;
    return dictionary === undefined ? undefined : all.subarray(start - count, start);
  });
  if (start !== all.length || binStart[features.length] !== start)
    throw corrupt(`Expected bins of ${start} categories, got ${all.length}`);
  if (all.some((bin) => bin < -1 || bin > 255)) throw corrupt("Expected bins from -1 to 255");
  return bins;
}

/** The child of a split that a value (of a category: its bin) goes to. */
export function childOf(trees: Trees, node: number, x: number): number {
  const left = trees.left[node]!;
  let goesLeft: boolean;
  if (Number.isNaN(x)) goesLeft = trees.missingLeft[node] === 1;
  else if (trees.isCategory[node] === 0) goesLeft = x <= trees.value[node]!;
  else goesLeft = ((trees.sets[trees.value[node]! * setWords + (x >> 5)]! >>> (x & 31)) & 1) === 1;
  return goesLeft ? left : left + 1;
}
