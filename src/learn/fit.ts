// Fits one candidate: checks label, weights and features once, then hands over to its algorithm.

import { fail } from "../base/failure.ts";
import type { Table } from "../base/table.ts";
import { type BoostingParams, fitBoosting } from "./boosting/fit-boosting.ts";
import { calendarColumns, markCalendar, withCalendar } from "./calendar.ts";
import { wholeFeatures } from "./feature.ts";
import { featuresOf, varies } from "./features.ts";
import type { FitInput, FitOptions } from "./fit-input.ts";
import { checkLabel, labelLength } from "./label.ts";
import { type ElasticNetParams, fitElasticNet } from "./linear/elastic-net.ts";
import { fitLogistic, type LogisticParams } from "./linear/logistic.ts";
import { fitRidge, type RidgeParams } from "./linear/ridge.ts";
import type { Artifact, Label } from "./model.ts";
import { fitNaiveBayes, type NaiveBayesParams } from "./naive-bayes.ts";
import { fitNearest, type NearestParams } from "./nearest.ts";
import { fitNetwork, type NetworkParams } from "./network/neural-network.ts";
import { markTextScores, withTextScores } from "./text-scores.ts";
import { type ForestParams, fitForest } from "./trees/forest.ts";

/** What to fit, as JSON. Every parameter has a default that is meant to be good without tuning. */
export type CandidateSpec =
  | { readonly algorithm: "gradientBoosting"; readonly params?: BoostingParams }
  | { readonly algorithm: "randomForest"; readonly params?: ForestParams }
  | { readonly algorithm: "extraTrees"; readonly params?: ForestParams }
  | { readonly algorithm: "logistic"; readonly params?: LogisticParams }
  | { readonly algorithm: "ridge"; readonly params?: RidgeParams }
  | { readonly algorithm: "elasticNet"; readonly params?: ElasticNetParams }
  | { readonly algorithm: "naiveBayes"; readonly params?: NaiveBayesParams }
  | { readonly algorithm: "nearestNeighbours"; readonly params?: NearestParams }
  | { readonly algorithm: "neuralNetwork"; readonly params?: NetworkParams };

export type Algorithm = CandidateSpec["algorithm"];

/**
 * Fits a model. A time counts as it is and by its hour, weekday and place in the year, where the rows tell them apart. Texts are read
 * word by word by `logistic` and `ridge`; all others are given what such a model makes of each text alone. Columns that are missing in every row are not used.
 * Throws TRAINING_LABEL_…, TRAINING_WEIGHT_INVALID, TRAINING_TOO_FEW_ROWS, TRAINING_NO_FEATURES, TRAINING_DIVERGED, or DEFINE_INVALID for a spec that does not fit.
 */
export function fit(
  spec: CandidateSpec,
  features: Table,
  label: Label,
  given: FitOptions,
): Artifact | Promise<Artifact> {
  checkLabel(label, features.rowCount);
  const weights = given.weights ?? label.weights;
  checkWeights(weights, features.rowCount);
  const options = weights === undefined ? given : { ...given, weights };
  checkValidation(label, options.validation);
  const readsText = spec.algorithm === "logistic" || spec.algorithm === "ridge";
  const usable = featuresOf(features, { text: true });
  if (usable.length === 0)
    throw fail("TRAINING_NO_FEATURES", `Expected a column that ${spec.algorithm} can learn from, got none`);
  if (!wholeFeatures(usable).some(({ name }) => varies(features.columns.get(name)!)))
    throw fail("TRAINING_NO_FEATURES", "Expected a feature that varies, got only constant or missing ones");
  const all: FitInput = { table: features, features: usable, label, options };
  const { input: own, scores } = readsText ? { input: all, scores: [] } : withTextScores(all);
  const { monotone = {} } = (spec.params ?? {}) as BoostingParams;
  // A cycle would break the promise that later times raise (or lower) the answer. Neighbours in time are near each other already.
  const calendar =
    spec.algorithm === "nearestNeighbours"
      ? []
      : calendarColumns(own, { isTree: treeAlgorithms.includes(spec.algorithm), except: Object.keys(monotone) });
  const made = fitAs(spec, withCalendar(own, calendar));
  const mark = (artifact: Artifact): Artifact => markTextScores(markCalendar(artifact, calendar), scores);
  return made instanceof Promise ? made.then(mark) : mark(made);
}

const treeAlgorithms: readonly Algorithm[] = ["gradientBoosting", "randomForest", "extraTrees"];

function fitAs(spec: CandidateSpec, input: FitInput): Artifact | Promise<Artifact> {
  switch (spec.algorithm) {
    case "gradientBoosting":
      return fitBoosting(input, spec.params ?? {});
    case "randomForest":
    case "extraTrees":
      return fitForest(input, spec.params ?? {}, spec.algorithm);
    case "logistic":
      return fitLogistic(input, spec.params ?? {});
    case "ridge":
      return fitRidge(input, spec.params ?? {});
    case "elasticNet":
      return fitElasticNet(input, spec.params ?? {});
    case "naiveBayes":
      return fitNaiveBayes(input, spec.params ?? {});
    case "nearestNeighbours":
      return fitNearest(input, spec.params ?? {});
    case "neuralNetwork":
      return fitNetwork(input, spec.params ?? {});
    default:
      throw fail(
        "DEFINE_INVALID",
        `Expected a known algorithm, got ${JSON.stringify((spec as { algorithm?: unknown }).algorithm)}`,
      );
  }
}

function checkWeights(weights: Float64Array | undefined, rowCount: number): void {
  if (weights === undefined) return;
  if (weights.length !== rowCount)
    throw fail("TRAINING_WEIGHT_INVALID", `Expected one weight per row (${rowCount}), got ${weights.length}`);
  let positive = 0;
  for (let i = 0; i < rowCount; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw fail(
        "TRAINING_WEIGHT_INVALID",
        `Expected weights that are finite and not negative, got ${weight} in row ${i}`,
      );
    if (weight > 0) positive++;
  }
  if (positive < 2)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 rows with a positive weight, got ${positive}`);
}

function checkValidation(label: Label, validation: FitOptions["validation"]): void {
  if (validation === undefined) return;
  const { features, label: held } = validation;
  if (labelLength(held) !== features.rowCount || held.task !== label.task)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `Expected ${features.rowCount} validation labels of task ${label.task}, got ${labelLength(held)} of ${held.task}`,
    );
  if (label.task === "regression" || held.task === "regression") return;
  if (held.classes.length !== label.classes.length || held.classes.some((text, code) => text !== label.classes[code]))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected the validation label to have the training label's classes, in the same order",
    );
}
