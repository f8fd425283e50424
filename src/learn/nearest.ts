// Nearest neighbours: the training rows themselves, and an answer from those most alike.

import { fail } from "../base/failure.ts";
import { corrupt, readArray, readFeatures, readInteger, readTask } from "./artifact.ts";
import { encodeTable, featuresToJson } from "./features.ts";
import type { FitInput } from "./fit-input.ts";
import { linearDesign } from "./linear/design.ts";
import type { Artifact, Predictor } from "./model.ts";
import { paramReader } from "./params.ts";
import { predictor, rowByRow } from "./predictor.ts";
import { random, shuffled } from "./random.ts";
import { referenceImportance, referenceRow, referenceShapley } from "./reference-shapley.ts";
import { readVectors, vectorArrays, vectorWidth } from "./vectors.ts";

export interface NearestParams {
  /** Neighbours asked. Default: √n, from 3 to 25. */
  readonly neighbours?: number;
  /** Most training rows kept, drawn by seed. Default 20000. */
  readonly keep?: number;
}

/**
 * Distance is Euclidean over standardised numbers and one-hot categories (two different categories are 1 apart); neighbours count
 * by 1 / distance, so that a row that training saw answers with its own label. Classes get half a row spread over all of them.
 */
export function fitNearest(input: FitInput, params: NearestParams): Artifact {
  const { table, features, label, options } = input;
  const number = paramReader(params);
  const rowCount = table.rowCount;
  const neighbours = Math.min(
    rowCount,
    number("neighbours", Math.min(25, Math.max(3, Math.round(Math.sqrt(rowCount)))), 1, 1e6, true),
  );
  const keep = number("keep", 20_000, 1, 1e6, true);
  const design = linearDesign(input);
  const width = vectorWidth(design);
  const arrays = vectorArrays(design, features);
  const kept = shuffled(rowCount, random(options.seed)).subarray(0, keep).sort();
  const columns = encodeTable(features, table);
  const meta = {
    algorithm: "nearestNeighbours",
    neighbours,
    width,
    task: label.task,
    classes: label.task === "regression" ? [] : label.classes,
    features: featuresToJson(features),
  };
  const encode = readVectors({ format: "", meta, arrays }, features, width);
  const rows = new Float32Array(kept.length * width);
  const row = new Float64Array(features.length);
  const vector = new Float64Array(width);
  for (const [i, from] of kept.entries()) {
    for (let f = 0; f < features.length; f++) row[f] = columns[f]![from]!;
    encode(row, vector);
    rows.set(vector, i * width);
  }
  const labels = Float64Array.from(kept, (from) =>
    label.task === "regression" ? label.values[from]! : label.codes[from]!,
  );
  if (kept.length < neighbours)
    throw fail(
      "DEFINE_INVALID",
      `keep: expected at least ${neighbours} rows, as many as neighbours, got ${kept.length}`,
    );
  const reference = referenceRow(columns, features);
  // Missing cannot stand in an artifact of finite numbers.
  const isKnown = Uint8Array.from(reference, (value) => (Number.isNaN(value) ? 0 : 1));
  return {
    format: "pentad.nearest/1",
    meta,
    arrays: {
      ...arrays,
      rows,
      labels,
      rowWeights: Float64Array.from(kept, (from) => options.weights?.[from] ?? 1),
      reference: reference.map((value) => (Number.isNaN(value) ? 0 : value)),
      referenceKnown: isKnown,
    },
  };
}

