// Forecasts at work: opens an artifact, and forecasts from the values it keeps or from newer ones.

import { fail } from "../../base/failure.ts";
import { isObject, type JsonObject } from "../../base/json.ts";
import { corrupt, readArray, readChoice, readInteger, readStrings } from "../artifact.ts";
import type { Artifact, ArtifactArray, ForecastPoint, Predictor } from "../model.ts";
import { openModel } from "../open-model.ts";
import { type QuantileName, quantileNames } from "./boosting.ts";
import { expectedAt, lagTable, type Origin, originOf } from "./lags.ts";
import { naiveSpread, naiveValue, normalWidth } from "./naive.ts";
import { readPaths } from "./paths.ts";
import type { ForecastPlan } from "./plan.ts";
import { of, type SeriesRows, type Step, seriesOf, stepTime } from "./series.ts";

export interface Forecaster {
  readonly horizon: number;
  readonly season: number;
  /** Share of the values that the intervals are to hold. */
  readonly coverage: number;
  readonly keys: readonly string[];
  /** The columns that keys are made of; empty when nobody said. */
  readonly keyColumns: readonly string[];
  /**
   * The points after the latest value of each series, in the order of keys and times: after the values that the model keeps, or
   * after those of `rows`, which must have the same spacing and reach back a season. A new key is forecast like an unknown series.
   * Exponential smoothing keeps no model that could go on: it takes no rows.
   * Throws what `seriesOf` does, and INFERENCE_INPUT_INVALID for rows that do not reach back far enough.
   */
  forecast(rows?: SeriesRows): ForecastPoint[];
}

interface Start extends Origin {
  /** Root mean square of the changes over a season. */
  readonly spread: number;
}

/** Checks an artifact of `fitForecast` completely. Throws MODELS_ARTIFACT_CORRUPT for anything else. */
export function openForecast(artifact: Artifact): Forecaster {
  if (!isObject(artifact) || !isObject(artifact.meta) || !isObject(artifact.arrays))
    throw corrupt("Expected an artifact with format, meta and arrays");
  if (artifact.format !== "pentad.forecast/1")
    throw corrupt(`Expected a forecast, got ${JSON.stringify(artifact.format)}`);
  const algorithm = readChoice(artifact, "algorithm", ["seasonalNaive", "ets", "mstl", "boostingOnLags"]);
  const plan: ForecastPlan = {
    step: readStep(artifact.meta.step),
    season: readInteger(artifact, "season", 1, 100_000),
    horizon: readInteger(artifact, "horizon", 1, 10_000),
    coverage: readNumber(artifact, "coverage", 0.01, 0.999),
    keys: readStrings(artifact.meta.keys, "keys"),
  };
  const { nonNegative } = artifact.meta;
  if (typeof nonNegative !== "boolean") throw corrupt("Expected nonNegative to be true or false");
  const widen = readNumber(artifact, "widen", -1e12, 1e12);
  const kept = readHistory(artifact, plan);
  const models = algorithm === "boostingOnLags" ? readParts(artifact) : undefined;
  const paths =
    algorithm === "ets" || algorithm === "mstl" ? readPaths(artifact, kept.length, plan.horizon) : undefined;
  const width = normalWidth(plan.coverage);
  const floor = nonNegative ? 0 : Number.NEGATIVE_INFINITY;
  return {
    horizon: plan.horizon,
    season: plan.season,
    coverage: plan.coverage,
    keys: plan.keys,
    keyColumns: readStrings(artifact.meta.keyColumns, "keyColumns"),
    forecast(rows) {
      if (rows !== undefined && paths !== undefined)
        throw fail("INFERENCE_INPUT_INVALID", `Expected no rows, since ${algorithm} is fitted anew on newer ones`);
      const starts = rows === undefined ? kept : startsOf(rows, plan, kept);
      const pairs = starts.flatMap((origin) =>
        Array.from({ length: plan.horizon }, (_, i) => ({ origin, ahead: i + 1 })),
      );
      const learnt = models === undefined ? undefined : learntPoints(models, pairs, plan, widen);
      return pairs.map(({ origin, ahead }, row): ForecastPoint => {
        let [lower, value, upper] = [0, 0, 0];
        if (paths !== undefined) {
          ({ value, lower, upper } = paths(Math.floor(row / plan.horizon), ahead));
        } else if (learnt === undefined) {
          value = naiveValue(origin.history, plan.season, ahead);
          const reachOut = width * origin.spread * Math.sqrt(Math.ceil(ahead / plan.season));
          [lower, upper] = [value - reachOut, value + reachOut];
        } else {
          value = learnt.middle[row]!;
          [lower, upper] = [Math.min(value, learnt.lower[row]!), Math.max(value, learnt.upper[row]!)];
        }
        const time = stepTime(origin.time, plan.step, ahead);
        const bounded = (number: number): number => Math.max(floor, number);
        return { key: origin.key, time, ahead, value: bounded(value), lower: bounded(lower), upper: bounded(upper) };
      });
    },
  };
}

