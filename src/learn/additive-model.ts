// Linear models at rest and at work: one contribution per feature, summed, through a link.

import type { JsonObject } from "../base/json.ts";
import { takeRows } from "../base/table.ts";
import { corrupt, readArray, readChoice, readFeatures, readTask } from "./artifact.ts";
import { encodeTable, type Feature, featuresToJson } from "./features.ts";
import type { FitInput } from "./fit.ts";
import type { Design } from "./linear-design.ts";
import { applyLink, type Link, links, marginCount } from "./link.ts";
import type { Artifact, Predictor } from "./model.ts";
import { predictor } from "./predictor.ts";

/*
 * Arrays, for F features and K outputs (1, or one per class), entry [f * K + k]:
 *   intercept K · mean F · slope, missing, average F·K · tableStart F + 1 · table (entries)·K
 * A number x contributes slope·(x - mean), or `missing`; a category of code c contributes table[(tableStart[f] + c) * K + k].
 * `average` is each feature's mean contribution over the training rows, from which explanations start, and `spread` (F) the mean
 * distance from it, summed over the outputs, which is the feature's importance.
 */

/** Spreads are measured on at most about this many rows. */
const spreadRows = 10_000;

/** Turns coefficients of the design into an artifact; one coefficient array per output. */
export function additiveArtifact(
  { table: rows, features, label }: FitInput,
  design: Design,
  outputs: readonly Float64Array[],
  link: Link,
  meta: JsonObject,
): Artifact {
  const F = features.length;
  const K = outputs.length;
  const tableStart = new Int32Array(F + 1);
  for (const [f, feature] of features.entries()) tableStart[f + 1] = tableStart[f]! + (feature.dictionary?.length ?? 0);
  const mean = new Float64Array(F);
  const slope = new Float64Array(F * K);
  const missing = new Float64Array(F * K);
  const average = new Float64Array(F * K);
  const table = new Float64Array(tableStart[F]! * K);
  const columnMeans = meansOf(design);
  for (let k = 0; k < K; k++) {
    const beta = outputs[k]!;
    for (const [j, column] of design.dense.entries()) {
      const at = column.feature * K + k;
      average[at]! += beta[1 + j]! * columnMeans[1 + j]!;
      if (column.kind === "missing") missing[at] = beta[1 + j]!;
      else {
        mean[column.feature] = column.mean;
        slope[at] = beta[1 + j]! / column.scale;
      }
    }
    for (const group of design.groups) {
      let expected = 0;
      for (let level = 0; level < group.count; level++)
        expected += beta[group.start + level]! * columnMeans[group.start + level]!;
      average[group.feature * K + k] = expected;
      const unseen = group.missingLevel >= 0 ? beta[group.start + group.missingLevel]! : expected;
      missing[group.feature * K + k] = unseen;
      for (const [code, level] of group.levelOfCode.entries())
        table[(tableStart[group.feature]! + code) * K + k] = level < 0 ? unseen : beta[group.start + level]!;
    }
  }
  const arrays = {
    intercept: Float64Array.from(outputs, (beta) => beta[0]!),
    mean,
    slope,
    missing,
    average,
    tableStart,
    table,
  };
  const contribution = contributions(features, arrays, K);
  const sampled = Int32Array.from({ length: Math.min(spreadRows, rows.rowCount) }, (_, i) =>
    Math.floor((i * rows.rowCount) / Math.min(spreadRows, rows.rowCount)),
  );
  const columns = encodeTable(features, takeRows(rows, sampled));
  let sampledWeight = 0;
  for (const row of sampled) sampledWeight += design.weights[row]!;
  const spread = new Float64Array(F);
  for (let f = 0; f < F; f++) {
    for (let k = 0; k < K; k++) {
      for (const [i, row] of sampled.entries()) {
        const distance = Math.abs(contribution(f, k, columns[f]![i]!) - average[f * K + k]!);
        spread[f]! += (design.weights[row]! / (sampledWeight || 1)) * distance;
      }
    }
  }
  return {
    format: "pentad.additive/1",
    meta: {
      ...meta,
      task: label.task,
      classes: label.task === "regression" ? [] : label.classes,
      features: featuresToJson(features),
      link,
    },
    arrays: { ...arrays, spread },
  };
}

