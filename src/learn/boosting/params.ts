// The parameters of gradient boosting: what they mean, what they are when nobody says, and which values make sense.

import { fail } from "../../base/failure.ts";
import type { Feature } from "../features.ts";
import type { Task } from "../model.ts";
import { paramReader } from "../params.ts";

export interface BoostingParams {
  /** Regression only. Default `squaredError`; `poisson` for counts and rates, `quantile` for the `level` of the distribution. */
  readonly objective?: "squaredError" | "poisson" | "quantile";
  /** Of `quantile`: 0.5 is the median (absolute error), 0.9 the value that 9 of 10 labels stay below. Default 0.5. */
  readonly level?: number;
  /** Most iterations (trees per output). Default 1000 with early stopping, 100 without. */
  readonly trees?: number;
  /** Default 0.1. */
  readonly learningRate?: number;
  /** Most leaves of a tree, grown best first. Default 31. */
  readonly leaves?: number;
  /** Most splits between root and leaf. Default: no limit but the leaves. */
  readonly maxDepth?: number;
  /** Default: a twentieth of the rows, from 3 to 20. */
  readonly minRowsInLeaf?: number;
  /** Least sum of second derivatives in a leaf. Default 0.001. */
  readonly minCurvature?: number;
  /** A split must lower the loss by at least half of this. Default 0. */
  readonly minGain?: number;
  readonly l1?: number;
  /** Default 1. */
  readonly l2?: number;
  /** Share of the rows drawn for each tree. Default 1. */
  readonly rowSample?: number;
  /**
   * Keeps this share of the rows with the largest gradients for each tree, and draws `gradientOther` of all from the rest, counted
   * up to stand for it: gradient-based one-side sampling (Ke et al. 2017). Default 1: all rows.
   */
  readonly gradientTop?: number;
  /** Default 0.1, when `gradientTop` is below 1. */
  readonly gradientOther?: number;
  /** Share of the features drawn for each tree. Default 1. */
  readonly featureSample?: number;
  /** Most bins per feature, 2 to 255. Default 255; from 200 features on no more than leaves of the least size would fill. */
  readonly maxBins?: number;
  /** Iterations without a better validation loss before it stops; false never stops early. Default 30 unless `trees` is given. */
  readonly earlyStopping?: number | false;
  /**
   * Means of categories count as if they had so many rows more of the leaf's mean; categories of fewer than half as many rows in a
   * leaf are not split on, and what chance alone would gain is taken off a split's gain. Default: a hundredth of the rows, 1 to 10;
   * 0: none of it.
   */
  readonly categorySmoothing?: number;
  /** L2 added for splits on categories. Default 10. Neither applies to features of up to 4 categories (missing being one). */
  readonly categoryL2?: number;
  /** Features that the answer may only rise or only fall with. */
  readonly monotone?: Readonly<Record<string, "increasing" | "decreasing">>;
}

export interface BoostingSettings {
  readonly objective: "squaredError" | "poisson" | "quantile" | "logistic" | "softmax";
  readonly level: number;
  readonly trees: number;
  readonly learningRate: number;
  readonly leaves: number;
  readonly maxDepth: number;
  readonly minRowsInLeaf: number;
  readonly minCurvature: number;
  readonly minGain: number;
  readonly l1: number;
  readonly l2: number;
  readonly rowSample: number;
  readonly gradientTop: number;
  readonly gradientOther: number;
  readonly featureSample: number;
  readonly maxBins: number;
  /** 0: never. */
  readonly earlyStopping: number;
  readonly categorySmoothing: number;
  readonly categoryL2: number;
  readonly monotone: Int8Array;
}

/** Below this many rows a held-out part is too small to tell when to stop. */
const leastRowsToHoldOut = 200;

/** From so many features on, histograms cost more than rows, and bins finer than a leaf may be are a luxury. */
const manyFeatures = 200;

