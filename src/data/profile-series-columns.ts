// Which columns may make rows a time series: the one that dates them, and those that may tell one series from another. Pure.

import { fail } from "../base/failure.ts";
import type { TableProfile } from "./profile.ts";
import { namedTime, yearFormat } from "./profile-event-time.ts";
import { count } from "./profile-findings.ts";
import { findColumn, type LabelPlan } from "./profile-label.ts";
import { soundsLikeCode, soundsLikeEventTime, soundsLikeTime } from "./profile-names.ts";
import { isDecimalYear, isQuarterText, possibleRewrites, type TimeRewrite, yearWith } from "./profile-rewrites.ts";
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
    complete.find(isQuarterText) ??
    numbered.find((column) => yearFormat(column) !== undefined) ??
    numbered.find((column) => isDecimalYear(column) && possibleRewrites(column).length > 0);
  return best === undefined ? undefined : { column: best, writings: writingsOf(profile, best) };
}

/** Throws DATA_COLUMN_MISSING or DEFINE_INVALID for a column that dates no rows. */
export function namedSeriesTime(profile: TableProfile, label: LabelPlan, name: string, source: string): SeriesTime {
  const found = findColumn(profile.columns, name, `--time: ${source} has no column`, "--time");
  const isRewritten = found !== label.column && (isQuarterText(found) || isDecimalYear(found));
  const column = isRewritten ? found : namedTime(profile, label, name, source).column;
  const writings = writingsOf(profile, column);
  if (writings.length === 0) throw noSeriesTime(profile, label, source);
  return { column, writings };
}

function writingsOf(profile: TableProfile, column: ProfiledColumn): SeriesTime["writings"] {
  const rewritten = possibleRewrites(column).map((rewrite) => ({ format: rewrite.format, rewrite }));
  if (isDecimalYear(column) || isQuarterText(column)) return rewritten;
  if (column.type === "time") return [{ format: column.time?.format, rewrite: null }, ...rewritten];
  // A month beside the year says more than the year.
  const both = profile.columns.map((beside) => yearWith(column, beside)).find((rewrite) => rewrite !== undefined);
  const plain = { format: yearFormat(column)?.format, rewrite: null };
  return both === undefined ? [plain] : [{ format: both.format, rewrite: both }, plain];
}

/** For a table without a time: what its columns hold instead, and what to do. */
export function noSeriesTime(profile: TableProfile, label: LabelPlan, source: string) {
  const decimal = profile.columns.find((column) => column !== label.column && isDecimalYear(column));
  if (decimal !== undefined && soundsLikeTime(decimal.name))
    return fail(
      "DEFINE_INVALID",
      `A forecast needs a column that dates the rows, but ${JSON.stringify(decimal.name)} holds decimal years finer than months, such as ${decimal.facts.some.find((text) => text.includes(".")) ?? decimal.facts.max}`,
      { hint: "Add a column with the date or time of each row, such as 2024-01-31" },
    );
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
export function possibleKeys(profile: TableProfile, used: readonly ProfiledColumn[]): ProfiledColumn[] {
  return profile.columns
    .filter((column) => !used.includes(column) && isPossibleKey(column, profile.profiledRows))
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
  return type === "number" && facts.integers === facts.present && (soundsLikeCode(name) || facts.distinct <= rows / 5);
}

/** Names before numbers: what is counted may come again, too. */
function rank(column: ProfiledColumn): number {
  return namesThings(column) ? 0 : 1;
}

/** Words, or digits that its name calls a code. */
export function namesThings({ type, name }: ProfiledColumn): boolean {
  return type !== "number" || soundsLikeCode(name);
}
