// Boosting on lags: three quantile models over pairs of an origin and a number of steps ahead, and an interval that is checked on the latest part.

import { fail } from "../../base/failure.ts";
import { fitBaseline } from "../baselines.ts";
import type { BoostingParams } from "../boosting/fit-boosting.ts";
import { fit } from "../fit.ts";
import type { Artifact } from "../model.ts";
import { openModel } from "../open-model.ts";
import { random } from "../random.ts";
import { expectedAt, lagTable, type Origin, originOf } from "./lags.ts";
import type { ForecastOptions, ForecastPlan } from "./plan.ts";
import { type Series, stepTime } from "./series.ts";

export const quantileNames = ["lower", "middle", "upper"] as const;
export type QuantileName = (typeof quantileNames)[number];

export interface Quantiles {
  readonly models: Readonly<Record<QuantileName, Artifact>>;
  /** Added at both ends of the interval, in units of the series' scale; may be negative. */
  readonly widen: number;
}

/** More pairs than these are drawn from. */
const mostPairs = 60_000;
const leastPairs = 30;

interface Pair {
  readonly origin: Origin;
  readonly ahead: number;
  /** What came, in the units of the origin. */
  readonly target: number;
  readonly isLate: boolean;
}

/** Values that must be known before an origin to learn from it. */
export function leastHistory({ season }: Pick<ForecastPlan, "season">): number {
  return Math.max(4, season);
}

export async function fitQuantiles(
  series: readonly Series[],
  plan: ForecastPlan,
  boosting: BoostingParams,
  options: ForecastOptions,
): Promise<Quantiles> {
  const pairs = pairsOf(series, plan, options.seed);
  if (pairs.length < leastPairs)
    throw fail(
      "TRAINING_TOO_FEW_ROWS",
      `Expected at least ${leastPairs} pairs of a time and a later value to learn from, got ${pairs.length}`,
      { hint: "Give longer series, or use seasonalNaive" },
    );
  if (pairs.every(({ target }) => target === pairs[0]!.target)) {
    // A series that only repeats itself leaves nothing to learn.
    const same = fitBaseline("median", labelOf(pairs));
    return { models: { lower: same, middle: same, upper: same }, widen: 0 };
  }
  const early = pairs.filter(({ isLate }) => !isLate);
  const late = pairs.filter(({ isLate }) => isLate);
  const params: BoostingParams = { learningRate: 0.05, leaves: 15, ...boosting, objective: "quantile" };
  const levels: Record<QuantileName, number> = {
    lower: (1 - plan.coverage) / 2,
    middle: 0.5,
    upper: (1 + plan.coverage) / 2,
  };
  const models = {} as Record<QuantileName, Artifact>;
  // A late part that is large enough tells when to stop and how wide the interval must be; then all pairs are learnt from.
  const isChecked = early.length >= 200 && late.length >= 50 && new Set(early.map(({ target }) => target)).size > 1;
  const checked = {} as Record<QuantileName, Float64Array>;
  const [all, first, last] = [pairs, early, late].map((some) => ({
    features: lagTable(some, plan),
    label: labelOf(some),
  }));
  const { threads, signal, seed } = options;
  const shared = { seed, ...(threads && { threads }), ...(signal && { signal }) };
  for (const name of quantileNames) {
    let trees = params.trees ?? 100;
    if (isChecked) {
      const spec = {
        algorithm: "gradientBoosting",
        params: { trees: 500, ...params, level: levels[name], earlyStopping: 30 },
      } as const;
      const model = await fit(spec, first!.features, first!.label, { ...shared, validation: last! });
      const prediction = openModel(model).predict(last!.features);
      checked[name] = "values" in prediction ? prediction.values : new Float64Array(0);
      trees = Math.max(1, Number(model.meta.iterations));
    }
    const spec = {
      algorithm: "gradientBoosting",
      params: { ...params, level: levels[name], trees, earlyStopping: false },
    } as const;
    models[name] = await fit(spec, all!.features, all!.label, shared);
  }
  const widen = isChecked ? widening(checked.lower, checked.upper, last!.label.values, plan.coverage) : 0;
  return { models, widen };
}

/** Conformalised quantile regression (Romano, Patterson & Candès 2019): the least widening that covers the wanted share. */
function widening(lower: Float64Array, upper: Float64Array, values: Float64Array, coverage: number): number {
  const outside = values.map((value, i) => Math.max(lower[i]! - value, value - upper[i]!)).sort();
  return outside[Math.min(outside.length - 1, Math.ceil(coverage * (outside.length + 1)) - 1)]!;
}

function labelOf(pairs: readonly Pair[]): { task: "regression"; values: Float64Array } {
  return { task: "regression", values: Float64Array.from(pairs, ({ target }) => target) };
}

/** Pairs whose later value is among the last sixth of its series (at least a horizon) are late. */
function pairsOf(series: readonly Series[], plan: ForecastPlan, seed: number): Pair[] {
  const { horizon } = plan;
  const least = leastHistory(plan);
  let possible = 0;
  for (const { values } of series) possible += Math.max(0, values.length - least) * horizon;
  const share = Math.min(1, mostPairs / possible);
  const source = random(seed, 77);
  const pairs: Pair[] = [];
  for (const { key, values, lastTime } of series) {
    const lateFrom = values.length - Math.max(horizon, Math.floor(values.length / 6));
    for (let end = least; end < values.length; end++) {
      const time = stepTime(lastTime, plan.step, end - values.length);
      const origin = originOf(key, values.subarray(0, end), time, plan);
      for (let ahead = 1; ahead <= horizon && end - 1 + ahead < values.length; ahead++) {
        if (share < 1 && source.next() >= share) continue;
        const target = (values[end - 1 + ahead]! - expectedAt(origin, ahead)) / origin.scale;
        if (Number.isFinite(target)) pairs.push({ origin, ahead, target, isLate: end - 1 + ahead >= lateFrom });
      }
    }
  }
  return pairs;
}
