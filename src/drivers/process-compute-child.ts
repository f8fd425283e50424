// One process for one step: started ahead of time or not, given its task, listened to, and surely ended.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import type { Json } from "../base/json.ts";
import type { ComputeEvents, ComputeTask, ComputeUsage } from "../ports/compute.ts";
import type { Ending, KilledFor } from "./process-compute-ending.ts";
import { type OutputStream, outputLines } from "./process-compute-output.ts";
import { cpuMsOf, endProcess, type GroupUse, groupsInUse, memoryMbOf, strays } from "./process-compute-table.ts";
import {
  attemptMark,
  type FromStep,
  type Limit,
  readMessage,
  type ServingAnswer,
  stepPipe,
  type ToStep,
  watchdogPipe,
} from "./process-host-messages.ts";

export interface StepProcessOptions {
  readonly hostModule: string;
  readonly nodeArguments: readonly string[];
  readonly projectFolder: string;
  readonly temporaryFolder: string;
  readonly compileCacheFolder: string | undefined;
  /** What the process is prepared for; the limit that counts is the task's. */
  readonly memoryMb: number;
  readonly maxResultBytes: number;
}

export interface StepProcess {
  readonly pid: number | undefined;
  /** True once it can take its task, false when it ended before that. */
  readonly ready: Promise<boolean>;
  readonly hasEnded: () => boolean;
  run(
    task: ComputeTask,
    events: ComputeEvents,
    /** Of a step that serves: what it says, and nobody keeps its time here. */
    service?: (message: ServingAnswer | { readonly type: "serving" }) => void,
  ): Promise<{ ending: Ending; output: (FromStep & { type: "result" }) | undefined; usage: ComputeUsage }>;
  /** To a step that serves. */
  call(call: number, input: Json): void;
  /** Asks the step to stop, and kills it a moment later. */
  cancel(): void;
  kill(reason: KilledFor): void;
  /** Ends everything at once, for a parent that is about to end itself. */
  endNow(): void;
  /** What the sampler saw. */
  noteUse(use: GroupUse): void;
  /** Processor time since the task began, as far as the sampler has seen it. */
  usedCpuMs(): number;
  /** Resolves when the process, its group and its folder are gone. */
  readonly ended: Promise<void>;
}

const graceMs = 500;
/** How long the watchdog may look for the line before the process is ended without it. */
const verdictMs = 3_500;
const pipeDrainMs = 500;

