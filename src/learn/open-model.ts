// Opens a model at rest: the one place that knows which format is read by which algorithm.

import { isObject } from "../base/json.ts";
import { corrupt } from "./artifact.ts";
import { openConstant } from "./baselines.ts";
import { calendarPredictor, readCalendar } from "./calendar.ts";
import { openCustom } from "./custom-model.ts";
import { openOnnx } from "./imports/onnx.ts";
import { openAdditive } from "./linear/additive-model.ts";
import type { Artifact, Predictor } from "./model.ts";
import { openNaiveBayes } from "./naive-bayes.ts";
import { openNearest } from "./nearest.ts";
import { openNetwork } from "./network/model.ts";
import { readTextScores, textScorePredictor } from "./text-scores.ts";
import { openTrees } from "./trees/model.ts";

const openers: Readonly<Record<string, (artifact: Artifact) => Predictor>> = {
  "pentad.additive/1": openAdditive,
  "pentad.constant/1": openConstant,
  "pentad.custom/1": openCustom,
  "pentad.naiveBayes/1": openNaiveBayes,
  "pentad.nearest/1": openNearest,
  "pentad.network/1": openNetwork,
  "pentad.onnx/1": openOnnx,
  "pentad.trees/1": openTrees,
};

/**
 * Checks an artifact completely (lengths, ranges, finite numbers, shape of every tree) and makes it predict.
 * Throws MODELS_ARTIFACT_CORRUPT for anything else: a damaged or hostile artifact cannot crash, hang or read out of bounds.
 */
export function openModel(artifact: Artifact): Predictor {
  if (!isObject(artifact) || !isObject(artifact.meta) || !isObject(artifact.arrays))
    throw corrupt("Expected an artifact with format, meta and arrays");
  const open =
    typeof artifact.format === "string" && Object.hasOwn(openers, artifact.format)
      ? openers[artifact.format]
      : undefined;
  if (open === undefined)
    throw corrupt(
      `Expected a known model format (${Object.keys(openers).join(", ")}), got ${JSON.stringify(artifact.format)}`,
    );
  const model = open(artifact);
  const dated = calendarPredictor(model, readCalendar(artifact, model.features));
  return textScorePredictor(dated, readTextScores(artifact));
}
