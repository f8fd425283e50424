// The table that boosting learns forecasts from: one row per origin and step ahead, made of what was known at the origin.

import type { Column, Table } from "../../base/table.ts";
import { calendarOf, type Step, stepTime } from "./series.ts";

/** What a series looked like at an origin, and the units in which its future is learnt, so that series of any size share one model. */
export interface Origin {
  readonly key: string;
  /** The latest value last; missing ones are NaN. */
  readonly history: Float64Array;
  readonly time: number;
  /** Mean of the latest season. */
  readonly level: number;
  /** Mean distance of the values from level and season, above 0. */
  readonly scale: number;
  /** What each step of the season adds to the level, the one after the origin first. */
  readonly profile: Float64Array;
}

export interface LagPlan {
  readonly step: Step;
  readonly season: number;
  readonly keys: readonly string[];
}

/** Seasons that the profile is the mean of. */
const profileSeasons = 4;

/** Values before an origin that features are made of. */
export function reach({ season }: Pick<LagPlan, "season">): number {
  return Math.max(12, profileSeasons * season);
}

/** `values` end at the origin; those before the reach of a plan are not looked at. */
export function originOf(key: string, values: Float64Array, time: number, plan: Pick<LagPlan, "season">): Origin {
  const { season } = plan;
  const history = values.subarray(Math.max(0, values.length - reach(plan)));
  const end = history.length;
  const level = meanOf(history.subarray(Math.max(0, end - Math.max(season, 4))));
  const profile = new Float64Array(season);
  if (season > 1) {
    const counts = new Int32Array(season);
    for (let from = end - season; from >= 0; from -= season) {
      const own = meanOf(history.subarray(from, from + season));
      for (let i = 0; i < season; i++) {
        if (Number.isNaN(history[from + i]!)) continue;
        counts[i]!++;
        profile[i]! += (history[from + i]! - own - profile[i]!) / counts[i]!;
      }
    }
  }
  let distance = 0;
  let count = 0;
  for (let i = 0; i < end; i++) {
    const size = Math.abs(history[i]! - level - profile[phaseOf(i - end, season)]!);
    if (Number.isNaN(size)) continue;
    count++;
    distance += (size - distance) / count;
  }
  return {
    key,
    history,
    time,
    level,
    scale: distance > 1e-12 * Math.abs(level) ? distance : Math.abs(level) || 1,
    profile,
  };
}

/** What the value some steps ahead is expected to be before anything is learnt. */
export function expectedAt({ level, profile }: Origin, ahead: number): number {
  return level + profile[(ahead - 1) % profile.length]!;
}

function phaseOf(steps: number, season: number): number {
  return ((steps % season) + season) % season;
}

/** One row per pair of an origin and a number of steps ahead. */
export function lagTable(pairs: readonly { readonly origin: Origin; readonly ahead: number }[], plan: LagPlan): Table {
  const { step, season, keys } = plan;
  const calendar = calendarOf(step);
  const lags = Math.min(12, Math.max(4, season));
  const names = [
    "ahead",
    ...Array.from({ length: lags }, (_, i) => `lag${i + 1}`),
    "sameSeason",
    "seasonBefore",
    "recentMean",
    "olderMean",
    "seasonal",
    ...calendar.names,
  ];
  const columns = names.map(() => new Float64Array(pairs.length));
  const codes = new Int32Array(pairs.length);
  const codeOf = new Map(keys.map((key, code) => [key, code]));
  for (const [row, { origin, ahead }] of pairs.entries()) {
    const { history } = origin;
    const { level, scale, profile } = origin;
    const end = history.length;
    // Lag 1 is the origin's own value.
    const lag = (n: number): number =>
      ((history[end - n] ?? Number.NaN) - level - profile[phaseOf(-n, season)]!) / scale;
    const back = season * Math.ceil(ahead / season) - ahead + 1;
    const window = Math.max(season, 4);
    const line = [
      ahead,
      ...Array.from({ length: lags }, (_, i) => lag(i + 1)),
      lag(back),
      lag(back + season),
      (lag(1) + lag(2) + lag(3)) / 3,
      (meanOf(history.subarray(Math.max(0, end - 2 * window), Math.max(0, end - window))) - level) / scale,
      profile[(ahead - 1) % season]! / scale,
      ...calendar.read(stepTime(origin.time, step, ahead)),
    ];
    for (const [i, value] of line.entries()) columns[i]![row] = value;
    codes[row] = codeOf.get(origin.key) ?? -1;
  }
  const entries = names.map((name, i): [string, Column] => [name, { type: "number", values: columns[i]! }]);
  if (keys.length > 1) entries.push(["series", { type: "category", codes, dictionary: keys }]);
  return { rowCount: pairs.length, columns: new Map(entries) };
}

function meanOf(values: Float64Array): number {
  let mean = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    mean += (value - mean) / count;
  }
  return count > 0 ? mean : Number.NaN;
}
