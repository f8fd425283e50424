// How a schedule is written: five-field cron, @hourly and its like, or an interval.

import { parseDurationMs } from "../base/clock.ts";
import { fail } from "../base/failure.ts";

const nicknames: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
};

export type Schedule =
  | { readonly type: "cron"; readonly expression: string }
  | { readonly type: "every"; readonly ms: number };

/** Reads a schedule; undefined when it cannot be understood. The cron fields' ranges are checked by `checkSchedule`. */
export function parseSchedule(text: string): Schedule | undefined {
  const known = nicknames[text];
  if (known !== undefined) return { type: "cron", expression: known };
  const ms = parseDurationMs(text);
  if (ms !== undefined) return { type: "every", ms };
  return text.trim().split(/\s+/).length === 5 ? { type: "cron", expression: text.trim() } : undefined;
}

const fieldRanges = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of month", 1, 31],
  ["month", 1, 12],
  ["day of week", 0, 7],
] as const;
const fieldNames = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i;

export function checkSchedule(field: string, text: unknown): void {
  const mistake = (why: string) =>
    fail(
      "RUNS_SCHEDULE_INVALID",
      `${field}: expected a schedule such as "@hourly", "0 6 * * *" or "15m", got ${JSON.stringify(text)}${why}`,
    );
  if (typeof text !== "string") throw mistake("");
  const schedule = parseSchedule(text);
  if (schedule === undefined) throw mistake("");
  if (schedule.type === "every") {
    if (schedule.ms < 60_000) throw mistake(" (at least one minute)");
    return;
  }
  schedule.expression.split(" ").forEach((part, index) => {
    const [name, low, high] = fieldRanges[index] as (typeof fieldRanges)[number];
    for (const item of part.split(",")) {
      const [range = "", step] = item.split("/");
      if (step !== undefined && !(Number.isInteger(Number(step)) && Number(step) > 0))
        throw mistake(` (the ${name}'s step)`);
      if (range === "*" || range === "?") continue;
      for (const end of range.split("-"))
        if (!fieldNames.test(end) && !(/^\d+$/.test(end) && Number(end) >= low && Number(end) <= high))
          throw mistake(` (the ${name} goes from ${low} to ${high})`);
    }
  });
}
