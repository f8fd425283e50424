// Step 3 as a recipe: pin the features → training set → try the candidates → fit the best → register → gate → promote.

import { fail, isFailure, messageOf } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { recordLineage } from "../catalog/lineage.ts";
import type { Candidate } from "../define/candidate.ts";
import type { DataDefinition, ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import { metrics } from "../define/problem.ts";
import { findHead, groupFiles } from "../features/commits.ts";
import type { PinnedGroup } from "../features/training-set.ts";
import { judge, show } from "../models/gate.ts";
import { dropAlias, failedChecks, findAlias, modelBlob, moveAlias, registerVersion } from "../models/registry.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { Work } from "../runs/work.ts";
import type { CandidateScore, FinalOutput, SetOutput } from "./fit.ts";

export interface TrainingParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly models: BlobStore;
}

export interface TrainingOutcome {
  readonly version: number;
  readonly live: boolean;
}

/** Trains, registers what came out, and makes it live if its gate passes. A refused model stays as `candidate` and the run fails. */
export async function runTraining(
  training: TrainingDefinition,
  problem: ProblemDefinition,
  fingerprint: string,
  parts: TrainingParts,
  work: Work,
): Promise<TrainingOutcome> {
  const pinned = await pinGroups(training, parts);
  work.detail("joining features point in time");
  const set = (await work.step("training set", "training/set", {
    training,
    groups: pinned.groups,
    temporaryFolder: work.folder,
  } as unknown as JsonObject)) as unknown as SetOutput;

  const tried = await tryCandidates(training, problem, set, work);
  const winner = tried.best;
  work.detail(`fitting ${winner.algorithm} on all training rows`);
  const final = (await work.step(`fit ${winner.algorithm}`, "training/final", {
    training,
    problem,
    set,
    candidate: winner,
    temporaryFolder: work.folder,
  } as unknown as JsonObject)) as unknown as FinalOutput;
  await parts.models.adopt(final.path, modelBlob(final.id));

  const gate = judge(problem.success, final.evaluation);
  const before = await findAlias(parts.database, training.name, "live");
  const { metric } = problem.success;
  const quality = `${metrics[metric].title} ${show(final.evaluation.metrics[metric] ?? null)}`;
  const version = await work.commit(
    async (tx, atMs) => {
      const number = await registerVersion(
        tx,
        {
          training: training.name,
          id: final.id,
          algorithm: winner.algorithm,
          params: winner.params,
          evaluation: final.evaluation,
          gate,
          report: {
            importance: final.importance,
            candidates: tried.scores,
            label: set.label,
            features: set.features,
          } as unknown as JsonObject,
          trainingSet: set.hash,
          commits: pinned.commits,
          fingerprint,
          bytes: final.bytes,
          run: work.run,
        },
        atMs,
      );
      const move = { reason: gate.passed ? "passed its gate" : failedChecks(gate), who: work.run };
      await moveAlias(tx, training.name, "candidate", number, move, atMs);
      if (gate.passed) {
        await moveAlias(tx, training.name, "live", number, move, atMs);
        await dropAlias(tx, training.name, "candidate", number);
      }
      const inputs = Object.entries(pinned.commits).map(([group, sequence]) => `features/${group}@${sequence}`);
      await recordLineage(tx, `training-set/${set.hash}`, inputs, work.run, atMs);
      await recordLineage(tx, `model/${final.id}`, [`training-set/${set.hash}`], work.run, atMs);
      return number;
    },
    {
      detail: gate.passed ? `live: ${winner.algorithm}, ${quality}` : `refused: ${quality}`,
      rows: { read: set.rows, accepted: final.evaluation.rows.train + final.evaluation.rows.test, quarantined: 0 },
      ...(gate.passed
        ? {}
        : {
            refusal: fail("MODELS_GATE_REFUSED", `The new model did not pass its gate: ${failedChecks(gate)}`, {
              hint:
                before === undefined
                  ? "Improve the data or the model, or lower the goal in problem.ts; no model is live yet"
                  : `Improve the data or the model, or lower the goal in problem.ts; version ${before.version} stays live`,
            }),
          }),
    },
  );
  return { version, live: gate.passed };
}