export function startStepProcess(options: StepProcessOptions): StepProcess {
  const folder = mkdtempSync(join(options.temporaryFolder, `step-${process.pid}-`));
  const mark = basename(folder);
  const child = spawn(process.execPath, [...options.nodeArguments, heapBound(options.memoryMb), options.hostModule], {
    cwd: options.projectFolder,
    env: necessities(folder, mark, options.compileCacheFolder),
    // A session of its own: a Ctrl-C on the terminal reaches us alone, and the whole group can be ended at once.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe", "pipe"],
  });
  const { pid } = child;
  const timers = new Set<NodeJS.Timeout>();
  const ready = Promise.withResolvers<boolean>();
  let task: ComputeTask | undefined;
  let events: ComputeEvents = {};
  let service: Parameters<StepProcess["run"]>[2];
  let isReady = false;
  let over = false;
  let killedFor: KilledFor | undefined;
  let spawnError: Error | undefined;
  let lastWord: Ending["lastWord"];
  let verdict: Ending["verdict"];
  let stderrTail = "";
  let verdictTimer: NodeJS.Timeout | undefined;
  let cpuAtStart = 0;
  let seen: GroupUse = { processes: 1, cpuMs: 0, memoryMb: 0 };

  const lines = outputLines((line, stream) => events.onOutput?.(line, stream));
  function listen(stream: OutputStream): void {
    child[stream]?.on("data", (chunk: Buffer) => {
      if (stream === "stderr") stderrTail = (stderrTail + chunk.subarray(-8_192).toString("utf8")).slice(-8_192);
      lines.write(stream, chunk);
    });
  }
  listen("stdout");
  listen("stderr");
  for (const pipe of [stepPipe, watchdogPipe])
    readLines(child.stdio[pipe] as Readable, (line) => hear(readMessage(line, pipe)));

  function hear(message: FromStep | undefined): void {
    if (message === undefined) return;
    if (message.type === "ready") {
      isReady = true;
      ready.resolve(true);
    } else if (message.type === "serving" || message.type === "answer") service?.(message);
    else if (message.type === "progress") events.onProgress?.(message.progress);
    else if (message.type === "crossed") awaitVerdict(message.limit);
    else if (message.type === "relieved") stopWaiting();
    else if (message.type === "verdict") {
      verdict ??= message.verdict;
      kill(message.verdict.limit);
    } else if (["result", "thrown", "deserted", "leaving"].includes(message.type)) lastWord ??= message;
  }

  /** The line is worth a moment, but never the machine's memory. */
  function awaitVerdict(limit: Limit): void {
    stopWaiting();
    const since = performance.now();
    const most = (task?.limits.memoryMb ?? 0) * 3;
    verdictTimer = setInterval(() => {
      const tooMuch = limit === "memory" && (freemem() < totalmem() / 10 || memoryMbOf(pid ?? 0) > most);
      if (tooMuch || performance.now() - since > verdictMs) kill(limit);
    }, 50);
  }

  function stopWaiting(): void {
    clearInterval(verdictTimer);
  }

  function after(ms: number, act: () => void): void {
    timers.add(setTimeout(act, ms));
  }

  function kill(reason: KilledFor): void {
    if (over) return;
    killedFor ??= reason;
    if (pid === undefined) return;
    setReferenced(child, true);
    if (task !== undefined) noteUse(groupsInUse(new Set([pid])).get(pid));
    endProcess(-pid);
  }

  function noteUse(use: GroupUse | undefined): void {
    if (use === undefined) return;
    seen = {
      processes: use.processes,
      cpuMs: Math.max(seen.cpuMs, use.cpuMs),
      memoryMb: Math.max(seen.memoryMb, use.memoryMb),
    };
  }

  const ended = endOf(child, (error) => {
    spawnError = error;
  }).then(async () => {
    over = true;
    stopWaiting();
    for (const timer of timers) clearTimeout(timer);
    lines.end();
    if (pid !== undefined) endStrays(pid, `${attemptMark}=${mark}`);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    ready.resolve(false);
  });

  function ending(): Ending {
    return {
      ready: isReady,
      killedFor,
      spawnError,
      lastWord: lastWord?.type === "result" ? undefined : lastWord,
      verdict,
      exitCode: child.exitCode,
      signal: child.signalCode,
      stderrTail,
      peakMemoryMb: seen.memoryMb,
      processes: seen.processes,
    };
  }

  setReferenced(child, false);
  return {
    pid,
    ready: ready.promise,
    hasEnded: () => over || child.exitCode !== null || child.signalCode !== null,
    async run(given, givenEvents, givenService) {
      setReferenced(child, true);
      const startedAt = performance.now();
      task = given;
      events = givenEvents;
      service = givenService;
      if (!over) {
        if (pid !== undefined) cpuAtStart = cpuMsOf(pid);
        child.send(
          { type: "task", task: given, maxResultBytes: options.maxResultBytes } satisfies ToStep,
          () => undefined,
        );
        // The watchdog keeps the time; this is for a process that is frozen altogether.
        if (service === undefined) after(given.limits.timeMs + verdictMs, () => kill("time"));
      }
      await ended;
      const said = verdict?.usage ?? lastWord?.usage;
      return {
        ending: ending(),
        output: lastWord?.type === "result" && killedFor === undefined ? lastWord : undefined,
        usage: {
          wallMs: performance.now() - startedAt,
          cpuMs: Math.max(said?.cpuMs ?? 0, seen.cpuMs - cpuAtStart),
          peakMemoryMb: Math.max(said?.peakMemoryMb ?? 0, seen.memoryMb),
          ...(said?.bytesIn === undefined ? {} : { bytesIn: said.bytesIn }),
          ...(said?.bytesOut === undefined ? {} : { bytesOut: said.bytesOut }),
        },
      };
    },
    call(call, input) {
      if (!over) child.send({ type: "call", call, input } satisfies ToStep, () => undefined);
    },
    cancel() {
      if (over) return;
      killedFor ??= "cancel";
      child.send({ type: "cancel" } satisfies ToStep, () => undefined);
      after(graceMs, () => kill("cancel"));
    },
    kill,
    endNow() {
      if (pid === undefined || over) return;
      endProcess(-pid);
      endStrays(pid, `${attemptMark}=${mark}`);
    },
    noteUse,
    usedCpuMs: () => seen.cpuMs - cpuAtStart,
    ended,
  };
}

/** The bound follows the limit, since V8 collects harder the nearer it comes, yet leaves room to find the line first. */
function heapBound(memoryMb: number): string {
  return `--max-old-space-size=${Math.ceil(memoryMb * 1.5)}`;
}

/** Only what a program needs to find its tools; everything else is the task's to give. */
function necessities(folder: string, mark: string, compileCacheFolder: string | undefined): NodeJS.ProcessEnv {
  const names = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT"];
  const known = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return {
    ...Object.fromEntries(known),
    TMPDIR: folder,
    [attemptMark]: mark,
    ...(compileCacheFolder === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheFolder }),
  };
}

/** Resolves when the process has ended and its pipes are read, or were held open by others for too long. */
function endOf(child: ChildProcess, failed: (error: Error) => void): Promise<void> {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      if (child.pid !== undefined) return;
      failed(error);
      resolve();
    });
    child.on("exit", () => {
      // What the step started must not outlive it, and would keep its pipes open.
      if (child.pid !== undefined) endProcess(-child.pid);
      const giveUp = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
        resolve();
      }, pipeDrainMs);
      child.on("close", () => {
        clearTimeout(giveUp);
        resolve();
      });
    });
  });
}

/** Processes that left the group are known by what they inherited; one that forks while we look is met in the next round. */
function endStrays(pid: number, mark: string): void {
  for (let round = 0; round < 20; round++) {
    const found = strays(pid, mark);
    if (found.length === 0) return;
    for (const stray of found) endProcess(stray);
  }
}

function readLines(stream: Readable, hear: (line: string) => void): void {
  let parts: Buffer[] = [];
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      hear(Buffer.concat([...parts, chunk.subarray(from, end)]).toString("utf8"));
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  });
}

/** A process that only waits for work must not keep ours alive. */
function setReferenced(child: ChildProcess, wanted: boolean): void {
  const how = wanted ? "ref" : "unref";
  child[how]();
  child.channel?.[how]();
  for (const stream of child.stdio) (stream as { ref?(): void; unref?(): void } | null | undefined)?.[how]?.();
}
