// Candidates made of trees: gradient boosting, forests, and the isolation forest.

import { isObject } from "../base/json.ts";
import { type Candidate, type ClassOptions, candidate, penalty, type Range, share, whole } from "./candidate.ts";
import { checkOneOf, invalid } from "./check.ts";

export interface GradientBoostingOptions extends ClassOptions {
  /**
   * For numbers: `squaredError` (the mean; default), `poisson` (counts and rates), `quantile` (the `level` of the distribution).
   */
  readonly objective?: "squaredError" | "poisson" | "quantile";
  /** With `quantile`: 0.5 is the median, 0.9 the value that 9 of 10 labels stay below. */
  readonly level?: number;
  /** How many trees; when left out, as many as rows kept aside still gain from, 1,000 at most. */
  readonly trees?: number;
  /** Trees without a gain on rows kept aside before it stops; false grows all trees. */
  readonly earlyStopping?: number | false;
  /** The share of each tree's answer that is kept; 0.1 when left out. */
  readonly learningRate?: number;
  /** The most leaves of a tree; 31 when left out. */
  readonly leaves?: number;
  readonly maxDepth?: number;
  /** The fewest rows in a leaf. */
  readonly minRows?: number;
  readonly l1?: number;
  readonly l2?: number;
  /** The share of the rows, and of the features, drawn for each tree. */
  readonly rowSample?: number;
  readonly featureSample?: number;
  /** Keeps this share of the rows, those with the largest gradients, for each tree and draws few of the rest. */
  readonly gradientTop?: number;
  /** Features that the answer may only rise with, or only fall with, e.g. `{ income: "increasing" }`. */
  readonly monotone?: Readonly<Record<string, "increasing" | "decreasing">>;
}

export interface ForestOptions extends ClassOptions {
  /** How many trees; 200 when left out. */
  readonly trees?: number;
  /** The most leaves of a tree; 1,024 when left out. */
  readonly leaves?: number;
  readonly maxDepth?: number;
  /** The fewest rows in a leaf. */
  readonly minRows?: number;
  /** The share of the rows that each tree is grown on. */
  readonly rowSample?: number;
  /** The share of the features looked at for each split. */
  readonly splitFeatures?: number;
}

export interface IsolationForestOptions {
  /** How many trees; 200 when left out. */
  readonly trees?: number;
  /** Rows that each tree is grown on; 256 when left out. */
  readonly rows?: number;
  /** The share of the training rows that counts as odd, which sets the score from which a row is flagged; 0.01 when left out. */
  readonly contamination?: number;
}

const minRows: Range = { min: 1, max: 1e9, as: "minRowsInLeaf" };
const forest = { trees: whole(1, 100_000), leaves: whole(2, 65_536), maxDepth: whole(1, 500), minRows };

/**
 * Gradient-boosted trees: categories and missing values as they are, for any task.
 *
 * @example
 * gradientBoosting({ objective: "quantile", level: 0.9, monotone: { income: "increasing" } })
 */
export function gradientBoosting(options: GradientBoostingOptions = {}): Candidate {
  const where = "gradientBoosting()";
  const { objective, level, earlyStopping, monotone } = options;
  if (objective !== undefined) checkOneOf(`${where}.objective`, objective, ["squaredError", "poisson", "quantile"]);
  if (level !== undefined && objective !== "quantile")
    throw invalid(`${where}.level`, 'objective: "quantile" beside it', level);
  if (monotone !== undefined) {
    if (!isObject(monotone)) throw invalid(`${where}.monotone`, 'features such as { income: "increasing" }', monotone);
    for (const [name, direction] of Object.entries(monotone))
      checkOneOf(`${where}.monotone.${name}`, direction, ["increasing", "decreasing"]);
  }
  if (options.gradientTop !== undefined && options.rowSample !== undefined)
    throw invalid(`${where}.gradientTop`, "no rowSample beside it", options.rowSample);
  return candidate(
    "gradientBoosting",
    where,
    options,
    {
      ...forest,
      level: { min: 1e-6, max: 1 - 1e-6 },
      ...(earlyStopping === false ? {} : { earlyStopping: whole(1, 1e6) }),
      learningRate: share,
      l1: penalty,
      l2: penalty,
      rowSample: share,
      featureSample: share,
      gradientTop: share,
    },
    ["objective", "monotone", "earlyStopping"],
  );
}

/** A random forest: many deep trees, each on other rows, that answer with their mean. */
export function randomForest(options: ForestOptions = {}): Candidate {
  return candidate("randomForest", "randomForest()", options, { ...forest, rowSample: share, splitFeatures: share });
}

/** Extremely randomised trees: like a random forest, with splits drawn by chance; often better on few or noisy rows. */
export function extraTrees(options: ForestOptions = {}): Candidate {
  return candidate("extraTrees", "extraTrees()", options, { ...forest, rowSample: share, splitFeatures: share });
}

/** Flags odd rows: those that random splits set apart quickly. Needs no label; texts are not read. */
export function isolationForest(options: IsolationForestOptions = {}): Candidate {
  return candidate("isolationForest", "isolationForest()", options, {
    trees: whole(1, 100_000),
    rows: whole(2, 1e6),
    contamination: { min: 1e-6, max: 0.5 },
  });
}
