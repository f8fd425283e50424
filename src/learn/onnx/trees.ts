// Tree ensembles as ONNX: TreeEnsembleRegressor, with sets of categories as chains of equalities.

import type { Feature } from "../features.ts";
import type { Artifact } from "../model.ts";
import { readTrees, type Trees } from "../trees/artifact.ts";
import { categoryIndex } from "./additive.ts";
import { type Attribute, type Graph, tensor } from "./writer.ts";

/** The margins (rows × outputs, floats) of a trees artifact that has been checked. */
export function treesMargins(graph: Graph, artifact: Artifact, features: readonly Feature[]): string {
  const trees = readTrees(artifact, features, artifact.arrays.base!.length);
  const attributes = ensembleAttributes(trees);
  const margins = graph.node("TreeEnsembleRegressor", [binnedInput(graph, trees, features)], attributes, "ai.onnx.ml");
  // Added here, because base_values are single precision and a large one would swallow what the trees say.
  const base = graph.node("Cast", [graph.constant([1, trees.outputs], trees.base)], [["to", "int", 1]]);
  return graph.node("Add", [margins, base]);
}

/** X with every category's code replaced by its bin, NaN where it counts as missing. */
function binnedInput(graph: Graph, trees: Trees, features: readonly Feature[]): string {
  if (!trees.binOfCode.some((bins) => bins !== undefined)) return graph.rows;
  const columns = features.map((_, f) => {
    const bins = trees.binOfCode[f];
    if (bins === undefined)
      return graph.node("Gather", [graph.rows, graph.constant([1], [f], "int64")], [["axis", "int", 1]]);
    const values = [...Array.from(bins, (bin) => (bin < 0 ? Number.NaN : bin)), Number.NaN];
    const binned = graph.node(
      "Gather",
      [graph.constant([values.length], values), categoryIndex(graph, f, bins.length)],
      [["axis", "int", 0]],
    );
    return graph.node("Unsqueeze", [binned, graph.constant([1], [1], "int64")]);
  });
  return columns.length === 1 ? columns[0]! : graph.node("Concat", columns, [["axis", "int", 1]]);
}

function ensembleAttributes(trees: Trees): Attribute[] {
  const nodes = {
    tree: [] as number[],
    id: [] as number[],
    feature: [] as number[],
    mode: [] as string[],
    value: [] as number[],
    whenTrue: [] as number[],
    whenFalse: [] as number[],
    missing: [] as number[],
  };
  const leaves = { tree: [] as number[], id: [] as number[], target: [] as number[], weight: [] as number[] };
  const { treeStart, feature, left, value, isCategory, missingLeft, sets } = trees;
  for (let t = 0; t + 1 < treeStart.length; t++) {
    // A split on a set needs one node per bin, so ids are given in two passes: first how many nodes each split takes.
    const chains = new Map<number, { bins: number[]; isLeft: boolean }>();
    const idOf = new Map<number, number>();
    let next = 0;
    for (let i = treeStart[t]!; i < treeStart[t + 1]!; i++) {
      idOf.set(i, next);
      if (feature[i]! >= 0 && isCategory[i] === 1) {
        const bins = trees.binOfCode[feature[i]!]!.reduce((most, bin) => Math.max(most, bin + 1), 0);
        const goesLeft = (bin: number): boolean => ((sets[value[i]! * 8 + (bin >> 5)]! >>> (bin & 31)) & 1) === 1;
        const all = Array.from({ length: bins }, (_, bin) => bin);
        const lefts = all.filter(goesLeft);
        const isLeft = lefts.length * 2 <= bins && lefts.length > 0;
        const chosen = isLeft ? lefts : all.filter((bin) => !goesLeft(bin));
        // A split whose sides only missing values tell apart still needs a node: no bin is -1.
        chains.set(i, { bins: chosen.length > 0 ? chosen : [-1], isLeft });
        next += Math.max(1, chosen.length);
      } else next++;
    }
    const push = (
      id: number,
      f: number,
      mode: string,
      threshold: number,
      whenTrue: number,
      whenFalse: number,
      missing: number,
    ): void => {
      nodes.tree.push(t);
      nodes.id.push(id);
      nodes.feature.push(f);
      nodes.mode.push(mode);
      nodes.value.push(threshold);
      nodes.whenTrue.push(whenTrue);
      nodes.whenFalse.push(whenFalse);
      nodes.missing.push(missing);
    };
    for (let i = treeStart[t]!; i < treeStart[t + 1]!; i++) {
      const id = idOf.get(i)!;
      if (feature[i] === -1) {
        push(id, 0, "LEAF", 0, 0, 0, 0);
        leaves.tree.push(t);
        leaves.id.push(id);
        leaves.target.push(t % trees.outputs);
        leaves.weight.push(value[i]!);
        continue;
      }
      const leftId = idOf.get(left[i]!)!;
      const rightId = idOf.get(left[i]! + 1)!;
      const chain = chains.get(i);
      if (chain === undefined) {
        push(id, feature[i]!, "BRANCH_LEQ", value[i]!, leftId, rightId, missingLeft[i]!);
        continue;
      }
      const [inside, outside] = chain.isLeft ? [leftId, rightId] : [rightId, leftId];
      const missingInside = chain.isLeft ? missingLeft[i]! : 1 - missingLeft[i]!;
      for (const [k, bin] of chain.bins.entries())
        push(
          id + k,
          feature[i]!,
          "BRANCH_EQ",
          bin,
          inside,
          k + 1 < chain.bins.length ? id + k + 1 : outside,
          missingInside,
        );
    }
  }
  // Doubles throughout, because thresholds and values that differ only beyond single precision must stay apart.
  return [
    ["nodes_treeids", "ints", nodes.tree],
    ["nodes_nodeids", "ints", nodes.id],
    ["nodes_featureids", "ints", nodes.feature],
    ["nodes_modes", "texts", nodes.mode],
    ["nodes_values_as_tensor", "tensor", tensor("", [nodes.value.length], nodes.value)],
    ["nodes_truenodeids", "ints", nodes.whenTrue],
    ["nodes_falsenodeids", "ints", nodes.whenFalse],
    ["nodes_missing_value_tracks_true", "ints", nodes.missing],
    ["target_treeids", "ints", leaves.tree],
    ["target_nodeids", "ints", leaves.id],
    ["target_ids", "ints", leaves.target],
    ["target_weights_as_tensor", "tensor", tensor("", [leaves.weight.length], leaves.weight)],
    ["n_targets", "int", trees.outputs],
    ["post_transform", "text", "NONE"],
  ];
}
