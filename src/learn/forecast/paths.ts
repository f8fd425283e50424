// Forecasts that are worked out when they are fitted: the artifact keeps each series' path ahead instead of a model.

import { fail } from "../../base/failure.ts";
import { readArray } from "../artifact.ts";
import type { Artifact, ArtifactArray } from "../model.ts";
import { naiveSpread, naiveValue, normalWidth } from "./naive.ts";
import type { ForecastPlan, Smooth } from "./plan.ts";
import type { Series } from "./series.ts";

const names = ["pathValue", "pathLower", "pathUpper"] as const;

/** The paths of all series, one after the other. A series that no smoothing fits gets its seasonal naive path. */
export function smoothPaths(
  series: readonly Series[],
  { horizon, season, coverage }: Pick<ForecastPlan, "horizon" | "season" | "coverage">,
  smooth: Smooth | undefined,
): Record<string, ArtifactArray> {
  if (smooth === undefined)
    throw fail("RUNTIME_NOT_AVAILABLE", "Expected a library for exponential smoothing, got none");
  const paths = Object.fromEntries(names.map((name) => [name, new Float64Array(series.length * horizon)]));
  for (const [index, { values }] of series.entries()) {
    const path = smooth(bridged(values), { horizon, season, coverage }) ?? naivePath(values, season, horizon, coverage);
    paths.pathValue!.set(path.value, index * horizon);
    paths.pathLower!.set(path.lower, index * horizon);
    paths.pathUpper!.set(path.upper, index * horizon);
  }
  return paths;
}

function naivePath(values: Float64Array, season: number, horizon: number, coverage: number) {
  const value = Float64Array.from({ length: horizon }, (_, i) => naiveValue(values, season, i + 1));
  const width = normalWidth(coverage) * naiveSpread(values, season);
  const reach = value.map((_, i) => width * Math.sqrt(Math.ceil((i + 1) / season)));
  return { value, lower: value.map((one, i) => one - reach[i]!), upper: value.map((one, i) => one + reach[i]!) };
}

/** Missing values lie on the line between their neighbours; at the ends they repeat the nearest one. */
function bridged(values: Float64Array): Float64Array {
  const out = values.slice();
  let last = -1;
  for (let i = 0; i < out.length; i++) {
    if (Number.isNaN(out[i]!)) continue;
    for (let gap = last + 1; gap < i; gap++)
      out[gap] = last < 0 ? out[i]! : out[last]! + ((out[i]! - out[last]!) * (gap - last)) / (i - last);
    last = i;
  }
  for (let gap = last + 1; gap < out.length; gap++) out[gap] = last < 0 ? 0 : out[last]!;
  return out;
}

/** Reads the paths back: `(series, steps ahead)` gives the three numbers. */
export function readPaths(artifact: Artifact, seriesCount: number, horizon: number) {
  const [value, lower, upper] = names.map((name) => readArray(artifact, name, Float64Array, seriesCount * horizon)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return (series: number, ahead: number) => {
    const at = series * horizon + ahead - 1;
    return { value: value[at]!, lower: Math.min(lower[at]!, value[at]!), upper: Math.max(upper[at]!, value[at]!) };
  };
}
