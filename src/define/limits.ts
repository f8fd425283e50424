// Time and memory limits of a component's steps.

import { checkDuration, checkNumber, checkOptions } from "./check.ts";

export interface Limits {
  /** Wall time of one attempt, e.g. "10m". */
  readonly time?: string;
  /** Resident memory of the step's process, in MB. */
  readonly memoryMb?: number;
}

export function checkLimits(limits: unknown): void {
  if (limits === undefined) return;
  checkOptions("limits", limits, ["time", "memoryMb"]);
  const { time, memoryMb } = limits as Limits;
  if (time !== undefined) checkDuration("limits.time", time);
  if (memoryMb !== undefined) checkNumber("limits.memoryMb", memoryMb, { min: 64 });
}
