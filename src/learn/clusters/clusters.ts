// Clusters by k-means (Lloyd 1982, started by k-means++): rows grouped around k typical ones; no label needed.

import { fail } from "../../base/failure.ts";
import type { Table } from "../../base/table.ts";
import { encodeTable, featuresOf, featuresToJson } from "../features.ts";
import { linearDesign } from "../linear/design.ts";
import type { Artifact } from "../model.ts";
import { paramReader } from "../params.ts";
import { type Random, random } from "../random.ts";
import { readVectors, vectorArrays, vectorWidth } from "../vectors.ts";

export interface ClusterParams {
  readonly clusters: number;
  /** Starts, of which the best is kept. Default 5. */
  readonly starts?: number;
  /** Default 300. */
  readonly maxSteps?: number;
}

/**
 * Numbers are standardised, categories one-hot. Clusters are numbered from the largest on; meta holds the sum of squared distances.
 * Throws TRAINING_NO_FEATURES, TRAINING_TOO_FEW_ROWS with fewer rows than clusters.
 */
export function fitClusters(table: Table, params: ClusterParams, options: { readonly seed: number }): Artifact {
  const number = paramReader(params);
  const k = number("clusters", Number.NaN, 1, 10_000, true);
  const starts = number("starts", 5, 1, 1000, true);
  const maxSteps = number("maxSteps", 300, 1, 1e6, true);
  const features = featuresOf(table, { text: false });
  const n = table.rowCount;
  if (n < k) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least ${k} rows for ${k} clusters, got ${n}`);
  const design = linearDesign({ table, features, label: { task: "regression", values: new Float64Array(0) }, options });
  const width = vectorWidth(design);
  const arrays = vectorArrays(design, features);
  const encode = readVectors({ format: "", meta: {}, arrays }, features, width);
  const columns = encodeTable(features, table);
  const points = new Float64Array(n * width);
  const row = new Float64Array(features.length);
  for (let i = 0; i < n; i++) {
    for (let f = 0; f < features.length; f++) row[f] = columns[f]![i]!;
    encode(row, points.subarray(i * width, (i + 1) * width));
  }
  let best: Clustering | undefined;
  for (let start = 0; start < starts; start++) {
    const found = lloyd(points, width, plusPlus(points, width, k, random(options.seed, start)), maxSteps);
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  const order = Array.from({ length: k }, (_, c) => c).sort((a, b) => best!.sizes[b]! - best!.sizes[a]! || a - b);
  const middles = new Float64Array(k * width);
  for (const [to, from] of order.entries())
    middles.set(best!.middles.subarray(from * width, (from + 1) * width), to * width);
  return {
    format: "pentad.clusters/1",
    meta: { algorithm: "kMeans", clusters: k, width, inertia: best!.inertia, features: featuresToJson(features) },
    arrays: { ...arrays, middles, sizes: Int32Array.from(order, (from) => best!.sizes[from]!) },
  };
}

interface Clustering {
  readonly middles: Float64Array;
  readonly sizes: Int32Array;
  readonly inertia: number;
}

/** Arthur & Vassilvitskii 2007: each further start is a row drawn by its squared distance to the nearest one so far. */
function plusPlus(points: Float64Array, width: number, k: number, source: Random): Float64Array {
  const n = points.length / width;
  const middles = new Float64Array(k * width);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let chosen = source.below(n);
  for (let c = 0; c < k; c++) {
    middles.set(points.subarray(chosen * width, (chosen + 1) * width), c * width);
    let total = 0;
    for (let i = 0; i < n; i++) {
      nearest[i] = Math.min(nearest[i]!, squared(points, i * width, middles, c * width, width));
      total += nearest[i]!;
    }
    let left = source.next() * total;
    chosen = source.below(n);
    for (let i = 0; total > 0 && i < n; i++) {
      left -= nearest[i]!;
      if (left <= 0 && nearest[i]! > 0) {
        chosen = i;
        break;
      }
    }
  }
  return middles;
}

function lloyd(points: Float64Array, width: number, middles: Float64Array, maxSteps: number): Clustering {
  const n = points.length / width;
  const k = middles.length / width;
  const cluster = new Int32Array(n).fill(-1);
  const sizes = new Int32Array(k);
  let inertia = 0;
  for (let step = 0; step < maxSteps; step++) {
    let moved = false;
    inertia = 0;
    for (let i = 0; i < n; i++) {
      const { index, distance } = nearestMiddle(points, i * width, middles, width);
      inertia += distance;
      if (index !== cluster[i]) moved = true;
      cluster[i] = index;
    }
    sizes.fill(0);
    for (const c of cluster) sizes[c]!++;
    if (!moved) break;
    const sums = new Float64Array(k * width);
    for (let i = 0; i < n; i++)
      for (let d = 0; d < width; d++) sums[cluster[i]! * width + d]! += points[i * width + d]!;
    // A cluster that lost all its rows stays where it was.
    for (let c = 0; c < k; c++)
      if (sizes[c]! > 0) for (let d = 0; d < width; d++) middles[c * width + d] = sums[c * width + d]! / sizes[c]!;
  }
  return { middles, sizes, inertia };
}

/** Squared distance of two vectors of that width, which begin at the given places. */
export function squared(a: Float64Array, from: number, b: Float64Array, at: number, width: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += (a[from + d]! - b[at + d]!) ** 2;
  return sum;
}

export function nearestMiddle(
  points: Float64Array,
  from: number,
  middles: Float64Array,
  width: number,
): { index: number; distance: number } {
  let index = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let c = 0; c * width < middles.length; c++) {
    const own = squared(points, from, middles, c * width, width);
    if (own >= distance) continue;
    distance = own;
    index = c;
  }
  return { index, distance };
}
