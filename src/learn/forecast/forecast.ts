// Forecasts of one or many time series with prediction intervals: seasonal naive, exponential smoothing, gradient boosting on lags.

import { fail } from "../../base/failure.ts";
import type { JsonObject } from "../../base/json.ts";
import type { BoostingParams } from "../boosting/fit-boosting.ts";
import type { Artifact, ArtifactArray } from "../model.ts";
import { paramReader } from "../params.ts";
import { fitQuantiles, leastHistory, type Quantiles } from "./boosting.ts";
import { holtWinters } from "./holt-winters.ts";
import { reach } from "./lags.ts";
import { naiveSpread } from "./naive.ts";
import { smoothPaths } from "./paths.ts";
import type { ForecastOptions, ForecastPlan, Smooth } from "./plan.ts";
import { of, type Series, type SeriesRows, seriesOf, usualSeason } from "./series.ts";

export type { SeriesRows } from "./series.ts";

export interface ForecastParams {
  /** Steps to forecast. */
  readonly horizon: number;
  /** Steps after which the series repeats itself. Default: 24 for hours, 7 for days, 52 for weeks, 12 for months, else 1. */
  readonly season?: number;
  /** Share of the values that the interval is to hold. Default 0.8. */
  readonly coverage?: number;
}

/** What to forecast with, as JSON. */
export type ForecastSpec =
  | { readonly algorithm: "seasonalNaive" | "ets" | "mstl"; readonly params: ForecastParams }
  | {
      readonly algorithm: "boostingOnLags";
      readonly params: ForecastParams & {
        readonly boosting?: Pick<BoostingParams, "trees" | "learningRate" | "leaves" | "minRowsInLeaf" | "l2">;
      };
    };

/**
 * Fits a forecast to rows of series. The artifact keeps the latest values, or the paths ahead, so that it can forecast on its own; open
 * it with `openForecast`. Series that are too short are left out. Throws what `seriesOf` does for rows that are no series,
 * TRAINING_TOO_FEW_ROWS when no series is long enough, and DEFINE_INVALID for parameters out of range.
 */
export async function fitForecast(rows: SeriesRows, spec: ForecastSpec, options: ForecastOptions): Promise<Artifact> {
  const { step, series: all } = seriesOf(rows);
  const number = paramReader<ForecastParams>(spec.params);
  const season = number("season", usualSeason(step), 1, 100_000, true);
  const horizon = number("horizon", Number.NaN, 1, 10_000, true);
  const series = longEnough(all, spec.algorithm, season, horizon);
  const plan: ForecastPlan = {
    step,
    keys: series.map(({ key }) => key),
    horizon,
    season,
    coverage: number("coverage", 0.8, 0.01, 0.999),
  };
  let quantiles: Quantiles | undefined;
  let paths: Record<string, ArtifactArray> = {};
  if (spec.algorithm === "boostingOnLags")
    quantiles = await fitQuantiles(series, plan, spec.params.boosting ?? {}, options);
  else if (spec.algorithm === "ets" || spec.algorithm === "mstl")
    paths = smoothPaths(series, plan, spec.algorithm === "ets" ? seasonalSmooth(options.smooth) : options.smooth);
  else if (spec.algorithm !== "seasonalNaive")
    throw fail(
      "DEFINE_INVALID",
      `Expected seasonalNaive, ets, mstl or boostingOnLags, got ${JSON.stringify((spec as { algorithm?: unknown }).algorithm)}`,
    );
  const kept = series.map(({ values }) => values.subarray(Math.max(0, values.length - reach(plan))));
  const history = Float64Array.from(kept.flatMap((values) => [...values]));
  const historyStart = new Int32Array(series.length + 1);
  for (const [i, values] of kept.entries()) historyStart[i + 1] = historyStart[i]! + values.length;
  const parts: Record<string, JsonObject> = {};
  const arrays: Record<string, ArtifactArray> = {
    ...paths,
    historyStart,
    history: history.map((value) => (Number.isNaN(value) ? 0 : value)),
    historyMissing: Uint8Array.from(history, (value) => (Number.isNaN(value) ? 1 : 0)),
    lastTime: Float64Array.from(series, ({ lastTime }) => lastTime),
    spread: Float64Array.from(series, ({ values }) => naiveSpread(values, season)),
  };
  for (const [name, part] of Object.entries(quantiles?.models ?? {})) {
    parts[name] = { format: part.format, meta: part.meta };
    for (const [key, array] of Object.entries(part.arrays)) arrays[`${name}.${key}`] = array;
  }
  return {
    format: "pentad.forecast/1",
    meta: {
      algorithm: spec.algorithm,
      step: { unit: step.unit, count: step.count },
      season,
      horizon,
      coverage: plan.coverage,
      keys: [...plan.keys],
      keyColumns: [...(options.keyColumns ?? [])],
      // Series of counts and amounts never fall below 0, and their forecasts must not either.
      nonNegative: series.every(({ values }) => values.every((value) => !(value < 0))),
      widen: quantiles?.widen ?? 0,
      parts,
    },
    arrays,
  };
}

/** By our own smoothing where a series has a season, by the library's where it has none. */
function seasonalSmooth(smooth: Smooth | undefined): Smooth | undefined {
  if (smooth === undefined) return undefined;
  return (values, options) => holtWinters(values, options) ?? smooth(values, { ...options, season: 1 });
}

function longEnough(
  all: readonly Series[],
  algorithm: ForecastSpec["algorithm"],
  season: number,
  horizon: number,
): readonly Series[] {
  const least = algorithm === "boostingOnLags" ? leastHistory({ season }) + horizon + 1 : season + 2;
  const present = ({ values }: Series) => values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  const kept = all.filter((one) => one.values.length >= least && present(one) >= 3);
  if (kept.length > 0) return kept;
  const longest = all.reduce((best, one) => (present(one) > present(best) ? one : best));
  throw fail(
    "TRAINING_TOO_FEW_ROWS",
    `Expected at least ${least} values${of(longest.key)} for a season of ${season} and a horizon of ${horizon}, got ${present(longest)}`,
    { hint: "Give a shorter season or horizon, or more rows" },
  );
}
