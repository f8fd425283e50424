// The training steps that run in processes of their own: make the set, try a candidate, fit and judge the winner.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { type Table, takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import type { GroupColumn } from "../features/columns.ts";
import { loadTrainingSet, type PinnedGroup, planTrainingSet, writeTrainingSet } from "../features/training-set.ts";
import { fitBaseline } from "../learn/baselines.ts";
import { bootstrapInterval } from "../learn/bootstrap.ts";
import { type CandidateSpec, fit } from "../learn/fit.ts";
import { takeLabel, toLabel } from "../learn/label.ts";
import { score, scoreAll } from "../learn/metrics.ts";
import { type Label, openModel, type Prediction } from "../learn/model.ts";
import type { Evaluation } from "../models/gate.ts";
import { encodeModel, modelId } from "../models/model-file.ts";
import type { Query } from "../ports/query.ts";
import { splitKind, splitRows } from "./split.ts";

export interface SetInput {
  readonly training: TrainingDefinition;
  readonly groups: Readonly<Record<string, PinnedGroup>>;
  readonly temporaryFolder: string;
}

export interface SetOutput {
  readonly path: string;
  readonly rows: number;
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly features: readonly GroupColumn[];
  readonly label: GroupColumn;
  /** The label's group has an event time of its own. */
  readonly timed: boolean;
}

/** Joins the pinned groups point in time and writes the training set. */
export async function makeTrainingSet(input: SetInput, query: Query): Promise<SetOutput> {
  const { training } = input;
  const groups = new Map(Object.entries(input.groups));
  const plan = planTrainingSet(training, groups);
  const path = `${input.temporaryFolder}/training-set.parquet`;
  const { rows } = await writeTrainingSet(query, plan, path);
  if (rows === 0)
    throw fail(
      "TRAINING_LABEL_MISSING",
      `Expected rows with the label ${JSON.stringify(training.label.name)} of data/${training.label.data}, got none`,
    );
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const timed = groups.get(training.label.data)?.definition.eventTime !== null;
  return { path, rows, hash: hash.digest("hex"), features: plan.features, label: plan.label, timed };
}

export interface FitInput {
  readonly training: TrainingDefinition;
  readonly problem: ProblemDefinition;
  readonly set: SetOutput;
  readonly candidate: Candidate;
  readonly temporaryFolder: string;
}

/** How a candidate did on rows held out of the training part; the test part is not looked at. */
export interface CandidateScore {
  readonly value: number | null;
  readonly rows: { readonly train: number; readonly validation: number };
}

/** Fits a candidate on a part of the training rows and scores it on the rest by the problem's metric. */
export async function tryCandidate(
  input: FitInput,
  query: Query,
  progress: (progress: JsonObject) => void,
): Promise<CandidateScore> {
  const { training, problem, candidate } = input;
  const { table, label, split, kind } = await loadParts(input, query);
  const inner = splitRows(split.train, kind, table, label, {
    test: training.split.test,
    gapMs: training.split.gapMs,
    seed: training.seed + 1,
  });
  checkVariety(takeLabel(label, inner.train));
  const artifact = await fit(spec(candidate), features(table, input.set, inner.train), takeLabel(label, inner.train), {
    seed: training.seed,
    onProgress: reporter(progress),
  });
  const prediction = openModel(artifact).predict(features(table, input.set, inner.test));
  const value = score(problem.success.metric, takeLabel(label, inner.test), prediction);
  return { value: finite(value), rows: { train: inner.train.length, validation: inner.test.length } };
}

export interface FinalOutput {
  readonly path: string;
  readonly id: string;
  readonly bytes: number;
  readonly evaluation: Evaluation;
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
}

