// What the step's own process has used so far.

import { readFileSync } from "node:fs";
import type { StepUsage } from "./process-host-messages.ts";

/** CPU time of this process in milliseconds, all threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function usageSince(cpuAtStart: number): StepUsage {
  return { cpuMs: Math.max(0, cpuMs() - cpuAtStart), peakMemoryMb: peakMemoryMb() };
}

export interface Transferred {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Everything that this process has read and written so far; undefined outside Linux. */
export function transferred(): Transferred | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = readFileSync("/proc/self/io", "latin1");
    const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    return { bytesIn: count("rchar"), bytesOut: count("wchar") };
  } catch {
    return undefined; // a system that keeps this from us
  }
}

export function transferredSince(start: Transferred | undefined): Partial<Transferred> {
  const now = transferred();
  if (start === undefined || now === undefined) return {};
  return { bytesIn: now.bytesIn - start.bytesIn, bytesOut: now.bytesOut - start.bytesOut };
}

/** On Linux maxRSS starts with the parent's memory at the fork, so it says nothing of a small step of a large server. */
function peakMemoryMb(): number {
  if (process.platform === "linux") {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"));
    if (match !== null) return Number(match[1]) / 1024;
  }
  return process.resourceUsage().maxRSS / 1024;
}
