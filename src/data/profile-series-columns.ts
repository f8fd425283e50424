// Which columns may make rows a time series: the one that dates them, and those that may tell one series from another. Pure.

import { fail } from "../base/failure.ts";
import type { TableProfile } from "./profile.ts";
import { namedTime, yearFormat } from "./profile-event-time.ts";
import { count } from "./profile-findings.ts";
import { findColumn, type LabelPlan } from "./profile-label.ts";
import { soundsLikeCode, soundsLikeEventTime, soundsLikeTime } from "./profile-names.ts";
import { isDecimalYear, possibleRewrites, type TimeRewrite } from "./profile-rewrites.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface SeriesTime {
  readonly column: ProfiledColumn;
  /** Ways to read it, as it stands first. */
  readonly writings: readonly { readonly format: string | undefined; readonly rewrite: TimeRewrite | null }[];
}

/** The share of rows that may lack a time: they go to quarantine. */
const lackingShare = 0.02;

/** The column that dates the rows, whether by dates, by years or by decimal years; undefined when there is none. */
export function guessSeriesTime(profile: TableProfile, label: LabelPlan): SeriesTime | undefined {
  const complete = profile.columns.filter(
    (column) =>
      column !== label.column &&
      column.duplicateOf === null &&
      column.missing + column.misfits <= profile.profiledRows * lackingShare &&
      column.facts.distinct > 2,
  );
  const named = (column: ProfiledColumn) => soundsLikeEventTime(column.name);
  const dated = complete.filter(({ type, time }) => type === "time" && time?.ambiguous !== true);
  const numbered = complete.filter(({ name }) => soundsLikeTime(name));
  const best =
    dated.find(named) ??
    (dated.length === 1 ? dated[0] : undefined) ??
    numbered.find((column) => yearFormat(column) !== undefined) ??
    numbered.find(isDecimalYear);
  return best === undefined ? undefined : { column: best, writings: writingsOf(best) };
}

/** Throws DATA_COLUMN_MISSING or DEFINE_INVALID for a column that dates no rows. */
export function namedSeriesTime(profile: TableProfile, label: LabelPlan, name: string, source: string): SeriesTime {
  const found = findColumn(profile.columns, name, `--time: ${source} has no column`, "--time");
  const column =
    isDecimalYear(found) && found !== label.column ? found : namedTime(profile, label, name, source).column;
  return { column, writings: writingsOf(column) };
}

function writingsOf(column: ProfiledColumn): SeriesTime["writings"] {
  const rewritten = possibleRewrites(column).map((rewrite) => ({ format: rewrite.format, rewrite }));
  if (isDecimalYear(column)) return rewritten;
  const format = column.type === "time" ? column.time?.format : yearFormat(column)?.format;
  return [{ format, rewrite: null }, ...rewritten];
}

/** For a table without a time: what its columns hold instead, and what to do. */
export function noSeriesTime(profile: TableProfile, label: LabelPlan, source: string) {
  return fail("DEFINE_INVALID", `A forecast needs a column that dates the rows, and ${source} has none`, {
    hint:
      numbersInstead(profile, label) ??
      "Add a column with the date or time of each row, such as 2024-01-31, or name it with --time",
  });
}

/** A running number dates rows only for those who know when it began. */
export function numbersInstead({ columns, profiledRows }: TableProfile, label: LabelPlan): string | undefined {
  const running = columns.find(
    (column) =>
      column !== label.column &&
      column.type === "number" &&
      column.facts.integers === column.facts.present &&
      column.facts.distinct === profiledRows &&
      (column.facts.max ?? 0) - (column.facts.min ?? 0) === profiledRows - 1,
  );
  if (running === undefined) return undefined;
  const { min, max } = running.facts;
  return `${JSON.stringify(running.name)} numbers the rows from ${count(min ?? 0)} to ${count(max ?? 0)}: add a column with the date of each, such as 2024-01-31, and forecast with --task forecast`;
}

/** More candidates than these are not tried out. */
const mostKeys = 8;

/** Columns whose values come again and again, the ones with the fewest values first. */
export function possibleKeys(profile: TableProfile, label: ProfiledColumn, time: ProfiledColumn): ProfiledColumn[] {
  return profile.columns
    .filter((column) => column !== label && column !== time && isPossibleKey(column, profile.profiledRows))
    .sort((a, b) => rank(a) - rank(b) || a.facts.distinct - b.facts.distinct)
    .slice(0, mostKeys);
}

export function isPossibleKey(
  { type, facts, missing, name, duplicateOf, sameAs }: ProfiledColumn,
  rows: number,
): boolean {
  if (missing > 0 || duplicateOf !== null || sameAs !== null || facts.distinct < 2 || facts.distinct > rows / 3)
    return false;
  if (type === "category" || type === "boolean") return true;
  return type === "number" && facts.integers === facts.present && (soundsLikeCode(name) || facts.distinct <= 100);
}

/** Names before numbers: what is counted may come again, too. */
function rank({ type, name }: ProfiledColumn): number {
  return type === "number" && !soundsLikeCode(name) ? 1 : 0;
}