/** Fills in the defaults. Throws DEFINE_INVALID for a value out of range. */
export function boostingSettings(
  params: BoostingParams,
  facts: { task: Task; rowCount: number; features: readonly Feature[]; hasValidation: boolean },
): BoostingSettings {
  const { task, rowCount, features } = facts;
  const number = paramReader(params);
  if (params.objective !== undefined && task !== "regression")
    throw fail("DEFINE_INVALID", `objective: expected a regression task for ${params.objective}, got ${task}`);
  const gradientTop = number("gradientTop", 1, 1e-6, 1);
  if (gradientTop < 1 && (params.rowSample ?? 1) < 1)
    throw fail("DEFINE_INVALID", "gradientTop: expected no rowSample beside it, got both");
  const canHoldOut = facts.hasValidation || rowCount >= leastRowsToHoldOut;
  const stopsByDefault = facts.hasValidation || (params.trees === undefined && canHoldOut);
  const asked = params.earlyStopping;
  const minRowsInLeaf = number("minRowsInLeaf", Math.min(20, Math.max(3, Math.round(rowCount / 20))), 1, 1e9);
  const usualBins =
    features.length < manyFeatures ? 255 : Math.min(255, Math.max(32, Math.round(rowCount / minRowsInLeaf)));
  const earlyStopping =
    asked === false
      ? 0
      : canHoldOut && (asked !== undefined || stopsByDefault)
        ? number("earlyStopping", 30, 1, 1e6, true)
        : 0;
  return {
    objective:
      task === "binary" ? "logistic" : task === "multiclass" ? "softmax" : (params.objective ?? "squaredError"),
    level: number("level", 0.5, 1e-6, 1 - 1e-6),
    trees: number("trees", earlyStopping > 0 ? 1000 : 100, 1, 100_000, true),
    learningRate: number("learningRate", 0.1, 1e-6, 1),
    leaves: number("leaves", 31, 2, 65_536, true),
    maxDepth: number("maxDepth", 500, 1, 500, true),
    minRowsInLeaf,
    minCurvature: number("minCurvature", 1e-3, 0, 1e12),
    minGain: Math.max(number("minGain", 0, 0, 1e12), 1e-10 * rowCount),
    l1: number("l1", 0, 0, 1e12),
    l2: number("l2", 1, 0, 1e12),
    rowSample: number("rowSample", 1, 1e-6, 1),
    gradientTop,
    gradientOther: number("gradientOther", Math.min(0.1, 1 - gradientTop), 0, 1 - gradientTop),
    featureSample: number("featureSample", 1, 1e-6, 1),
    maxBins: number("maxBins", usualBins, 2, 255, true),
    earlyStopping,
    categorySmoothing: number("categorySmoothing", Math.min(10, Math.max(1, rowCount / 100)), 0, 1e9),
    categoryL2: number("categoryL2", 10, 0, 1e12),
    monotone: monotoneSigns(params.monotone ?? {}, features),
  };
}

function monotoneSigns(
  wanted: Readonly<Record<string, "increasing" | "decreasing">>,
  features: readonly Feature[],
): Int8Array {
  const signs = new Int8Array(features.length);
  for (const [name, direction] of Object.entries(wanted)) {
    const index = features.findIndex((feature) => feature.name === name);
    if (index < 0)
      throw fail("DEFINE_INVALID", `monotone: expected the name of a feature, got ${JSON.stringify(name)}`);
    if (features[index]!.type === "category")
      throw fail("DEFINE_INVALID", `monotone: expected an ordered feature, got the category ${JSON.stringify(name)}`);
    if (direction !== "increasing" && direction !== "decreasing")
      throw fail(
        "DEFINE_INVALID",
        `monotone.${name}: expected "increasing" or "decreasing", got ${JSON.stringify(direction)}`,
      );
    signs[index] = direction === "increasing" ? 1 : -1;
  }
  return signs;
}
