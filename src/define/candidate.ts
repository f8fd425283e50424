// The models that a training may try, with their settings; what is left out takes defaults that are good untuned.

import type { JsonObject } from "../base/json.ts";
import { checkNumber, checkOptions } from "./check.ts";

export interface Candidate {
  readonly algorithm: "logistic" | "ridge" | "gradientBoosting";
  readonly params: JsonObject;
}

export interface LinearOptions {
  /** Strength of the L2 penalty on standardised coefficients. */
  readonly l2?: number;
}

export interface GradientBoostingOptions {
  /** How many trees; when left out, as many as rows kept aside still gain from, 1,000 at most. */
  readonly trees?: number;
  /** The most leaves of a tree. */
  readonly leaves?: number;
  /** The share of each tree's answer that is kept. */
  readonly learningRate?: number;
  /** The fewest rows in a leaf. */
  readonly minRows?: number;
  readonly l2?: number;
}

/** Logistic regression (softmax for several classes), with scaling and one-hot encoding built in. */
export function logistic(options: LinearOptions = {}): Candidate {
  return candidate("logistic", options, { l2: 0 });
}

/** Ridge regression, with scaling and one-hot encoding built in. */
export function ridge(options: LinearOptions = {}): Candidate {
  return candidate("ridge", options, { l2: 0 });
}

/** Gradient-boosted trees: categories and missing values as they are, for any task. */
export function gradientBoosting(options: GradientBoostingOptions = {}): Candidate {
  return candidate("gradientBoosting", options, { trees: 1, leaves: 2, learningRate: 1e-6, minRows: 1, l2: 0 });
}

function candidate(algorithm: Candidate["algorithm"], options: object, minimum: Record<string, number>): Candidate {
  checkOptions(`${algorithm}()`, options, Object.keys(minimum));
  for (const [name, value] of Object.entries(options))
    checkNumber(`${algorithm}().${name}`, value, { min: minimum[name] as number });
  return { algorithm, params: { ...options } };
}
