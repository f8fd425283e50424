// One step of a run: waits for a free place, is tried in a process of its own as often as its failures allow, and is written down.

import { setTimeout as rest } from "node:timers/promises";
import { errorCodes } from "../base/error-codes.ts";
import { type Failure, fail, fromFailure, isFailure, toFailure } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Compute, ComputeLimits } from "../ports/compute.ts";
import type { Statements } from "../ports/database.ts";
import type { Ledger } from "./ledger.ts";
import type { Resume } from "./resume.ts";
import type { Run, StepEnd } from "./run.ts";

export interface StepWork {
  readonly run: Run;
  readonly step: string;
  readonly entry: string;
  readonly input: JsonObject;
  /** Part of the transaction that ends the step well; then the step is finished for good. */
  readonly commit?: (tx: Statements, output: Json, atMs: number) => Promise<void>;
  /** One of many, whose own progress is not the run's. */
  readonly quiet?: boolean;
}

/** Where a run's steps run, and who is told of them. */
export interface StepSurroundings {
  readonly ledger: Ledger;
  readonly compute: Compute;
  readonly projectFolder: string;
  readonly limits: ComputeLimits;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** A line that a step printed. */
  readonly onOutput: (line: string) => void;
  /** Something of the run changed: its detail or its progress. */
  readonly onChange: () => void;
  /** How often a step is tried whose failure may go away by itself. */
  readonly attempts?: number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

export interface StepOptions extends StepSurroundings {
  readonly resume: Resume;
  /** Ends of steps that are being written: they share a commit with what the run does next. */
  readonly ends: Promise<void>[];
}

/** How often a step that waits for a free place asks again. */
const placeMs = 100;

/**
 * Resolves with the step's output, an earlier run's if there is one. Throws its failure, as `failure` on the error. Its end
 * is on the ledger before another step of the run begins, and with the run's own end at the latest.
 */
export async function runStep(work: StepWork, options: StepOptions): Promise<Json> {
  const { step, input } = work;
  const known = options.resume.find(step, input);
  if (known === undefined) return tryStep(work, options);
  await startStep(work, 1, options);
  const usage = { wallMs: 0, cpuMs: 0, peakMemoryMb: 0 };
  const kept = options.resume.keep(input, known);
  endStep(work, 1, { usage, failure: null, ...(kept === undefined ? {} : { kept }) }, options);
  options.onOutput(`${step}: taken over from the run that was interrupted`);
  return known;
}

/** Does the work whatever an earlier run left. */
export async function tryStep(work: StepWork, options: StepOptions): Promise<Json> {
  const { run, step, entry, input, commit } = work;
  const { ledger, compute, signal, resume } = options;
  for (let attempt = 1; ; attempt++) {
    await startStep(work, attempt, options);
    const outcome = await compute.run(
      {
        entry,
        input,
        component: run.component,
        run: run.run,
        step,
        attempt,
        projectFolder: options.projectFolder,
        limits: options.limits,
        environment: options.environment,
      },
      { onOutput: (line) => options.onOutput(line), onProgress: progressNotes(work, options) },
      signal,
    );
    const { usage } = outcome;
    if (outcome.ok) {
      const { output } = outcome;
      const kept = resume.keep(input, output, commit !== undefined);
      const end = { usage, failure: null, ...(kept === undefined ? {} : { kept }) };
      if (commit === undefined) {
        endStep(work, attempt, end, options);
        return output;
      }
      const write = (tx: Statements, atMs: number) => commit(tx, output, atMs);
      await ledger.endStep(run.run, step, attempt, end, write).catch(async (error: unknown) => {
        if (isFailure(error, "RUNS_CANCELLED")) throw error;
        const failure = toFailure(error, { component: run.component, run: run.run, step, attempt });
        await ledger.endStep(run.run, step, attempt, { usage, failure });
        throw carrying(failure);
      });
      return output;
    }
    const { failure } = outcome;
    endStep(work, attempt, { usage, failure }, options);
    if (!triedAgain(failure, attempt, options)) throw carrying(failure);
    await (options.sleep ?? sleep)(backOffMs(attempt, options.random ?? Math.random), signal);
    if (signal.aborted) throw carrying(failure);
  }
}

/** Nothing begins before what came before it is on the disk. */
async function startStep({ run, step }: StepWork, attempt: number, options: StepOptions): Promise<void> {
  const { ledger, signal, ends } = options;
  const start = async () => (await Promise.all([ledger.startStep(run.run, step, attempt), ...ends.splice(0)]))[0];
  while (!(await start())) {
    await sleep(placeMs, signal);
    if (signal.aborted) throw fail("RUNS_CANCELLED", `The run was cancelled before the step ${step} began`);
  }
}

/** Is not waited for here: whoever goes on at once shares the commit, and whoever does not finds it written. */
function endStep({ run, step }: StepWork, attempt: number, end: StepEnd, { ledger, ends }: StepOptions): void {
  const written = ledger.endStep(run.run, step, attempt, end);
  // Who waits for it hears of its failure.
  written.catch(() => undefined);
  ends.push(written);
}

function progressNotes({ run, quiet }: StepWork, { ledger, onChange }: StepOptions) {
  let noted = 0;
  return (progress: JsonObject) => {
    if (quiet === true || performance.now() - noted < 200) return;
    noted = performance.now();
    const { detail, share } = progress as { detail?: string; share?: number };
    void ledger
      .note(run.run, { ...(detail === undefined ? {} : { detail }), progress: share ?? null })
      .then(onChange, () => undefined);
  };
}

/** What is tried again is decided by the failure's own kind. */
function triedAgain(failure: Failure, attempt: number, { attempts = 3, signal }: StepOptions): boolean {
  const { retry } = errorCodes[failure.code];
  const most = retry === "never" ? 1 : retry === "once" ? Math.min(2, attempts) : attempts;
  return attempt < most && !signal.aborted;
}

/** The failure of a step carries its own place. */
export function carrying(failure: Failure): Error & { readonly failure: Failure } {
  return Object.assign(fromFailure(failure), { failure });
}

/** Half a second, doubling, up to half a minute, with a quarter of jitter so that crowds spread. */
export function backOffMs(attempt: number, random: () => number): number {
  return Math.min(30_000, 500 * 2 ** (attempt - 1)) * (0.875 + random() * 0.25);
}

/** Resolves early when the signal aborts. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await rest(ms, undefined, { signal }).catch(() => undefined);
}
