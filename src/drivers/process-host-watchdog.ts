// The thread beside a step: sees its limits crossed even when the step's own thread is stuck, and finds the line.

import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import type { SourceLocation } from "../base/failure.ts";
import { locationInProject } from "../ports/compute.ts";
import { endProcess, strays } from "./process-compute-table.ts";
import {
  attemptMark,
  collectorName,
  type FromStep,
  type Limit,
  type StepUsage,
  type Verdict,
  watchdogPipe,
} from "./process-host-messages.ts";
import { cpuMs, usageSince } from "./process-host-usage.ts";

export interface WatchdogData {
  readonly parentPid: number;
  /** What every process of the attempt has inherited. */
  readonly mark: string;
  /** One counter that the step's thread moves on while its event loop turns. */
  readonly heartbeat: SharedArrayBuffer;
}

export interface WatchOrder {
  readonly timeMs: number;
  readonly memoryMb: number;
  readonly cpuMs: number | null;
  readonly folders: readonly string[];
}

const restMs = 500;
const watchMs = 20;
/** A thread whose event loop has not turned for so long is stuck in its own code. */
const stuckAfterMs = 300;
/** A step that waits uses no processor; one that works gets little of it at least, even on a crowded machine. */
const busyShare = 0.1;
/** How long to look for the step's own code, and then for any code at all. */
const ownCodeMs = 600;
const nativeAfterMs = 2_500;
/** The share of the memory limit from which on V8's own alarm is wanted. */
const armedFrom = 0.75;
/** A step may be relieved of garbage so often in this window before it counts as living at its limit. */
const rescues = 8;
const rescueWindowMs = 4_000;
/** V8 gives memory back on a thread of its own, within this time. */
const sweepMs = 40;

const { parentPid, mark, heartbeat } = workerData as WatchdogData;
const beats = new Int32Array(heartbeat);
let lastBeat = 0;
let lastBeatAt = performance.now();
let watch: (WatchOrder & { deadline: number; cpuAtStart: number }) | undefined;
let judging:
  | { readonly limit: Limit; readonly since: number; readonly stuck: boolean; readonly busy: boolean }
  | undefined;
let rescuedAt: number[] = [];
let session: Session | undefined;
let giveUp: NodeJS.Timeout | undefined;
const urls = new Map<string, string>();
let recentCpu: { at: number; cpuMs: number }[] = [];

function tell(message: FromStep): void {
  writeSync(watchdogPipe, `${JSON.stringify(message)}\n`);
}

function usage(): StepUsage {
  return usageSince(watch?.cpuAtStart ?? 0);
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1_048_576;
}

/** The parent is gone: nobody wants the result any more, and nothing may stay behind. */
function leave(): void {
  endChildren();
  endProcess(-process.pid);
}

function endChildren(): void {
  for (const pid of strays(process.pid, `${attemptMark}=${mark}`)) if (pid !== process.pid) endProcess(pid);
}

function look(): void {
  if (process.ppid !== parentPid) leave();
  const now = performance.now();
  const beat = Atomics.load(beats, 0);
  if (beat !== lastBeat) {
    lastBeat = beat;
    lastBeatAt = now;
  }
  if (watch === undefined || judging !== undefined) return;
  if (recentCpu.length === 0 || now - (recentCpu.at(-1)?.at ?? 0) > 100)
    recentCpu = [...recentCpu.slice(-5), { at: now, cpuMs: cpuMs() }];
  const memoryMb = residentMb();
  if (memoryMb > watch.memoryMb * armedFrom) arm();
  if (memoryMb > watch.memoryMb) judge("memory", now);
  else if (watch.cpuMs !== null && cpuMs() - watch.cpuAtStart > watch.cpuMs) judge("cpu", now);
  else if (now > watch.deadline) judge("time", now);
}

/** From the moment on when memory grows short, V8 itself stops before it would abort, and tells us. */
function arm(): void {
  if (session !== undefined) return;
  session = new Session();
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", paused);
  session.post("Debugger.enable");
}

function judge(limit: Limit, now: number): void {
  const stuck = now - lastBeatAt > stuckAfterMs;
  const oldest = recentCpu[0];
  const busy =
    oldest !== undefined && now - oldest.at > 100 && (cpuMs() - oldest.cpuMs) / (now - oldest.at) > busyShare;
  judging = { limit, since: now, stuck, busy };
  tell({ type: "crossed", limit });
  arm();
  if (limit === "time" && !stuck && !busy) askWhatIsPending();
  else awaitPause(limit, stuck);
}

