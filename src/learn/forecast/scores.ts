// How good forecasts were: metrics over judged points, and how far chance may have moved them.

import { type Random, random } from "../random.ts";
import type { JudgedPoint } from "./evaluate.ts";

export const forecastMetrics = ["mase", "smape", "rmse", "mae", "intervalCoverage"] as const;
export type ForecastMetric = (typeof forecastMetrics)[number];
export type ForecastScores = Readonly<Record<ForecastMetric, number>>;

type Scored = Pick<JudgedPoint, "value" | "lower" | "upper" | "actual" | "scale">;

/** NaN where a metric is not defined on these points. */
export function scoreForecast(points: readonly Scored[]): ForecastScores {
  const mean = (of: (point: Scored) => number): number => {
    let sum = 0;
    let count = 0;
    for (const point of points) {
      const value = of(point);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  };
  return {
    mase: mean(({ value, actual, scale }) => Math.abs(value - actual) / scale),
    smape: mean(({ value, actual }) => {
      const size = Math.abs(value) + Math.abs(actual);
      return size === 0 ? 0 : (2 * Math.abs(value - actual)) / size;
    }),
    rmse: Math.sqrt(mean(({ value, actual }) => (value - actual) ** 2)),
    mae: mean(({ value, actual }) => Math.abs(value - actual)),
    intervalCoverage: mean(({ lower, upper, actual }) => (actual >= lower && actual <= upper ? 1 : 0)),
  };
}

/** The seasonal naive forecast of the same points; its interval is not judged. */
export function naiveScores(points: readonly JudgedPoint[]): ForecastScores {
  const naive = points.map((point) => ({ ...point, value: point.naive }));
  return { ...scoreForecast(naive.filter(({ value }) => !Number.isNaN(value))), intervalCoverage: Number.NaN };
}

const rounds = 200;

/**
 * The 95 % bootstrap intervals of a quantity of the points. Whole forecasts (a series from one origin) are drawn again together, since
 * the errors of their steps go together.
 */
export function forecastIntervals(
  points: readonly JudgedPoint[],
  seed: number,
  measure: (points: readonly JudgedPoint[]) => ForecastScores,
): Record<ForecastMetric, { low: number; high: number }> {
  const blocks = [...Map.groupBy(points, ({ key, origin }) => `${origin} ${key}`).values()];
  const drawn = Array.from({ length: blocks.length < 2 ? 0 : rounds }, (_, round) =>
    measure(redraw(blocks, random(seed, round))),
  );
  return Object.fromEntries(
    forecastMetrics.map((name) => {
      const values = drawn.map((scores) => scores[name]).filter((value) => !Number.isNaN(value));
      values.sort((a, b) => a - b);
      const at = (level: number) => values[Math.round(level * (values.length - 1))] ?? Number.NaN;
      return [name, { low: at(0.025), high: at(0.975) }];
    }),
  ) as Record<ForecastMetric, { low: number; high: number }>;
}

function redraw(blocks: readonly (readonly JudgedPoint[])[], source: Random): JudgedPoint[] {
  return Array.from(blocks, () => blocks[source.below(blocks.length)]!).flat();
}