async function pinGroups(training: TrainingDefinition, parts: TrainingParts) {
  const groups: Record<string, PinnedGroup> = {};
  const commits: Record<string, number> = {};
  for (const name of new Set([training.label.data, ...training.features.map(({ data }) => data)])) {
    const head = await findHead(parts.database, name);
    if (head === undefined)
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${name}, got none yet`, {
        hint: `data/${name} must run first`,
      });
    const files = await groupFiles(parts.database, parts.offline, name, head.sequence);
    groups[name] = { definition: head.definition satisfies DataDefinition, files, late: files.late };
    commits[name] = head.sequence;
  }
  return { groups, commits };
}

interface Tried {
  readonly best: Candidate;
  readonly scores: readonly CandidateResult[];
}

interface CandidateResult {
  readonly algorithm: string;
  /** The problem's metric on held-back training rows; null when it is not defined there or the candidate failed. */
  readonly value: number | null;
  readonly failure: string | null;
}

/** Candidates that are tried at once; each has a process of its own. */
const triedAtOnce = 2;

/** Each candidate in a process of its own: one that fails costs only itself. The metric's best on held-back training rows wins. */
async function tryCandidates(
  training: TrainingDefinition,
  problem: ProblemDefinition,
  set: SetOutput,
  work: Work,
): Promise<Tried> {
  const { candidates } = training;
  const [only, ...others] = candidates;
  if (others.length === 0) return { best: only as Candidate, scores: [] };
  work.detail(`trying ${candidates.map(({ algorithm }) => algorithm).join(", ")}`);
  const errors: unknown[] = [];
  const results: CandidateResult[] = [];
  const waiting = [...candidates.entries()];
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, candidate] = next;
      try {
        results[index] = { algorithm: candidate.algorithm, value: await tryOne(index, candidate), failure: null };
      } catch (error) {
        if (isFailure(error, "RUNS_CANCELLED") || isFailure(error, "RUNTIME_INTERRUPTED")) throw error;
        errors[index] = error;
        results[index] = { algorithm: candidate.algorithm, value: null, failure: messageOf(error) };
      }
    }
  };
  async function tryOne(index: number, candidate: Candidate): Promise<number | null> {
    const twice = candidates.some((other, at) => at !== index && other.algorithm === candidate.algorithm);
    const output: Json = await work.step(
      `try ${candidate.algorithm}${twice ? ` ${index + 1}` : ""}`,
      "training/candidate",
      {
        training,
        problem,
        set,
        candidate,
        temporaryFolder: work.folder,
      } as unknown as JsonObject,
    );
    return (output as unknown as CandidateScore).value;
  }
  await Promise.all(Array.from({ length: Math.min(triedAtOnce, candidates.length) }, takeNext));
  const best = bestOf(results, metrics[problem.success.metric].better);
  if (best === undefined) throw allFailed(errors, candidates.length);
  return { best: candidates[best] as Candidate, scores: results };
}

/** The place of the best result. A metric that is not defined cannot rank: the first candidate that fitted then stands. */
function bestOf(results: readonly CandidateResult[], better: "higher" | "lower"): number | undefined {
  let best: number | undefined;
  for (const [index, { value, failure }] of results.entries()) {
    if (failure !== null) continue;
    const before = best === undefined ? null : (results[best] as CandidateResult).value;
    const wins = value !== null && (before === null || (better === "higher" ? value > before : value < before));
    if (best === undefined || wins) best = index;
  }
  return best;
}

/** When every candidate stumbles over the same rows, what they say of the rows is the failure. */
function allFailed(errors: readonly unknown[], count: number) {
  const first = errors.find((error) => error !== undefined);
  if (isFailure(first) && first.code.startsWith("TRAINING_")) return first;
  return fail(
    "TRAINING_CANDIDATES_FAILED",
    `Expected one of ${count} candidates to fit, got none: ${messageOf(first)}`,
    { cause: first },
  );
}
