// The moments of a cron expression, time zones and daylight saving included, by croner.

import { Cron } from "croner";

/** The first moment after `afterMs` that the expression names, or undefined when there is none any more. */
export function nextCronMs(expression: string, afterMs: number, timeZone = "UTC"): number | undefined {
  return new Cron(expression, { timezone: timeZone, paused: true }).nextRun(new Date(afterMs))?.getTime();
}
