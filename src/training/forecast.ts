// Forecasts in a training run: candidates compared from past origins within the training part, the best judged once on the newest steps.

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { NumericColumn } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { ProblemDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn } from "../features/columns.ts";
import { loadTrainingSet } from "../features/training-set.ts";
import { type JudgedPoint, judgeForecast } from "../learn/forecast/evaluate.ts";
import { type ForecastSpec, fitForecast, type SeriesRows } from "../learn/forecast/forecast.ts";
import { planOrigins } from "../learn/forecast/origins.ts";
import type { ForecastOptions, Smooth } from "../learn/forecast/plan.ts";
import { seriesKey } from "../learn/forecast/predictor.ts";
import {
  type ForecastMetric,
  forecastIntervals,
  forecastMetrics,
  naiveScores,
  scoreForecast,
} from "../learn/forecast/scores.ts";
import type { Champion, Evaluation, Part, Range, Values } from "../models/evaluation.ts";
import { encodeModel, modelId } from "../models/model-file.ts";
import { openServed } from "../models/served-model.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { latencyOfRows } from "./evaluate.ts";
import type { Fitting } from "./fit-candidate.ts";
import type { FinalInput, FinalOutput, LiveModel } from "./fit-final.ts";
import { seriesFacts } from "./forecast-facts.ts";
import type { SetOutput } from "./training-set.ts";
import { cpuMs, type TrialInput, type TrialScore } from "./trial.ts";

/** What runs a forecast's steps: the query engine, and exponential smoothing when a candidate wants it. */
export interface ForecastTools {
  readonly query: Query;
  readonly smoothing: () => Promise<Smooth>;
  readonly fitting: Fitting;
}

export async function tryForecast(input: TrialInput, tools: ForecastTools): Promise<TrialScore> {
  const { training, problem, set, candidate } = input;
  const rows = await loadSeries(set, tools.query);
  const { testFrom, compared } = originsOf(rows, input);
  const spec = specOf(candidate, problem);
  const options = await optionsOf(candidate, training.seed, set, tools);
  const points = await judgeForecast(rows, spec, { ...options, origins: compared, until: testFrom });
  const folds = [...Map.groupBy(points, ({ origin }) => origin)].sort(([a], [b]) => a - b);
  const metric = problem.success.metric as ForecastMetric;
  return {
    value: finite(scoreForecast(points)[metric]),
    folds: folds.map(([, some]) => finite(scoreForecast(some)[metric])),
    rows: { train: rows.times.length - points.length, validation: points.length },
    held: "",
    cpuMs: cpuMs(),
  };
}

export async function fitFinalForecast(input: FinalInput, tools: ForecastTools): Promise<FinalOutput> {
  const { training, problem, set, candidate, live } = input;
  const rows = await loadSeries(set, tools.query);
  const { test: origins, testFrom } = originsOf(rows, input);
  const { horizon } = horizonOf(problem);
  const spec = specOf(candidate, problem);
  const options = await optionsOf(candidate, training.seed, set, tools);
  const points = await judgeForecast(rows, spec, { ...options, origins });
  const metrics = valuesOf(scoreForecast(points));
  const intervals = rangesOf(forecastIntervals(points, training.seed, scoreForecast));
  const { metric, beats } = problem.success;
  const naive = valuesOf(naiveScores(points));
  const beyond = rangesOf(
    forecastIntervals(points, training.seed, (some) => differenceOf(scoreForecast(some), naiveScores(some))),
  );
  // What serves has seen every value: it was judged by refitting it to what was known at each origin.
  const artifact = await fitForecast(rows, spec, { ...options, keyColumns: set.keys });
  const bytes = encodeModel(artifact);
  const model = openServed(artifact);
  const [trained, tested] = [rows.times.map((time) => Number(time <= testFrom)), points.length];
  const evaluation: Evaluation = {
    rows: { train: trained.reduce((sum, one) => sum + one, 0), test: tested },
    metrics,
    interval: intervals[metric] ?? { low: null, high: null },
    intervals,
    baseline: beats === undefined ? null : { name: beats, value: naive[metric] ?? null },
    baselines: { seasonalNaive: naive },
    gains: { seasonalNaive: beyond },
    champion:
      live === null
        ? null
        : await compareRecipes(live, modelId(bytes), points, { rows, origins, problem }, input, tools),
    latency: latencyOfRows(model, keyRows(set, rows)),
    sizeBytes: bytes.length,
    parts: {
      by: "time",
      seed: training.seed,
      group: null,
      train: partOf(rows, (time) => time <= testFrom),
      test: partOf(rows, (time) => time > testFrom),
      leftOut: 0,
      selection: `forecasts of ${horizon} steps from past origins, each fitted to what was known then`,
      folds: [],
      border: {},
    },
    series: seriesFacts(points, rows, artifact, model),
  };
  const path = `${input.temporaryFolder}/model.bin`;
  await writeFile(path, bytes);
  return { path, id: modelId(bytes), bytes: bytes.length, evaluation, importance: [] };
}

