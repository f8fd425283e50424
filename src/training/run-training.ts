// Step 3 as a recipe: pin the features → training set → select a candidate → fit it → register → gate → promote.

import { fail, isFailure, messageOf } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { recordLineage } from "../catalog/lineage.ts";
import { algorithmWords } from "../define/algorithm-words.ts";
import type { Candidate } from "../define/candidate.ts";
import type { DataDefinition, ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import { metrics } from "../define/metrics.ts";
import { groupsOf } from "../define/on-demand-definition.ts";
import { findHead } from "../features/commits.ts";
import { groupFiles } from "../features/group-files.ts";
import type { OnDemandCompute } from "../features/on-demand.ts";
import type { PinnedGroup } from "../features/training-set.ts";
import { dropAlias, failedChecks, moveAlias } from "../models/aliases.ts";
import { judge, show } from "../models/gate.ts";
import { keepModelFile, modelBlob } from "../models/model-store.ts";
import { findAlias, registerVersion, type Version } from "../models/registry.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { Work } from "../runs/work.ts";
import { expandCandidates } from "./auto.ts";
import { settingsOf } from "./fit-candidate.ts";
import type { FinalOutput, LiveModel } from "./fit-final.ts";
import { type Selection, selectCandidate } from "./select.ts";
import { checkServingSkew } from "./serving-skew.ts";
import type { SetOutput } from "./training-set.ts";

export interface TrainingParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly models: BlobStore;
  /** On-demand features as serving computes them. */
  readonly onDemand: OnDemandCompute;
}

/** What the training is made of, to tell one state of it from another. */
export interface TrainingMarks {
  /** Of its definition, and of its code where it has functions. */
  readonly fingerprint: string;
  /** Its file, and the hash of that and of all of the project that it imports. */
  readonly code: { readonly file: string; readonly hash: string };
}

export interface TrainingOutcome {
  readonly version: number;
  readonly live: boolean;
}

