// When a component is due by its schedule: pure, from the schedule, the last moment that was dealt with, and the time now.

import { fail } from "../base/failure.ts";
import { parseCron } from "../define/cron.ts";
import { type Missed, parseSchedule } from "../define/schedule.ts";

export interface Timetable {
  /** True for an interval, which counts from its last moment and not by the clock on the wall. */
  readonly interval: boolean;
  /** The first moment after `afterMs`; undefined when there is none any more. */
  nextMs(afterMs: number): number | undefined;
}

export interface DuePlan {
  /** The moments to run for now, oldest first. */
  readonly runAtMs: readonly number[];
  /** The oldest moment that is due; null when none is. */
  readonly firstMs: number | null;
  /** Whether moments passed for which nothing will run. */
  readonly dropped: boolean;
  /** What counts as dealt with from now on. */
  readonly lastMs: number;
  /** When to look again; null when there is no moment any more. */
  readonly nextMs: number | null;
}

/** With `all`, a long absence is made up for in portions of this size; nothing of it is dropped. */
const portion = 100;
/** A moment is only late, not missed, for so long. */
const lateMs = 60_000;
/** No clock is corrected by more than this without having been wrong altogether. */
const wrongClockMs = 25 * 3_600_000;

/** Reads "0 6 * * *", "@hourly" or "15m"; throws RUNS_SCHEDULE_INVALID. Cron is read in the given time zone. */
export function openTimetable(text: string, timeZone = "UTC"): Timetable {
  const schedule = parseSchedule(text.trim());
  if (schedule === undefined)
    throw fail(
      "RUNS_SCHEDULE_INVALID",
      `Expected a schedule such as "@hourly", "0 6 * * *" or "15m", got ${JSON.stringify(text)}`,
    );
  if (schedule.type === "every") {
    if (!(schedule.ms >= 60_000))
      throw fail("RUNS_SCHEDULE_INVALID", `Expected an interval of at least one minute, got ${JSON.stringify(text)}`);
    return { interval: true, nextMs: (afterMs) => afterMs + schedule.ms };
  }
  const cron = parseCron(schedule.expression, timeZone);
  return { interval: false, nextMs: cron.nextMs };
}

/**
 * What is due between the last moment dealt with and now. `lastMs` in the future means that the clock was set back: moments
 * of the calendar that were dealt with do not come again, unless the clock had been wrong by more than a day; an interval
 * simply goes on.
 */
export function planMoments(timetable: Timetable, lastMs: number, nowMs: number, missed: Missed): DuePlan {
  const from = lastMs > nowMs && (timetable.interval || lastMs - nowMs > wrongClockMs) ? nowMs : lastMs;
  const first = timetable.nextMs(from);
  if (first === undefined || first > nowMs)
    return { runAtMs: [], firstMs: null, dropped: false, lastMs: from, nextMs: first ?? null };
  if (missed === "all") {
    const runAtMs = momentsFrom(timetable, first, nowMs);
    const last = runAtMs.at(-1) ?? first;
    return { runAtMs, firstMs: first, dropped: false, lastMs: last, nextMs: timetable.nextMs(last) ?? null };
  }
  const last = lastMoment(timetable, from, nowMs);
  const runAtMs = missed === "once" || nowMs - last <= lateMs ? [last] : [];
  return {
    runAtMs,
    firstMs: first,
    dropped: runAtMs.length === 0 || last > first,
    lastMs: last,
    nextMs: timetable.nextMs(last) ?? null,
  };
}

function momentsFrom(timetable: Timetable, first: number, nowMs: number): number[] {
  const moments: number[] = [];
  let moment: number | undefined = first;
  while (moment !== undefined && moment <= nowMs && moments.length < portion) {
    moments.push(moment);
    moment = timetable.nextMs(moment);
  }
  return moments;
}

/** The newest moment up to now, looked for from now backwards: an absence may be long and the moments close. */
function lastMoment(timetable: Timetable, fromMs: number, nowMs: number): number {
  if (timetable.interval) {
    const interval = (timetable.nextMs(fromMs) as number) - fromMs;
    return fromMs + Math.floor((nowMs - fromMs) / interval) * interval;
  }
  let last: number | undefined;
  for (let back = 60_000; last === undefined; back *= 30) {
    let moment = timetable.nextMs(Math.max(fromMs, nowMs - back));
    while (moment !== undefined && moment <= nowMs) {
      last = moment;
      moment = timetable.nextMs(moment);
    }
  }
  return last;
}
