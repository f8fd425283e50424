// Time series as forecasting needs them: one per key, in order, one value per step, with the step between their times found out.

import { fail } from "../../base/failure.ts";

/** Rows of one or many series, in any order. Values (NaN) and whole steps may be missing. */
export interface SeriesRows {
  /** Milliseconds since 1970 UTC. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The series that each row belongs to; all to one when absent. */
  readonly keys?: readonly string[];
}

/** Time from one value to the next: so many milliseconds, or so many months. */
export interface Step {
  readonly unit: "milliseconds" | "months";
  readonly count: number;
}

export interface Series {
  readonly key: string;
  readonly values: Float64Array;
  readonly lastTime: number;
}

export interface SeriesSet {
  readonly step: Step;
  /** In the order of their keys. */
  readonly series: readonly Series[];
}

const day = 86_400_000;

/**
 * Sorts rows into series. Throws TRAINING_LABEL_INVALID for times that are missing, twice or not whole steps apart and for infinite
 * values, TRAINING_TOO_FEW_ROWS for a series of fewer than two rows.
 */
export function seriesOf({ times, values, keys }: SeriesRows, step?: Step): SeriesSet {
  if (times.length !== values.length || (keys !== undefined && keys.length !== times.length))
    throw fail(
      "TRAINING_LABEL_INVALID",
      `Expected one time, value and key per row, got ${times.length} times, ${values.length} values${keys === undefined ? "" : ` and ${keys.length} keys`}`,
    );
  const rowsOf = new Map<string, number[]>();
  for (let row = 0; row < times.length; row++) {
    const key = keys?.[row] ?? "";
    if (!Number.isFinite(times[row]) || Math.abs(times[row]!) > 8.64e15)
      throw fail("TRAINING_LABEL_INVALID", `Expected a time in every row, got none in row ${row}`);
    if (Math.abs(values[row]!) === Number.POSITIVE_INFINITY)
      throw fail("TRAINING_LABEL_INVALID", `Expected finite values, got ${values[row]} in row ${row}`);
    const rows = rowsOf.get(key);
    if (rows === undefined) rowsOf.set(key, [row]);
    else rows.push(row);
  }
  if (rowsOf.size === 0) throw fail("TRAINING_TOO_FEW_ROWS", "Expected a series to forecast, got no rows");
  const sorted = [...rowsOf].sort(([a], [b]) => (a < b ? -1 : 1));
  const ordered = sorted.map(([key, rows]) => {
    rows.sort((a, b) => times[a]! - times[b]!);
    const own = Float64Array.from(rows, (row) => times[row]!);
    for (let i = 1; i < own.length; i++)
      if (own[i] === own[i - 1])
        throw fail("TRAINING_LABEL_INVALID", `Expected each time once${of(key)}, got ${at(own[i]!)} twice`, {
          hint: "Sum or average the rows of one time first",
        });
    return { key, times: own, values: Float64Array.from(rows, (row) => values[row]!) };
  });
  const found = step ?? stepOf(ordered.map((one) => one.times));
  return {
    step: found,
    series: ordered.map(({ key, times: own, values: given }) => ({
      key,
      values: spaced(key, own, given, found),
      lastTime: own.at(-1)!,
    })),
  };
}

/** The time `count` steps after another (before it, when negative). */
export function stepTime(time: number, { unit, count }: Step, steps: number): number {
  if (unit === "milliseconds") return time + count * steps;
  const date = new Date(time);
  const isLast = isLastOfMonth(time);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + count * steps;
  const last = new Date(Date.UTC(Math.floor(month / 12), (((month % 12) + 12) % 12) + 1, 0)).getUTCDate();
  // The last day of a month goes to the last day of another: a series of month ends stays one.
  const on = isLast && date.getUTCDate() >= 28 ? last : Math.min(date.getUTCDate(), last);
  return Date.UTC(Math.floor(month / 12), ((month % 12) + 12) % 12, on) + (((time % day) + day) % day);
}