/** The label's rows as series. Throws TRAINING_LABEL_INVALID for rows without a time. */
async function loadSeries(set: SetOutput, query: Query): Promise<SeriesRows> {
  if (!set.timed || set.label === null)
    throw fail("TRAINING_LABEL_INVALID", "Expected rows with an event time to forecast, got rows without", {
      hint: "Declare eventTime in the label's data component",
    });
  const table = await loadTrainingSet(query, set.path, [set.label]);
  const label = table.columns.get(set.label.name);
  if (label?.type !== "number")
    throw fail(
      "TRAINING_LABEL_INVALID",
      `Expected a number as label to forecast, got a ${label?.type ?? "missing column"}`,
      {
        hint: `Declare it as ${set.label.name}: number()`,
      },
    );
  const times = (table.columns.get(eventColumn) as NumericColumn).values;
  if (set.keys.length === 0) return { times, values: label.values };
  const names = set.keys.map((key) => `CAST(${sqlName(keyColumn(key))} AS VARCHAR) AS ${sqlName(key)}`);
  const keys = await query.table(`SELECT ${names.join(", ")} FROM read_parquet(${sqlText(set.path)})`);
  const texts = set.keys.map((key) => {
    const column = keys.columns.get(key);
    return column?.type === "text" ? column.values : [];
  });
  return {
    times,
    values: label.values,
    keys: Array.from(times, (_, row) => seriesKey(texts.map((column) => column[row] ?? ""))),
  };
}

function originsOf(rows: SeriesRows, { problem, training }: Pick<TrialInput, "problem" | "training">) {
  const { test, folds } = training.split;
  return planOrigins(rows, horizonOf(problem), { share: test, folds });
}

function horizonOf({ forecast }: ProblemDefinition) {
  return forecast ?? { horizon: 1, season: null, coverage: 0.8 };
}

function specOf({ algorithm, params }: Candidate, problem: ProblemDefinition): ForecastSpec {
  const { horizon, season, coverage } = horizonOf(problem);
  const shared = { horizon, coverage, ...(season === null ? {} : { season }) };
  if (algorithm === "seasonalNaive" || algorithm === "ets" || algorithm === "mstl")
    return { algorithm, params: shared };
  if (algorithm === "gradientBoosting") return { algorithm: "boostingOnLags", params: { ...shared, boosting: params } };
  throw fail("DEFINE_INVALID", `Expected a candidate for a forecast task, got ${algorithm}()`);
}

async function optionsOf(
  candidate: Pick<Candidate, "algorithm">,
  seed: number,
  set: SetOutput,
  tools: ForecastTools,
): Promise<ForecastOptions> {
  const smooths = candidate.algorithm === "ets" || candidate.algorithm === "mstl";
  return { seed, ...tools.fitting, keyColumns: set.keys, ...(smooths ? { smooth: await tools.smoothing() } : {}) };
}

