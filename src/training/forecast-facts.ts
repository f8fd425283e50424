// What a forecast's report shows: how errors grow with the steps ahead, and one series with what was said and what came. Pure.

import type { JudgedPoint } from "../learn/forecast/evaluate.ts";
import type { SeriesRows } from "../learn/forecast/forecast.ts";
import { scoreForecast } from "../learn/forecast/scores.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import type { SeriesFacts } from "../models/evaluation.ts";

const mostSteps = 60;
const mostNames = 500;
/** The past is shown as far back as twice the judged steps, and some more for short ones. */
const leastHistory = 30;

export function seriesFacts(
  points: readonly JudgedPoint[],
  rows: SeriesRows,
  { meta }: Artifact,
  model: Predictor,
): SeriesFacts {
  const keys = meta.keys as readonly string[];
  const byAhead = [...Map.groupBy(points, ({ ahead }) => ahead)].sort(([a], [b]) => a - b);
  return {
    horizon: meta.horizon as number,
    season: meta.season as number,
    coverage: meta.coverage as number,
    step: meta.step as unknown as SeriesFacts["step"],
    keyColumns: meta.keyColumns as readonly string[],
    names: (model.series ?? []).slice(0, mostNames),
    series: keys.length,
    leftOut: new Set(rows.keys ?? [""]).size - keys.length,
    byAhead: byAhead.slice(0, mostSteps).map(([ahead, some]) => {
      const { mae, intervalCoverage } = scoreForecast(some);
      return { ahead, mae: short(mae), coverage: short(intervalCoverage) };
    }),
    example: exampleOf(points, rows),
  };
}

/** The series with the most judged steps, before and through the test part. */
function exampleOf(points: readonly JudgedPoint[], rows: SeriesRows): SeriesFacts["example"] {
  const [key, own] = [...Map.groupBy(points, (point) => point.key)].sort(
    ([a, few], [b, many]) => many.length - few.length || (a < b ? -1 : 1),
  )[0] as [string, JudgedPoint[]];
  const from = Math.min(...own.map(({ origin }) => origin));
  const past = [...rows.times.keys()]
    .filter((row) => (rows.keys?.[row] ?? "") === key && rows.times[row]! <= from && !Number.isNaN(rows.values[row]!))
    .sort((a, b) => rows.times[a]! - rows.times[b]!)
    .slice(-Math.max(leastHistory, 2 * own.length));
  return {
    key,
    history: past.map((row) => [rows.times[row]!, short(rows.values[row]!)] as const),
    points: own
      .toSorted((a, b) => a.time - b.time)
      .map(
        ({ time, value, lower, upper, actual }) =>
          [time, short(value), short(lower), short(upper), short(actual)] as const,
      ),
  };
}

function short(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : 0;
}
