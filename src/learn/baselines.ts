// Baselines: models that look at the label alone, so that every score has something to be better than.

import { fail } from "../base/failure.ts";
import { corrupt, readArray, readChoice, readTask } from "./artifact.ts";
import type { Artifact, Label, Predictor } from "./model.ts";
import { predictor } from "./predictor.ts";
import { weightedQuantile } from "./weighted.ts";

export type Baseline = "majority" | "prior" | "mean" | "median";

/**
 * `majority` gives the commonest class probability 1 (the first one on a tie), `prior` gives each class its frequency, by weight; `mean` and
 * `median` are for regressions. Unlike `fit`, a constant label is allowed: it is a perfectly good baseline.
 * Throws DEFINE_INVALID when the baseline does not fit the task, TRAINING_TOO_FEW_ROWS without rows.
 */
export function fitBaseline(name: Baseline, label: Label): Artifact {
  const classes = label.task === "regression" ? [] : label.classes;
  const artifact = (answer: Float64Array): Artifact => ({
    format: "pentad.constant/1",
    meta: { task: label.task, classes, baseline: name },
    arrays: { answer },
  });
  if (label.task === "regression") {
    const { values } = label;
    if (values.length === 0) throw fail("TRAINING_TOO_FEW_ROWS", "Expected at least 1 row, got none");
    const weights = label.weights ?? new Float64Array(values.length).fill(1);
    if (name === "median") return artifact(Float64Array.of(weightedQuantile(values, weights, 0.5)));
    if (name !== "mean") throw misfit(name, label);
    let sum = 0;
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      sum += weights[i]! * values[i]!;
      total += weights[i]!;
    }
    return artifact(Float64Array.of(sum / total));
  }
  if (name !== "majority" && name !== "prior") throw misfit(name, label);
  const counts = new Float64Array(classes.length);
  let total = 0;
  for (let i = 0; i < label.codes.length; i++) {
    const weight = label.weights?.[i] ?? 1;
    counts[label.codes[i]!]! += weight;
    total += weight;
  }
  if (total === 0) throw fail("TRAINING_TOO_FEW_ROWS", "Expected at least 1 row, got none");
  const majority = counts.indexOf(Math.max(...counts));
  return artifact(counts.map((count, code) => (name === "prior" ? count / total : code === majority ? 1 : 0)));
}

function misfit(name: Baseline, label: Label) {
  return fail("DEFINE_INVALID", `Expected a baseline that fits a ${label.task} task, got ${name}`, {
    hint: label.task === "regression" ? "Use mean or median" : "Use majority or prior",
  });
}

/** The baseline that success is usually measured against: `majority` for classes, `mean` for numbers. */
export function usualBaseline(label: Label): Baseline {
  return label.task === "regression" ? "mean" : "majority";
}

export function openConstant(artifact: Artifact): Predictor {
  const known = { ...readTask(artifact), features: [] };
  readChoice(artifact, "baseline", ["majority", "prior", "mean", "median"]);
  const width = known.task === "regression" ? 1 : known.classes.length;
  const answer = readArray(artifact, "answer", Float64Array, width);
  if (known.task !== "regression" && answer.some((probability) => probability < 0 || probability > 1))
    throw corrupt("Expected probabilities from 0 to 1");
  return predictor(known, {
    scoreRow: () => answer,
    scoreColumns(_columns, rowCount) {
      const scores = new Float64Array(rowCount * width);
      for (let row = 0; row < rowCount; row++) scores.set(answer, row * width);
      return scores;
    },
    explain: () => ({ base: known.task === "regression" ? answer[0]! : 0, contributions: new Float64Array(0) }),
    importance: () => new Float64Array(0),
  });
}
