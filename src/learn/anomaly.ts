// An isolation forest as a model among others: its answer is how odd a row is, with the score from which a row is flagged.

import { isObject, type JsonObject } from "../base/json.ts";
import type { Table } from "../base/table.ts";
import { corrupt } from "./artifact.ts";
import type { Artifact, Predictor } from "./model.ts";
import { openModel } from "./open-model.ts";
import { paramReader } from "./params.ts";
import { fitIsolationForest, type IsolationParams, openIsolationForest } from "./trees/isolation-forest.ts";

export interface AnomalyParams extends IsolationParams {
  /** The share of the training rows that counts as odd. Default 0.01. */
  readonly contamination?: number;
}

const format = "pentad.anomaly/1";

/** Throws TRAINING_NO_FEATURES, TRAINING_TOO_FEW_ROWS. */
export function fitAnomaly(table: Table, params: AnomalyParams, options: { readonly seed: number }): Artifact {
  const { contamination: _, ...own } = params;
  const contamination = paramReader<AnomalyParams>(params)("contamination", 0.01, 0, 0.5);
  const forest = fitIsolationForest(table, own, options);
  const scores = openIsolationForest(forest).score(table).sort();
  // Of equal scores all are flagged or none: the border lies above those that are not.
  const place = Math.max(0, Math.ceil(scores.length * (1 - contamination)) - 1);
  const border = scores[place]!;
  const next = scores.find((score) => score > border) ?? 1;
  return {
    format,
    meta: {
      algorithm: "isolationForest",
      contamination,
      flagFrom: (border + next) / 2,
      forest: { format: forest.format, meta: forest.meta },
    },
    arrays: forest.arrays,
  };
}

/** The forest alone, whose answer is the length of a row's path. Throws MODELS_ARTIFACT_CORRUPT. */
export function forestOf({ meta, arrays }: Artifact): Artifact {
  const { forest } = meta;
  if (!isObject(forest) || typeof forest.format !== "string" || !isObject(forest.meta))
    throw corrupt("Expected the forest of an anomaly detector");
  return { format: forest.format, meta: forest.meta as JsonObject, arrays };
}

export function openAnomaly(artifact: Artifact): Predictor {
  const { flagFrom } = artifact.meta;
  if (typeof flagFrom !== "number" || !(flagFrom > 0 && flagFrom <= 1))
    throw corrupt("Expected the score from which a row is flagged");
  const forest = forestOf(artifact);
  const detector = openIsolationForest(forest);
  const { features, importance } = openModel(forest);
  return {
    task: "anomaly",
    classes: [],
    features,
    flagFrom,
    predict: (table) => ({ values: detector.score(table) }),
    predictRow: (row) => detector.scoreRow(row),
    // A short path is what makes a row odd: turned round, what speaks for it stands above 0.
    explainRow(row) {
      const { base, contributions } = detector.explainRow(row);
      return {
        base: -base,
        contributions: contributions.map(({ feature, contribution }) => ({ feature, contribution: -contribution })),
      };
    },
    importance,
  };
}
