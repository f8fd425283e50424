// Executes one claimed run: gives the recipe its steps, beats the lease, decides on retries, and leaves the end on the ledger.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Failure, fail, isFailure, type PentadError, toFailure } from "../base/failure.ts";
import { type FanOutOptions, fanOut } from "./fan-out.ts";
import { openResume } from "./resume.ts";
import type { Run } from "./run.ts";
import { runStep, type StepSurroundings } from "./run-step.ts";
import type { Work } from "./work.ts";

export interface ExecuteOptions extends StepSurroundings, Pick<FanOutOptions, "concurrency"> {
  /** Where the run's own folder is made; on the same file system as the stores, so that files can be moved there. */
  readonly temporaryFolder: string;
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
  const ends: Promise<void>[] = [];
  const stepOptions = { ...options, signal, resume, ends };
  let refusal: PentadError | undefined;
  let current = "start";
  const work: Work = {
    run: run.run,
    input: run.input,
    folder,
    async step(name, entry, input) {
      current = name;
      return runStep({ run, step: name, entry, input }, stepOptions);
    },
    async fanOut(work) {
      current = work.step;
      return fanOut(run, work, stepOptions);
    },
    detail(text) {
      void ledger.note(run.run, { detail: text }).then(options.onChange, () => undefined);
    },
    async commit(write, summary) {
      current = "commit";
      refusal = summary.refusal;
      const [result] = await Promise.all([ledger.finish(run.run, summary, write), ...ends.splice(0)]);
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
    // A run that was ended from outside keeps the end that it has.
    await ledger.failRun(run.run, failure).catch((late) => {
      if (!isFailure(late, "RUNS_CANCELLED")) throw late;
    });
    return failure;
  } finally {
    clearInterval(beat);
    await Promise.allSettled(ends);
    options.onChange();
    // The next run may go on from there; when the ledger cannot be asked, the next start tidies up.
    if (!(await ledger.leftSomething(run.run).catch(() => true))) await rm(folder, { recursive: true, force: true });
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
