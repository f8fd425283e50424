// Limits of a component's steps: time, processor time, memory, and how many may run at once.

import { checkDuration, checkNumber, checkOptions, invalid } from "./check.ts";

export interface Limits {
  /** Wall time of one attempt, e.g. "10m". */
  readonly time?: string;
  /** Processor time of one attempt, of all its threads and processes together, e.g. "5m"; unlimited unless given. */
  readonly cpu?: string;
  /** Resident memory of the step's process, in MB; 1024 unless given, 2048 for a data component with an `embedding()`. */
  readonly memoryMb?: number;
  /** How many steps of a run may run at once when its work is split into partitions; 2 unless given. */
  readonly concurrency?: number;
}

export function checkLimits(limits: unknown): void {
  if (limits === undefined) return;
  checkOptions("limits", limits, ["time", "cpu", "memoryMb", "concurrency"]);
  const { time, cpu, memoryMb, concurrency } = limits as Limits;
  if (time !== undefined) checkDuration("limits.time", time);
  if (cpu !== undefined) checkDuration("limits.cpu", cpu);
  if (memoryMb !== undefined) checkNumber("limits.memoryMb", memoryMb, { min: 64 });
  if (concurrency !== undefined) checkPlaces("limits.concurrency", concurrency);
}

/** How many things may run at once. */
export function checkPlaces(field: string, value: unknown): void {
  checkNumber(field, value, { min: 1 });
  if (!Number.isInteger(value)) throw invalid(field, "a whole number", value);
}
