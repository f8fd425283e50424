// Executes one claimed run: gives the recipe its steps, beats the lease, decides on retries, and leaves the end on the ledger.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCodes } from "../base/error-codes.ts";
import { type Failure, fail, fromFailure, isFailure, type PentadError, toFailure } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Compute, ComputeLimits } from "../ports/compute.ts";
import type { Ledger, Run } from "./ledger.ts";
import { openResume, type Resume } from "./resume.ts";
import type { Work } from "./work.ts";

export interface ExecuteOptions {
  readonly ledger: Ledger;
  readonly compute: Compute;
  readonly projectFolder: string;
  /** Where the run's own folder is made; on the same file system as the stores, so that files can be moved there. */
  readonly temporaryFolder: string;
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

/** A cancel by anybody is heard within this time; most beats are one look by key. */
const beatMs = 250;

/** Runs the recipe to its end. Returns the run's failure, or null; never throws for what the recipe does. */
export async function execute(
  run: Run,
  recipe: (work: Work) => Promise<unknown>,
  options: ExecuteOptions,
): Promise<Failure | null> {
  const { ledger } = options;
  const folder = join(options.temporaryFolder, run.run);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const beat = setInterval(() => {
    ledger.beat(run.run).then(
      (ours) =>
        ours || stop.abort(fail("RUNS_CANCELLED", `Expected ${run.run} to go on, got it cancelled or taken over`)),
      () => undefined,
    );
  }, beatMs);
  const resume = await openResume(ledger, run, options.temporaryFolder);
  let refusal: PentadError | undefined;
  let interrupted = false;
  let current = "start";
  const work: Work = {
    run: run.run,
    folder,
    async step(name, entry, input) {
      current = name;
      return runStep(run, name, entry, input, { ...options, signal, resume });
    },
    detail(text) {
      void ledger.note(run.run, { detail: text }).then(options.onChange, () => undefined);
    },
    async commit(write, summary) {
      current = "commit";
      refusal = summary.refusal;
      const result = await ledger.finish(run.run, summary, write);
      options.onChange();
      return result;
    },
  };
  try {
    await mkdir(folder, { recursive: true });
    await recipe(work);
    return refusal === undefined
      ? null
      : toFailure(refusal, { component: run.component, run: run.run, step: "gate", attempt: 1 });
  } catch (error) {
    const failure = failureOf(options.signal.aborted ? stopped(error) : error, run, current);
    interrupted = failure.code === "RUNTIME_INTERRUPTED";
    // A run that was ended from outside keeps the end that it has.
    await ledger.failRun(run.run, failure).catch((late) => {
      if (!isFailure(late, "RUNS_CANCELLED")) throw late;
    });
    return failure;
  } finally {
    clearInterval(beat);
    options.onChange();
    // The next run may go on from there.
    if (!interrupted) await rm(folder, { recursive: true, force: true });
  }
}

/** When the whole process stops, its runs are interrupted and will be run again; nobody cancelled them. */
function stopped(error: unknown): unknown {
  const carried = (error as { failure?: Failure } | null)?.failure;
  if (carried?.code !== "RUNS_CANCELLED" && !isFailure(error, "RUNS_CANCELLED")) return error;
  const interrupted = fail("RUNTIME_INTERRUPTED", "Pentad was stopped during this run");
  return carried === undefined
    ? interrupted
    : {
        failure: {
          ...toFailure(interrupted),
          component: carried.component,
          run: carried.run,
          step: carried.step,
          attempt: carried.attempt,
        },
      };
}

/** The failure of a step carries its own place; anything else happened in the product's own part of the run. */
function failureOf(error: unknown, run: Run, step: string): Failure {
  const carried = (error as { failure?: Failure } | null)?.failure;
  return carried ?? toFailure(error, { component: run.component, run: run.run, step, attempt: 1 });
}

async function runStep(
  run: Run,
  step: string,
  entry: string,
  input: JsonObject,
  options: ExecuteOptions & { readonly resume: Resume },
): Promise<Json> {
  const { ledger, compute, signal, resume } = options;
  const attempts = options.attempts ?? 3;
  const known = resume.find(step, input);
  if (known !== undefined) {
    await ledger.startStep(run.run, step, 1);
    const kept = resume.keep(input, known);
    const usage = { wallMs: 0, cpuMs: 0, peakMemoryMb: 0 };
    await ledger.endStep(run.run, step, 1, { usage, failure: null, ...(kept === undefined ? {} : { kept }) });
    options.onOutput(`${step}: taken over from the run that was interrupted`);
    return known;
  }
  for (let attempt = 1; ; attempt++) {
    await ledger.startStep(run.run, step, attempt);
    let noted = 0;
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
      {
        onOutput: (line) => options.onOutput(line),
        onProgress(progress) {
          if (performance.now() - noted < 200) return;
          noted = performance.now();
          const { detail, share } = progress as { detail?: string; share?: number };
          void ledger
            .note(run.run, { ...(detail === undefined ? {} : { detail }), progress: share ?? null })
            .then(options.onChange, () => undefined);
        },
      },
      signal,
    );
    const kept = outcome.ok ? resume.keep(input, outcome.output) : undefined;
    await ledger.endStep(run.run, step, attempt, {
      usage: outcome.usage,
      failure: outcome.ok ? null : outcome.failure,
      ...(kept === undefined ? {} : { kept }),
    });
    if (outcome.ok) return outcome.output;
    const retry = errorCodes[outcome.failure.code].retry === "later" && attempt < attempts && !signal.aborted;
    if (!retry) throw Object.assign(fromFailure(outcome.failure), { failure: outcome.failure });
    await (options.sleep ?? sleep)(backOffMs(attempt, options.random ?? Math.random), signal);
    if (signal.aborted) throw Object.assign(fromFailure(outcome.failure), { failure: outcome.failure });
  }
}

/** Half a second, doubling, up to half a minute, with a quarter of jitter so that crowds spread. */
export function backOffMs(attempt: number, random: () => number): number {
  return Math.min(30_000, 500 * 2 ** (attempt - 1)) * (0.875 + random() * 0.25);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
