// Can a series be continued? Forecasts as they would have been made in the past, against repeating the last season, in plain words.

import { isFailure, messageOf } from "../base/failure.ts";
import { algorithmWords } from "../define/algorithm-words.ts";
import type { Success } from "../define/success.ts";
import { type JudgedPoint, judgeForecast } from "../learn/forecast/evaluate.ts";
import type { ForecastSpec } from "../learn/forecast/forecast.ts";
import { type Origins, planOrigins } from "../learn/forecast/origins.ts";
import type { Smooth } from "../learn/forecast/plan.ts";
import {
  type ForecastMetric,
  type ForecastScores,
  forecastIntervals,
  forecastMetrics,
  naiveScores,
  scoreForecast,
} from "../learn/forecast/scores.ts";
import type { SeriesRows } from "../learn/forecast/series.ts";
import { stepsInWords } from "../learn/forecast/step-words.ts";
import type { Feasibility } from "./feasibility.ts";
import { amount, type Verdict } from "./feasibility-words.ts";
import { roundedUp, suggestSuccess } from "./success.ts";

export type ForecastAlgorithm = ForecastSpec["algorithm"];

export interface ForecastFeasibilityInput {
  /** In the order of time or not; a value in every row. */
  readonly rows: SeriesRows;
  readonly horizon: number;
  readonly season: number;
  /** The training's own candidates. */
  readonly candidates: readonly ForecastAlgorithm[];
  /** For exponential smoothing. */
  readonly smooth: Smooth | undefined;
  readonly labelUnit?: string | undefined;
}

const share = 0.2;
const seed = 1;

/**
 * The same steps as a training: candidates compared on past origins, the best one judged on the newest steps. Boosting is left
 * to the training, since it takes too long for a quick look.
 */
export async function assessForecast(input: ForecastFeasibilityInput): Promise<Feasibility> {
  const { horizon, season } = input;
  const origins = planOrigins(input.rows, { horizon, season }, { share });
  const { best, reason } = await bestCandidate(input, origins);
  if (best === undefined) return unknown(reason, input.rows);
  const points = await judge(input, best, { origins: origins.test });
  const scores = scoreForecast(points);
  const naive = naiveScores(points);
  // Series that only repeat themselves have no scale: their errors are counted as they are.
  const metric = Number.isFinite(scores.mase) && Number.isFinite(naive.mase) ? "mase" : "mae";
  const intervals = forecastIntervals(points, seed, scoreForecast);
  const gains = forecastIntervals(points, seed, (some) => difference(scoreForecast(some), naiveScores(some)));
  const { low, high } = known(intervals[metric], scores[metric]);
  const sure = scores[metric] < naive[metric] && gains[metric].high < 0;
  const verdict: Verdict = sure ? (scores[metric] <= naive[metric] * 0.85 ? "feasible" : "weak") : "doubtful";
  const interval = { value: scores[metric], low, high, rounds: 0 };
  return {
    task: "forecast",
    metric,
    verdict,
    sentence: inWords(input, origins, best, { points, scores, naive, verdict, metric }),
    baseline: { name: "seasonalNaive", value: naive[metric] },
    model: { algorithm: best, value: scores[metric], low, high },
    rows: { train: input.rows.times.length - points.length, test: points.length },
    importance: [],
    success:
      verdict === "feasible"
        ? suggestSuccess(metric, interval, { name: "seasonalNaive", value: naive[metric] })
        : withinReach(metric, Math.max(high, naive[metric])),
  };
}

async function bestCandidate(input: ForecastFeasibilityInput, { testFrom, compared }: Origins) {
  let best: { readonly algorithm: ForecastAlgorithm; readonly value: number } | undefined;
  let reason = "none was tried";
  for (const algorithm of input.candidates) {
    if (algorithm === "boostingOnLags") continue;
    try {
      const { mase, mae } = scoreForecast(await judge(input, algorithm, { origins: compared, until: testFrom }));
      const value = Number.isFinite(mase) ? mase : mae;
      if (Number.isFinite(value) && (best === undefined || value < best.value)) best = { algorithm, value };
    } catch (error) {
      if (!isFailure(error)) throw error;
      reason = messageOf(error);
    }
  }
  return { best: best?.algorithm, reason };
}

