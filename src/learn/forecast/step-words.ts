// What people call the steps of a series: months, quarters, hours, or steps of ten minutes.

import type { Step } from "./series.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const named: readonly (readonly [Step["unit"], number, string])[] = [
  ["months", 12, "year"],
  ["months", 3, "quarter"],
  ["months", 1, "month"],
  ["milliseconds", 7 * day, "week"],
  ["milliseconds", day, "day"],
  ["milliseconds", hour, "hour"],
  ["milliseconds", minute, "minute"],
  ["milliseconds", second, "second"],
];

/** "12 months", "1 day", "6 steps of 10 minutes". */
export function stepsInWords({ unit, count }: Step, steps: number): string {
  const own = named.find(([of, size]) => of === unit && size === count);
  if (own !== undefined) return counted(steps, own[2]);
  const whole = named.find(([of, size, name]) => of === unit && count % size === 0 && name !== "quarter");
  const size = whole === undefined ? `${count} ms` : counted(count / whole[1], whole[2]);
  return `${counted(steps, "step")} of ${size}`;
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}
