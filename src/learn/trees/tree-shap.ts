// Exact Shapley values of tree ensembles, path dependent: Lundberg, Erion & Lee 2018, "Consistent individualized feature attribution".

import { childOf, type Trees } from "./artifact.ts";

/** A feature that is taken out of the game: always known, or never. */
interface Fixed {
  readonly feature: number;
  readonly isKnown: boolean;
}

type Explain = (row: Float64Array, output: number, fixed?: Fixed) => { base: number; contributions: Float64Array };

/** Contributions (one per feature) and base of one row's margin of one output. O(leaves · depth²) per tree. */
export function treeShap(trees: Trees): Explain {
  const { outputs, treeStart, feature, left, value, cover, depth } = trees;
  const treeCount = treeStart.length - 1;
  const deepest = depth.reduce((most, levels) => Math.max(most, levels), 0);
  // Each level of the recursion copies its path behind its parent's: (D + 2)(D + 3) / 2 entries in all.
  const room = ((deepest + 2) * (deepest + 3)) / 2 + 1;
  const pathFeature = new Int32Array(room);
  const zeroShare = new Float64Array(room);
  const oneShare = new Float64Array(room);
  const weight = new Float64Array(room);
  const expected = expectations(trees);
  let contributions = new Float64Array(0);
  let current: Float64Array = new Float64Array(0);
  let fixedFeature = -1;
  let isFixedKnown = false;

  // The path at `at` holds `length` entries; `weight` of entry i belongs to subsets of size i of the features on the path.
  const extend = (at: number, length: number, zero: number, one: number, f: number): void => {
    pathFeature[at + length] = f;
    zeroShare[at + length] = zero;
    oneShare[at + length] = one;
    weight[at + length] = length === 0 ? 1 : 0;
    for (let i = length - 1; i >= 0; i--) {
      weight[at + i + 1]! += (one * weight[at + i]! * (i + 1)) / (length + 1);
      weight[at + i] = (zero * weight[at + i]! * (length - i)) / (length + 1);
    }
  };
  const unwind = (at: number, last: number, index: number): void => {
    const one = oneShare[at + index]!;
    const zero = zeroShare[at + index]!;
    let carried = weight[at + last]!;
    for (let i = last - 1; i >= 0; i--) {
      if (one !== 0) {
        const kept = weight[at + i]!;
        weight[at + i] = (carried * (last + 1)) / ((i + 1) * one);
        carried = kept - (weight[at + i]! * zero * (last - i)) / (last + 1);
      } else weight[at + i] = (weight[at + i]! * (last + 1)) / (zero * (last - i));
    }
    for (let i = index; i < last; i++) {
      pathFeature[at + i] = pathFeature[at + i + 1]!;
      zeroShare[at + i] = zeroShare[at + i + 1]!;
      oneShare[at + i] = oneShare[at + i + 1]!;
    }
  };
  /** The sum of the weights as they would be after unwinding entry `index`. */
  const unwoundSum = (at: number, last: number, index: number): number => {
    const one = oneShare[at + index]!;
    const zero = zeroShare[at + index]!;
    let carried = weight[at + last]!;
    let total = 0;
    for (let i = last - 1; i >= 0; i--) {
      if (one !== 0) {
        const undone = (carried * (last + 1)) / ((i + 1) * one);
        total += undone;
        carried = weight[at + i]! - undone * zero * ((last - i) / (last + 1));
      } else if (zero !== 0) total += weight[at + i]! / zero / ((last - i) / (last + 1));
    }
    return total;
  };
  const copy = (from: number, at: number, length: number): void => {
    for (let i = 0; i < length; i++) {
      pathFeature[at + i] = pathFeature[from + i]!;
      zeroShare[at + i] = zeroShare[from + i]!;
      oneShare[at + i] = oneShare[from + i]!;
      weight[at + i] = weight[from + i]!;
    }
  };
  const recurse = (
    node: number,
    from: number,
    at: number,
    length: number,
    zero: number,
    one: number,
    f: number,
    reached: number,
  ): void => {
    copy(from, at, length);
    extend(at, length, zero, one, f);
    visit(node, at, length, reached);
  };
  /** The path at `at` ends with entry `length`; `reached` is the share of the game in which the fixed feature lets the row get here. */
  const visit = (node: number, at: number, length: number, reached: number): void => {
    if (feature[node] === -1) {
      for (let i = 1; i <= length; i++)
        contributions[pathFeature[at + i]!]! +=
          unwoundSum(at, length, i) * (oneShare[at + i]! - zeroShare[at + i]!) * value[node]! * reached;
      return;
    }
    const split = feature[node]!;
    const hot = childOf(trees, node, current[split]!);
    const first = left[node]!;
    const cold = hot === first ? first + 1 : first;
    const all = cover[node]!;
    // Nodes that no training row reached have no share to speak of; halves keep the sums exact.
    const hotShare = all > 0 ? cover[hot]! / all : 0.5;
    const next = at + length + 1;
    if (split === fixedFeature) {
      copy(at, next, length + 1);
      visit(hot, next, length, isFixedKnown ? reached : reached * hotShare);
      if (isFixedKnown || hotShare === 1) return;
      copy(at, next, length + 1);
      visit(cold, next, length, reached * (1 - hotShare));
      return;
    }
    let last = length;
    let zeroBefore = 1;
    let oneBefore = 1;
    for (let i = 1; i <= length; i++) {
      if (pathFeature[at + i] !== split) continue;
      zeroBefore = zeroShare[at + i]!;
      oneBefore = oneShare[at + i]!;
      unwind(at, last, i);
      last--;
      break;
    }
    // A branch that neither the row nor any training row takes adds nothing, and dividing by its share would not be possible.
    if (hotShare * zeroBefore > 0 || oneBefore > 0)
      recurse(hot, at, next, last + 1, hotShare * zeroBefore, oneBefore, split, reached);
    if ((1 - hotShare) * zeroBefore > 0)
      recurse(cold, at, next, last + 1, (1 - hotShare) * zeroBefore, 0, split, reached);
  };
  return (row, output, fixed) => {
    contributions = new Float64Array(trees.featureCount);
    current = row;
    fixedFeature = fixed?.feature ?? -1;
    isFixedKnown = fixed?.isKnown ?? false;
    let base = trees.base[output]!;
    for (let t = output; t < treeCount; t += outputs) {
      base += expected[t]!;
      if (feature[treeStart[t]!] !== -1) recurse(treeStart[t]!, 0, 0, 0, 1, 1, -1, 1);
    }
    return { base, contributions };
  };
}