function judge(
  { rows, horizon, season, smooth }: ForecastFeasibilityInput,
  algorithm: ForecastAlgorithm,
  when: { readonly origins: number; readonly until?: number },
): Promise<JudgedPoint[]> {
  const options = { seed, ...(smooth === undefined ? {} : { smooth }), ...when };
  return judgeForecast(rows, { algorithm, params: { horizon, season } } as ForecastSpec, options);
}

function unknown(reason: string, rows: SeriesRows): Feasibility {
  return {
    task: "forecast",
    metric: "mase",
    verdict: "unknown",
    sentence: `No quick forecast could be made: ${reason}`,
    baseline: null,
    model: null,
    rows: { train: rows.times.length, test: 0 },
    importance: [],
    success: { metric: "mase", beats: "seasonalNaive" },
  };
}

/** Repeating the last season is a forecast, too: where nothing is clearly better, the goal is to stay as good as now. */
function withinReach(metric: "mase" | "mae", high: number): Success {
  const value = high * 1.5;
  return { metric, atMost: value > 0 ? (roundedUp(value) ?? value) : 0.01 };
}

function inWords(
  { horizon, season, labelUnit }: ForecastFeasibilityInput,
  { test, set }: Origins,
  algorithm: ForecastAlgorithm,
  found: {
    readonly points: readonly JudgedPoint[];
    readonly scores: ForecastScores;
    readonly naive: ForecastScores;
    readonly verdict: Verdict;
    readonly metric: "mase" | "mae";
  },
): string {
  const { scores, naive, verdict, metric, points } = found;
  const unit = labelUnit === undefined ? "" : ` ${labelUnit}`;
  const made = `${test === 1 ? "a past forecast" : `${test} past forecasts`} of ${stepsInWords(set.step, horizon)}`;
  const repeated = season > 1 ? "the last season" : "the last value";
  const few = points.length < 10 ? ` (only ${points.length} values to compare with, so take it with care)` : "";
  const mase = metric === "mase" ? ` (MASE ${amount(scores.mase)}` : "";
  if (algorithm === "seasonalNaive")
    return `In ${made}, repeating ${repeated} was off by ${amount(scores.mae)}${unit} on average${mase === "" ? "" : `${mase})`}, and no quick model did better: ${scores.mae === 0 ? "the values repeat themselves" : "expect wide ranges; more history would help most"}${few}`;
  const end = scores.mae > naive.mae ? conclusions.doubtful.replace("not surely", "no") : conclusions[verdict];
  const against = mase === "" ? "" : `${mase} against ${amount(naive.mase)})`;
  return `In ${made}, ${words(algorithm)} was off by ${amount(scores.mae)}${unit} on average, repeating ${repeated} by ${amount(naive.mae)}${against}: ${end}${few}`;
}

function words(algorithm: ForecastAlgorithm): string {
  return algorithm === "boostingOnLags" ? "gradient boosting" : algorithmWords(algorithm);
}

const conclusions: Readonly<Record<Verdict, string>> = {
  feasible: "this looks feasible",
  weak: "that is better, but not by much",
  doubtful: "that is not surely better, so expect wide ranges; more history would help most",
  suspicious: "nearly perfect",
  unknown: "that says little",
};

/** A single forecast has no interval: then its value stands alone. */
function known({ low, high }: { readonly low: number; readonly high: number }, value: number) {
  return { low: Number.isFinite(low) ? low : value, high: Number.isFinite(high) ? high : value };
}

function difference(a: ForecastScores, b: ForecastScores): ForecastScores {
  return Object.fromEntries(forecastMetrics.map((name: ForecastMetric) => [name, a[name] - b[name]])) as ForecastScores;
}
