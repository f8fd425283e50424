// Naive Bayes: features independent within each class, numbers normal, categories by frequency (Laplace); missing values say nothing.

import { fail } from "../base/failure.ts";
import { corrupt, readArray, readFeatures, readTask } from "./artifact.ts";
import { encodeTable, featuresToJson } from "./features.ts";
import type { FitInput } from "./fit-input.ts";
import { applyLink } from "./link.ts";
import type { Artifact, Predictor } from "./model.ts";
import { paramReader } from "./params.ts";
import { predictor } from "./predictor.ts";

export interface NaiveBayesParams {
  /** Rows added to each category of each class. Default 1. */
  readonly smoothing?: number;
}

/*
 * Arrays, for F features and K classes, entry [f * K + k]: prior K (log) · mean, deviation F·K (of numbers) · tableStart F + 1 ·
 * table (codes)·K (log probability) · average F·K (mean contribution over the training rows).
 */

export function fitNaiveBayes({ table, features, label, options }: FitInput, params: NaiveBayesParams): Artifact {
  if (label.task === "regression")
    throw fail("DEFINE_INVALID", "Expected classes for naiveBayes, got a regression task", {
      hint: "Use ridge() for numbers",
    });
  const smoothing = paramReader(params)("smoothing", 1, 1e-9, 1e9);
  const { codes, classes } = label;
  const K = classes.length;
  const F = features.length;
  const columns = encodeTable(features, table);
  const weightOf = (row: number): number => options.weights?.[row] ?? 1;
  const counts = new Float64Array(K);
  for (let row = 0; row < codes.length; row++) counts[codes[row]!]! += weightOf(row);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const tableStart = new Int32Array(F + 1);
  for (const [f, { dictionary }] of features.entries()) tableStart[f + 1] = tableStart[f]! + (dictionary?.length ?? 0);
  const mean = new Float64Array(F * K);
  const deviation = new Float64Array(F * K).fill(1);
  const tables = new Float64Array(tableStart[F]! * K);
  for (const [f, { dictionary }] of features.entries()) {
    const column = columns[f]!;
    const present = new Float64Array(K);
    if (dictionary !== undefined) {
      const start = tableStart[f]! * K;
      for (let row = 0; row < codes.length; row++)
        if (!Number.isNaN(column[row])) tables[start + column[row]! * K + codes[row]!]! += weightOf(row);
      for (let code = 0; code < dictionary.length; code++)
        for (let k = 0; k < K; k++) present[k]! += tables[start + code * K + k]!;
      for (let code = 0; code < dictionary.length; code++)
        for (let k = 0; k < K; k++)
          tables[start + code * K + k] = Math.log(
            (tables[start + code * K + k]! + smoothing) / (present[k]! + smoothing * dictionary.length),
          );
      continue;
    }
    let unit = 0;
    for (const value of column) if (Math.abs(value) > unit) unit = Math.abs(value);
    unit ||= 1;
    for (let row = 0; row < codes.length; row++) {
      if (Number.isNaN(column[row])) continue;
      present[codes[row]!]! += weightOf(row);
      mean[f * K + codes[row]!]! += weightOf(row) * (column[row]! / unit);
    }
    const all = present.reduce((sum, count) => sum + count, 0);
    const overall = all > 0 ? mean.subarray(f * K, f * K + K).reduce((sum, value) => sum + value, 0) / all : 0;
    // A class without rows takes the mean of all.
    for (let k = 0; k < K; k++) mean[f * K + k] = present[k]! > 0 ? mean[f * K + k]! / present[k]! : overall;
    const squares = new Float64Array(K);
    let spread = 0;
    for (let row = 0; row < codes.length; row++) {
      if (Number.isNaN(column[row])) continue;
      squares[codes[row]!]! += weightOf(row) * (column[row]! / unit - mean[f * K + codes[row]!]!) ** 2;
      spread += (weightOf(row) * (column[row]! / unit - overall) ** 2) / all;
    }
    // One row's worth of the overall spread keeps a class in which the value never varies from being certain.
    for (let k = 0; k < K; k++) {
      deviation[f * K + k] = unit * Math.max(1e-9, Math.sqrt((squares[k]! + spread + 1e-18) / (present[k]! + 1)));
      mean[f * K + k]! *= unit;
    }
  }
  const prior = counts.map((count) => Math.log((count + smoothing) / (total + smoothing * K)));
  const arrays = { prior, mean, deviation, tableStart, table: tables };
  const contribution = contributions(
    features.map(({ type }) => type === "category"),
    arrays,
    K,
  );
  const average = new Float64Array(F * K);
  for (let f = 0; f < F; f++)
    for (let k = 0; k < K; k++)
      for (let row = 0; row < codes.length; row++)
        average[f * K + k]! += (weightOf(row) / total) * contribution(f, k, columns[f]![row]!);
  return {
    format: "pentad.naiveBayes/1",
    meta: { algorithm: "naiveBayes", smoothing, task: label.task, classes, features: featuresToJson(features) },
    arrays: { ...arrays, average },
  };
}

