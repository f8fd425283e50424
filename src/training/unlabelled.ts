// Tasks without a label in a training run: odd rows and groups, fitted on the training part and judged on rows that were held out.

import { readFile, writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import { type Table, takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { MetricName } from "../define/metrics.ts";
import { fitAnomaly } from "../learn/anomaly.ts";
import { openClusters } from "../learn/clusters/cluster-model.ts";
import { fitBestClusters, silhouettes } from "../learn/clusters/silhouette.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import { random } from "../learn/random.ts";
import type { Champion, Evaluation, Range } from "../models/evaluation.ts";
import { decodeModel, encodeModel, modelId } from "../models/model-file.ts";
import { openServed } from "../models/served-model.ts";
import type { Query } from "../ports/query.ts";
import { latencyOf } from "./evaluate.ts";
import { type FinalInput, type FinalOutput, type LiveModel, partsOf, unseenBy } from "./fit-final.ts";
import { loadUnlabelled, type Rows } from "./rows.ts";
import { foldsOf, type HeldOut, holdOut } from "./split.ts";
import { cpuMs, type TrialInput, type TrialScore } from "./trial.ts";
import { clusterFacts, oddnessOf } from "./unlabelled-facts.ts";

export async function tryUnlabelled({ training, set, candidate }: TrialInput, query: Query): Promise<TrialScore> {
  const rows = await loadUnlabelled(training, set, query);
  const { train, kind } = holdOut(rows, training);
  const { folds } = foldsOf(rows, train, kind, training);
  const values = folds.map((fold) => {
    const artifact = fitUnlabelled(candidate, takeRows(rows.table, fold.train), training.seed);
    return mean(rowScores(artifact, takeRows(rows.table, fold.test)));
  });
  const tested = folds.reduce((sum, { test }) => sum + test.length, 0);
  return {
    value: finite(folds.reduce((sum, { test }, i) => sum + (values[i]! * test.length) / tested, 0)),
    folds: values.map(finite),
    rows: { train: folds[0]?.train.length ?? 0, validation: tested },
    held: "",
    cpuMs: cpuMs(),
  };
}

export async function fitFinalUnlabelled(input: FinalInput, query: Query): Promise<FinalOutput> {
  const { training, problem, candidate, set, live } = input;
  const rows = await loadUnlabelled(training, set, query);
  const split = holdOut(rows, training);
  const train = takeRows(rows.table, split.train);
  const test = takeRows(rows.table, split.test);
  const artifact = fitUnlabelled(candidate, train, training.seed);
  const model = openServed(artifact);
  const bytes = encodeModel(artifact);
  const { metric } = problem.success;
  const scores = rowScores(artifact, test);
  const interval = meanInterval(scores, training.seed);
  const importance = model.importance().map(({ feature, share }) => ({ feature, value: Number(share.toPrecision(5)) }));
  const evaluation: Evaluation = {
    rows: { train: split.train.length, test: split.test.length },
    metrics: { [metric]: finite(mean(scores)) },
    interval,
    intervals: { [metric]: interval },
    baseline: null,
    baselines: {},
    champion:
      live === null ? null : await compare(live, { id: modelId(bytes), artifact, metric }, test, rows, split, input),
    latency: latencyOf(model, test),
    sizeBytes: bytes.length,
    parts: partsOf(rows, split, training),
    importance: { method: "model", features: importance },
    ...(problem.task === "anomaly"
      ? { oddness: oddnessOf(artifact, model, test) }
      : { clusters: clusterFacts(model, train) }),
  };
  const path = `${input.temporaryFolder}/model.bin`;
  await writeFile(path, bytes);
  return { path, id: modelId(bytes), bytes: bytes.length, evaluation, importance: model.importance() };
}

function fitUnlabelled({ algorithm, params }: Candidate, table: Table, seed: number): Artifact {
  if (algorithm === "isolationForest") return fitAnomaly(table, params, { seed });
  if (algorithm === "kMeans") return fitBestClusters(table, params, { seed });
  throw fail("DEFINE_INVALID", `Expected a candidate for rows without a label, got ${algorithm}()`);
}

const mostForSilhouette = 2_000;

/** What the metric is the mean of: 1 for each row that is flagged, or each row's silhouette among the others. */
function rowScores(artifact: Artifact, table: Table): Float64Array {
  if (artifact.format !== "pentad.clusters/1") {
    const model = openServed(artifact);
    return flags(model, table);
  }
  const model = openClusters(artifact);
  const some = evenly(table.rowCount, mostForSilhouette);
  const seen = takeRows(table, some);
  return silhouettes(model.vectors(seen), model.width, model.assign(seen));
}

function flags(model: Predictor, table: Table): Float64Array {
  const prediction = model.predict(table);
  const scores = "values" in prediction ? prediction.values : new Float64Array(table.rowCount);
  return scores.map((score) => (score >= (model.flagFrom ?? 1) ? 1 : 0));
}

function evenly(count: number, most: number): Int32Array {
  const some = Math.min(count, most);
  return Int32Array.from({ length: some }, (_, index) => Math.floor((index * count) / some));
}

/** The live model on the same held-out rows that it has not seen: the mean difference, row by row. */
async function compare(
  live: LiveModel,
  own: { readonly id: string; readonly artifact: Artifact; readonly metric: MetricName },
  test: Table,
  rows: Rows,
  split: HeldOut,
  { training }: FinalInput,
): Promise<Champion> {
  const known = { version: live.version, id: live.id, nothingNew: live.nothingNew, same: live.id === own.id };
  const none = (reason: string): Champion => ({
    ...known,
    incomparable: reason,
    rows: 0,
    metrics: {},
    differences: {},
  });
  const artifact = decodeModel(await readFile(live.path), live.id);
  const before = openServed(artifact);
  if (before.task !== openServed(own.artifact).task) return none(`it answers a ${before.task} task`);
  const gone = before.features.filter(({ name }) => !test.columns.has(name)).map(({ name }) => name);
  if (gone.length > 0) return none(`it needs ${gone.join(", ")}, which the training no longer has`);
  const unseen = unseenBy(live.parts, rows, split, training);
  if (unseen === null) return none("it was held out from other rows, and may have been trained on these");
  if (unseen.length < Math.min(30, test.rowCount))
    return none(`it was trained on all but ${unseen.length} of these held-out rows`);
  const seen = takeRows(test, unseen);
  const [fresh, old] = [rowScores(own.artifact, seen), rowScores(artifact, seen)];
  const differences = fresh.map((score, row) => score - old[row]!);
  return {
    ...known,
    incomparable: null,
    rows: unseen.length,
    metrics: { [own.metric]: finite(mean(old)) },
    differences: { [own.metric]: { ...meanInterval(differences, training.seed), value: finite(mean(differences)) } },
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const rounds = 200;

/** The 95 % percentile bootstrap of a mean. */
function meanInterval(values: Float64Array, seed: number): Range {
  if (values.length < 2 || !values.every(Number.isFinite)) return { low: null, high: null };
  const means = Float64Array.from({ length: rounds }, (_, round) => {
    const source = random(seed, round);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[source.below(values.length)]!;
    return sum / values.length;
  }).sort();
  return {
    low: finite(means[Math.round(0.025 * (rounds - 1))]!),
    high: finite(means[Math.round(0.975 * (rounds - 1))]!),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(8)) : null;
}
