// Whether the rows of a profiled file are time series: their time, how it is read, and the columns that tell one series from another.

import { fail, isFailure, type PentadError } from "../base/failure.ts";
import type { NumericColumn, TextColumn } from "../base/table.ts";
import { seriesKey } from "../learn/forecast/predictor.ts";
import { type SeriesRows, type SeriesSet, seriesOf } from "../learn/forecast/series.ts";
import { type Query, sqlName } from "../ports/query.ts";
import type { TableProfile } from "./profile.ts";
import { count } from "./profile-findings.ts";
import type { LabelPlan } from "./profile-label.ts";
import type { TimeRewrite } from "./profile-rewrites.ts";
import { possibleKeys, type SeriesTime } from "./profile-series-columns.ts";
import { numberSql } from "./profile-types.ts";
import type { ProfiledColumn } from "./profiled-column.ts";
import { timeSql } from "./time-sql.ts";

export interface SeriesPlan {
  readonly time: ProfiledColumn;
  /** strptime letters; undefined for ISO 8601. */
  readonly format: string | undefined;
  readonly rewrite: TimeRewrite | null;
  readonly key: readonly ProfiledColumn[];
  /** The labelled rows, or the newest ones of some series when there are very many. */
  readonly rows: SeriesRows;
  readonly isPart: boolean;
  readonly seriesCount: number;
  readonly set: SeriesSet;
}

/** More rows than these are not needed to tell how series go. */
const mostRows = 200_000;
const fewestSeries = 40;

/**
 * Finds the writing of the time and the fewest columns that make rows unique together with it. Throws
 * TRAINING_LABEL_INVALID for rows of one time and one series, or of times that are no whole steps apart.
 */
export async function planSeries(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  { column: time, writings }: SeriesTime,
  { givenKey, mostKeys = 3 }: { readonly givenKey: readonly ProfiledColumn[] | undefined; readonly mostKeys?: number },
): Promise<SeriesPlan> {
  let refusal: PentadError | undefined;
  for (const { format, rewrite } of writings) {
    const beside = rewrite?.beside === undefined ? [] : [rewrite.beside];
    const candidates = givenKey ?? possibleKeys(profile, [label.column, time, ...beside]);
    const moment = timeSql(rewrite === null ? sqlName(time.name) : `(${rewrite.sql})`, format);
    const table = await keepRows(query, profile, label, moment, candidates);
    const places = await fewestKeys(query, table, candidates, givenKey === undefined ? mostKeys : undefined);
    try {
      if (places === undefined) throw await repeated(query, table, time, candidates, givenKey !== undefined);
      const loaded = await loadRows(query, table, places);
      const key = places.map((place) => candidates[place]!);
      return { time, format, rewrite, key, ...loaded, set: seriesOf(loaded.rows) };
    } catch (error) {
      if (!isFailure(error)) throw error;
      // The writing as it stands tells best what is wrong.
      refusal ??= error;
    } finally {
      await query.run(`DROP TABLE ${sqlName(table)}`);
    }
  }
  throw refusal ?? fail("INTERNAL", "Expected a way to read the time of a series");
}

/** The labelled rows of the whole source as a table: `t` the moment, `v` the value, `k0`, `k1` … what may tell series apart. */
async function keepRows(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  moment: string,
  keys: readonly ProfiledColumn[],
): Promise<string> {
  const table = `${profile.cells}_series`;
  const value = numberSql(label.column.name, label.column.writing);
  const texts = keys.map(({ name }, index) => `trim(${sqlName(name)}) AS k${index}`);
  // A sample of rows has gaps where the series has none.
  const from = profile.profiledRows < profile.rows ? profile.relation : profile.cells;
  await query.run(
    `CREATE TABLE ${sqlName(table)} AS SELECT * FROM (SELECT ${[`${moment} AS t`, `${value} AS v`, ...texts].join(", ")} FROM ${sqlName(from)})
    WHERE t IS NOT NULL AND v IS NOT NULL`,
  );
  return table;
}

