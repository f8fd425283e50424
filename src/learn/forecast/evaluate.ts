// Evaluates a forecast as it would have been made in the past: from rolling origins, each fitted to what was known by then.

import { fail } from "../../base/failure.ts";
import type { ForecastPoint } from "../model.ts";
import { type ForecastSpec, fitForecast, type SeriesRows } from "./forecast.ts";
import { openForecast } from "./model.ts";
import type { ForecastOptions } from "./plan.ts";
import { type SeriesSet, seriesOf, stepTime, usualSeason } from "./series.ts";

/** A step of a forecast beside what came. */
export interface JudgedPoint extends ForecastPoint {
  /** The latest time that was known when it was made. */
  readonly origin: number;
  readonly actual: number;
  /** What the seasonal naive forecast said at the same origin. */
  readonly naive: number;
  /** The seasonal naive forecast's mean error one season ahead, in what was known at the first origin; NaN when it makes none. */
  readonly scale: number;
}

export interface EvaluateOptions extends ForecastOptions {
  /** How many origins, a horizon apart, the last of them one horizon before the end. Default 3. */
  readonly origins?: number;
  /** Values after this time are not looked at. */
  readonly until?: number;
}

/** Fits from past times, and puts every step beside what came. Throws what `fitForecast` does at the earliest origin. */
export async function judgeForecast(
  rows: SeriesRows,
  spec: ForecastSpec,
  { origins = 3, until = Number.POSITIVE_INFINITY, ...options }: EvaluateOptions,
): Promise<JudgedPoint[]> {
  const { horizon } = spec.params;
  if (!(Number.isInteger(origins) && origins >= 1 && origins <= 1000))
    throw fail("DEFINE_INVALID", `origins: expected a whole number from 1 to 1000, got ${origins}`);
  const seen = rowsUntil(rows, until);
  const { step, series } = seriesOf(seen);
  const end = series.reduce((latest, { lastTime }) => Math.max(latest, lastTime), Number.NEGATIVE_INFINITY);
  const origin = (fold: number): number => stepTime(end, step, -fold * horizon);
  const actual = new Map<string, number>();
  for (let row = 0; row < seen.times.length; row++)
    actual.set(pointName(seen.times[row]!, seen.keys?.[row] ?? ""), seen.values[row]!);
  const first = rowsUntil(seen, origin(origins));
  if (first.times.length === 0)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected values before the earliest of ${origins} origins, got none`, {
      hint: "Hold fewer rows out, or take a shorter horizon",
    });
  const scales = scalesOf(seriesOf(first, step), spec.params.season ?? usualSeason(step));
  const points: JudgedPoint[] = [];
  for (let fold = origins; fold >= 1; fold--) {
    const known = rowsUntil(seen, origin(fold));
    const naive = await fitForecast(known, { algorithm: "seasonalNaive", params: spec.params }, options);
    const naives = new Map(
      openForecast(naive)
        .forecast()
        .map((one) => [pointName(one.time, one.key), one.value]),
    );
    const made = spec.algorithm === "seasonalNaive" ? naive : await fitForecast(known, spec, options);
    for (const point of openForecast(made).forecast()) {
      const name = pointName(point.time, point.key);
      const came = actual.get(name);
      if (came === undefined || Number.isNaN(came)) continue;
      points.push({
        ...point,
        origin: origin(fold),
        actual: came,
        naive: naives.get(name) ?? Number.NaN,
        scale: scales.get(point.key) ?? Number.NaN,
      });
    }
  }
  if (points.length === 0)
    throw fail("TRAINING_TOO_FEW_ROWS", "Expected values to compare forecasts with, got only missing ones");
  return points;
}

/** The time of the last value, and the steps of the longest series. */
export function extentOf(rows: SeriesRows): { readonly end: number; readonly length: number; readonly set: SeriesSet } {
  const set = seriesOf(rows);
  return {
    end: set.series.reduce((latest, { lastTime }) => Math.max(latest, lastTime), Number.NEGATIVE_INFINITY),
    length: set.series.reduce((most, { values }) => Math.max(most, values.length), 0),
    set,
  };
}

function pointName(time: number, key: string): string {
  return `${time} ${key}`;
}

function scalesOf({ series }: SeriesSet, season: number): Map<string, number> {
  return new Map(
    series.map(({ key, values }) => {
      let sum = 0;
      let count = 0;
      for (let i = season; i < values.length; i++) {
        const change = Math.abs(values[i]! - values[i - season]!);
        if (Number.isNaN(change)) continue;
        sum += change;
        count++;
      }
      return [key, sum > 0 ? sum / count : Number.NaN];
    }),
  );
}

export function rowsUntil({ times, values, keys }: SeriesRows, until: number): SeriesRows {
  const kept = Int32Array.from([...times.keys()].filter((row) => times[row]! <= until));
  return {
    times: Float64Array.from(kept, (row) => times[row]!),
    values: Float64Array.from(kept, (row) => values[row]!),
    ...(keys !== undefined && { keys: Array.from(kept, (row) => keys[row]!) }),
  };
}
