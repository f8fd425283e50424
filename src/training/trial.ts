// One trial, in a process of its own: a candidate fitted and scored on folds of the training part. The test part is not looked at.

import { readFile, writeFile } from "node:fs/promises";
import { fail, isFailure } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import type { LabelTask } from "../define/metrics.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { takeLabel, totalWeight } from "../learn/label.ts";
import type { Label, Prediction } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import { random, shuffled } from "../learn/random.ts";
import type { Query } from "../ports/query.ts";
import { type Fitting, fitCandidate } from "./fit-candidate.ts";
import { checkVariety, type LabelledRows, loadRows } from "./rows.ts";
import { foldsOf, holdOut } from "./split.ts";
import type { SetOutput } from "./training-set.ts";

export interface TrialInput {
  readonly training: TrainingDefinition;
  readonly problem: ProblemDefinition;
  readonly set: SetOutput;
  readonly candidate: Candidate;
  /** Tells the run's trials apart. */
  readonly trial: number;
  /** The share of each fold's rows that the candidate is fitted on; 1 for all. */
  readonly resource: number;
  /** Trials that run at the same time share the processors. */
  readonly atOnce: number;
  /** When the budget's time is over, by the clock; null for a trial that may go on. */
  readonly cutAtMs: number | null;
  readonly temporaryFolder: string;
}

export interface TrialScore {
  /** The problem's metric: the mean over the folds by what their rows count; null when no fold defines it. */
  readonly value: number | null;
  readonly folds: readonly (number | null)[];
  readonly rows: { readonly train: number; readonly validation: number };
  /** Where the predictions for rows that the fits had not seen are kept until the run's end. */
  readonly held: string;
  /** Processor time of the trial's process. */
  readonly cpuMs: number;
}

export async function tryCandidate(
  input: TrialInput,
  query: Query,
  progress: (progress: JsonObject) => void,
  fitting: Fitting = {},
): Promise<TrialScore> {
  const { training, problem, candidate } = input;
  const rows = await loadRows(training, input.set, problem.task as LabelTask, query);
  const { train, kind } = holdOut(rows, training);
  checkVariety(takeLabel(rows.label, train), "training row");
  const { folds } = foldsOf(rows, train, kind, training);
  const values: (number | null)[] = [];
  const held: HeldPrediction[] = [];
  let fitted = 0;
  let problemOfFold: unknown;
  const signal = cutting(input.cutAtMs, fitting.signal);
  for (const [index, fold] of folds.entries()) {
    signal?.throwIfAborted();
    try {
      const among = sample(fold.train, input.resource, training.seed);
      const artifact = await fitCandidate(candidate, rows, among, {
        seed: training.seed,
        ...fitting,
        ...(signal === undefined ? {} : { signal }),
        onShare: (share) => progress({ share: (index + share) / folds.length }),
      });
      const prediction = openModel(artifact).predict(takeRows(rows.table, fold.test));
      values.push(finite(score(problem.success.metric, takeLabel(rows.label, fold.test), prediction)));
      held.push({ rows: fold.test, prediction });
      fitted = Math.max(fitted, among.length);
    } catch (error) {
      // Few rows may leave a fold with one class or with constant features: the others still tell something.
      if (
        !isFailure(error) ||
        !error.code.startsWith("TRAINING_") ||
        ["TRAINING_DIVERGED", "TRAINING_CUT"].includes(error.code)
      )
        throw error;
      problemOfFold = error;
      values.push(null);
    }
  }
  if (held.length === 0) throw problemOfFold;
  const path = `${input.temporaryFolder}/held-${input.trial}.bin`;
  await writeHeld(path, held);
  const weights = folds.map(({ test }) => totalWeight(takeLabel(rows.label, test)));
  return {
    value: weightedMean(values, weights),
    folds: values,
    rows: { train: fitted, validation: folds.reduce((sum, { test }) => sum + test.length, 0) },
    held: path,
    cpuMs: cpuMs(),
  };
}

/** Processor time of this process, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1000);
}

/** Ends a fit between two of its steps when the budget's time is over. */
function cutting(atMs: number | null, given: AbortSignal | undefined): AbortSignal | undefined {
  if (atMs === null) return given;
  const controller = new AbortController();
  const cut = () => controller.abort(fail("TRAINING_CUT", "The trial was cut when the time of the budget was used up"));
  const leftMs = atMs - Date.now();
  if (leftMs <= 0) cut();
  else setTimeout(cut, leftMs).unref();
  return given === undefined ? controller.signal : AbortSignal.any([given, controller.signal]);
}

/** The latest rows matter most where time counts, but a sample must see all of it: drawn by seed, in order. */
function sample(rows: Int32Array, share: number, seed: number): Int32Array {
  if (share >= 1) return rows;
  const count = Math.max(2, Math.round(rows.length * share));
  return shuffled(rows.length, random(seed))
    .subarray(0, count)
    .sort()
    .map((index) => rows[index]!);
}

function weightedMean(values: readonly (number | null)[], weights: readonly number[]): number | null {
  let sum = 0;
  let total = 0;
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    sum += value * weights[index]!;
    total += weights[index]!;
  }
  return total === 0 ? null : sum / total;
}

interface HeldPrediction {
  readonly rows: Int32Array;
  readonly prediction: Prediction;
}

/** Row number, then what was predicted for it. */
async function writeHeld(path: string, held: readonly HeldPrediction[]): Promise<void> {
  const parts = held.flatMap(({ rows, prediction }) => {
    const numbers = "values" in prediction ? prediction.values : prediction.probabilities;
    const width = numbers.length / rows.length;
    const block = new Float64Array(rows.length * (width + 1));
    for (const [index, row] of rows.entries()) {
      block[index * (width + 1)] = row;
      block.set(numbers.subarray(index * width, (index + 1) * width), index * (width + 1) + 1);
    }
    return [new Uint8Array(block.buffer)];
  });
  await writeFile(path, Buffer.concat(parts));
}

export interface HeldRows {
  readonly label: Label;
  readonly probabilities: Float64Array;
}

/** Predictions of class probabilities for training rows that the fits behind them had not seen. */
export async function readHeld(path: string, rows: LabelledRows): Promise<HeldRows | undefined> {
  if (rows.label.task === "regression") return undefined;
  const bytes = await readFile(path);
  const block = new Float64Array(new Uint8Array(bytes).buffer);
  const width = rows.label.classes.length;
  const count = block.length / (width + 1);
  const numbers = Int32Array.from({ length: count }, (_, index) => block[index * (width + 1)]!);
  const probabilities = new Float64Array(count * width);
  for (let index = 0; index < count; index++)
    probabilities.set(block.subarray(index * (width + 1) + 1, (index + 1) * (width + 1)), index * width);
  return { label: takeLabel(rows.label, numbers), probabilities };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