/** Fits the chosen candidate on all training rows and evaluates it once on the test rows, beside the baseline. */
export async function fitFinal(
  input: FitInput,
  query: Query,
  progress: (progress: JsonObject) => void,
): Promise<FinalOutput> {
  const { training, problem, candidate } = input;
  const { table, label, split } = await loadParts(input, query);
  const trainLabel = takeLabel(label, split.train);
  const testLabel = takeLabel(label, split.test);
  checkVariety(trainLabel);
  const artifact = await fit(spec(candidate), features(table, input.set, split.train), trainLabel, {
    seed: training.seed,
    onProgress: reporter(progress),
  });
  const model = openModel(artifact);
  const prediction = model.predict(features(table, input.set, split.test));
  checkFinite(prediction);
  progress({ detail: "evaluating on held-out rows" });
  const evaluation = evaluate(problem, training.seed, trainLabel, testLabel, prediction);
  const bytes = encodeModel(artifact);
  const path = `${input.temporaryFolder}/model.bin`;
  await writeFile(path, bytes);
  return { path, id: modelId(bytes), bytes: bytes.length, evaluation, importance: model.importance() };
}

function evaluate(
  problem: ProblemDefinition,
  seed: number,
  train: Label,
  test: Label,
  prediction: Prediction,
): Evaluation {
  const { metric, beats } = problem.success;
  const interval = bootstrapInterval(metric, test, prediction, { seed, rounds: rowsOf(test) > 20_000 ? 50 : 200 });
  const baseline =
    beats === undefined
      ? null
      : openModel(fitBaseline(beats, train)).predict({ rowCount: rowsOf(test), columns: new Map() });
  return {
    rows: { train: rowsOf(train), test: rowsOf(test) },
    metrics: Object.fromEntries(
      Object.entries(scoreAll(test, prediction)).map(([name, value]) => [name, finite(value)]),
    ),
    interval: { low: finite(interval.low), high: finite(interval.high) },
    baseline:
      baseline === null || beats === undefined ? null : { name: beats, value: finite(score(metric, test, baseline)) },
  };
}

async function loadParts(input: FitInput, query: Query) {
  const { training, problem, set } = input;
  const table = await loadTrainingSet(query, set.path, [...set.features, set.label]);
  const column = table.columns.get(set.label.name);
  if (column === undefined)
    throw fail(
      "TRAINING_LABEL_MISSING",
      `Expected the label ${JSON.stringify(set.label.name)} in the training set, got none`,
    );
  const label = toLabel(column, problem.task);
  checkVariety(label);
  if (set.rows < 10) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 10 rows with a label, got ${set.rows}`);
  const kind = splitKind(training, set.timed, label);
  const all = Int32Array.from({ length: set.rows }, (_, row) => row);
  const split = splitRows(all, kind, table, label, { ...training.split, seed: training.seed });
  return { table, label, split, kind };
}

/** A label that never varies cannot be learned. */
function checkVariety(label: Label): void {
  if (label.task === "regression") {
    const [first] = label.values;
    if (label.values.every((value) => value === first))
      throw fail("TRAINING_LABEL_CONSTANT", `Expected a label that varies, got ${first} in every training row`);
    return;
  }
  const seen = new Set(label.codes);
  if (seen.size < 2)
    throw fail(
      "TRAINING_LABEL_CONSTANT",
      `Expected at least two classes in the training rows, got ${[...seen].map((code) => JSON.stringify(label.classes[code])).join(", ") || "none"}`,
    );
}

function features(table: Table, set: SetOutput, rows: Int32Array): Table {
  const columns = new Map(set.features.map(({ name }) => [name, table.columns.get(name)!]));
  return takeRows({ rowCount: table.rowCount, columns }, rows);
}

function spec(candidate: Candidate): CandidateSpec {
  return { algorithm: candidate.algorithm, params: candidate.params } as CandidateSpec;
}

function reporter(progress: (progress: JsonObject) => void) {
  return ({ iteration, of }: { iteration: number; of: number }) => progress({ share: iteration / Math.max(1, of) });
}

function checkFinite(prediction: Prediction): void {
  const numbers = "values" in prediction ? prediction.values : prediction.probabilities;
  if (!numbers.every(Number.isFinite))
    throw fail("TRAINING_DIVERGED", "Expected finite predictions on the held-out rows, got NaN or infinity");
}

function rowsOf(label: Label): number {
  return label.task === "regression" ? label.values.length : label.codes.length;
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
