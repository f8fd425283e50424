// What the reports on odd rows and on groups show: scores and the oddest rows, and what sets each group apart. Pure.

import { type Column, type Scalar, type Table, valueAt } from "../base/table.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import type { ClusterFacts, Oddness } from "../models/evaluation.ts";

const bars = 30;
const shownRows = 8;

export function oddnessOf({ meta }: Artifact, model: Predictor, table: Table): Oddness {
  const prediction = model.predict(table);
  const scores = "values" in prediction ? prediction.values : new Float64Array(0);
  const flagFrom = model.flagFrom ?? 1;
  const sorted = scores.slice().sort();
  const from = Math.min(sorted[0] ?? 0, flagFrom);
  const to = Math.max(sorted.at(-1) ?? 1, flagFrom);
  const counts = new Array<number>(bars).fill(0);
  for (const score of scores)
    counts[to > from ? Math.min(bars - 1, Math.floor(((score - from) / (to - from)) * bars)) : 0]!++;
  const oddest = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, shownRows);
  return {
    contamination: meta.contamination as number,
    flagFrom: short(flagFrom),
    histogram: { from: short(from), to: short(to), counts },
    oddest: oddest.map((row) => {
      const values = Object.fromEntries(
        model.features.map(({ name }) => [name, valueAt(table.columns.get(name)!, row)]),
      );
      const shown = Object.entries(values).filter(([, value]) => !Array.isArray(value));
      const [first] = model.explainRow(values).contributions;
      return {
        score: short(scores[row]!),
        reason: first !== undefined && first.contribution > 0 ? first.feature : null,
        values: Object.fromEntries(shown) as Record<string, Scalar>,
      };
    }),
  };
}

const traitsShown = 5;

export function clusterFacts(model: Predictor, table: Table): ClusterFacts[] {
  const prediction = model.predict(table);
  const clusters = "values" in prediction ? prediction.values : new Float64Array(0);
  const members = Map.groupBy(clusters.keys(), (row) => clusters[row]!);
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([cluster, rows]) => ({
      cluster,
      rows: rows.length,
      share: short(rows.length / table.rowCount),
      traits: [...table.columns]
        .filter(([name]) => model.features.some((feature) => feature.name === name))
        .flatMap(([name, column]) => traitOf(name, column, rows))
        .sort((a, b) => b.strength - a.strength)
        .slice(0, traitsShown)
        .map(({ strength: _, ...trait }) => trait),
    }));
}

type Trait = ClusterFacts["traits"][number] & { readonly strength: number };

/** How far a group's mean lies from that of all rows, in standard deviations, or which value it holds more often. */
function traitOf(feature: string, column: Column, rows: readonly number[]): Trait[] {
  if (column.type === "text" || column.type === "time" || column.type === "vector") return [];
  if (column.type === "number") {
    const all = moments(column.values);
    const own = moments(Float64Array.from(rows, (row) => column.values[row]!));
    if (!(all.spread > 0) || Number.isNaN(own.mean)) return [];
    const strength = Math.abs(own.mean - all.mean) / all.spread;
    return [{ feature, mean: short(own.mean), meanOfAll: short(all.mean), strength }];
  }
  const everyRow = column.type === "category" ? column.codes.keys() : column.values.keys();
  const total = column.type === "category" ? column.codes.length : column.values.length;
  const all = shares(column, everyRow, total);
  const own = shares(column, rows, rows.length);
  const [value, share] = [...own].sort((a, b) => b[1] - (all.get(b[0]) ?? 0) - (a[1] - (all.get(a[0]) ?? 0)))[0] ?? [
    "",
    0,
  ];
  const shareOfAll = all.get(value) ?? 0;
  return [{ feature, value, share: short(share), shareOfAll: short(shareOfAll), strength: 2 * (share - shareOfAll) }];
}

function shares(column: Column, rows: Iterable<number>, count: number): Map<string, number> {
  const out = new Map<string, number>();
  for (const row of rows) {
    const value = String(valueAt(column, row) ?? "missing");
    out.set(value, (out.get(value) ?? 0) + 1 / count);
  }
  return out;
}

function moments(values: Float64Array): { mean: number; spread: number } {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    const before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  return { mean: count > 0 ? mean : Number.NaN, spread: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 };
}

function short(value: number): number {
  return Number(value.toPrecision(5));
}
