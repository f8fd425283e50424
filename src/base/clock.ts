// Time as the product counts it: milliseconds since 1970 UTC, and durations written as "15m", "7d" or "1h30m".

import { fail } from "./failure.ts";

const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Parses "90s", "15m", "7d", "1h30m" into milliseconds; undefined when it is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  let total = 0;
  let rest = text.trim();
  if (rest === "") return undefined;
  while (rest !== "") {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/.exec(rest);
    if (match === null) return undefined;
    total += Number(match[1]) * (unitsMs[match[2] as string] as number);
    rest = rest.slice(match[0].length);
  }
  return total;
}

/** Like `parseDurationMs`, but a mistake is an error that names the field. */
export function durationMs(text: string, field: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0)
    throw fail(
      "DEFINE_INVALID",
      `${field}: expected a duration such as "15m", "12h" or "7d", got ${JSON.stringify(text)}`,
    );
  return ms;
}

/** "4 minutes", "1 h 12 min": how old something is, for people. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return plural(seconds, "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return plural(minutes, "minute");
  const hours = Math.round(minutes / 60);
  if (hours < 48) return plural(hours, "hour");
  return plural(Math.round(hours / 24), "day");
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
