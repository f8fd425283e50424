// What answers: a fitted model, alone or with the calibration of its probabilities, as one artifact and back.

import { fail } from "../base/failure.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import { openAnomaly } from "../learn/anomaly.ts";
import { openClusterPredictor } from "../learn/clusters/cluster-model.ts";
import { calibrated } from "../learn/evaluation/calibration.ts";
import { openForecastPredictor } from "../learn/forecast/predictor.ts";
import type { Artifact, ArtifactArray, Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";

const format = "pentad.calibrated/1";

/** One artifact of both, so that they share a file, a hash and a version. */
export function withCalibration(model: Artifact, calibration: Artifact): Artifact {
  const arrays: Record<string, ArtifactArray> = {};
  for (const [part, { arrays: own }] of Object.entries({ model, calibration }))
    for (const [name, array] of Object.entries(own)) arrays[`${part}/${name}`] = array;
  const describe = ({ format: own, meta }: Artifact): JsonObject => ({ format: own, meta });
  return { format, meta: { model: describe(model), calibration: describe(calibration) }, arrays };
}

/** The model without its calibration, and the calibration when there is one. */
export function partsOf(artifact: Artifact): { readonly model: Artifact; readonly calibration: Artifact | null } {
  if (artifact.format !== format) return { model: artifact, calibration: null };
  const part = (name: "model" | "calibration"): Artifact => {
    const own = artifact.meta[name];
    if (!isObject(own) || typeof own.format !== "string" || !isObject(own.meta))
      throw fail("MODELS_ARTIFACT_CORRUPT", `Expected a ${name} with format and meta, got another header`);
    const prefix = `${name}/`;
    return {
      format: own.format,
      meta: own.meta as JsonObject,
      arrays: Object.fromEntries(
        Object.entries(artifact.arrays).flatMap(([key, array]) =>
          key.startsWith(prefix) ? [[key.slice(prefix.length), array]] : [],
        ),
      ),
    };
  };
  return { model: part("model"), calibration: part("calibration") };
}

/** Formats that are more than a model of rows with a label. */
const others: Readonly<Record<string, (artifact: Artifact) => Predictor>> = {
  "pentad.anomaly/1": openAnomaly,
  "pentad.clusters/1": openClusterPredictor,
  "pentad.forecast/1": openForecastPredictor,
};

/** Opens a model with whatever belongs to it. Throws MODELS_ARTIFACT_CORRUPT for anything damaged. */
export function openServed(artifact: Artifact): Predictor {
  if (!isObject(artifact) || !isObject(artifact.meta) || !isObject(artifact.arrays))
    throw fail("MODELS_ARTIFACT_CORRUPT", "Expected a model with format, meta and arrays, got something else");
  const other =
    typeof artifact.format === "string" && Object.hasOwn(others, artifact.format) ? others[artifact.format] : undefined;
  if (other !== undefined) return other(artifact);
  const { model, calibration } = partsOf(artifact);
  const open = openModel(model);
  return calibration === null ? open : calibrated(open, calibration);
}
