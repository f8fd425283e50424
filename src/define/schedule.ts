// How a schedule is written: five-field cron with a time zone, @hourly and its like, or an interval; and what of missed moments.

import { parseDurationMs } from "../base/clock.ts";
import { fail, isFailure } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import { nearest, show } from "./check.ts";
import { parseCron } from "./cron.ts";

const nicknames: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
};

/** What to do with moments that passed while nothing ran: run once for all of them, run for each, or for none. */
export type Missed = "once" | "all" | "skip";
const policies: readonly Missed[] = ["once", "all", "skip"];

/** A schedule with what a text alone cannot say: either `cron` or `every`. */
export interface ScheduleOptions {
  /** Five fields, e.g. "0 6 * * *", or "@daily" and its like. */
  readonly cron?: string;
  /** An interval of at least one minute, e.g. "15m". */
  readonly every?: string;
  /** Whose clocks `cron` is read by, e.g. "Europe/Berlin"; UTC unless given. */
  readonly timeZone?: string;
  /** Moments that passed while nothing ran: one run for all of them (`once`, the default), one for each, or none. */
  readonly missed?: Missed;
}

/** A schedule as the catalog keeps it. */
export interface ScheduleDefinition {
  readonly schedule: string;
  readonly timeZone: string;
  readonly missed: Missed;
}

export type Schedule =
  | { readonly type: "cron"; readonly expression: string }
  | { readonly type: "every"; readonly ms: number };

/** Reads a schedule; undefined when it cannot be understood. The cron's own fields are checked by `checkSchedule`. */
export function parseSchedule(text: string): Schedule | undefined {
  const known = nicknames[text];
  if (known !== undefined) return { type: "cron", expression: known };
  const ms = parseDurationMs(text);
  if (ms !== undefined) return { type: "every", ms };
  return text.trim().split(/\s+/).length === 5 ? { type: "cron", expression: text.trim() } : undefined;
}

export function describeSchedule(given: string | ScheduleOptions): ScheduleDefinition {
  if (typeof given === "string") return { schedule: given.trim(), timeZone: "UTC", missed: "once" };
  return {
    schedule: (given.cron ?? given.every ?? "").trim(),
    timeZone: given.timeZone ?? "UTC",
    missed: given.missed ?? "once",
  };
}

/** Throws RUNS_SCHEDULE_INVALID, naming the field, for what cannot be read, never comes or comes too often. */
export function checkSchedule(field: string, given: unknown): void {
  if (typeof given === "string") checkText(field, given, "UTC");
  else if (isObject(given)) checkParts(field, given);
  else throw mistake(field, given);
}

const optionNames = ["cron", "every", "timeZone", "missed"];

function checkParts(field: string, given: Record<string, unknown>): void {
  for (const name of Object.keys(given))
    if (!optionNames.includes(name)) {
      const near = nearest(name, optionNames);
      throw invalid(`${field}.${name}`, `${field}.${name}: expected one of ${optionNames.join(", ")}, got ${name}`, {
        ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
      });
    }
  const { cron, every, timeZone, missed } = given;
  if ((cron === undefined) === (every === undefined))
    throw invalid(field, `${field}: expected either cron or every, got ${cron === undefined ? "neither" : "both"}`);
  if (missed !== undefined && !policies.includes(missed as Missed))
    throw invalid(`${field}.missed`, `${field}.missed: expected "once", "all" or "skip", got ${show(missed)}`, {
      hint: "Choose what happens with moments that passed while nothing ran: one run for all, one for each, or none",
    });
  if (timeZone !== undefined && typeof timeZone !== "string")
    throw invalid(
      `${field}.timeZone`,
      `${field}.timeZone: expected a name such as "Europe/Berlin", got ${show(timeZone)}`,
    );
  if (every !== undefined) {
    if (timeZone !== undefined)
      throw invalid(
        `${field}.timeZone`,
        `${field}.timeZone: expected it with cron only, since an interval has no clock`,
      );
    if (typeof every !== "string" || parseDurationMs(every) === undefined) throw mistake(`${field}.every`, every);
    checkText(`${field}.every`, every, "UTC");
    return;
  }
  if (typeof cron !== "string" || parseSchedule(cron)?.type !== "cron") throw mistake(`${field}.cron`, cron);
  checkText(`${field}.cron`, cron, timeZone ?? "UTC");
}

function checkText(field: string, text: string, timeZone: string): void {
  const schedule = parseSchedule(text);
  if (schedule === undefined) throw mistake(field, text);
  if (schedule.type === "every") {
    if (schedule.ms < 60_000)
      throw invalid(field, `${field}: expected an interval of at least one minute, got ${JSON.stringify(text)}`, {
        hint: "Take an interval of a minute or more, or a source that pushes its rows",
      });
    return;
  }
  try {
    parseCron(schedule.expression, timeZone);
  } catch (error) {
    if (!isFailure(error, "RUNS_SCHEDULE_INVALID")) throw error;
    // Which of the two fields it is, so that the file's own line can be found.
    const where = /time zone/.test(error.message) ? field.replace(/cron$/, "timeZone") : field;
    throw invalid(where, `${where}: ${error.message}`, { hint: error.hint });
  }
}

function mistake(field: string, got: unknown) {
  return invalid(field, `${field}: expected a schedule such as "@hourly", "0 6 * * *" or "15m", got ${show(got)}`);
}

function invalid(field: string, message: string, { hint }: { hint?: string } = {}) {
  return fail("RUNS_SCHEDULE_INVALID", message, {
    ...(hint === undefined ? {} : { hint }),
    details: { field },
  });
}
