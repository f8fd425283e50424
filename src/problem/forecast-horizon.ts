// How far a forecast of some series may reach, the season it rests on, and what is worth trying: by their step and their length. Pure.

import { fail } from "../base/failure.ts";
import { type SeriesSet, type Step, usualSeason } from "../learn/forecast/series.ts";
import { stepsInWords } from "../learn/forecast/step-words.ts";
import type { ForecastAlgorithm } from "./forecast-feasibility.ts";

export interface HorizonPlan {
  readonly horizon: number;
  /** 1 for none. */
  readonly season: number;
  /** What a training would take without being told. */
  readonly usualSeason: number;
  readonly candidates: readonly ForecastAlgorithm[];
  /** Series that have too few values for a forecast. */
  readonly tooShort: number;
}

/** Fewer values than these leave nothing to judge a forecast by. */
const fewestValues = 8;
/** A season must have been seen this often. */
const fewestSeasons = 3;

/** Throws TRAINING_TOO_FEW_ROWS for series that are too short, DEFINE_INVALID for a horizon that they do not allow. */
export function planHorizon({ step, series }: SeriesSet, label: string, wanted?: number): HorizonPlan {
  const lengths = series.map(({ values }) => values.length).sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  const middle = lengths[Math.floor(lengths.length / 2)] ?? 0;
  if (longest < fewestValues)
    throw fail(
      "TRAINING_TOO_FEW_ROWS",
      `Expected a series of at least ${fewestValues} values of ${JSON.stringify(label)} to forecast, got ${longest}${series.length === 1 ? "" : ` in the longest of ${series.length.toLocaleString("en")} series`}`,
      { hint: "Collect more rows of each series, or check what --key makes a series of" },
    );
  // The series of usual length decide; where most are too short, those that are not.
  const length = middle < fewestValues ? longest : middle;
  const usual = usualSeason(step);
  const season = length >= fewestSeasons * usual ? usual : 1;
  const most = Math.floor((longest - 3) / 2);
  if (wanted !== undefined && wanted > most)
    throw fail(
      "DEFINE_INVALID",
      `--horizon: expected at most ${stepsInWords(step, most)}, since the longest series has ${longest.toLocaleString("en")} values and a forecast is tried out twice, got ${wanted}`,
      { hint: `Give --horizon ${most} or less, or collect more rows` },
    );
  const horizon = wanted ?? Math.max(1, Math.min(usualHorizon(step), Math.floor((length - season - 2) / 4)));
  const chosen = longest - 2 * horizon >= season + 2 ? season : 1;
  return {
    horizon,
    season: chosen,
    usualSeason: usual,
    candidates: candidatesFor(lengths, horizon, chosen),
    tooShort: lengths.filter((one) => one < chosen + 2).length,
  };
}

const day = 86_400_000;

/** About as far ahead as people plan: a day of hours, two weeks of days, a quarter of weeks, a year of months, a few years. */
function usualHorizon({ unit, count }: Step): number {
  if (unit === "months") return count >= 12 ? 5 : count === 1 ? 12 : Math.max(2, Math.round(24 / count));
  if (count >= 365 * day) return 5;
  if (count >= 7 * day) return 13;
  if (count >= day) return 14;
  return Math.max(1, Math.min(48, Math.round(day / count)));
}

/** Boosting looks back over seasons from every value: beyond this many values times season it takes too long to be tried. */
const mostBoosted = 5e7;

/** What has enough values to be fitted to at the earliest origin that it is tried from. */
function candidatesFor(lengths: readonly number[], horizon: number, season: number): ForecastAlgorithm[] {
  const known = lengths.map((length) => length - 2 * horizon);
  const longest = known.at(-1) ?? 0;
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const learnt = known.reduce((sum, length) => sum + Math.max(0, length - Math.max(4, season)) * horizon, 0);
  return [
    "seasonalNaive",
    ...(longest >= 6 ? (["ets"] as const) : []),
    ...(season > 1 && longest >= 2 * season + 1 ? (["mstl"] as const) : []),
    ...(learnt >= 100 && all * season <= mostBoosted ? (["boostingOnLags"] as const) : []),
  ];
}
