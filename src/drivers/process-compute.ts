// Runs steps in processes of their own: one process a step, some kept warm, each with limits and a certain end.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fail, toFailure } from "../base/failure.ts";
import type { Compute, ComputeOutcome, ComputeServing, ComputeTask, ComputeUsage } from "../ports/compute.ts";
import { type StepProcess, startStepProcess } from "./process-compute-child.ts";
import { endingError } from "./process-compute-ending.ts";
import { groupsInUse } from "./process-compute-table.ts";
import { processServing } from "./process-serving.ts";

export interface ProcessComputeOptions {
  /** Absolute path of the module that the process runs; it calls `serveSteps`. */
  readonly hostModule: string;
  /** Arguments for Node itself. */
  readonly nodeArguments?: readonly string[];
  /** Each attempt gets a folder of its own below this one, removed afterwards. */
  readonly temporaryFolder: string;
  /** Where compiled code is kept between processes, so that a large host starts faster. */
  readonly compileCacheFolder?: string;
  /** The memory limit that the first warm processes are started for; 1024 by default. */
  readonly memoryMb?: number;
  /** Warm processes kept for the kind of step that ran last; 1 by default, 0 starts every process when it is needed. */
  readonly keepWarm?: number;
  /** Warm processes end when nothing ran for so long; one minute by default. */
  readonly idleMs?: number;
  /** The largest result of a step, as JSON; 4 MB by default. */
  readonly maxResultBytes?: number;
  /** Processes that one step may have at once, itself included; 64 by default. */
  readonly maxProcesses?: number;
}

const startTimeoutMs = 30_000;
const sampleMs = 250;
/** Where processes start others they are looked at more often, since their number may double between two looks. */
const crowdedSampleMs = 50;
/** A step's own watchdog, which finds the line, is first; this is for one that was silenced. */
const watchdogMs = 3_500;
/** A new warm process is started when the step that took the last one has had its own start undisturbed. */
const refillMs = 300;

