// What rows without a label give: how many look odd, or how well they fall into groups, tried on rows that were held out.

import { isFailure, messageOf } from "../base/failure.ts";
import { type Table, takeRows } from "../base/table.ts";
import type { UnlabelledTask } from "../define/metrics.ts";
import { fitAnomaly, openAnomaly } from "../learn/anomaly.ts";
import { openClusters } from "../learn/clusters/cluster-model.ts";
import { fitBestClusters, silhouettes } from "../learn/clusters/silhouette.ts";
import { randomSplit, timeSplit } from "../learn/evaluation/splits.ts";
import type { Feasibility } from "./feasibility.ts";
import { amount, type Verdict } from "./feasibility-words.ts";

export interface UnlabelledInput {
  readonly task: UnlabelledTask;
  /** Number, boolean, time and category columns. */
  readonly features: Table;
  /** Milliseconds per row when the newest rows are to be held out; null for a random part. */
  readonly times: Float64Array | null;
}

const heldOut = 0.2;
const options = { seed: 1 };
const mostForSilhouette = 2_000;

/** Fits a quick detector or grouping. Never throws for what the rows hold: a failure is an answer, too. */
export function assessUnlabelled({ task, features, times }: UnlabelledInput): Feasibility {
  const split =
    times === null || times.every((time) => time === times[0])
      ? randomSplit(features.rowCount, { test: heldOut, seed: options.seed })
      : timeSplit(times, { test: heldOut });
  const train = takeRows(features, split.train);
  const test = takeRows(features, split.test);
  const held = `${count(test.rowCount)} ${times === null ? "rows" : "newest rows"} that it had not seen`;
  try {
    return task === "anomaly" ? flagged(train, test, held) : grouped(train, test, held);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return {
      ...about(task, train, test),
      verdict: "unknown",
      sentence: `No quick model could be fitted: ${messageOf(error)}`,
      model: null,
      importance: [],
      success: task === "anomaly" ? { metric: "flaggedShare", atMost: 0.05 } : { metric: "silhouette", atLeast: 0.1 },
    };
  }
}

/** The share of the training rows that `isolationForest()` takes for odd unless it is told otherwise. */
const usualShare = 0.01;

function flagged(train: Table, test: Table, held: string): Feasibility {
  const model = openAnomaly(fitAnomaly(train, {}, options));
  const prediction = model.predict(test);
  const scores = "values" in prediction ? prediction.values : new Float64Array(0);
  const alarms = scores.filter((score) => score >= (model.flagFrom ?? 1)).length;
  const value = alarms / test.rowCount;
  const spread = 3 * Math.sqrt((Math.max(value, usualShare) * (1 - value)) / test.rowCount);
  const verdict: Verdict = value > 0.1 ? "doubtful" : "feasible";
  const importance = model.importance().slice(0, 5);
  const first = importance[0];
  const leans = first === undefined || alarms === 0 ? "" : `, mostly by ${JSON.stringify(first.feature)}`;
  return {
    ...about("anomaly", train, test),
    verdict,
    sentence: `A quick isolation forest that takes one row in a hundred for odd flags ${alarms === 0 ? "none" : count(alarms)} of ${held}${leans}: ${
      verdict === "feasible"
        ? "about as many alarms are to be expected"
        : "too many, so the rows have changed, or are too few to tell what is usual"
    }`,
    model: { algorithm: "isolationForest", value, low: Math.max(0, value - spread), high: value + spread },
    importance,
    success: { metric: "flaggedShare", atMost: Math.min(1, Math.max(0.05, Math.ceil((value + spread) * 100) / 100)) },
  };
}

function grouped(train: Table, test: Table, held: string): Feasibility {
  const model = openClusters(fitBestClusters(train, {}, options));
  const some = Math.min(test.rowCount, mostForSilhouette);
  const seen = takeRows(
    test,
    Int32Array.from({ length: some }, (_, index) => Math.floor((index * test.rowCount) / some)),
  );
  const own = silhouettes(model.vectors(seen), model.width, model.assign(seen));
  const value = own.reduce((sum, one) => sum + one, 0) / own.length;
  const variance = own.reduce((sum, one) => sum + (one - value) ** 2, 0) / own.length;
  const spread = 2 * Math.sqrt(variance / own.length);
  const groups = model.clusters;
  const verdict: Verdict = !Number.isFinite(value)
    ? "unknown"
    : value >= 0.4
      ? "feasible"
      : value >= 0.2
        ? "weak"
        : "doubtful";
  return {
    ...about("clustering", train, test),
    verdict,
    sentence: `A quick k-means finds ${groups} groups, with a silhouette of ${Number.isFinite(value) ? amount(value, 2) : "nothing that is defined"} on ${held}: ${conclusions[verdict]}`,
    model: { algorithm: "kMeans", value, low: value - spread, high: value + spread },
    importance: [],
    success: { metric: "silhouette", atLeast: goalOf(value, spread) },
  };
}

const conclusions: Readonly<Record<Verdict, string>> = {
  feasible: "they stand well apart",
  weak: "they can be told apart, but shade into each other",
  doubtful: "they hardly stand apart, so these rows may have no groups; fewer, more telling columns would help most",
  suspicious: "nearly perfect",
  unknown: "too few rows to tell",
};

/** Half of what is surely reached; where nothing is, not to be much worse than now. */
function goalOf(value: number, spread: number): number {
  if (!Number.isFinite(value)) return 0.1;
  const sure = value - spread;
  const goal = sure > 0.02 ? sure / 2 : sure - 0.1;
  return Math.max(-1, Math.floor(goal * 100) / 100);
}

function about(task: UnlabelledTask, train: Table, test: Table) {
  const metric = task === "anomaly" ? "flaggedShare" : "silhouette";
  return { task, metric, rows: { train: train.rowCount, test: test.rowCount }, baseline: null } as const;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
