// Cron in five fields: reads an expression once, and gives the moments it names, in a time zone with daylight saving.

import { fail } from "../base/failure.ts";

export interface Cron {
  readonly expression: string;
  readonly timeZone: string;
  /** The first moment after `afterMs`; undefined when there is none any more. */
  nextMs(afterMs: number): number | undefined;
}

interface Fields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Whether any hour, any day of the month, any weekday is meant. */
  readonly anyHour: boolean;
  readonly anyDay: boolean;
  readonly anyWeekday: boolean;
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const dayMs = 86_400_000;
const quarterMs = 900_000;
const rememberedQuarters = 4_000;
/** No change of clocks is longer than this. */
const longestChangeMs = 3 * 3_600_000;
/** 29 February comes after eight years at the latest. */
const horizonDays = 366 * 9;

/** Reads an expression; throws RUNS_SCHEDULE_INVALID, also for one that never comes, and for an unknown time zone. */
export function parseCron(expression: string, timeZone = "UTC"): Cron {
  const fields = parseFields(expression);
  const offset = zoneOffset(timeZone);
  const nextMs = (afterMs: number) => next(fields, offset, afterMs);
  if (nextMs(Date.UTC(2024, 0, 1)) === undefined)
    throw fail(
      "RUNS_SCHEDULE_INVALID",
      `Expected a schedule that comes at some time, got ${JSON.stringify(expression)}, which never does`,
      {
        hint: "Look at the day of the month: the 30th of February does not exist",
      },
    );
  return { expression, timeZone, nextMs };
}

function parseFields(expression: string): Fields {
  const parts = expression.trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = parts;
  if (
    parts.length !== 5 ||
    minute === undefined ||
    hour === undefined ||
    day === undefined ||
    month === undefined ||
    weekday === undefined
  )
    throw invalid(expression, `expected five fields (minute, hour, day, month, weekday), got ${parts.length}`);
  return {
    minutes: parseField(expression, "minute", minute, 0, 59),
    hours: parseField(expression, "hour", hour, 0, 23),
    days: new Set(parseField(expression, "day of month", day, 1, 31)),
    months: new Set(parseField(expression, "month", month, 1, 12, monthNames)),
    weekdays: new Set(parseField(expression, "weekday", weekday, 0, 7, weekdayNames).map((one) => one % 7)),
    anyHour: isAny(hour),
    anyDay: isAny(day),
    anyWeekday: isAny(weekday),
  };
}

function isAny(field: string): boolean {
  return field.startsWith("*") || field.startsWith("?");
}

function parseField(
  expression: string,
  name: string,
  field: string,
  low: number,
  high: number,
  names: readonly string[] = [],
): number[] {
  const value = (text: string): number => {
    const index = names.indexOf(text.toLowerCase());
    // Month names count from 1, weekday names from 0.
    const number = index >= 0 ? index + (low === 1 ? 1 : 0) : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= low && number <= high))
      throw invalid(expression, `the ${name} goes from ${low} to ${high}, got ${JSON.stringify(text)}`);
    return number;
  };
  const values = new Set<number>();
  for (const item of field.split(",")) {
    const [range = "", step, more] = item.split("/");
    const every = step === undefined ? 1 : /^\d{1,2}$/.test(step) ? Number(step) : 0;
    if (every < 1 || more !== undefined)
      throw invalid(expression, `the ${name}'s step must be a number from 1 on, got ${JSON.stringify(item)}`);
    const [from, to, rest] = range === "*" || range === "?" ? [low, high] : range.split("-").map(value);
    // A single value with a step goes on to the end; saturday-sunday may be written as 6-0.
    let end = to ?? (step === undefined ? from : high);
    if (from === undefined || end === undefined || rest !== undefined)
      throw invalid(expression, `the ${name} cannot be read: ${JSON.stringify(item)}`);
    if (high === 7 && end === 0 && from > 0) end = 7;
    if (from > end) throw invalid(expression, `the ${name}'s range begins after its end: ${JSON.stringify(item)}`);
    for (let one = from; one <= end; one += every) values.add(one);
  }
  return [...values].sort((a, b) => a - b);
}

