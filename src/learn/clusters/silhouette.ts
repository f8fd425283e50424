// The silhouette of groups (Rousseeuw 1987), and the number of groups that it is best with.

import { fail } from "../../base/failure.ts";
import { type Table, takeRows } from "../../base/table.ts";
import type { Artifact } from "../model.ts";
import { random, shuffled } from "../random.ts";
import { openClusters } from "./cluster-model.ts";
import { type ClusterParams, fitClusters } from "./clusters.ts";

/**
 * For each row (b - a) / max(a, b), where a is its mean distance to the rows of its own group and b that to the nearest other group;
 * 0 for a row that is alone in its group, NaN when there is one group only. Costs rows² × width.
 */
export function silhouettes(points: Float64Array, width: number, clusters: Int32Array): Float64Array {
  const n = clusters.length;
  const k = clusters.reduce((most, cluster) => Math.max(most, cluster + 1), 0);
  const sizes = new Int32Array(k);
  for (const cluster of clusters) sizes[cluster]!++;
  const sums = new Float64Array(n * k);
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      let squared = 0;
      for (let d = 0; d < width; d++) squared += (points[i * width + d]! - points[j * width + d]!) ** 2;
      const distance = Math.sqrt(squared);
      sums[i * k + clusters[j]!]! += distance;
      sums[j * k + clusters[i]!]! += distance;
    }
  return Float64Array.from(clusters, (own, i) => {
    if (sizes[own] === 1) return sizes.length > 1 ? 0 : Number.NaN;
    const a = sums[i * k + own]! / (sizes[own]! - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) if (c !== own && sizes[c]! > 0) b = Math.min(b, sums[i * k + c]! / sizes[c]!);
    if (b === Number.POSITIVE_INFINITY) return Number.NaN;
    return Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b);
  });
}

const mostGroups = 10;
const rowsToChooseBy = 1_000;

/** K-means with the number of groups from 2 to 10 that has the best mean silhouette on some of the rows, unless it is given. */
export function fitBestClusters(
  table: Table,
  { clusters, ...params }: Partial<ClusterParams>,
  options: { readonly seed: number },
): Artifact {
  if (clusters !== undefined) return fitClusters(table, { ...params, clusters }, options);
  if (table.rowCount < 3)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 3 rows to group, got ${table.rowCount}`);
  const some = shuffled(table.rowCount, random(options.seed)).subarray(0, rowsToChooseBy).sort();
  const sample = takeRows(table, some);
  let best = { clusters: 2, value: Number.NEGATIVE_INFINITY };
  for (let k = 2; k <= Math.min(mostGroups, sample.rowCount - 1); k++) {
    const model = openClusters(fitClusters(sample, { ...params, clusters: k }, options));
    const own = silhouettes(model.vectors(sample), model.width, model.assign(sample));
    const value = own.reduce((sum, one) => sum + one, 0) / own.length;
    if (value > best.value) best = { clusters: k, value };
  }
  return fitClusters(table, { ...params, clusters: best.clusters }, options);
}
