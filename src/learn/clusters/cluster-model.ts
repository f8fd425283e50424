// Groups at work: opens an artifact of k-means, alone and as a model among others, and tells why a row belongs where it does.

import type { Table } from "../../base/table.ts";
import { corrupt, readArray, readFeatures, readInteger } from "../artifact.ts";
import { type Feature, summed, wholeFeatures, wholePlaces } from "../feature.ts";
import type { Row } from "../features.ts";
import { encodeTable, rowEncoder } from "../features.ts";
import type { Artifact, Predictor } from "../model.ts";
import { readVectors } from "../vectors.ts";
import { nearestMiddle, squared } from "./clusters.ts";

export interface ClusterModel {
  readonly features: readonly Feature[];
  readonly clusters: number;
  /** Entries of a row's vector. */
  readonly width: number;
  /** The rows as vectors, one after the other: standardised numbers, one-hot categories. */
  vectors(table: Table): Float64Array;
  /** The cluster of each row. */
  assign(table: Table): Int32Array;
  /** The cluster of a row, and its distance to that cluster's middle in standard deviations. */
  assignRow(row: Row): { readonly cluster: number; readonly distance: number };
  /** By how much each feature brings the row nearer to its cluster than to the next one, in squared standard deviations. */
  reasonsRow(row: Row): Float64Array;
  /** How far apart each feature keeps the clusters: the spread of their middles. */
  spread(): Float64Array;
}

/** Throws MODELS_ARTIFACT_CORRUPT for anything that is not a sound artifact of `fitClusters`. */
export function openClusters(artifact: Artifact): ClusterModel {
  if (artifact.format !== "pentad.clusters/1")
    throw corrupt(`Expected the format pentad.clusters/1, got ${JSON.stringify(artifact.format)}`);
  const features = readFeatures(artifact);
  const wholes = wholeFeatures(features);
  const places = wholePlaces(features);
  const k = readInteger(artifact, "clusters", 1, 10_000);
  const width = readInteger(artifact, "width", 1, 1e7);
  const middles = readArray(artifact, "middles", Float64Array, k * width);
  const sizes = readArray(artifact, "sizes", Int32Array, k);
  const toVector = readVectors(artifact, features, width);
  const featureOf = entryFeatures(artifact, width);
  const encode = rowEncoder(features);
  const row = new Float64Array(features.length);
  const vector = new Float64Array(width);
  const nearest = (): { index: number; distance: number } => {
    toVector(row, vector);
    return nearestMiddle(vector, 0, middles, width);
  };
  const eachRow = (table: Table, use: (index: number) => void): void => {
    const columns = encodeTable(features, table);
    for (let i = 0; i < table.rowCount; i++) {
      for (let f = 0; f < features.length; f++) row[f] = columns[f]![i]!;
      use(i);
    }
  };
  return {
    features: wholes,
    clusters: k,
    width,
    vectors(table) {
      const out = new Float64Array(table.rowCount * width);
      eachRow(table, (i) => toVector(row, out.subarray(i * width, (i + 1) * width)));
      return out;
    },
    assign(table) {
      const clusters = new Int32Array(table.rowCount);
      eachRow(table, (i) => {
        clusters[i] = nearest().index;
      });
      return clusters;
    },
    assignRow(values) {
      encode(values, row, []);
      const { index, distance } = nearest();
      return { cluster: index, distance: Math.sqrt(distance) };
    },
    reasonsRow(values) {
      encode(values, row, []);
      const { index } = nearest();
      let next = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let c = 0; c < k; c++) {
        const distance = c === index ? Number.POSITIVE_INFINITY : squared(vector, 0, middles, c * width, width);
        if (distance < least) [next, least] = [c, distance];
      }
      const reasons = new Float64Array(features.length);
      for (let d = 0; d < width && next >= 0; d++)
        reasons[featureOf[d]!]! +=
          (vector[d]! - middles[next * width + d]!) ** 2 - (vector[d]! - middles[index * width + d]!) ** 2;
      return summed(reasons, places, wholes.length);
    },
    spread() {
      const rows = sizes.reduce((sum, size) => sum + size, 0);
      const out = new Float64Array(features.length);
      for (let d = 0; d < width; d++) {
        let mean = 0;
        for (let c = 0; c < k; c++) mean += (middles[c * width + d]! * sizes[c]!) / rows;
        for (let c = 0; c < k; c++) out[featureOf[d]!]! += ((middles[c * width + d]! - mean) ** 2 * sizes[c]!) / rows;
      }
      return summed(out, places, wholes.length);
    },
  };
}

/** The feature that each entry of the vectors comes from. */
function entryFeatures(artifact: Artifact, width: number): Int32Array {
  const numeric = readArray(artifact, "vectorFeature", Int32Array);
  const levelBase = readArray(artifact, "levelBase", Int32Array);
  const out = new Int32Array(width);
  out.set(numeric);
  // Categories follow, each from its own base on.
  const bases = [...levelBase.keys()].filter((f) => levelBase[f]! >= 0).sort((a, b) => levelBase[a]! - levelBase[b]!);
  for (const f of bases) out.fill(f, levelBase[f]!);
  return out;
}

/** Groups are numbered from 1, the largest first. */
export function openClusterPredictor(artifact: Artifact): Predictor {
  const model = openClusters(artifact);
  const { features } = model;
  return {
    task: "clustering",
    classes: [],
    features,
    predict: (table) => ({ values: Float64Array.from(model.assign(table), (cluster) => cluster + 1) }),
    predictRow: (row) => model.assignRow(row).cluster + 1,
    distanceRow: (row) => model.assignRow(row).distance,
    explainRow(row) {
      const reasons = model.reasonsRow(row);
      return {
        base: 0,
        contributions: features
          .map(({ name }, f) => ({ feature: name, contribution: reasons[f]! }))
          .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
      };
    },
    importance() {
      const spread = model.spread();
      const whole = spread.reduce((sum, one) => sum + one, 0) || 1;
      return features
        .map(({ name }, f) => ({ feature: name, share: spread[f]! / whole }))
        .sort((a, b) => b.share - a.share);
    },
  };
}