/** The places of the fewest candidates, `most` of them or else all, that make every row's moment its own; undefined when none do. */
async function fewestKeys(
  query: Query,
  table: string,
  candidates: readonly ProfiledColumn[],
  most: number | undefined,
): Promise<readonly number[] | undefined> {
  const [all] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${sqlName(table)}`);
  const everyone = candidates.map((_, place) => place);
  const sizes = Array.from({ length: (most ?? 0) + 1 }, (_, size) => size);
  const choices = most === undefined ? [everyone] : sizes.flatMap((size) => combinations(everyone, size));
  for (const places of choices) {
    const columns = ["t", ...places.map((place) => `k${place}`)].join(", ");
    const [row] = await query.rows<{ n: number }>(
      `SELECT count(*) AS n FROM (SELECT DISTINCT ${columns} FROM ${sqlName(table)})`,
    );
    if (row?.n === all?.n) return places;
  }
  return undefined;
}

function combinations(of: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return of.flatMap((first, at) => combinations(of.slice(at + 1), size - 1).map((rest) => [first, ...rest]));
}

/** The rows of all series, or, when they are very many, the newest ones of some series. */
async function loadRows(
  query: Query,
  table: string,
  places: readonly number[],
): Promise<{ readonly rows: SeriesRows; readonly seriesCount: number; readonly isPart: boolean }> {
  const keys = places.map((place) => `k${place}`);
  const hash = keys.length === 0 ? "0" : `hash(${keys.join(", ")})`;
  const [all = { rows: 0, series: 0 }] = await query.rows<{ rows: number; series: number }>(
    `SELECT count(*) AS rows, count(DISTINCT ${hash}) AS series FROM ${sqlName(table)}`,
  );
  const isPart = all.rows > mostRows;
  const some = Math.max(fewestSeries, Math.ceil((all.series * mostRows) / Math.max(1, all.rows)));
  const chosen = `WHERE ${hash} IN (SELECT DISTINCT ${hash} AS h FROM ${sqlName(table)} ORDER BY h LIMIT ${some})`;
  const { columns } = await query.table(
    `SELECT ${["t", "v", ...keys].join(", ")} FROM ${sqlName(table)} ${isPart && keys.length > 0 ? chosen : ""} ORDER BY t DESC LIMIT ${mostRows}`,
  );
  const times = (columns.get("t") as NumericColumn).values;
  const values = (columns.get("v") as NumericColumn).values;
  const found = { seriesCount: all.series, isPart };
  if (keys.length === 0) return { ...found, rows: { times, values } };
  const texts = keys.map((key) => (columns.get(key) as TextColumn).values);
  const names = Array.from(times, (_, row) => seriesKey(texts.map((own) => own[row] ?? "")));
  return { ...found, rows: { times, values, keys: names } };
}

async function repeated(
  query: Query,
  table: string,
  time: ProfiledColumn,
  candidates: readonly ProfiledColumn[],
  given: boolean,
): Promise<PentadError> {
  const keys = given ? candidates.map((_, place) => `k${place}`) : [];
  const names = given ? candidates.map(({ name }) => JSON.stringify(name)) : [];
  const [twice] = await query.rows<{ n: number; all: number }>(
    `SELECT coalesce(sum(n - 1), 0) AS n, coalesce(sum(n), 0) AS "all" FROM (SELECT count(*) AS n FROM ${sqlName(table)} GROUP BY ${["t", ...keys].join(", ")})`,
  );
  const few = (twice?.n ?? 0) <= (twice?.all ?? 0) * 0.01;
  const [worst] = await query.rows<Record<string, string | number>>(
    `SELECT ${["strftime(t, '%Y-%m-%d %H:%M') AS at", ...keys, "count(*) AS n"].join(", ")} FROM ${sqlName(table)} GROUP BY ${["t", ...keys].join(", ")} ORDER BY n DESC, t LIMIT 1`,
  );
  const of = keys.length === 0 ? "" : ` of ${keys.map((key) => JSON.stringify(worst?.[key])).join(", ")}`;
  const at = String(worst?.at ?? "").replace(" 00:00", "");
  const possible = given ? [] : candidates.map(({ name }) => JSON.stringify(name));
  return fail(
    "TRAINING_LABEL_INVALID",
    `Expected one row for each time${names.length === 0 ? "" : ` and ${names.join(" and ")}`} to forecast, got ${count(Number(worst?.n ?? 0))} rows with ${JSON.stringify(time.name)} ${at}${of}`,
    {
      hint: few
        ? "Correct the few rows that come twice; clocks that are set back give an hour twice, unless times carry their offset"
        : `Name the columns that tell series apart with --key${given ? " A,B" : `, e.g. ${JSON.stringify("store,product")}`}, or sum or average the rows of one time first${possible.length === 0 ? "" : ` (${possible.join(" and ")} ${possible.length === 1 ? "does" : "do"} not make rows unique)`}`,
    },
  );
}
