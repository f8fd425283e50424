// Which candidate goes to the gate: each tried in a process of its own, varied under the budget if there is one, the best first.

import { isTrouble } from "../base/error-codes.ts";
import { fail, isFailure, messageOf } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { Candidate } from "../define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import { type LabelTask, metrics } from "../define/metrics.ts";
import type { Work } from "../runs/work.ts";
import { settingsOf } from "./fit-candidate.ts";
import { bracket, isSearched, variation } from "./search.ts";
import type { SetOutput } from "./training-set.ts";
import type { TrialScore } from "./trial.ts";

/** One trial as it is kept with the version. */
export interface CandidateResult {
  readonly algorithm: string;
  readonly params: JsonObject;
  /** The problem's metric on held-back training rows; null when it is not defined there or the candidate failed. */
  readonly value: number | null;
  /** The same per fold. */
  readonly folds: readonly (number | null)[];
  /** The share of the rows that it was fitted on. */
  readonly resource: number;
  readonly failure: string | null;
}

export interface Selection {
  /** The best first; only those that fitted on all rows of their folds. */
  readonly ranking: readonly Ranked[];
  readonly results: readonly CandidateResult[];
  /** Why the search ended; null without a budget. */
  readonly ended: string | null;
}

export interface Ranked {
  readonly candidate: Candidate;
  /** Its predictions of held-back rows; null when it was not tried. */
  readonly held: string | null;
}

interface Trial {
  readonly candidate: Candidate;
  readonly resource: number;
}

/** What the budget allows from the run's start on. */
interface Bounds {
  readonly endMs: number;
  readonly trials: number | null;
  readonly cpuMs: number;
}

interface Tried extends Trial {
  readonly score: TrialScore | null;
  readonly error?: unknown;
  /** How long it took until it failed: nothing else is known of its cost. */
  readonly failedMs?: number;
}

/** Trials at once; each has a process of its own. */
const atOnce = 2;
/** A single candidate needs no comparison; on more rows than these its threshold and calibration are not worth a second fit. */
const mostRowsForOne = 50_000;
const usualTrials = 1_000;

export async function selectCandidate(
  training: TrainingDefinition,
  problem: ProblemDefinition,
  set: SetOutput,
  candidates: readonly Candidate[],
  work: Work,
): Promise<Selection> {
  const [only, ...others] = candidates;
  const decides =
    (problem.task === "binary" || problem.task === "multiclass") &&
    (set.rows <= mostRowsForOne || problem.success.costs !== undefined);
  if (only !== undefined && others.length === 0 && training.budget === undefined && !decides)
    return { ranking: [{ candidate: only, held: null }], results: [], ended: null };
  const { better } = metrics[problem.success.metric];
  const tried: Tried[] = [];
  const bounds: Bounds = {
    endMs: Date.now() + (training.budget?.timeMs ?? Number.POSITIVE_INFINITY),
    trials: training.budget?.trials ?? null,
    cpuMs: training.budget?.cpuMs ?? Number.POSITIVE_INFINITY,
  };
  const run = trialRunner(training, problem, set, bounds, work, tried);
  work.detail(`trying ${[...new Set(candidates.map(({ algorithm }) => algorithm))].join(", ")}`);
  await run(candidates.map((candidate) => ({ candidate, resource: 1 })));
  const varied = candidates.filter(({ algorithm }) => isSearched(algorithm));
  const ended =
    training.budget === undefined || varied.length === 0
      ? null
      : await search(training, problem, set, varied, bounds, tried, better, run, work);
  const full = ranked(
    tried.filter(({ score, resource }) => score !== null && resource === 1),
    better,
  );
  if (full.length === 0) throw allFailed(tried);
  return {
    ranking: full.map(({ candidate, score }) => ({ candidate, held: score?.held ?? null })),
    results: tried.map(({ candidate, resource, score, error }) => ({
      algorithm: candidate.algorithm,
      params: settingsOf(candidate),
      value: score?.value ?? null,
      folds: score?.folds ?? [],
      resource,
      failure: error === undefined ? null : messageOf(error),
    })),
    ended,
  };
}

type RunTrials = (trials: readonly Trial[]) => Promise<Tried[]>;

