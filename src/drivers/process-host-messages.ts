// What the parent and a step's process say to each other: one JSON document a line.

import type { SourceLocation } from "../base/failure.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { ComputeTask } from "../ports/compute.ts";

/** The child's pipes to the parent: one for the step's thread and one for the watchdog's, so that they never mix. */
export const stepPipe = 4;
export const watchdogPipe = 5;

/** An environment variable that every process of an attempt inherits, by which strays are found. */
export const attemptMark = "PENTAD_ATTEMPT";

/** The symbol under which the step's thread keeps its collection of garbage for the watchdog. */
export const collectorName = "pentad.collect";

export type ToStep =
  | { readonly type: "task"; readonly task: ComputeTask; readonly maxResultBytes: number }
  | { readonly type: "call"; readonly call: number; readonly input: Json }
  | { readonly type: "cancel" };

/** What the step's process used since its task began. */
export interface StepUsage {
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
}

/** Something that was thrown, described where it was thrown. */
export interface Thrown {
  /** The code of an error of Pentad's own, or the system's. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly cause: string | null;
  readonly location: SourceLocation | null;
}

export type FromStep =
  | { readonly type: "ready" }
  | { readonly type: "progress"; readonly progress: JsonObject }
  /** From here on the step answers calls. */
  | { readonly type: "serving" }
  | ServingAnswer
  | { readonly type: "result"; readonly output: Json; readonly usage: StepUsage }
  | { readonly type: "thrown"; readonly thrown: Thrown; readonly usage: StepUsage }
  /** The step is about to end its own process; `how` is the call. */
  | {
      readonly type: "leaving";
      readonly how: string;
      readonly location: SourceLocation | null;
      readonly usage: StepUsage;
    }
  /** Nothing is pending any more, yet the step has not settled. */
  | { readonly type: "deserted"; readonly usage: StepUsage }
  /** The watchdog saw a limit crossed, and is looking for the line. */
  | { readonly type: "crossed"; readonly limit: Limit }
  /** It was only garbage. */
  | { readonly type: "relieved" }
  | { readonly type: "verdict"; readonly verdict: Verdict };

/** What a step that serves says to one call. */
export type ServingAnswer =
  | { readonly type: "answer"; readonly call: number; readonly output: Json }
  | { readonly type: "answer"; readonly call: number; readonly thrown: Thrown };

export type Limit = "time" | "memory" | "cpu";

export interface Verdict {
  readonly limit: Limit;
  /** `running`: the thread was executing code; `waiting`: it was idle; `native`: it was inside one long native call. */
  readonly state: "running" | "waiting" | "native";
  readonly location: SourceLocation | null;
  /** The innermost functions, for steps whose own files are not on the stack. */
  readonly functions: readonly string[];
  /** What an idle step was waiting for, as Node names it: Timeout, TCPSocketWrap … */
  readonly resources: readonly string[];
  readonly usage: StepUsage;
}

/** Reads one line of a pipe; undefined when it is none of ours, e.g. because the step itself wrote to the pipe. */
export function readMessage(line: string, pipe: number): FromStep | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  const known = pipe === watchdogPipe ? isFromWatchdog(message) : isFromStep(message);
  return known ? (message as unknown as FromStep) : undefined;
}

type Message = Record<string, unknown>;

function isFromWatchdog({ type, limit, verdict }: Message): boolean {
  if (type === "ready" || type === "relieved") return true;
  if (type === "crossed") return isLimit(limit);
  return (
    type === "verdict" &&
    isObject(verdict) &&
    isLimit(verdict.limit) &&
    ["running", "waiting", "native"].includes(verdict.state as string) &&
    isPlace(verdict.location) &&
    areTexts(verdict.functions) &&
    areTexts(verdict.resources) &&
    isUsage(verdict.usage)
  );
}

function isFromStep({ type, progress, call, output, thrown, how, location, usage }: Message): boolean {
  if (type === "progress") return isObject(progress);
  if (type === "serving") return true;
  if (type === "answer") return typeof call === "number" && (output !== undefined || isThrown(thrown));
  if (!isUsage(usage)) return false;
  if (type === "result") return output !== undefined;
  if (type === "leaving") return typeof how === "string" && isPlace(location);
  if (type === "deserted") return true;
  return type === "thrown" && isThrown(thrown);
}

function isThrown(thrown: unknown): boolean {
  const isTextOrNull = (value: unknown) => value === null || typeof value === "string";
  return (
    isObject(thrown) &&
    typeof thrown.message === "string" &&
    [thrown.code, thrown.hint, thrown.cause].every(isTextOrNull) &&
    isPlace(thrown.location)
  );
}

function isLimit(value: unknown): boolean {
  return value === "time" || value === "memory" || value === "cpu";
}

function isPlace(value: unknown): boolean {
  return value === null || (isObject(value) && typeof value.file === "string" && typeof value.line === "number");
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isUsage(value: unknown): boolean {
  return isObject(value) && typeof value.cpuMs === "number" && typeof value.peakMemoryMb === "number";
}
