// The port for running a user's step somewhere else: JSON and file paths go out, JSON and file paths come back.

import { pathToFileURL } from "node:url";
import type { Failure, SourceLocation } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";

export interface ComputeTask {
  /** What to run, known to the host at the other side, e.g. `data/read`. */
  readonly entry: string;
  /** Everything the step may know. */
  readonly input: JsonObject;
  readonly component: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** The project's folder: the step's current folder. */
  readonly projectFolder: string;
  readonly limits: ComputeLimits;
  /** The only environment variables that the step sees, besides PATH-like necessities. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ComputeLimits {
  /** Wall time for the whole step. */
  readonly timeMs: number;
  /** Resident memory of the step's process. */
  readonly memoryMb: number;
  /** Processor time of all threads and processes of the step; without it only the wall time is limited. */
  readonly cpuMs?: number;
  /** Of a step that serves: wall time for each call; `timeMs` is then for its start. */
  readonly callMs?: number;
}

export interface ComputeUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
  /** What the step's process read and wrote: files, network and pipes together. Where the system does not count it, absent. */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
}

export type ComputeOutcome =
  | { readonly ok: true; readonly output: Json; readonly usage: ComputeUsage }
  | { readonly ok: false; readonly failure: Failure; readonly usage: ComputeUsage };

export interface ComputeEvents {
  /** A line that the step printed, already capped in length and number. */
  onOutput?: (line: string, stream: "stdout" | "stderr") => void;
  /** What the step says of its own progress. */
  onProgress?: (progress: JsonObject) => void;
}

/** A step that stays and answers calls, in a process of its own. */
export interface ServingStep {
  /**
   * Calls are answered one after another. Rejects with what the step threw; with the failure that ended its process, when
   * that was this call; with RUNTIME_INTERRUPTED when it was another one, or the process is gone already.
   */
  call(input: Json): Promise<Json>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface Compute {
  /** Runs the step; resolves with a failure, never rejects for what the step does. Aborting kills it within 2 s. */
  run(task: ComputeTask, events?: ComputeEvents, signal?: AbortSignal): Promise<ComputeOutcome>;
  /** Starts processes ahead of time so that the next step begins at once. */
  warm(count: number, projectFolder: string): void;
  close(): Promise<void>;
}

export interface ComputeServing {
  /** Starts a step that answers calls for as long as it is wanted; its entry must end in `context.serve`. */
  serve(task: ComputeTask, events?: ComputeEvents): ServingStep;
}

/** What the host at the other side offers to a step. */
export interface StepContext {
  readonly task: ComputeTask;
  readonly signal: AbortSignal;
  progress(progress: JsonObject): void;
  /** Answers calls, one after another, until the process is ended; what it throws fails that call alone. */
  serve(answer: (input: Json) => Promise<Json>): Promise<Json>;
}

/** A step at the other side: entry name → function. */
export type StepHandlers = Readonly<Record<string, (input: JsonObject, context: StepContext) => Promise<Json>>>;

/** Code that is kept with a model is a copy of the user's file, which is what a person looks at. */
const keptCode = /^\.pentad\/code\/[^/]+\//;

/**
 * Where in the user's project a stack trace points to: its first frame below `projectFolder` outside node_modules. A
 * syntax error names its place in the trace's first line instead, with a caret below the column.
 */
export function locationInProject(stack: string | undefined, projectFolder: string): SourceLocation | undefined {
  const url = `${pathToFileURL(projectFolder).href}/`;
  const lines = (stack ?? "").split("\n");
  for (const [index, line] of lines.entries()) {
    const frame = /^\s*at /.test(line);
    if (!frame && index > 0) continue;
    for (const [prefix, decode] of [
      [url, pathOfUrl],
      [`${projectFolder}/`, (path: string) => path],
    ] as const) {
      // In a frame of evaluated code the outer, real place comes first.
      const start = frame ? line.indexOf(prefix) : line.startsWith(prefix) ? 0 : -1;
      const match =
        start < 0
          ? null
          : (frame ? /^(.+?):(\d+):(\d+)(?:\)|,|$)/ : /^(.+):(\d+)$/).exec(line.slice(start + prefix.length));
      if (match === null) continue;
      const file = decode(match[1] as string).replace(keptCode, "");
      if (`/${file}`.includes("/node_modules/")) continue;
      const column = frame ? Number(match[3]) : caretColumn(lines);
      return { file, line: Number(match[2]), ...(column === undefined ? {} : { column }) };
    }
  }
  return undefined;
}

function pathOfUrl(path: string): string {
  const plain = path.split(/[?#]/)[0] as string;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function caretColumn(lines: readonly string[]): number | undefined {
  const caret = lines.slice(1, 6).find((line) => /^\s*\^+\s*$/.test(line));
  return caret === undefined ? undefined : caret.indexOf("^") + 1;
}