/**
 * A forecast that serves has seen every value there was, so two of them are compared by their recipes: each fitted anew at the same
 * origins of the same rows.
 */
async function compareRecipes(
  live: LiveModel,
  id: string,
  points: readonly JudgedPoint[],
  {
    rows,
    origins,
    problem,
  }: { readonly rows: SeriesRows; readonly origins: number; readonly problem: ProblemDefinition },
  { training, set, candidate }: FinalInput,
  tools: ForecastTools,
): Promise<Champion> {
  const own = { version: live.version, id: live.id, nothingNew: live.nothingNew, same: live.id === id };
  const old = { algorithm: live.algorithm, params: live.params } as Candidate;
  const none = { ...own, rows: 0, metrics: {}, differences: {} };
  if (!["seasonalNaive", "ets", "mstl", "gradientBoosting"].includes(old.algorithm))
    return { ...none, incomparable: "it is no forecast" };
  if (old.algorithm === candidate.algorithm && JSON.stringify(old.params) === JSON.stringify(candidate.params))
    return { ...none, incomparable: "it follows the same recipe, now fitted to the newest rows" };
  const options = await optionsOf(old, training.seed, set, tools);
  const before = await judgeForecast(rows, specOf(old, problem), { ...options, origins });
  const names = new Map(before.map((point) => [`${point.origin} ${point.time} ${point.key}`, point]));
  const both = points.flatMap((point) => {
    const other = names.get(`${point.origin} ${point.time} ${point.key}`);
    return other === undefined ? [] : [{ ...point, other }];
  });
  const difference = (some: readonly JudgedPoint[]) => {
    const pairs = some as typeof both;
    return differenceOf(scoreForecast(pairs), scoreForecast(pairs.map(({ other }) => other)));
  };
  const ranges = rangesOf(forecastIntervals(both, training.seed, difference));
  const values = valuesOf(difference(both));
  return {
    ...own,
    incomparable: null,
    rows: both.length,
    metrics: valuesOf(scoreForecast(both.map(({ other }) => other))),
    differences: Object.fromEntries(
      forecastMetrics.map((name) => [name, { ...(ranges[name] as Range), value: values[name] ?? null }]),
    ),
  };
}

type Scores = Readonly<Record<ForecastMetric, number>>;

function differenceOf(a: Scores, b: Scores): Scores {
  return Object.fromEntries(forecastMetrics.map((name) => [name, a[name] - b[name]])) as Scores;
}

function valuesOf(scores: Scores): Values {
  return Object.fromEntries(forecastMetrics.map((name) => [name, finite(scores[name])]));
}

function rangesOf(ranges: Readonly<Record<string, { low: number; high: number }>>): Record<string, Range> {
  return Object.fromEntries(
    Object.entries(ranges).map(([name, { low, high }]) => [name, { low: finite(low), high: finite(high) }]),
  );
}

function partOf({ times, values, keys }: SeriesRows, belongs: (time: number) => boolean): Part {
  const own = [...times.keys()].filter((row) => belongs(times[row]!));
  const lines = own.map((row) => `${times[row]} ${keys?.[row] ?? ""} ${values[row]}`).sort();
  const moments = own.map((row) => times[row]!).sort((a, b) => a - b);
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    rows: own.length,
    from: iso(moments[0]),
    to: iso(moments.at(-1)),
    hash: createHash("sha256").update(lines.join("\n")).digest("hex"),
  };
}

function keyRows(set: SetOutput, { keys, times }: SeriesRows): Record<string, string>[] {
  if (keys === undefined || set.keys.length !== 1)
    return times.length === 0 ? [] : Array.from({ length: 200 }, () => ({}));
  return [...new Set(keys)].slice(0, 1000).map((key) => ({ [set.keys[0]!]: key }));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(8)) : null;
}