/** Steps after which such series usually repeat themselves; 1 when there is no usual one. */
export function usualSeason({ unit, count }: Step): number {
  if (unit === "months") return 12 % count === 0 ? 12 / count : 1;
  if (count === 7 * day) return 52;
  if (count === day) return 7;
  return count < day && day % count === 0 ? day / count : 1;
}

/** What the calendar says of a time, as far as a step can tell: numbers for features. */
export function calendarOf({ unit, count }: Step): { names: string[]; read(time: number): number[] } {
  const parts: [string, (date: Date) => number][] = [["month", (date) => date.getUTCMonth()]];
  if (unit === "milliseconds" && count < 7 * day) parts.push(["weekday", (date) => date.getUTCDay()]);
  if (unit === "milliseconds" && count <= 7 * day) parts.push(["dayOfMonth", (date) => date.getUTCDate()]);
  if (unit === "milliseconds" && count < day)
    parts.push(["hour", (date) => date.getUTCHours() + date.getUTCMinutes() / 60]);
  return {
    names: parts.map(([name]) => name),
    read: (time) => {
      const date = new Date(time);
      return parts.map(([, part]) => part(date));
    },
  };
}

/** The smallest distance that occurs, in months when all times agree with that. */
function stepOf(all: readonly Float64Array[]): Step {
  let least = Number.POSITIVE_INFINITY;
  for (const times of all) for (let i = 1; i < times.length; i++) least = Math.min(least, times[i]! - times[i - 1]!);
  if (least === Number.POSITIVE_INFINITY)
    throw fail("TRAINING_TOO_FEW_ROWS", "Expected a series of at least two rows, got only single ones");
  if (least >= 28 * day && all.every(isMonthly)) {
    let months = Number.POSITIVE_INFINITY;
    for (const times of all)
      for (let i = 1; i < times.length; i++) months = Math.min(months, monthOf(times[i]!) - monthOf(times[i - 1]!));
    return { unit: "months", count: months };
  }
  return { unit: "milliseconds", count: least };
}

function isMonthly(times: Float64Array): boolean {
  const first = new Date(times[0]!);
  const sameDay = times.every((time) => new Date(time).getUTCDate() === first.getUTCDate());
  return (sameDay || times.every(isLastOfMonth)) && times.every((time) => (time - times[0]!) % day === 0);
}

function isLastOfMonth(time: number): boolean {
  return new Date(time + day).getUTCDate() === 1;
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Gaps of whole steps are values that are missing; a table may hold this many of them per row that is there. */
const mostGaps = 10;

/** One value per step from the first time to the last. */
function spaced(key: string, times: Float64Array, values: Float64Array, step: Step): Float64Array {
  const out: number[] = [];
  let expected = times[0]!;
  for (const [i, time] of times.entries()) {
    for (; time > expected && out.length <= mostGaps * times.length + 1000; expected = stepTime(expected, step, 1))
      out.push(Number.NaN);
    if (time !== expected)
      throw fail(
        "TRAINING_LABEL_INVALID",
        `Expected ${words(step)} between times${of(key)}, or several of them, got ${at(time)} after ${at(times[i - 1]!)}`,
        { hint: "Bring the times to one spacing first, e.g. by summing or averaging the rows of each day" },
      );
    out.push(values[i]!);
    expected = stepTime(expected, step, 1);
  }
  return Float64Array.from(out);
}

function words({ unit, count }: Step): string {
  if (unit === "months") return count === 1 ? "one month" : `${count} months`;
  if (count % day === 0) return count === day ? "one day" : `${count / day} days`;
  return count % 3_600_000 === 0 ? `${count / 3_600_000} h` : `${count / 1000} s`;
}

function at(time: number): string {
  return new Date(time).toISOString();
}

/** For messages: which series, when there are several. */
export function of(key: string): string {
  if (key === "") return "";
  // The key of several columns is a list of texts.
  const values: unknown = /^\[".*"\]$/.test(key) ? parsed(key) : key;
  return ` of ${(Array.isArray(values) ? values : [values]).map((value) => JSON.stringify(value)).join(", ")}`;
}

function parsed(key: string): unknown {
  try {
    return JSON.parse(key);
  } catch {
    return key;
  }
}
