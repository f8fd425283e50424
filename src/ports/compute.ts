// The port for running a user's step somewhere else: JSON and file paths go out, JSON and file paths come back.

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
}

export interface ComputeUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
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

export interface Compute {
  /** Runs the step; resolves with a failure, never rejects for what the step does. Aborting kills it within 2 s. */
  run(task: ComputeTask, events?: ComputeEvents, signal?: AbortSignal): Promise<ComputeOutcome>;
  /** Starts processes ahead of time so that the next step begins at once. */
  warm(count: number, projectFolder: string): void;
  close(): Promise<void>;
}

/** What the host at the other side offers to a step. */
export interface StepContext {
  readonly task: ComputeTask;
  readonly signal: AbortSignal;
  progress(progress: JsonObject): void;
}

/** A step at the other side: entry name → function. */
export type StepHandlers = Readonly<Record<string, (input: JsonObject, context: StepContext) => Promise<Json>>>;

/** Where in the user's project an error points to: the first stack frame below `projectFolder`. */
export function locationInProject(stack: string | undefined, projectFolder: string): SourceLocation | undefined {
  for (const line of (stack ?? "").split("\n")) {
    const match = /(?:\(|at (?:async )?)(?:file:\/\/)?(\/[^()]+?):(\d+):(\d+)\)?$/.exec(line.trim());
    if (match === null) continue;
    const file = decodeURIComponent((match[1] as string).split("?")[0] as string);
    if (!file.startsWith(`${projectFolder}/`) || file.includes("/node_modules/")) continue;
    return { file: file.slice(projectFolder.length + 1), line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}