function invalid(expression: string, why: string) {
  return fail("RUNS_SCHEDULE_INVALID", `The schedule ${JSON.stringify(expression)} cannot be read: ${why}`);
}

/** Milliseconds that the zone's clocks are ahead of UTC at a moment. */
type Offset = (atMs: number) => number;

function zoneOffset(timeZone: string): Offset {
  if (timeZone === "UTC") return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (cause) {
    throw fail(
      "RUNS_SCHEDULE_INVALID",
      `Expected a time zone such as "Europe/Zurich", got ${JSON.stringify(timeZone)}`,
      {
        hint: "Use a name from the IANA time zone database, or leave it out for UTC",
        cause,
      },
    );
  }
  const known = new Map<number, number>();
  return (atMs) => {
    // Clocks change on the quarter of an hour only, and asking the calendar is slow.
    const quarter = Math.floor(atMs / quarterMs);
    const remembered = known.get(quarter);
    if (remembered !== undefined) return remembered;
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(quarter * quarterMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    const ahead = Date.UTC(year, month - 1, day, hour, minute, second) - quarter * quarterMs;
    if (known.size > rememberedQuarters) known.clear();
    known.set(quarter, ahead);
    return ahead;
  };
}

function next(fields: Fields, offset: Offset, afterMs: number): number | undefined {
  // A little earlier: a wall time that a change of clocks moved forward stands before the moment that it means.
  const fromWallMs = afterMs + offset(afterMs) - longestChangeMs;
  const firstDay = Math.floor(fromWallMs / dayMs);
  let found: number | undefined;
  let foundWallMs = Number.POSITIVE_INFINITY;
  for (let day = firstDay; day < firstDay + horizonDays; day++) {
    if (day * dayMs > foundWallMs + longestChangeMs) break;
    if (!dayMatches(fields, day * dayMs)) continue;
    for (const hour of fields.hours)
      for (const minute of fields.minutes) {
        const wallMs = day * dayMs + (hour * 60 + minute) * 60_000;
        if (wallMs < fromWallMs) continue;
        if (wallMs > foundWallMs + longestChangeMs) return found;
        for (const moment of momentsOf(wallMs, offset, fields.anyHour)) {
          if (moment <= afterMs || (found !== undefined && moment >= found)) continue;
          found = moment;
          foundWallMs = Math.min(foundWallMs, wallMs);
        }
      }
  }
  return found;
}

/** Cron's old rule: when both the day of the month and the weekday are restricted, either of them will do. */
function dayMatches(fields: Fields, wallMs: number): boolean {
  const date = new Date(wallMs);
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  const byDay = fields.days.has(date.getUTCDate());
  const byWeekday = fields.weekdays.has(date.getUTCDay());
  return fields.anyDay || fields.anyWeekday ? byDay && byWeekday : byDay || byWeekday;
}

/**
 * The moments at which the zone's clocks show a wall time. When clocks go back it comes twice: a schedule for every hour
 * takes both, one for a certain hour the first. When they go forward it does not come at all: a schedule for every hour
 * leaves it out, one for a certain hour runs as much later.
 */
function momentsOf(wallMs: number, offset: Offset, anyHour: boolean): number[] {
  const before = offset(wallMs - dayMs);
  const afterwards = offset(wallMs + dayMs);
  if (before === afterwards && offset(wallMs - before) === before) return [wallMs - before];
  const moments = [...new Set([wallMs - before, wallMs - afterwards])]
    .filter((moment) => moment + offset(moment) === wallMs)
    .sort((a, b) => a - b);
  if (anyHour) return moments;
  return [moments[0] ?? wallMs - before];
}