interface Parameters {
  readonly mean: Float64Array;
  readonly slope: Float64Array;
  readonly missing: Float64Array;
  readonly tableStart: Int32Array;
  readonly table: Float64Array;
}

/** What feature f with the encoded value x adds to output k. */
function contributions(
  features: readonly Feature[],
  { mean, slope, missing, tableStart, table }: Parameters,
  K: number,
) {
  const isCategory = Uint8Array.from(features, ({ type }) => (type === "category" ? 1 : 0));
  return (f: number, k: number, x: number): number => {
    if (Number.isNaN(x)) return missing[f * K + k]!;
    return isCategory[f] === 1 ? table[(tableStart[f]! + x) * K + k]! : slope[f * K + k]! * (x - mean[f]!);
  };
}

function meansOf({ width, rowCount, dense, groups, weights, totalWeight }: Design): Float64Array {
  const means = new Float64Array(width).fill(1, 0, 1);
  for (const [j, { average }] of dense.entries()) means[1 + j] = average;
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++)
      if (level[row]! >= 0) means[start + level[row]!]! += weights[row]! / totalWeight;
  }
  return means;
}

export function openAdditive(artifact: Artifact): Predictor {
  const { task, classes } = readTask(artifact);
  const features = readFeatures(artifact);
  const link = readChoice(artifact, "link", links);
  const K = marginCount(link, task, classes.length);
  const F = features.length;
  const intercept = readArray(artifact, "intercept", Float64Array, K);
  const mean = readArray(artifact, "mean", Float64Array, F);
  const slope = readArray(artifact, "slope", Float64Array, F * K);
  const missing = readArray(artifact, "missing", Float64Array, F * K);
  const average = readArray(artifact, "average", Float64Array, F * K);
  const tableStart = readArray(artifact, "tableStart", Int32Array, F + 1);
  checkTables(features, tableStart);
  const table = readArray(artifact, "table", Float64Array, tableStart[F]! * K);
  const spread = readArray(artifact, "spread", Float64Array, F);

  const contribution = contributions(features, { mean, slope, missing, tableStart, table }, K);
  const width = task === "regression" ? 1 : classes.length;
  const margins = new Float64Array(K);
  const answer = new Float64Array(width);
  const scoreRow = (row: Float64Array): Float64Array => {
    for (let k = 0; k < K; k++) {
      let sum = intercept[k]!;
      for (let f = 0; f < F; f++) sum += contribution(f, k, row[f]!);
      margins[k] = sum;
    }
    applyLink(link, margins, 0, K, answer, 0);
    return answer;
  };
  return predictor(
    { task, classes, features },
    {
      scoreRow,
      scoreColumns(columns, rowCount) {
        const scores = new Float64Array(rowCount * width);
        const row = new Float64Array(F);
        for (let i = 0; i < rowCount; i++) {
          for (let f = 0; f < F; f++) row[f] = columns[f]![i]!;
          scores.set(scoreRow(row), i * width);
        }
        return scores;
      },
      explain(row, output) {
        // A binary model keeps one margin, for the positive class; the other class's is its negative.
        const k = K === 1 ? 0 : output;
        const sign = link === "logit" && output === 0 ? -1 : 1;
        const contributions = new Float64Array(F);
        let base = intercept[k]!;
        for (let f = 0; f < F; f++) {
          base += average[f * K + k]!;
          contributions[f] = sign * (contribution(f, k, row[f]!) - average[f * K + k]!);
        }
        return { base: sign * base, contributions };
      },
      importance: () => spread,
    },
  );
}

function checkTables(features: readonly Feature[], tableStart: Int32Array): void {
  let expected = 0;
  for (const [f, feature] of features.entries()) {
    if (tableStart[f] !== expected)
      throw corrupt(
        `Expected the table of ${JSON.stringify(feature.name)} to start at ${expected}, got ${tableStart[f]}`,
      );
    expected += feature.dictionary?.length ?? 0;
  }
  if (tableStart[features.length] !== expected)
    throw corrupt(`Expected tables of ${expected} entries, got ${tableStart[features.length]}`);
}