/** Trains, registers what came out, and makes it live if its gate passes. A refused model stays as `candidate` and the run fails. */
export async function runTraining(
  training: TrainingDefinition,
  problem: ProblemDefinition,
  { fingerprint, code }: TrainingMarks,
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

  if (training.onDemand !== undefined) work.detail("comparing on-demand features in training and in serving");
  await checkServingSkew(training, set.sample, parts.onDemand);

  const { task } = problem;
  const candidates = expandCandidates(training.candidates, { task, rows: set.rows, features: set.features });
  const selection = await selectCandidate(training, problem, set, candidates, work);
  const before = await findAlias(parts.database, training.name, "live");
  const live = before === undefined ? null : await liveModel(before, set.hash, fingerprint, parts.models);
  const facts = { training, problem, set, live };
  const best = await fitBest(facts, selection, work);
  const { winner, final, passedOver } = await keepRecipe(facts, best, selection, work);
  await keepModelFile(parts.models, final.path, final.id);

  const gate = judge(problem.success, final.evaluation);
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
          params: settingsOf(winner),
          evaluation: final.evaluation,
          gate,
          report: {
            importance: final.importance,
            candidates: selection.results,
            ended: selection.ended,
            passedOver,
            label: set.label,
            features: set.features,
            selection: training.features,
            ...(training.weight === undefined ? {} : { weight: training.weight }),
            ...(training.onDemand === undefined ? {} : { onDemand: training.onDemand }),
            problem: { question: problem.question, audience: problem.audience, task, success: problem.success },
            sources: pinned.sources,
            code,
            seed: training.seed,
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
      if (training.onDemand !== undefined) inputs.push(`code/${training.onDemand.code}`);
      inputs.push(...pinned.sources.map(({ data, source, commit }) => `source/${data}@${commit}/${source}`));
      await recordLineage(tx, `training-set/${set.hash}`, inputs, work.run, atMs);
      await recordLineage(tx, `model/${final.id}`, [`training-set/${set.hash}`, `code/${code.hash}`], work.run, atMs);
      return number;
    },
    {
      bytesStored: final.bytes,
      detail: gate.passed ? `live: ${algorithmWords(winner.algorithm)}, ${quality}` : `refused: ${quality}`,
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
  const sources: SourceFacts[] = [];
  for (const name of groupsOf(training)) {
    const head = await findHead(parts.database, name);
    if (head === undefined)
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${name}, got none yet`, {
        hint: `data/${name} must run first`,
      });
    const files = await groupFiles(parts.database, parts.offline, name, head.sequence);
    groups[name] = { definition: head.definition satisfies DataDefinition, files, late: files.late };
    commits[name] = head.sequence;
    const { source } = head.definition;
    sources.push({ data: name, source: source.description, commit: head.sequence, rows: head.rows.total });
  }
  return { groups, commits, sources };
}

/** Where rows came from, as the model's report tells it. */
interface SourceFacts {
  readonly data: string;
  readonly source: string;
  readonly commit: number;
  readonly rows: number;
}

async function liveModel(
  { version, id, algorithm, params, evaluation, trainingSet, fingerprint: before }: Version,
  hash: string,
  fingerprint: string,
  models: BlobStore,
): Promise<LiveModel> {
  return {
    version,
    id,
    path: await models.localPath(modelBlob(id)),
    threshold: evaluation.threshold?.value ?? null,
    parts: evaluation.parts ?? null,
    algorithm,
    params,
    nothingNew: trainingSet === hash && before === fingerprint,
  };
}

interface Fitted {
  readonly winner: Candidate;
  readonly final: FinalOutput;
  /** Better candidates that failed on all rows. */
  readonly passedOver: readonly { readonly algorithm: string; readonly failure: string }[];
}

/** How many candidates may fail on all rows, where memory and time count most, before the run does. */
const mostFinalTries = 3;

interface FitFacts {
  readonly training: TrainingDefinition;
  readonly problem: ProblemDefinition;
  readonly set: SetOutput;
  readonly live: LiveModel | null;
}

/**
 * A forecast lives on only by being fitted again. Where the recipe that is live is clearly better than the chosen one from the
 * same origins, it is that which is fitted to the newest values; refused, the old forecast would go on from old ones.
 */
async function keepRecipe(
  facts: FitFacts,
  best: Fitted,
  { ranking }: Pick<Selection, "ranking">,
  work: Work,
): Promise<Fitted> {
  const { problem, live } = facts;
  if (problem.task !== "forecast" || live === null) return best;
  const worse = judge(problem.success, best.final.evaluation).checks.find(
    ({ name, passed }) => name === "live" && !passed,
  );
  const same = ranking.filter(
    ({ candidate: { algorithm, params } }) =>
      algorithm === live.algorithm && JSON.stringify(params) === JSON.stringify(live.params),
  );
  if (worse === undefined || same.length === 0) return best;
  const again = await fitBest(facts, { ranking: same }, work, "fit again");
  const passedOver = [...best.passedOver, { algorithm: best.winner.algorithm, failure: worse.message }];
  return { ...again, passedOver };
}

async function fitBest(
  facts: FitFacts,
  { ranking }: Pick<Selection, "ranking">,
  work: Work,
  verb = "fit",
): Promise<Fitted> {
  const passedOver: { algorithm: string; failure: string }[] = [];
  for (const [index, { candidate, held }] of ranking.slice(0, mostFinalTries).entries()) {
    work.detail(`fitting ${candidate.algorithm} on all training rows`);
    const name = `${verb} ${candidate.algorithm}${index === 0 ? "" : ` ${index + 1}`}`;
    try {
      const output = await work.step(name, "training/final", {
        ...facts,
        candidate,
        held,
        temporaryFolder: work.folder,
      } as unknown as JsonObject);
      return { winner: candidate, final: output as unknown as FinalOutput, passedOver };
    } catch (error) {
      const last = index + 1 === Math.min(ranking.length, mostFinalTries);
      if (last || !isOwnFailure(error)) throw error;
      passedOver.push({ algorithm: candidate.algorithm, failure: messageOf(error) });
    }
  }
  throw fail("TRAINING_CANDIDATES_FAILED", `Expected one of ${ranking.length} candidates to fit, got none`);
}

/** A failure of the candidate's, which another one may not have. */
function isOwnFailure(error: unknown): boolean {
  return [
    "RUNS_STEP_CPU",
    "RUNS_STEP_MEMORY",
    "RUNS_STEP_TIMEOUT",
    "RUNS_STEP_EXITED",
    "RUNS_STEP_KILLED",
    "TRAINING_DIVERGED",
    "INTERNAL",
  ].some((code) => isFailure(error) && error.code === code);
}