/**
 * Shapley interactions of one row's margin, features × features, symmetric: an entry off the diagonal is half of what two features
 * add together beyond what each adds alone, the diagonal is what is left to a feature by itself, and rows sum to `treeShap`'s
 * contributions. One explanation per used feature, twice.
 */
export function treeInteractions(trees: Trees, explain: Explain, row: Float64Array, output: number): Float64Array {
  const F = trees.featureCount;
  const { contributions } = explain(row, output);
  const matrix = new Float64Array(F * F);
  for (const feature of new Set(trees.feature)) {
    if (feature < 0) continue;
    const known = explain(row, output, { feature, isKnown: true }).contributions;
    const unknown = explain(row, output, { feature, isKnown: false }).contributions;
    for (let i = 0; i < F; i++) if (i !== feature) matrix[i * F + feature] = (known[i]! - unknown[i]!) / 2;
  }
  for (let i = 0; i < F; i++) {
    for (let j = 0; j < i; j++) {
      // Both are the same number, up to rounding.
      const mean = (matrix[i * F + j]! + matrix[j * F + i]!) / 2;
      matrix[i * F + j] = mean;
      matrix[j * F + i] = mean;
    }
    matrix[i * F + i] = contributions[i]!;
  }
  for (let i = 0; i < F; i++) for (let j = 0; j < F; j++) if (j !== i) matrix[i * F + i]! -= matrix[i * F + j]!;
  return matrix;
}

/** Each tree's mean answer over its training rows. */
function expectations({ treeStart, feature, left, value, cover }: Trees): Float64Array {
  const mean = Float64Array.from(value);
  for (let i = feature.length - 1; i >= 0; i--) {
    if (feature[i] === -1) continue;
    const a = left[i]!;
    const share = cover[i]! > 0 ? cover[a]! / cover[i]! : 0.5;
    mean[i] = share * mean[a]! + (1 - share) * mean[a + 1]!;
  }
  return Float64Array.from(treeStart.subarray(0, -1), (root) => mean[root]!);
}
