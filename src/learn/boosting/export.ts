// Turns grown trees from bins back into the data's own values, ready to be written.

import type { SourceTree } from "../trees/artifact.ts";
import type { Bins } from "./bins.ts";
import type { BoostingMemory } from "./memory.ts";
import type { GrownTree } from "./tree.ts";

/** A grown tree with its leaves' answers; their cover is the weight of the rows that the tree was grown on. */
export function sourceTree(
  { kernels, layout }: BoostingMemory,
  { splits, leaves }: GrownTree,
  bins: readonly Bins[],
  values: Float64Array,
): SourceTree {
  const covers = leaves.map(({ start, count }) =>
    layout.weights === 0 ? count : kernels.sumOf(layout.rows + start * 4, count, layout.weights),
  );
  // Leaves are numbered after the splits.
  const number = (child: number): number => (child >= 0 ? child : splits.length + ~child);
  return {
    nodeAt(index) {
      const split = splits[index];
      if (split === undefined) return { value: values[index - splits.length]!, cover: covers[index - splits.length]! };
      const { feature, gain, threshold, table } = split;
      const kind = bins[feature]!;
      const node = {
        feature,
        gain,
        left: number(split.left),
        right: number(split.right),
        missingLeft: table[kind.count] === 1,
      };
      if (kind.kind === "category") return { ...node, bins: table.subarray(0, kind.count) };
      // Past the last bound there are only missing values.
      return { ...node, threshold: kind.bounds[threshold] ?? Number.MAX_VALUE };
    },
  };
}

/** For the artifact: the bin of each category, per feature. */
export function binsOfCodes(bins: readonly Bins[]): (Int16Array | undefined)[] {
  return bins.map((own) => (own.kind === "category" ? own.binOfCode : undefined));
}
