// The last step of a training run: the chosen candidate fitted on all training rows, and judged once on the test rows.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fail, isFailure } from "../base/failure.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import { takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import type { LabelTask } from "../define/metrics.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { takeLabel } from "../learn/label.ts";
import type { Artifact, Label, Prediction, Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import { random, shuffled } from "../learn/random.ts";
import type { Evaluation, Part, Parts } from "../models/evaluation.ts";
import { decodeModel, encodeModel, modelId } from "../models/model-file.ts";
import { openServed, withCalibration } from "../models/served-model.ts";
import type { Query } from "../ports/query.ts";
import { chooseCalibration, chooseThreshold, throughCalibration } from "./decide.ts";
import { compareWithLive, evaluate, incomparable, type Judged, type TestRows } from "./evaluate.ts";
import { type Fitting, fitCandidate, type OutsideModels } from "./fit-candidate.ts";
import { dependenceOf, importanceOf, shapOf, suspicionsOf } from "./insight.ts";
import { checkVariety, type LabelledRows, loadRows, type Rows } from "./rows.ts";
import { foldsOf, type HeldOut, holdOut } from "./split.ts";
import { termsOf } from "./terms.ts";
import type { SetOutput } from "./training-set.ts";
import { readHeld } from "./trial.ts";

export interface FinalInput {
  readonly training: TrainingDefinition;
  readonly problem: ProblemDefinition;
  readonly set: SetOutput;
  readonly candidate: Candidate;
  /** The candidate's predictions of held-back training rows; null when it was not tried. */
  readonly held: string | null;
  /** What is live now, with its file on this machine; null when nothing is. */
  readonly live: LiveModel | null;
  readonly temporaryFolder: string;
}

export interface LiveModel {
  readonly version: number;
  readonly id: string;
  readonly path: string;
  readonly threshold: number | null;
  readonly parts: Parts | null;
  readonly nothingNew: boolean;
  /** Its recipe. */
  readonly algorithm: string;
  readonly params: JsonObject;
}

export interface FinalOutput {
  readonly path: string;
  readonly id: string;
  readonly bytes: number;
  readonly evaluation: Evaluation;
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
}

export async function fitFinal(
  input: FinalInput,
  query: Query,
  progress: (progress: JsonObject) => void,
  fitting: Fitting = {},
): Promise<FinalOutput> {
  const { training, problem, candidate, set } = input;
  const rows = await loadRows(training, set, problem.task as LabelTask, query);
  const split = holdOut(rows, training);
  const train: TestRows = { table: takeRows(rows.table, split.train), label: takeLabel(rows.label, split.train) };
  const test: TestRows = { table: takeRows(rows.table, split.test), label: takeLabel(rows.label, split.test) };
  checkVariety(train.label, "training row");
  const startedAt = performance.now();
  const fitted = await fitCandidate(candidate, rows, split.train, {
    seed: training.seed,
    ...fitting,
    onShare: (share) => progress({ share }),
  });
  const fitMs = performance.now() - startedAt;
  progress({ detail: "evaluating on held-out rows" });
  const { artifact, calibration, threshold } = await decide(input, rows, fitted);
  const model = openServed(artifact);
  const prediction = model.predict(test.table);
  checkFinite(prediction);
  const judged: Judged = { model, prediction, threshold: threshold?.value };
  const { seed } = training;
  const { success } = problem;
  const measured = evaluate(judged, train.label, test, success, seed);
  const importance = importanceOf(model, test, success.metric, seed);
  const bytes = encodeModel(artifact);
  const evaluation: Evaluation = {
    ...measured,
    threshold: threshold === null ? null : { ...threshold, ...costOf(measured.confusion, success) },
    calibration,
    champion:
      input.live === null
        ? null
        : await compare(input.live, modelId(bytes), judged, test, rows, split, training, fitting.outside),
    sizeBytes: bytes.length,
    parts: partsOf(rows, split, training),
    importance,
    dependence: dependenceOf(model, test, importance, seed),
    shap: shapOf(model, test),
    terms: termsOf(model, test.label),
    outOfBag: outOfBagOf(fitted),
    learning: await learningCurve(input, fitting, rows, split, test, fitMs, measured.metrics[success.metric] ?? null),
    suspicions: await suspicionsOf(train, test, seed),
  };
  const path = `${input.temporaryFolder}/model.bin`;
  await writeFile(path, bytes);
  return { path, id: modelId(bytes), bytes: bytes.length, evaluation, importance: openModel(fitted).importance() };
}

/** Calibration and threshold are learnt on training rows that the trial's fits had not seen, never on test rows. */
async function decide({ held: path, problem, candidate }: FinalInput, rows: LabelledRows, fitted: Artifact) {
  const held = path === null ? undefined : await readHeld(path, rows);
  // Someone who weighs classes on purpose does not want it undone.
  const found =
    held === undefined || candidate.balanced === true ? undefined : chooseCalibration(held, problem.success);
  const curve = found?.artifact ?? null;
  const label = held?.label;
  const seen =
    held === undefined || curve === null || label === undefined || label.task === "regression"
      ? held
      : { ...held, probabilities: throughCalibration(curve, label, held.probabilities) };
  return {
    artifact: curve === null ? fitted : withCalibration(fitted, curve),
    calibration: found?.choice ?? null,
    threshold: problem.task === "binary" ? chooseThreshold(problem.success, seen) : null,
  };
}

/** What a forest learnt of itself while it was grown. */
function outOfBagOf({ meta }: Artifact): NonNullable<Evaluation["outOfBag"]> | null {
  const { outOfBag } = meta;
  return isObject(outOfBag) && typeof outOfBag.metric === "string" ? (outOfBag as never) : null;
}

function costOf(confusion: Evaluation["confusion"], { costs }: ProblemDefinition["success"]) {
  if (costs === undefined || !confusion) return {};
  const [[right = 0, falseYes = 0] = [], [falseNo = 0, found = 0] = []] = confusion.counts;
  const rows = right + falseYes + falseNo + found;
  return { cost: (falseYes * costs.falsePositive + falseNo * costs.falseNegative) / rows };
}

async function compare(
  live: LiveModel,
  id: string,
  judged: Judged,
  test: TestRows,
  rows: LabelledRows,
  split: HeldOut,
  training: TrainingDefinition,
  outside: OutsideModels | undefined,
) {
  const known = {
    version: live.version,
    id: live.id,
    threshold: live.threshold ?? undefined,
    nothingNew: live.nothingNew,
    same: live.id === id,
  };
  let model: Predictor;
  try {
    const artifact = decodeModel(await readFile(live.path), live.id);
    await outside?.prepare(artifact);
    model = openServed(artifact);
  } catch (error) {
    // A model that nobody can open any more must not keep a new one from taking its place.
    if (!isFailure(error, "MODELS_ARTIFACT_CORRUPT")) throw error;
    return incomparable(known, `it cannot be opened (${error.message})`);
  }
  const champion = { ...known, model };
  return compareWithLive(champion, judged, test, unseenBy(live.parts, rows, split, training), training.seed);
}

/** Places within the test part whose rows the live model was not trained on; null when that cannot be told. */
export function unseenBy(
  parts: Parts | null,
  { times, draws, label }: Rows & { readonly label?: Label },
  { kind, test }: HeldOut,
  training: TrainingDefinition,
): number[] | null {
  if (parts === null || parts.by !== kind) return null;
  const places = Array.from(test.keys());
  if (kind === "time") {
    const last = parts.train.to === null ? Number.NaN : Date.parse(parts.train.to);
    return places.filter((place) => times![test[place]!]! > last);
  }
  if (parts.seed !== training.seed || parts.group !== (training.split.group ?? null)) return null;
  return places.filter((place) => {
    const row = test[place]!;
    const name =
      kind === "stratified" && label !== undefined && label.task !== "regression"
        ? label.classes[label.codes[row]!]!
        : "";
    return draws[row]! <= (parts.border[name] ?? -1);
  });
}

export function partsOf(rows: Rows, split: HeldOut, training: TrainingDefinition): Parts {
  const { folds, method } = foldsOf(rows, split.train, split.kind, training);
  return {
    by: split.kind,
    seed: training.seed,
    group: training.split.group ?? null,
    train: partOf(rows, split.train),
    test: partOf(rows, split.test),
    leftOut: rows.table.rowCount - split.train.length - split.test.length,
    selection: method,
    folds: folds.map((fold) => ({ train: fold.train.length, validation: fold.test.length })),
    border: split.border,
  };
}

function partOf({ identities, times }: Rows, among: Int32Array): Part {
  const own = Float64Array.from(among, (row) => identities[row]!).sort();
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  if (times !== null)
    for (const row of among) {
      from = Math.min(from, times[row]!);
      to = Math.max(to, times[row]!);
    }
  const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
  return {
    rows: among.length,
    from: iso(from),
    to: iso(to),
    hash: createHash("sha256").update(new Uint8Array(own.buffer)).digest("hex"),
  };
}

const mostRowsForLearning = 20_000;
const mostFitMs = 2_000;

/** Would more rows help? The same candidate on parts of the training rows; only where that is cheap. */
async function learningCurve(
  { candidate, training, problem }: FinalInput,
  fitting: Fitting,
  rows: LabelledRows,
  { train }: HeldOut,
  test: TestRows,
  fitMs: number,
  whole: number | null,
): Promise<NonNullable<Evaluation["learning"]>> {
  if (candidate.algorithm === "imported") return [];
  if (train.length > mostRowsForLearning || train.length < 100 || fitMs > mostFitMs) return [];
  const order = shuffled(train.length, random(training.seed));
  const points: { rows: number; value: number | null }[] = [];
  for (const share of [0.125, 0.25, 0.5]) {
    const count = Math.round(train.length * share);
    const among = order
      .subarray(0, count)
      .slice()
      .sort()
      .map((index) => train[index]!);
    try {
      const artifact = await fitCandidate(candidate, rows, among, { seed: training.seed, ...fitting });
      const value = score(problem.success.metric, test.label, openModel(artifact).predict(test.table));
      points.push({ rows: count, value: Number.isFinite(value) ? Number(value.toPrecision(5)) : null });
    } catch {
      // So few rows may hold one class only: the curve then starts later.
    }
  }
  return [...points, { rows: train.length, value: whole }];
}

function checkFinite(prediction: Prediction): void {
  const numbers = "values" in prediction ? prediction.values : prediction.probabilities;
  if (!numbers.every(Number.isFinite))
    throw fail("TRAINING_DIVERGED", "Expected finite predictions on the held-out rows, got NaN or infinity");
}
