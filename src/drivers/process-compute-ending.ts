// Reads from all that is known about a step's end what the failure was; pure.

import { type ErrorCodeName, errorCodes } from "../base/error-codes.ts";
import { fail, type PentadError } from "../base/failure.ts";
import type { ComputeTask } from "../ports/compute.ts";
import type { FromStep, Thrown, Verdict } from "./process-host-messages.ts";

/** Why we ended the process ourselves. */
export type KilledFor = "cancel" | "close" | "time" | "memory" | "cpu" | "processes" | "start";

/** What is known once the process is gone. */
export interface Ending {
  readonly ready: boolean;
  readonly killedFor: KilledFor | undefined;
  readonly spawnError: Error | undefined;
  /** The step's last word: it settled, threw, was deserted, or said how it leaves. */
  readonly lastWord:
    | Exclude<FromStep, { type: "ready" | "progress" | "serving" | "answer" | "crossed" | "relieved" | "verdict" }>
    | undefined;
  readonly verdict: Verdict | undefined;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last that was printed to stderr. */
  readonly stderrTail: string;
  readonly peakMemoryMb: number;
  readonly processes: number;
}

/** Below this there is hardly room for anything beside the runtime itself. */
const leastMemoryMb = 160;

export type EndedTask = Pick<ComputeTask, "step" | "limits">;

/** The error of a step that did not give a result. */
export function endingError(task: EndedTask, ending: Ending): PentadError {
  const { lastWord, killedFor } = ending;
  if (killedFor === "cancel") return fail("RUNS_CANCELLED", `The run was cancelled during the step ${task.step}`);
  if (killedFor === "close") return fail("RUNTIME_INTERRUPTED", `Pentad was stopped during the step ${task.step}`);
  if (ending.spawnError !== undefined || !ending.ready) return notStarted(ending);
  if (lastWord?.type === "thrown") return thrownError(lastWord.thrown);
  if (lastWord?.type === "deserted")
    return fail(
      "RUNS_STEP_TIMEOUT",
      `The step ${task.step} waits for something that can never come: nothing is pending any more`,
      {
        hint: "Look for a promise that nobody resolves, or a callback that is never called",
      },
    );
  if (killedFor === "memory") return memoryError(task, ending);
  if (killedFor === "cpu") return cpuError(task, ending);
  if (killedFor === "time") return timeError(task, ending.verdict);
  if (killedFor === "processes")
    return fail("RUNS_STEP_PROCESSES", `The step ${task.step} started too many processes: ${ending.processes} at once`);
  if (lastWord?.type === "leaving")
    return fail("RUNS_STEP_EXITED", `The step ${task.step} ended its own process with ${lastWord.how}`, {
      location: lastWord.location ?? undefined,
    });
  return unexplained(task, ending);
}

export function thrownError(thrown: Thrown): PentadError {
  const code =
    thrown.code !== null && Object.hasOwn(errorCodes, thrown.code)
      ? (thrown.code as ErrorCodeName)
      : "RUNS_STEP_THROWS";
  return fail(code, thrown.message, {
    ...(thrown.hint === null ? {} : { hint: thrown.hint }),
    ...(thrown.cause === null ? {} : { cause: thrown.cause }),
    location: thrown.location ?? undefined,
  });
}

function timeError(task: EndedTask, verdict: Verdict | undefined): PentadError {
  const limit = `The step ${task.step} took longer than its limit of ${duration(task.limits.timeMs)}`;
  const location = verdict?.location ?? undefined;
  if (verdict?.state === "waiting")
    return fail("RUNS_STEP_TIMEOUT", `${limit}: it waits for something that never came${pending(verdict.resources)}`, {
      hint: "Give whatever it waits for a time limit of its own, or raise limits.time",
    });
  if (verdict?.state === "running")
    return fail(
      "RUNS_STEP_TIMEOUT",
      `${limit}: it was still running${location === undefined ? inFunction(verdict) : ""}`,
      { location },
    );
  return fail("RUNS_STEP_TIMEOUT", `${limit}: it was inside one long call of native code`, {
    hint: "Do the work in smaller parts, or raise limits.time",
  });
}

function cpuError({ step, limits }: EndedTask, { verdict, processes }: Ending): PentadError {
  const others = processes > 1 ? " together with the processes it started" : "";
  const where = verdict === undefined || verdict.location !== null ? "" : inFunction(verdict);
  return fail(
    "RUNS_STEP_CPU",
    `The step ${step} used more processor time than its limit of ${duration(limits.cpuMs ?? 0)}${others}${where}`,
    { location: verdict?.location ?? undefined },
  );
}

