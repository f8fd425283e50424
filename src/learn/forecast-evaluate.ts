// Evaluates a forecast as it would have been made in the past: from rolling origins, each fitted to what was known by then.

import { fail } from "../base/failure.ts";
import { type ForecastOptions, type ForecastSpec, fitForecast, type SeriesRows } from "./forecast.ts";
import { type ForecastPoint, openForecast } from "./forecast-model.ts";
import { seriesOf, stepTime } from "./forecast-series.ts";

export interface ForecastScores {
  /** Mean absolute error, in the values' unit. */
  readonly mae: number;
  readonly rmse: number;
  /** Mean of forecast minus value: above 0 when forecasts are too high. */
  readonly bias: number;
  /** The mean absolute error in units of that of the seasonal naive forecast from the same origins: below 1 is better than it. */
  readonly relativeToNaive: number;
  /** Share of the values within their interval. */
  readonly coverage: number;
  readonly meanWidth: number;
  readonly count: number;
}

export interface ForecastEvaluation {
  readonly overall: ForecastScores;
  readonly byAhead: readonly (ForecastScores & { readonly ahead: number })[];
  readonly points: readonly (ForecastPoint & { readonly origin: number; readonly actual: number })[];
}

/**
 * Fits from `origins` past times, `horizon` steps apart, the last of them one horizon before the end, and compares with what came.
 * Throws what `fitForecast` does at the earliest origin.
 */
export async function evaluateForecast(
  rows: SeriesRows,
  spec: ForecastSpec,
  options: ForecastOptions & { readonly origins?: number },
): Promise<ForecastEvaluation> {
  const { horizon } = spec.params;
  const origins = options.origins ?? 3;
  if (!(Number.isInteger(origins) && origins >= 1 && origins <= 1000))
    throw fail("DEFINE_INVALID", `origins: expected a whole number from 1 to 1000, got ${origins}`);
  const { step, series } = seriesOf(rows);
  const actual = new Map<string, number>();
  for (let row = 0; row < rows.times.length; row++)
    actual.set(`${rows.times[row]} ${rows.keys?.[row] ?? ""}`, rows.values[row]!);
  const end = series.reduce((latest, { lastTime }) => Math.max(latest, lastTime), Number.NEGATIVE_INFINITY);
  const points: (ForecastPoint & { origin: number; actual: number; naive: number })[] = [];
  for (let fold = origins; fold >= 1; fold--) {
    const origin = stepTime(end, step, -fold * horizon);
    const known = rowsUntil(rows, origin);
    if (known.times.length === 0)
      throw fail("TRAINING_TOO_FEW_ROWS", `Expected values before the earliest of ${origins} origins, got none`, {
        hint: "Evaluate from fewer origins, or with a shorter horizon",
      });
    const naiveSpec = { algorithm: "seasonalNaive", params: spec.params } as const;
    const naive = openForecast(await fitForecast(known, naiveSpec, options)).forecast();
    const made = openForecast(await fitForecast(known, spec, options)).forecast();
    for (const [i, point] of made.entries()) {
      const came = actual.get(`${point.time} ${point.key}`);
      if (came !== undefined && !Number.isNaN(came))
        points.push({ ...point, origin, actual: came, naive: naive[i]!.value });
    }
  }
  if (points.length === 0)
    throw fail("TRAINING_TOO_FEW_ROWS", "Expected values to compare forecasts with, got only missing ones");
  const byAhead = Array.from({ length: horizon }, (_, i) => points.filter(({ ahead }) => ahead === i + 1)).filter(
    (some) => some.length > 0,
  );
  return {
    overall: scoresOf(points),
    byAhead: byAhead.map((some) => ({ ahead: some[0]!.ahead, ...scoresOf(some) })),
    points: points.map(({ naive: _, ...point }) => point),
  };
}

function rowsUntil({ times, values, keys }: SeriesRows, until: number): SeriesRows {
  const kept = Int32Array.from([...times.keys()].filter((row) => times[row]! <= until));
  return {
    times: Float64Array.from(kept, (row) => times[row]!),
    values: Float64Array.from(kept, (row) => values[row]!),
    ...(keys !== undefined && { keys: Array.from(kept, (row) => keys[row]!) }),
  };
}

function scoresOf(points: readonly (ForecastPoint & { actual: number; naive: number })[]): ForecastScores {
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point) / points.length, 0);
  const mae = mean(({ value, actual }) => Math.abs(value - actual));
  return {
    mae,
    rmse: Math.sqrt(mean(({ value, actual }) => (value - actual) ** 2)),
    bias: mean(({ value, actual }) => value - actual),
    relativeToNaive: mae / mean(({ naive, actual }) => Math.abs(naive - actual)),
    coverage: mean(({ lower, upper, actual }) => (actual >= lower && actual <= upper ? 1 : 0)),
    meanWidth: mean(({ lower, upper }) => upper - lower),
    count: points.length,
  };
}
