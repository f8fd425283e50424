// What `auto()` stands for: candidates that fit the task, the features and the number of rows. Pure.

import type { Candidate } from "../define/candidate.ts";
import type { Task } from "../define/metrics.ts";

export interface SetShape {
  readonly task: Task;
  readonly rows: number;
  readonly features: readonly { readonly type: string }[];
}

/** Beyond these, forests take long and their files get large, and a second way of boosting is not worth its time. */
const mostRowsForForests = 30_000;
const mostRowsForSlowBoosting = 100_000;
const mostRowsForNaiveBayes = 1_000;

/** The candidates with `auto()` spelt out; none twice. */
export function expandCandidates(candidates: readonly Candidate[], shape: SetShape): Candidate[] {
  const seen = new Set<string>();
  return candidates
    .flatMap((one) => (one.algorithm === "auto" ? automatic(shape) : [one]))
    .filter((one) => {
      const text = JSON.stringify(one);
      if (seen.has(text)) return false;
      seen.add(text);
      return true;
    });
}

function automatic({ task, rows, features }: SetShape): Candidate[] {
  const of = (algorithm: Candidate["algorithm"], params: Candidate["params"] = {}): Candidate => ({
    algorithm,
    params,
  });
  const linear = of(task === "regression" ? "ridge" : "logistic");
  if (task === "forecast") return [of("seasonalNaive"), of("ets"), of("mstl"), of("gradientBoosting")];
  if (task === "anomaly") return [of("isolationForest")];
  if (task === "clustering") return [of("kMeans")];
  if (features.every(({ type }) => type === "text")) return [linear];
  return [
    linear,
    of("gradientBoosting"),
    ...(rows <= mostRowsForSlowBoosting
      ? [of("gradientBoosting", { learningRate: 0.05, leaves: 15, rowSample: 0.8, featureSample: 0.8 })]
      : []),
    // Categories at their word, for tables in which each group repeats itself: smoothing helps where groups are noisy.
    ...(rows <= mostRowsForForests && features.some(({ type }) => type === "category")
      ? [of("gradientBoosting", { categorySmoothing: 0, categoryL2: 0 })]
      : []),
    ...(rows <= mostRowsForForests ? [of("randomForest"), of("extraTrees")] : []),
    ...(rows <= mostRowsForNaiveBayes && task !== "regression" ? [of("naiveBayes")] : []),
  ];
}
