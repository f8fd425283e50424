// What each feature adds to the outputs of a linear model, and how far that lies from its average.

import { type Table, takeRows } from "../../base/table.ts";
import { type Feature, groupsOf } from "../feature.ts";
import { encodeTable, textsOf } from "../features.ts";
import type { Design } from "./design.ts";
import type { TextPart } from "./text-part.ts";

/** Spreads are measured on at most about this many rows. */
const spreadRows = 10_000;

export interface Parameters {
  readonly mean: Float64Array;
  readonly slope: Float64Array;
  readonly missing: Float64Array;
  readonly tableStart: Int32Array;
  readonly table: Float64Array;
  readonly texts: TextPart;
}

/** What feature f with the encoded value x (or the text) adds to output k. */
export function contributions(
  features: readonly Feature[],
  { mean, slope, missing, tableStart, table, texts }: Parameters,
  K: number,
) {
  const isCategory = Uint8Array.from(features, ({ type }) => (type === "category" ? 1 : 0));
  return (f: number, k: number, x: number | undefined, text: string | null): number => {
    if (text !== null && text !== "") return texts.contribution(f, k, text);
    if (x === undefined || Number.isNaN(x)) return missing[f * K + k]!;
    return isCategory[f] === 1 ? table[(tableStart[f]! + x) * K + k]! : slope[f * K + k]! * (x - mean[f]!);
  };
}

/** The mean distance of each feature's contributions from their average, summed over the outputs. */
export function spreadOf(
  rows: Table,
  features: readonly Feature[],
  parameters: Parameters & { readonly average: Float64Array },
  K: number,
  design: Design,
): Float64Array {
  const { average, slope, mean, missing } = parameters;
  const count = Math.min(spreadRows, rows.rowCount);
  const sampled = new Int32Array(count);
  for (let i = 0; i < count; i++) sampled[i] = Math.floor((i * rows.rowCount) / count);
  const sample = takeRows(rows, sampled);
  const columns = encodeTable(features, sample);
  const texts = textsOf(features, sample);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) weights[i] = design.weights[sampled[i]!]!;
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const contribution = contributions(features, parameters, K);
  const spread = new Float64Array(features.length);
  for (const group of groupsOf(features).filter(({ length }) => length > 1)) {
    // The numbers of a vector add up; what they add stands at the first of them.
    for (let k = 0; k < K; k++) {
      const added = new Float64Array(count);
      for (const f of group) {
        const column = columns[f]!;
        const at = f * K + k;
        for (let i = 0; i < count; i++) {
          const x = column[i]!;
          added[i]! += (Number.isNaN(x) ? missing[at]! : slope[at]! * (x - mean[f]!)) - average[at]!;
        }
      }
      for (let i = 0; i < count; i++) spread[group[0]!]! += (weights[i]! * Math.abs(added[i]!)) / total;
    }
  }
  for (const [f, { type, part }] of features.entries()) {
    if (part !== undefined && part.dimensions > 1) continue;
    const column = columns[f]!;
    for (let k = 0; k < K; k++) {
      const at = f * K + k;
      let sum = 0;
      if (type === "category" || type === "text")
        for (let i = 0; i < count; i++)
          sum += weights[i]! * Math.abs(contribution(f, k, column[i]!, texts[f]?.[i] ?? null) - average[at]!);
      else
        for (let i = 0; i < count; i++) {
          const x = column[i]!;
          sum += weights[i]! * Math.abs((Number.isNaN(x) ? missing[at]! : slope[at]! * (x - mean[f]!)) - average[at]!);
        }
      spread[f]! += sum / total;
    }
  }
  return spread;
}