function memoryError(task: EndedTask, ending: Ending): PentadError {
  const { verdict } = ending;
  const peak = Math.round(Math.max(ending.peakMemoryMb, verdict?.usage.peakMemoryMb ?? 0));
  const amount = peak > task.limits.memoryMb ? `: it reached ${peak} MB` : "";
  const others = ending.processes > 1 ? " together with the processes it started" : "";
  const inNativeCode = verdict === undefined ? ending.killedFor === "memory" : verdict.state === "native";
  const where = inNativeCode
    ? ", inside one call of native code"
    : verdict?.location === null
      ? inFunction(verdict)
      : "";
  return fail(
    "RUNS_STEP_MEMORY",
    `The step ${task.step} used more memory than its limit of ${task.limits.memoryMb} MB${others}${amount}${where}`,
    {
      ...(task.limits.memoryMb < leastMemoryMb
        ? { hint: `Raise limits.memoryMb: a step takes about 110 MB before it does anything` }
        : {}),
      location: verdict?.location ?? undefined,
    },
  );
}

function unexplained(task: EndedTask, ending: Ending): PentadError {
  const { signal, exitCode, stderrTail } = ending;
  const lastLines = lastLinesOf(stderrTail);
  if (
    /heap out of memory|Reached heap limit|Allocation failed|out of memory/i.test(stderrTail) &&
    (signal !== null || exitCode !== 0)
  )
    return memoryError(task, ending);
  if (
    signal === "SIGSEGV" ||
    signal === "SIGBUS" ||
    signal === "SIGILL" ||
    signal === "SIGABRT" ||
    signal === "SIGTRAP" ||
    signal === "SIGFPE"
  )
    return fail("RUNS_STEP_KILLED", `The step ${task.step} crashed in native code with ${signal}`, {
      hint: "Look for a native add-on that the step uses",
      ...lastLines,
    });
  if (signal !== null)
    return fail("RUNS_STEP_KILLED", `The step ${task.step} was ended from outside with ${signal}`, lastLines);
  return fail(
    "RUNS_STEP_EXITED",
    `The step ${task.step} ended its process with exit code ${exitCode} before it gave a result`,
    lastLines,
  );
}

function notStarted(ending: Ending): PentadError {
  const how =
    ending.killedFor === "start"
      ? "it was not ready in time"
      : ending.signal === null
        ? `exit code ${ending.exitCode}`
        : `ended with ${ending.signal}`;
  // A signal comes from outside: the system was short of memory, or somebody ended the process.
  if (ending.spawnError === undefined && ending.killedFor === undefined && ending.signal !== null)
    return fail("RUNS_STEP_KILLED", `The step's process was ended from outside before it began, with ${ending.signal}`);
  return fail(
    "INTERNAL",
    `A process for the step could not be started${ending.spawnError === undefined ? `: ${how}` : ""}`,
    {
      ...(ending.spawnError === undefined ? lastLinesOf(ending.stderrTail) : { cause: ending.spawnError }),
    },
  );
}

function lastLinesOf(stderr: string): { cause?: string } {
  const lines = stderr.split("\n").map((line) => line.trim());
  const error =
    lines.findLast((line) => /^(?:\w*Error|FATAL)\b/.test(line)) ??
    lines.findLast((line) => line !== "" && !/^(?:at |Node\.js v|\^)/.test(line));
  return error === undefined || error === "" ? {} : { cause: error.slice(0, 1_000) };
}

function inFunction(verdict: Verdict): string {
  const name = verdict.functions[0];
  return name === undefined ? "" : `, in ${name}`;
}

const resourceNames: Record<string, string> = {
  Timeout: "a timer",
  Immediate: "a timer",
  TCPSocketWrap: "a network connection",
  TCPWRAP: "a network connection",
  TLSWrap: "a network connection",
  TCPServerWrap: "a connection to its own server",
  HTTPINCOMINGMESSAGE: "a network connection",
  GetAddrInfoReqWrap: "a name look-up",
  FSReqCallback: "a file",
  FSReqPromise: "a file",
  ProcessWrap: "another process",
  PipeWrap: "a pipe",
  MessagePort: "a worker thread",
  Worker: "a worker thread",
};

/** The host's own pipes are always open. */
function pending(resources: readonly string[]): string {
  const names = new Set(resources.filter((name) => name !== "PipeWrap").flatMap((name) => resourceNames[name] ?? []));
  return names.size === 0 ? "" : ` (${[...names].join(", ")} is still open)`;
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.round(ms / 6_000) / 10} min`;
}
