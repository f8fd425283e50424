// Linear models at rest and at work: one contribution per feature, summed, through a link.

import type { JsonObject } from "../../base/json.ts";
import { corrupt, readArray, readChoice, readFeatures, readTask } from "../artifact.ts";
import type { Feature } from "../feature.ts";
import { featuresToJson } from "../features.ts";
import type { FitInput } from "../fit-input.ts";
import { applyLink, type Link, links, marginCount } from "../link.ts";
import type { Artifact, Predictor } from "../model.ts";
import { predictor } from "../predictor.ts";
import { contributions, spreadOf } from "./contributions.ts";
import type { Design } from "./design.ts";
import { readTextPart, textArrays } from "./text-part.ts";

/*
 * Arrays, for F features and K outputs (1, or one per class), entry [f * K + k]:
 *   intercept K · mean F · slope, missing, average F·K · tableStart F + 1 · table (entries)·K
 * A number x contributes slope·(x - mean), or `missing`; a category of code c contributes table[(tableStart[f] + c) * K + k]; a text
 * what its words add (see text-part.ts), or `missing` when it is empty.
 * `average` is each feature's mean contribution over the training rows, from which explanations start, and `spread` (F) the mean
 * distance from it, summed over the outputs, which is the feature's importance.
 */

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
      if (column.kind === "encoded") continue;
      const at = column.feature * K + k;
      average[at]! += beta[1 + j]! * columnMeans[1 + j]!;
      if (column.kind === "missing") missing[at] = beta[1 + j]!;
      else {
        mean[column.feature] = column.mean;
        slope[at] = beta[1 + j]! / column.scale;
      }
    }
    for (const block of design.terms) {
      let expected = 0;
      for (let column = 0; column < block.count; column++)
        expected += beta[block.start + column]! * columnMeans[block.start + column]!;
      average[block.feature * K + k] = expected;
      missing[block.feature * K + k] = expected;
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
    for (const [j, { feature, ofCode, ofMissing }] of design.dense.entries()) {
      if (ofCode === undefined) continue;
      const factor = beta[1 + j]!;
      // Standardised columns are 0 on average.
      missing[feature * K + k]! += factor * ofMissing!;
      for (const [code, value] of ofCode.entries()) table[(tableStart[feature]! + code) * K + k]! += factor * value;
    }
  }
  const own = {
    intercept: Float64Array.from(outputs, (beta) => beta[0]!),
    mean,
    slope,
    missing,
    average,
    tableStart,
    table,
  };
  const { vocabulary, arrays } = textArrays(design, features, outputs, columnMeans);
  const artifact: Artifact = {
    format: "pentad.additive/1",
    meta: {
      ...meta,
      task: label.task,
      classes: label.task === "regression" ? [] : label.classes,
      features: featuresToJson(features),
      link,
      ...(vocabulary && { vocabulary }),
    },
    arrays: { ...own, ...arrays },
  };
  const parameters = { ...own, texts: readTextPart(artifact, features, K) };
  const spread = spreadOf(rows, features, parameters, K, design);
  return { ...artifact, arrays: { ...artifact.arrays, spread } };
}

function meansOf({ width, rowCount, dense, groups, terms, weights, totalWeight }: Design): Float64Array {
  const means = new Float64Array(width).fill(1, 0, 1);
  for (const [j, { average }] of dense.entries()) means[1 + j] = average;
  for (const { start, level } of groups) {
    for (let row = 0; row < rowCount; row++)
      if (level[row]! >= 0) means[start + level[row]!]! += weights[row]! / totalWeight;
  }
  for (const { start, rowStart, column, value } of terms) {
    for (let row = 0; row < rowCount; row++)
      for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++)
        means[start + column[i]!]! += (weights[row]! / totalWeight) * value[i]!;
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
  checkStarts("table", features, tableStart, ({ dictionary }) => dictionary?.length ?? 0);
  const textPart = readTextPart(artifact, features, K);
  const table = readArray(artifact, "table", Float64Array, tableStart[F]! * K);
  const spread = readArray(artifact, "spread", Float64Array, F);

  const contribution = contributions(features, { mean, slope, missing, tableStart, table, texts: textPart }, K);
  const signed = <T extends { readonly contribution: number }>(list: readonly T[], output: number): readonly T[] =>
    link === "logit" && output === 0 ? list.map((one) => ({ ...one, contribution: -one.contribution })) : list;
  const width = task === "regression" ? 1 : classes.length;
  const margins = new Float64Array(K);
  const answer = new Float64Array(width);
  const scoreRow = (row: Float64Array, texts: readonly (string | null)[]): Float64Array => {
    for (let k = 0; k < K; k++) {
      let sum = intercept[k]!;
      for (let f = 0; f < F; f++) sum += contribution(f, k, row[f]!, texts[f] ?? null);
      margins[k] = sum;
    }
    applyLink(link, margins, 0, K, answer, 0);
    return answer;
  };
  return predictor(
    { task, classes, features },
    {
      scoreRow,
      scoreColumns(columns, rowCount, texts) {
        const scores = new Float64Array(rowCount * width);
        const row = new Float64Array(F);
        const rowTexts = new Array<string | null>(F).fill(null);
        for (let i = 0; i < rowCount; i++) {
          for (let f = 0; f < F; f++) {
            row[f] = columns[f]![i] ?? Number.NaN;
            rowTexts[f] = texts[f]?.[i] ?? null;
          }
          scores.set(scoreRow(row, rowTexts), i * width);
        }
        return scores;
      },
      explain(row, output, texts) {
        // A binary model keeps one margin, for the positive class; the other class's is its negative.
        const k = K === 1 ? 0 : output;
        const sign = link === "logit" && output === 0 ? -1 : 1;
        const contributions = new Float64Array(F);
        let base = intercept[k]!;
        for (let f = 0; f < F; f++) {
          base += average[f * K + k]!;
          contributions[f] = sign * (contribution(f, k, row[f]!, texts[f] ?? null) - average[f * K + k]!);
        }
        return { base: sign * base, contributions };
      },
      explainTerms: (f, text, output) => signed(textPart.explain(f, K === 1 ? 0 : output, text), output),
      termEffects: (f, output) => signed(textPart.effects(f, K === 1 ? 0 : output), output),
      importance: () => spread,
    },
  );
}

/** Each feature's entries must follow those of the one before. */
function checkStarts(
  what: string,
  features: readonly Feature[],
  starts: Int32Array,
  entries: (feature: Feature) => number,
): void {
  let expected = 0;
  for (const [f, feature] of features.entries()) {
    if (starts[f] !== expected)
      throw corrupt(
        `Expected the ${what} of ${JSON.stringify(feature.name)} to start at ${expected}, got ${starts[f]}`,
      );
    expected += entries(feature);
  }
  if (starts[features.length] !== expected)
    throw corrupt(`Expected ${what} of ${expected} entries, got ${starts[features.length]}`);
}
