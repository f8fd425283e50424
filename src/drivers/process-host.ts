// The step's side of the process driver: waits for one task, runs it, reports what became of it, and ends.

import { realpathSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { getPriority, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { fail } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { ComputeTask, StepContext, StepHandlers } from "../ports/compute.ts";
import { attemptMark, collectorName, type FromStep, stepPipe, type ToStep } from "./process-host-messages.ts";
import { resultText } from "./process-host-result.ts";
import { serveCalls } from "./process-host-serve.ts";
import { describeThrown } from "./process-host-thrown.ts";
import { cpuMs, transferred, transferredSince, usageSince } from "./process-host-usage.ts";
import type { WatchdogData, WatchOrder } from "./process-host-watchdog.ts";

const heartbeatMs = 50;
const progressEveryMs = 100;
/** Of the 19 from the usual priority down to the lowest. */
const lowerBy = 5;
/** Work that keeps no event loop alive, such as some add-ons', gets so many more turns before a step counts as deserted. */
const desertedTurns = 4;
const turnMs = 250;

/** Ends without running anybody's exit handlers; undocumented, and what process.exit() itself calls. */
const nodeProcess = process as NodeJS.Process & { reallyExit(code?: number): never };

/** Serves exactly one task of the parent with these handlers, then ends the process. Call it once, at the module's top. */
export function serveSteps(handlers: StepHandlers): void {
  const { channel } = process;
  if (channel === undefined || process.send === undefined)
    throw fail("INTERNAL", "Expected the host module to be started by processCompute(), got a plain start");
  stayStoppable();
  offerCollection();
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const watchdog = startWatchdog({
    parentPid: process.ppid,
    mark: process.env[attemptMark] ?? "",
    heartbeat: beats.buffer,
  });
  const cancelled = new AbortController();
  let begun = false;
  process.on("message", (message: ToStep) => {
    if (message.type === "cancel") cancelled.abort();
    if (message.type !== "task" || begun) return;
    begun = true;
    channel.unref();
    setInterval(() => Atomics.add(beats, 0, 1), heartbeatMs).unref();
    if (message.task.limits.callMs === undefined) stepBack();
    void runTask(message.task, message.maxResultBytes, handlers, watchdog, cancelled.signal);
  });
  hideTheChannel();
  for (const stream of [process.stdout, process.stderr]) printAtOnce(stream);
  if (!import.meta.url.endsWith(".ts")) void learnTypeScript();
}

/** Node loads what strips types with the first such file, which takes longer than everything else before a step begins. */
async function learnTypeScript(): Promise<void> {
  const file = join(tmpdir(), "first.ts");
  try {
    writeFileSync(file, "");
    await import(pathToFileURL(file).href);
    rmSync(file);
  } catch {
    // Then the step's own file is the first; a disk that is full is for the step to tell of.
  }
}

/** V8 leaves the check for "stop here" out of some loops that it takes for short; then nobody can ask for their line. */
function stayStoppable(): void {
  setFlagsFromString("--no-turboshaft-loop-unrolling");
}

/** Predictions and posts come before training. The watchdog's thread, begun earlier, and services keep their priority. */
function stepBack(): void {
  try {
    setPriority(Math.min(19, getPriority() + lowerBy));
  } catch {
    // Then the step runs as everything else does.
  }
}

/** For the watchdog alone, which can evaluate while the thread is stopped; not a global, lest the step comes to rely on it. */
function offerCollection(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { type: "major"; flavor: "last-resort" }) => void;
  // The last resort is the one kind of collection that gives memory back to the system at once.
  Object.defineProperty(process, Symbol.for(collectorName), {
    value: () => collect({ type: "major", flavor: "last-resort" }),
  });
  setFlagsFromString("--no-expose-gc");
}

/** A step that prints much would otherwise keep it all in memory, and lose the rest of it at its end. */
function printAtOnce(stream: NodeJS.WriteStream): void {
  (stream as { _handle?: { setBlocking?(blocking: boolean): void } })._handle?.setBlocking?.(true);
}

function flushed(then: () => void): void {
  process.stdout.write("", () => process.stderr.write("", then));
}

/**
 * A step must look like any other program to its libraries. Node itself calls `disconnect` when the parent is gone; then
 * there is nothing left to do here, since the watchdog sees it too, even when this thread is stuck.
 */
function hideTheChannel(): void {
  Object.defineProperty(process, "send", { value: undefined, configurable: true });
  process.disconnect = () => undefined;
}

function startWatchdog(data: WatchdogData): Worker {
  const file = new URL(`./process-host-watchdog${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const worker = new Worker(file, { workerData: data, execArgv: [], env: {} });
  worker.unref();
  return worker;
}

async function runTask(
  task: ComputeTask,
  maxResultBytes: number,
  handlers: StepHandlers,
  watchdog: Worker,
  signal: AbortSignal,
): Promise<void> {
  const endNow = nodeProcess.reallyExit.bind(process);
  const folders = foldersOf(task.projectFolder);
  const cpuAtStart = cpuMs();
  const ioAtStart = transferred();
  const usage = () => ({ ...usageSince(cpuAtStart), ...transferredSince(ioAtStart) });
  const tell = (message: FromStep) => writeAll(`${JSON.stringify(message)}\n`);
  let settled = false;
  const end = (text: string) => {
    if (settled) return;
    settled = true;
    writeAll(text);
    flushed(() => endNow(0));
  };
  const endThrown = (error: unknown) =>
    end(`${JSON.stringify({ type: "thrown", thrown: describeThrown(error, folders), usage: usage() })}\n`);

  Error.stackTraceLimit = 50;
  for (const [name, value] of Object.entries(task.environment)) process.env[name] = value;
  process.setUncaughtExceptionCaptureCallback(endThrown);
  const { memoryMb, cpuMs: mostCpuMs = null } = task.limits;
  const allow = (timeMs: number) =>
    watchdog.postMessage({ timeMs, memoryMb, cpuMs: mostCpuMs, folders } satisfies WatchOrder);
  allow(task.limits.timeMs);
  confessEveryExit((how, error) => {
    if (!settled) tell({ type: "leaving", how, location: describeThrown(error, folders).location, usage: usage() });
  });
  noticeDesertion(() => end(`${JSON.stringify({ type: "deserted", usage: usage() })}\n`));

  try {
    const handler = Object.hasOwn(handlers, task.entry) ? handlers[task.entry] : undefined;
    if (handler === undefined)
      throw fail(
        "INTERNAL",
        `Expected one of the host's entries (${Object.keys(handlers).join(", ")}), got ${JSON.stringify(task.entry)}`,
      );
    const result: unknown = await handler(task.input, {
      task,
      signal,
      progress: throttledProgress(tell),
      serve: (answer) =>
        serveCalls({
          answer,
          listen(hear) {
            process.on("message", hear);
            process.channel?.ref();
          },
          allow,
          callMs: task.limits.callMs ?? task.limits.timeMs,
          maxResultBytes,
          tell,
          write: writeAll,
          describe: (error) => describeThrown(error, folders),
        }),
    } satisfies StepContext);
    const output = resultText(result, maxResultBytes);
    end(`{"type":"result","usage":${JSON.stringify(usage())},"output":${output}}\n`);
  } catch (error) {
    endThrown(error);
  }
}