/** Rounds of successive halving until the time or the trials are used up. Returns why it ended. */
async function search(
  { seed, split, budget }: TrainingDefinition,
  { task }: ProblemDefinition,
  set: SetOutput,
  candidates: readonly Candidate[],
  { endMs, trials: allowed, cpuMs }: Bounds,
  tried: readonly Tried[],
  better: "higher" | "lower",
  run: RunTrials,
  work: Work,
): Promise<string> {
  const most = allowed ?? usualTrials;
  const categoryCount = set.features.filter(({ type }) => type === "category").length;
  const facts = {
    seed,
    task: task as LabelTask,
    shape: { rowCount: set.rows, featureCount: set.features.length, categoryCount },
  };
  const trainRows = Math.round(set.rows * (1 - split.test));
  let started = 0;
  while (tried.length < most) {
    let survivors: Trial[] = [];
    for (const { resource, trials } of bracket(trainRows, most - tried.length)) {
      const next =
        survivors.length === 0
          ? Array.from({ length: trials }, () => ({ candidate: variation(candidates, started++, facts), resource }))
          : survivors.slice(0, trials).map(({ candidate }) => ({ candidate, resource }));
      work.detail(`searching: ${tried.length} ${allowed === null ? "trials so far" : `of ${most} trials`}`);
      const results = await run(next.slice(0, most - tried.length));
      if (cpuOf(tried) >= cpuMs) return `the processor time of ${Math.round(cpuMs / 1000)} s was used up`;
      if (Date.now() >= endMs) return `the time of ${Math.round((budget?.timeMs ?? 0) / 1000)} s was used up`;
      survivors = ranked(
        results.filter(({ score }) => score !== null),
        better,
      );
      if (survivors.length === 0) break;
    }
    if (tried.length > 20 && tried.slice(-20).every(({ score }) => score === null)) return "every further trial failed";
  }
  return `${most.toLocaleString("en")} ${most === 1 ? "trial was" : "trials were"} made`;
}

/** Runs trials two at a time; none begins after the budget's time or number, except the very first. */
function trialRunner(
  training: TrainingDefinition,
  problem: ProblemDefinition,
  set: SetOutput,
  { endMs, trials: allowed, cpuMs }: Bounds,
  work: Work,
  tried: Tried[],
): RunTrials {
  const most = allowed ?? Number.POSITIVE_INFINITY;
  const names = new Map<string, number>();
  let begun = 0;
  const running: Tried[] = [];
  const mayBegin = () => begun === 0 || (Date.now() < endMs && begun < most && cpuOf([...tried, ...running]) < cpuMs);
  const nameOf = (algorithm: string, several: boolean): string => {
    const number = (names.get(algorithm) ?? 0) + 1;
    names.set(algorithm, number);
    return several || number > 1 ? `try ${algorithm} ${number}` : `try ${algorithm}`;
  };
  const tryOne = async (trial: Trial, name: string, number: number, trialsAtOnce: number): Promise<Tried> => {
    const startedAt = performance.now();
    try {
      const score = (await work.step(name, "training/candidate", {
        training,
        problem,
        set,
        candidate: trial.candidate,
        trial: number,
        resource: trial.resource,
        atOnce: trialsAtOnce,
        // The very first may go on: without it there would be no best so far.
        cutAtMs: number === 0 || !Number.isFinite(endMs) ? null : endMs,
        temporaryFolder: work.folder,
      } as unknown as JsonObject)) as unknown as TrialScore;
      return { ...trial, score };
    } catch (error) {
      if (isFailure(error, "RUNS_CANCELLED") || isFailure(error, "RUNTIME_INTERRUPTED")) throw error;
      // No candidate is to blame for a disk that fails.
      if (isFailure(error) && isTrouble(error.code)) throw error;
      return { ...trial, score: null, error, failedMs: performance.now() - startedAt };
    }
  };
  return async (trials) => {
    const results: (Tried | undefined)[] = [];
    const several = (algorithm: string) =>
      trials.filter(({ candidate }) => candidate.algorithm === algorithm).length > 1;
    const waiting = trials.map((trial) => ({
      trial,
      name: nameOf(trial.candidate.algorithm, several(trial.candidate.algorithm)),
    }));
    let next = 0;
    const takeNext = async (): Promise<void> => {
      while (next < waiting.length && mayBegin()) {
        const index = next++;
        const number = begun++;
        const { trial, name } = waiting[index]!;
        const done = await tryOne(trial, name, number, Math.min(atOnce, trials.length));
        results[index] = done;
        running.push(done);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, trials.length) }, takeNext));
    // In the order of the list, not of the clock: so the outcome does not depend on which process was quicker.
    const done = results.filter((one) => one !== undefined);
    tried.push(...done);
    running.length = 0;
    return done;
  };
}

function cpuOf(tried: readonly Tried[]): number {
  return tried.reduce((sum, { score, failedMs }) => sum + (score?.cpuMs ?? failedMs ?? 0), 0);
}

/** The best first. A metric that is not defined cannot rank: those come last, in their own order. */
function ranked(tried: readonly Tried[], better: "higher" | "lower"): Tried[] {
  const sign = better === "higher" ? -1 : 1;
  const worth = ({ score }: Tried) =>
    score?.value === null || score === null ? Number.POSITIVE_INFINITY : sign * score.value;
  return tried.toSorted((a, b) => (worth(a) === worth(b) ? 0 : worth(a) - worth(b)));
}

/** When every candidate stumbles over the same rows, what they say of the rows is the failure. */
function allFailed(tried: readonly Tried[]) {
  const first = tried.find(({ error }) => error !== undefined)?.error;
  if (isFailure(first) && first.code.startsWith("TRAINING_")) return first;
  return fail(
    "TRAINING_CANDIDATES_FAILED",
    `Expected one of ${tried.length} candidates to fit, got none: ${messageOf(first)}`,
    { cause: first },
  );
}