interface Parameters {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly tableStart: Int32Array;
  readonly table: Float64Array;
}

/** Log-likelihood of feature f's value under class k, kept within ±50 so that one odd value cannot decide everything. */
function contributions(isCategory: readonly boolean[], { mean, deviation, tableStart, table }: Parameters, K: number) {
  return (f: number, k: number, x: number): number => {
    if (Number.isNaN(x)) return 0;
    if (isCategory[f]) return table[(tableStart[f]! + x) * K + k]!;
    const z = (x - mean[f * K + k]!) / deviation[f * K + k]!;
    // Relative to the first class's scale, which all classes share, so that the unit does not matter.
    return Math.max(-50, -0.5 * z * z) - Math.log(deviation[f * K + k]! / deviation[f * K]!);
  };
}

export function openNaiveBayes(artifact: Artifact): Predictor {
  const { task, classes } = readTask(artifact);
  if (task === "regression") throw corrupt("Expected a task with classes, got a regression");
  const features = readFeatures(artifact);
  const K = classes.length;
  const F = features.length;
  const prior = readArray(artifact, "prior", Float64Array, K);
  const mean = readArray(artifact, "mean", Float64Array, F * K);
  const deviation = readArray(artifact, "deviation", Float64Array, F * K);
  const tableStart = readArray(artifact, "tableStart", Int32Array, F + 1);
  const average = readArray(artifact, "average", Float64Array, F * K);
  if (deviation.some((value) => value <= 0)) throw corrupt("Expected deviations above 0");
  for (let f = 0, start = 0; f <= F; start += features[f]?.dictionary?.length ?? 0, f++)
    if (tableStart[f] !== start) throw corrupt(`Expected the table of feature ${f} to start at ${start}`);
  const table = readArray(artifact, "table", Float64Array, tableStart[F]! * K);
  const contribution = contributions(
    features.map(({ type }) => type === "category"),
    { mean, deviation, tableStart, table },
    K,
  );
  const margins = new Float64Array(K);
  const answer = new Float64Array(K);
  const scoreRow = (row: Float64Array): Float64Array => {
    for (let k = 0; k < K; k++) {
      margins[k] = prior[k]!;
      for (let f = 0; f < F; f++) margins[k]! += contribution(f, k, row[f]!);
    }
    applyLink("softmax", margins, 0, K, answer, 0);
    return answer;
  };
  // A class's margin is its log-odds against the other of two classes, or against the mean of all.
  const against = (k: number, of: (other: number) => number): number => {
    if (K === 2) return of(k) - of(1 - k);
    let sum = 0;
    for (let other = 0; other < K; other++) sum += of(other);
    return of(k) - sum / K;
  };
  return predictor(
    { task, classes, features },
    {
      scoreRow,
      scoreColumns(columns, rowCount) {
        const scores = new Float64Array(rowCount * K);
        const row = new Float64Array(F);
        for (let i = 0; i < rowCount; i++) {
          for (let f = 0; f < F; f++) row[f] = columns[f]![i]!;
          scores.set(scoreRow(row), i * K);
        }
        return scores;
      },
      explain(row, output) {
        let base = against(output, (k) => prior[k]!);
        const found = new Float64Array(F);
        for (let f = 0; f < F; f++) {
          const expected = against(output, (k) => average[f * K + k]!);
          base += expected;
          found[f] = against(output, (k) => contribution(f, k, row[f]!)) - expected;
        }
        return { base, contributions: found };
      },
      importance() {
        // How far apart the classes lie: in deviations for numbers, in log probability for categories.
        return Float64Array.from({ length: F }, (_, f) => {
          const parts: number[] = [];
          for (let a = 0; a < K; a++)
            for (let b = 0; b < a; b++) {
              if (features[f]!.dictionary === undefined)
                parts.push(
                  Math.abs(mean[f * K + a]! - mean[f * K + b]!) / (deviation[f * K + a]! + deviation[f * K + b]!),
                );
              else
                for (let code = tableStart[f]!; code < tableStart[f + 1]!; code++)
                  parts.push(
                    (Math.exp(table[code * K + a]!) * Math.abs(table[code * K + a]! - table[code * K + b]!)) / 2,
                  );
            }
          return parts.reduce((sum, part) => sum + part, 0);
        });
      },
    },
  );
}
