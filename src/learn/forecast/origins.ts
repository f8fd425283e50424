// The past origins that a forecast is judged from: whole horizons of the newest steps, and others before them to choose a candidate by.

import { extentOf } from "./evaluate.ts";
import type { SeriesRows, SeriesSet } from "./series.ts";
import { stepTime, usualSeason } from "./series.ts";

export interface Origins {
  /** Forecasts that are judged once, on the newest steps. */
  readonly test: number;
  /** The latest time that is known before all of them. */
  readonly testFrom: number;
  /** Forecasts before that, at most; candidates are compared by those. */
  readonly compared: number;
  readonly season: number;
  readonly set: SeriesSet;
}

/** Origins of the test part at most, and of the comparison unless it is told. */
const mostTested = 6;
const usualCompared = 3;

/** The newest `share` of the steps is the test part: whole horizons, forecast one after the other, as far as there is room. */
export function planOrigins(
  rows: SeriesRows,
  { horizon, season }: { readonly horizon: number; readonly season: number | null },
  { share, folds = usualCompared }: { readonly share: number; readonly folds?: number | undefined },
): Origins {
  const { end, length, set } = extentOf(rows);
  const cycle = season ?? usualSeason(set.step);
  const least = leastTrained(horizon, cycle);
  const wanted = Math.floor(Math.max(horizon, Math.round(length * share)) / horizon);
  const room = Math.floor((length - least) / horizon) - 1;
  const test = Math.max(1, Math.min(wanted, room, mostTested));
  const left = Math.floor((length - test * horizon - least) / horizon);
  return {
    test,
    testFrom: stepTime(end, set.step, -test * horizon),
    compared: Math.max(1, Math.min(folds, left)),
    season: cycle,
    set,
  };
}

/** What boosting on lags needs before it can learn, which is the most of all. */
function leastTrained(horizon: number, season: number): number {
  return Math.max(4, season) + horizon + 1;
}