/** The thread stops at its next instruction, unless it is idle or inside native code. */
function awaitPause(limit: Limit, stuck: boolean): void {
  session?.post("Debugger.pause");
  giveUp = setTimeout(() => {
    if (limit === "time" && !stuck) {
      askWhatIsPending();
      return;
    }
    // It may wait for another process, which it cannot be asked about before that has ended.
    if (limit === "time") endChildren();
    giveUp = setTimeout(() => tellVerdict(limit, { state: "native" }), nativeAfterMs);
  }, ownCodeMs);
}

/** The thread has stopped, and stays stopped until the process is killed, or until its garbage turns out to be the trouble. */
function paused({ params }: { params: Debugger.PausedEventDataType }): void {
  const now = performance.now();
  judging ??= { limit: "memory", since: now, stuck: true, busy: true };
  const { limit, since, stuck } = judging;
  clearTimeout(giveUp);
  const frames = params.callFrames.map((frame) => ({
    name: frame.functionName,
    url: frame.url || (urls.get(frame.location.scriptId) ?? ""),
    line: frame.location.lineNumber + 1,
    column: (frame.location.columnNumber ?? 0) + 1,
  }));
  const stack = frames
    .map((frame) => `    at ${frame.name || "<anonymous>"} (${frame.url}:${frame.line}:${frame.column})`)
    .join("\n");
  const location = locate(stack);
  // Between two turns of a step that yields there is none of its own code on the stack, but there soon will be.
  if (location === null && now - since < ownCodeMs) {
    session?.post("Debugger.stepInto");
    awaitPause(limit, false);
    return;
  }
  if (location === null && limit === "time" && !stuck) {
    askWhatIsPending();
    return;
  }
  // What Node does inside says nothing to those who wrote the step.
  const functions = frames
    .filter(({ name, url }) => name !== "" && url !== "" && !url.startsWith("node:"))
    .slice(0, 5)
    .map(({ name }) => name);
  const verdict = () => tellVerdict(limit, { state: "running", location, functions });
  rescuedAt = rescuedAt.filter((at) => now - at < rescueWindowMs);
  if (limit === "memory" && rescuedAt.length < rescues) rescue(verdict);
  else verdict();
}

/** What counts is memory that is in use: garbage that V8 has not collected yet is no reason to end a step. */
function rescue(inVain: () => void): void {
  rescuedAt.push(performance.now());
  session?.post("Runtime.evaluate", { expression: `process[Symbol.for("${collectorName}")]()` }, () =>
    setTimeout(() => {
      if (watch !== undefined && residentMb() > watch.memoryMb * 0.95) return inVain();
      judging = undefined;
      tell({ type: "relieved" });
      session?.post("Debugger.resume");
    }, sweepMs),
  );
}

function tellVerdict(limit: Limit, found: Partial<Verdict> & Pick<Verdict, "state">): void {
  tell({ type: "verdict", verdict: { limit, location: null, functions: [], resources: [], usage: usage(), ...found } });
}

function askWhatIsPending(): void {
  // A thread that waits in a process that works: the work is done by another thread.
  const threads = judging?.busy === true ? ["Worker"] : [];
  const answer = (resources: readonly string[]) =>
    tellVerdict("time", { state: "waiting", resources: [...resources, ...threads] });
  const late = setTimeout(() => answer([]), ownCodeMs);
  const expression = "JSON.stringify(process.getActiveResourcesInfo())";
  session?.post("Runtime.evaluate", { expression, returnByValue: true }, (error, reply) => {
    clearTimeout(late);
    const text: unknown = error === null ? reply.result.value : undefined;
    answer(typeof text === "string" ? (JSON.parse(text) as string[]) : []);
  });
}

function locate(stack: string): SourceLocation | null {
  for (const folder of watch?.folders ?? []) {
    const location = locationInProject(stack, folder);
    if (location !== undefined) return location;
  }
  return null;
}

let timer = setInterval(look, restMs);
parentPort?.on("message", (order: WatchOrder) => {
  clearInterval(timer);
  lastBeatAt = performance.now();
  watch = { ...order, deadline: performance.now() + order.timeMs, cpuAtStart: cpuMs() };
  // A service between two calls needs no close watch: only its memory and its parent count.
  timer = setInterval(look, Number.isFinite(order.timeMs) ? watchMs : restMs);
});
tell({ type: "ready" });