/** The latest news at most every 100 ms, however often the step speaks. */
function throttledProgress(tell: (message: FromStep) => void): StepContext["progress"] {
  let lastAt = Number.NEGATIVE_INFINITY;
  let waiting: JsonObject | undefined;
  const send = (progress: JsonObject) => {
    lastAt = performance.now();
    tell({ type: "progress", progress: JSON.parse(resultText(progress, 10_000)) as Json as JsonObject });
  };
  return (progress) => {
    if (performance.now() - lastAt >= progressEveryMs && waiting === undefined) return send(progress);
    if (waiting === undefined)
      setTimeout(() => {
        const latest = waiting;
        waiting = undefined;
        if (latest !== undefined) send(latest);
      }, progressEveryMs).unref();
    waiting = progress;
  };
}

/** A step that ends its own process must say where, since nothing can be asked afterwards. */
function confessEveryExit(confess: (how: string, error: Error) => void): void {
  const { exit, abort, kill } = process;
  const { reallyExit } = nodeProcess;
  let confessed = false;
  const once = (how: string) => {
    if (!confessed) confess(how, new Error(how));
    confessed = true;
  };
  process.exit = (code) => {
    once(`process.exit(${code ?? process.exitCode ?? ""})`);
    return exit.call(process, code);
  };
  nodeProcess.reallyExit = (code) => {
    once(`process.exit(${code ?? ""})`);
    return reallyExit.call(process, code);
  };
  process.abort = () => {
    once("process.abort()");
    return abort.call(process);
  };
  process.kill = (pid, signal) => {
    if ((pid === process.pid || pid === -process.pid || pid === 0) && signal !== 0)
      once(`process.kill(${pid === 0 ? 0 : "its own pid"}, ${signal ?? "SIGTERM"})`);
    return kill.call(process, pid, signal);
  };
}

/** Node ends a program when nothing is pending any more; a step that has not settled by then never will. */
function noticeDesertion(deserted: () => void): void {
  let turns = 0;
  let cpuBefore = 0;
  process.on("beforeExit", () => {
    const cpu = cpuMs();
    turns = cpu - cpuBefore > 10 ? 1 : turns + 1;
    cpuBefore = cpu;
    if (turns > desertedTurns) deserted();
    else setTimeout(() => undefined, turnMs);
  });
}

/** Stack traces name real paths, the task may name the project through a symbolic link. */
function foldersOf(projectFolder: string): string[] {
  const real = realpathSync(projectFolder);
  return real === projectFolder ? [projectFolder] : [projectFolder, real];
}

function writeAll(text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(stepPipe, bytes, written);
}
