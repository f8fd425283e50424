// Tries a forecast out from past times, and says what the series are made of.

import type { TableProfile } from "../../data/profile.ts";
import type { SeriesRows, SeriesSet } from "../../learn/forecast/series.ts";
import { stepsInWords } from "../../learn/forecast/step-words.ts";
import type { Query } from "../../ports/query.ts";
import type { Source } from "../../ports/source.ts";
import { assessForecast } from "../../problem/forecast-feasibility.ts";
import type { HorizonPlan } from "../../problem/forecast-horizon.ts";
import { openSmoothing } from "../drivers.ts";
import type { Tried } from "./attempt.ts";
import { planSchema } from "./schema.ts";
import { listed, type Target } from "./target.ts";
import { definitionOf, rewriteTimes, tryOut } from "./trial.ts";

export async function tryForecast(
  query: Query,
  profile: TableProfile,
  { label, roles, series, ahead }: Extract<Target, { task: "forecast" }>,
  source: Source,
): Promise<Tried> {
  const schema = planSchema(profile, label, roles, series.rewrite);
  const cells = await rewriteTimes(query, profile, schema);
  const trial = await tryOut(query, cells, definitionOf(schema, source, "trial"));
  const { horizon, season, candidates } = ahead;
  const feasibility = await assessForecast({
    rows: someSeries(series.rows, series.set),
    horizon,
    season,
    candidates,
    smooth: await openSmoothing(),
    labelUnit: label.column.unit,
  });
  return {
    schema,
    left: roles.left,
    notes: seriesNotes(series, ahead),
    feasibility,
    candidates: { words: candidates.map((one) => (one === "boostingOnLags" ? "gradientBoosting" : one)) },
    refused: { rows: trial.refused, of: trial.rows },
  };
}

/** A quick look tries these many series at most, and this much of their past. */
const mostSeries = 40;
const mostValues = 10_000;

function someSeries(rows: SeriesRows, { series }: SeriesSet): SeriesRows {
  const { keys, times, values } = rows;
  const chosen =
    series.length <= mostSeries
      ? series
      : Array.from({ length: mostSeries }, (_, index) => series[Math.floor((index * series.length) / mostSeries)]!);
  const names = new Set(chosen.map(({ key }) => key));
  const own = [...times.keys()].filter((row) => names.has(keys?.[row] ?? ""));
  const latest = own.sort((a, b) => times[b]! - times[a]!).slice(0, mostValues);
  return {
    times: Float64Array.from(latest, (row) => times[row]!),
    values: Float64Array.from(latest, (row) => values[row]!),
    ...(keys !== undefined && { keys: latest.map((row) => keys[row]!) }),
  };
}

function seriesNotes(
  { time, key, rows, set, rewrite, seriesCount, isPart }: Extract<Target, { task: "forecast" }>["series"],
  { tooShort, season, usualSeason }: HorizonPlan,
): Tried["notes"] {
  const { step, series } = set;
  const lengths = series.map(({ values }) => values.length).sort((a, b) => a - b);
  const [shortest, longest] = [lengths[0] ?? 0, lengths.at(-1) ?? 0];
  const many = `${seriesCount.toLocaleString("en")} series`;
  const notes: { severity: "info" | "warning"; message: string }[] = [];
  const say = (severity: "info" | "warning", message: string) => notes.push({ severity, message });

  const names = listed(key.map(({ name }) => JSON.stringify(name)));
  const apart = names === "" ? "" : `${names} tell${key.length === 1 ? "s" : ""} ${many} apart, `;
  const own = JSON.stringify(time.name);
  const dates = rewrite?.beside === undefined ? `${own} is` : `${own} and ${JSON.stringify(rewrite.beside.name)} are`;
  const spans = shortest === longest ? "" : `${shortest.toLocaleString("en")} to `;
  const extent = isPart
    ? `, in steps of ${stepsInWords(step, 1)}`
    : `: ${spans}${stepsInWords(step, longest)}${seriesCount > 1 ? " each" : ""}`;
  say("info", `${apart}${dates} the time${extent}`);
  if (season === 1 && usualSeason > 1)
    say(
      "info",
      `${stepsInWords(step, longest)} are too few to tell a season of ${usualSeason} apart, so none is assumed`,
    );
  // What is missing or short is counted over all rows, or not at all.
  if (isPart) return notes;
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const gaps = all - rows.times.length;
  if (gaps > 0)
    say(
      gaps > all * 0.1 ? "warning" : "info",
      `${stepsInWords(step, gaps)} of ${all.toLocaleString("en")} ${gaps === 1 ? "has" : "have"} no row and ${gaps === 1 ? "counts" : "count"} as missing`,
    );
  if (gaps > 0 && hasNoWeekends(rows, step))
    say("warning", "No row falls on a Saturday or Sunday: pass over what is forecast for those days");
  if (tooShort > 0)
    say(
      "warning",
      `${tooShort.toLocaleString("en")} of ${many} ${tooShort === 1 ? "is" : "are"} too short and will get no forecast`,
    );
  const end = series.reduce((latest, { lastTime }) => Math.max(latest, lastTime), Number.NEGATIVE_INFINITY);
  const ended = series.filter(({ lastTime }) => lastTime < end).length;
  if (ended > 0)
    say(
      "info",
      `${ended.toLocaleString("en")} of ${many} end${ended === 1 ? "s" : ""} before the others; a forecast follows the last value of its own series`,
    );
  return notes;
}

/** Days of trade and of work: the others are no values that are missing. */
function hasNoWeekends({ times }: SeriesRows, { unit, count }: SeriesSet["step"]): boolean {
  const day = 86_400_000;
  return unit === "milliseconds" && count === day && times.every((time) => new Date(time).getUTCDay() % 6 !== 0);
}