function learntPoints(
  models: Readonly<Record<QuantileName, Predictor>>,
  pairs: readonly { readonly origin: Origin; readonly ahead: number }[],
  plan: ForecastPlan,
  widen: number,
): Record<QuantileName, Float64Array> {
  const table = lagTable(pairs, plan);
  const out = {} as Record<QuantileName, Float64Array>;
  for (const name of quantileNames) {
    const prediction = models[name].predict(table);
    const values = "values" in prediction ? prediction.values : new Float64Array(pairs.length);
    const extra = name === "middle" ? 0 : name === "lower" ? -widen : widen;
    out[name] = values.map((value, row) => {
      const { origin, ahead } = pairs[row]!;
      return expectedAt(origin, ahead) + origin.scale * (value + extra);
    });
  }
  return out;
}

function startsOf(rows: SeriesRows, plan: ForecastPlan, kept: readonly Start[]): Start[] {
  const spreads = new Map(kept.map(({ key, spread }) => [key, spread]));
  return seriesOf(rows, plan.step).series.map(({ key, values, lastTime }) => {
    if (values.length < plan.season || values.every(Number.isNaN))
      throw fail(
        "INFERENCE_INPUT_INVALID",
        `Expected at least a season of ${plan.season} values${of(key)}, got ${values.length}`,
      );
    const spread = spreads.get(key) ?? naiveSpread(values, plan.season);
    return { ...originOf(key, values, lastTime, plan), spread };
  });
}

function readHistory(artifact: Artifact, plan: ForecastPlan): Start[] {
  const { keys } = plan;
  const historyStart = readArray(artifact, "historyStart", Int32Array, keys.length + 1);
  const history = readArray(artifact, "history", Float64Array);
  const missing = readArray(artifact, "historyMissing", Uint8Array, history.length);
  const lastTime = readArray(artifact, "lastTime", Float64Array, keys.length);
  const spread = readArray(artifact, "spread", Float64Array, keys.length);
  if (historyStart[0] !== 0 || historyStart.at(-1) !== history.length)
    throw corrupt("Expected the series to cover all kept values");
  return keys.map((key, i) => {
    const [from, to] = [historyStart[i]!, historyStart[i + 1]!];
    if (!(from >= 0 && to > from && to <= history.length))
      throw corrupt(`Expected values of series ${JSON.stringify(key)}`);
    if (Math.abs(lastTime[i]!) > 8e15 || spread[i]! < 0)
      throw corrupt(`Expected a sound end of series ${JSON.stringify(key)}`);
    const values = history.slice(from, to).map((value, at) => (missing[from + at] === 1 ? Number.NaN : value));
    return { ...originOf(key, values, lastTime[i]!, plan), spread: spread[i]! };
  });
}

function readParts(artifact: Artifact): Record<QuantileName, Predictor> {
  const { parts } = artifact.meta;
  if (!isObject(parts)) throw corrupt("Expected the parts of a forecast");
  const models = {} as Record<QuantileName, Predictor>;
  for (const name of quantileNames) {
    const part: unknown = parts[name];
    if (!isObject(part) || typeof part.format !== "string" || !isObject(part.meta))
      throw corrupt(`Expected the ${name} part of a forecast`);
    const arrays: Record<string, ArtifactArray> = {};
    for (const [key, array] of Object.entries(artifact.arrays))
      if (key.startsWith(`${name}.`)) arrays[key.slice(name.length + 1)] = array;
    models[name] = openModel({ format: part.format, meta: part.meta as JsonObject, arrays });
    if (models[name].task !== "regression") throw corrupt(`Expected the ${name} part to be a regression`);
  }
  return models;
}

function readStep(step: unknown): Step {
  if (!isObject(step) || (step.unit !== "milliseconds" && step.unit !== "months"))
    throw corrupt("Expected a step of milliseconds or months");
  const { unit, count } = step;
  if (typeof count !== "number" || !(count > 0 && count < (unit === "months" ? 1200 : 1e13)))
    throw corrupt(`Expected a step of sound length, got ${JSON.stringify(count)}`);
  if (unit === "months" && !Number.isInteger(count)) throw corrupt("Expected a whole number of months");
  return { unit, count };
}

function readNumber({ meta }: Artifact, name: string, least: number, most: number): number {
  const value = meta[name];
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw corrupt(`Expected ${name} to be a number from ${least} to ${most}, got ${JSON.stringify(value)}`);
  return value;
}