/** Processes start ahead of time and serve one task each, so that no step ever meets what another left in memory. */
export function processCompute(options: ProcessComputeOptions): Compute & ComputeServing {
  const { keepWarm = 1, idleMs = 60_000, maxProcesses = 64 } = options;
  const idle = new Map<string, StepProcess[]>();
  const running = new Map<StepProcess, ComputeTask>();
  const living = new Set<StepProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let sampler: NodeJS.Timeout | undefined;
  let idleTimer: NodeJS.Timeout | undefined;
  let closed = false;

  const killAll = () => {
    for (const one of living) one.endNow();
  };
  process.on("exit", killAll);
  removeAbandoned(options.temporaryFolder);

  function start(projectFolder: string, memoryMb: number): StepProcess {
    mkdirSync(options.temporaryFolder, { recursive: true });
    const started = startStepProcess({
      hostModule: options.hostModule,
      nodeArguments: options.nodeArguments ?? [],
      projectFolder,
      temporaryFolder: options.temporaryFolder,
      compileCacheFolder: options.compileCacheFolder,
      memoryMb,
      maxResultBytes: options.maxResultBytes ?? 4_194_304,
    });
    living.add(started);
    void started.ended.then(() => living.delete(started));
    return started;
  }

  function fill(projectFolder: string, memoryMb: number, count: number): void {
    if (closed || !existsSync(projectFolder)) return;
    const key = keyOf(projectFolder, memoryMb);
    const waiting = (idle.get(key) ?? []).filter((one) => !one.hasEnded());
    idle.set(key, waiting);
    try {
      while (waiting.length < count) waiting.push(start(projectFolder, memoryMb));
    } catch {
      // A disk that is full or a table of processes that is: the step that needs a process will say so.
    }
    restartIdleTimer();
  }

  function restartIdleTimer(): void {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      for (const one of [...idle.values()].flat()) one.kill("close");
      idle.clear();
    }, idleMs).unref();
  }

  function take(projectFolder: string, memoryMb: number): StepProcess {
    const waiting = idle.get(keyOf(projectFolder, memoryMb));
    for (let one = waiting?.shift(); one !== undefined; one = waiting?.shift()) if (!one.hasEnded()) return one;
    return start(projectFolder, memoryMb);
  }

  /** Acts after a while, or as soon as the returned function is called. */
  function later(ms: number, act: () => void): () => void {
    const now = () => {
      clearTimeout(timer);
      if (timers.delete(timer)) act();
    };
    const timer = setTimeout(now, ms).unref();
    timers.add(timer);
    return now;
  }

  /** Sees what the watchdogs cannot: what a step's other processes use, and how many there are. */
  function sample(): void {
    let crowded = false;
    const groups = new Map([...running.keys()].flatMap((one) => (one.pid === undefined ? [] : [[one.pid, one]])));
    for (const [pid, use] of groupsInUse(new Set(groups.keys()))) {
      const one = groups.get(pid) as StepProcess;
      one.noteUse(use);
      const limits = running.get(one)?.limits;
      const alone = use.processes === 1;
      crowded ||= !alone;
      const mostCpuMs =
        limits?.cpuMs === undefined ? Number.POSITIVE_INFINITY : limits.cpuMs + (alone ? watchdogMs : 0);
      if (use.processes > maxProcesses) one.kill("processes");
      else if (!alone && use.memoryMb > (limits?.memoryMb ?? Number.POSITIVE_INFINITY)) one.kill("memory");
      else if (one.usedCpuMs() > mostCpuMs) one.kill("cpu");
    }
    sampler = setTimeout(sample, crowded ? crowdedSampleMs : sampleMs).unref();
  }

  function watchRunning(one: StepProcess, task: ComputeTask | undefined): void {
    if (task === undefined) running.delete(one);
    else running.set(one, task);
    if (running.size > 0) sampler ??= setTimeout(sample, sampleMs).unref();
    else {
      clearTimeout(sampler);
      sampler = undefined;
    }
  }

  return {
    async run(task, events = {}, signal): Promise<ComputeOutcome> {
      const failed = (
        error: unknown,
        usage: ComputeUsage = { wallMs: 0, cpuMs: 0, peakMemoryMb: 0 },
      ): ComputeOutcome => ({
        ok: false,
        failure: toFailure(error, task),
        usage,
      });
      if (closed) return failed(fail("RUNTIME_INTERRUPTED", `Pentad was stopped before the step ${task.step} began`));
      if (signal?.aborted)
        return failed(fail("RUNS_CANCELLED", `The run was cancelled before the step ${task.step} began`));
      if (!existsSync(task.projectFolder))
        return failed(fail("RUNTIME_NO_PROJECT", `The project folder ${task.projectFolder} does not exist`));
      const { memoryMb } = task.limits;
      let one: StepProcess;
      try {
        one = take(task.projectFolder, memoryMb);
      } catch (error) {
        return failed(error);
      }
      const cancel = () => one.cancel();
      signal?.addEventListener("abort", cancel);
      const late = setTimeout(() => one.kill("start"), startTimeoutMs);
      await one.ready;
      clearTimeout(late);
      watchRunning(one, task);
      const refill = later(refillMs, () => fill(task.projectFolder, memoryMb, keepWarm));
      const { ending, output, usage } = await one.run(task, events);
      refill();
      watchRunning(one, undefined);
      signal?.removeEventListener("abort", cancel);
      restartIdleTimer();
      return output === undefined
        ? failed(endingError(task, ending), usage)
        : { ok: true, output: output.output, usage };
    },
    serve(task, events = {}) {
      if (closed) throw fail("RUNTIME_INTERRUPTED", `Pentad was stopped before ${task.step} began`);
      return processServing(take(task.projectFolder, task.limits.memoryMb), task, events);
    },
    warm: (count, projectFolder) => fill(projectFolder, options.memoryMb ?? 1_024, count),
    async close() {
      closed = true;
      clearTimeout(idleTimer);
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const one of living) one.kill("close");
      await Promise.all([...living].map((one) => one.ended));
      process.off("exit", killAll);
    },
  };
}

function keyOf(projectFolder: string, memoryMb: number): string {
  return `${memoryMb} ${projectFolder}`;
}

/** Folders of processes whose parent was killed before it could remove them. */
function removeAbandoned(temporaryFolder: string): void {
  for (const name of existsSync(temporaryFolder) ? readdirSync(temporaryFolder) : []) {
    const owner = Number(/^step-(\d+)-/.exec(name)?.[1]);
    if (!Number.isNaN(owner) && !isAlive(owner))
      void rm(join(temporaryFolder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
