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

/** On Linux maxRSS starts with the parent's memory at the fork, so it says nothing of a small step of a large server. */
function peakMemoryMb(): number {
  if (process.platform === "linux") {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"));
    if (match !== null) return Number(match[1]) / 1024;
  }
  return process.resourceUsage().maxRSS / 1024;
}