export function openNearest(artifact: Artifact): Predictor {
  const { task, classes } = readTask(artifact);
  const features = readFeatures(artifact);
  const F = features.length;
  const width = readInteger(artifact, "width", 1, 1e7);
  const encode = readVectors(artifact, features, width);
  const labels = readArray(artifact, "labels", Float64Array);
  const n = labels.length;
  const rows = readArray(artifact, "rows", Float32Array, n * width);
  const weights = readArray(artifact, "rowWeights", Float64Array, n);
  const neighbours = readInteger(artifact, "neighbours", 1, n);
  if (task !== "regression" && labels.some((code) => !(Number.isInteger(code) && code >= 0 && code < classes.length)))
    throw corrupt("Expected labels that are classes");
  if (weights.some((weight) => weight < 0)) throw corrupt("Expected weights of at least 0");
  const known = readArray(artifact, "referenceKnown", Uint8Array, F);
  const reference = readArray(artifact, "reference", Float64Array, F).map((value, f) =>
    known[f] === 1 ? value : Number.NaN,
  );
  for (const [f, { dictionary }] of features.entries())
    if (
      dictionary !== undefined &&
      known[f] === 1 &&
      !(Number.isInteger(reference[f]) && reference[f]! >= 0 && reference[f]! < dictionary.length)
    )
      throw corrupt("Expected a reference of known categories");
  // Two categories that differ do so in two places of a one-hot vector: halving them makes that a distance of 1.
  const numeric = artifact.arrays.vectorFeature!.length;
  const vector = new Float64Array(width);
  const distance = new Float64Array(neighbours);
  const index = new Int32Array(neighbours);
  const answer = new Float64Array(task === "regression" ? 1 : classes.length);
  const scoreRow = (row: Float64Array): Float64Array => {
    encode(row, vector);
    let found = 0;
    for (let i = 0; i < n; i++) {
      const limit = found < neighbours ? Number.POSITIVE_INFINITY : distance[neighbours - 1]!;
      let sum = 0;
      const at = i * width;
      for (let d = 0; d < width && sum < limit; d++) {
        const difference = vector[d]! - rows[at + d]!;
        sum += d < numeric ? difference * difference : 0.5 * difference * difference;
      }
      if (sum >= limit) continue;
      // The nearest stay sorted; there are few of them.
      let place = found < neighbours ? found++ : neighbours - 1;
      for (; place > 0 && distance[place - 1]! > sum; place--) {
        distance[place] = distance[place - 1]!;
        index[place] = index[place - 1]!;
      }
      distance[place] = sum;
      index[place] = i;
    }
    answer.fill(task === "regression" ? 0 : 0.5 / classes.length);
    let total = task === "regression" ? 0 : 0.5;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < found; i++) if (distance[i]! > 0) least = Math.min(least, distance[i]!);
    // Ties at distance 0 share the answer; a scale of their own keeps the others small beside them.
    const unit = Math.sqrt(least === Number.POSITIVE_INFINITY ? 1 : least);
    for (let i = 0; i < found; i++) {
      const weight = weights[index[i]!]! / Math.max(1e-6, Math.sqrt(distance[i]!) / unit);
      if (task === "regression") answer[0]! += weight * labels[index[i]!]!;
      else answer[labels[index[i]!]!]! += weight;
      total += weight;
    }
    for (let k = 0; k < answer.length; k++) answer[k]! /= total || 1;
    return answer;
  };
  const margin = (output: number) => (row: Float64Array) => scoreRow(row)[output]!;
  return predictor(
    { task, classes, features },
    {
      scoreRow,
      scoreColumns: rowByRow(scoreRow, F, answer.length),
      explain: (row, output) => referenceShapley(margin(output), row, reference, features),
      importance() {
        const sampled = Array.from({ length: Math.min(100, n) }, (_, i) => Math.floor((i * n) / Math.min(100, n)));
        return referenceImportance(
          margin(task === "regression" ? 0 : 1),
          sampled.map((i) => decoded(rows.subarray(i * width, (i + 1) * width))),
          reference,
          features,
        );
      },
    },
  );

  /** A kept row's features again, as far as the vector holds them. */
  function decoded(kept: Float32Array): Float64Array {
    const row = new Float64Array(F).fill(Number.NaN);
    const { vectorFeature, vectorKind, vectorMean, vectorScale, levelBase, levelStart, levelOfCode } = artifact.arrays;
    for (let d = 0; d < numeric; d++)
      if (vectorKind![d] === 0) row[vectorFeature![d]!] = kept[d]! * vectorScale![d]! + vectorMean![d]!;
    for (let d = 0; d < numeric; d++) if (vectorKind![d] === 1 && kept[d] === 1) row[vectorFeature![d]!] = Number.NaN;
    for (let f = 0; f < F; f++)
      for (let code = levelStart![f]!; code < levelStart![f + 1]!; code++)
        if (levelBase![f]! >= 0 && levelOfCode![code]! >= 0 && kept[levelBase![f]! + levelOfCode![code]!] === 1)
          row[f] = code - levelStart![f]!;
    return row;
  }
}
