// The models that a training may try, with their settings; what is left out takes defaults that are good untuned.

import { isObject, type JsonObject } from "../base/json.ts";
import { checkNumber, checkOneOf, checkOptions, checkText, checkTexts, invalid } from "./check.ts";
import type { Task } from "./problem.ts";

/** What each algorithm may predict. */
export const algorithmTasks = {
  logistic: ["binary", "multiclass"],
  naiveBayes: ["binary", "multiclass"],
  ridge: ["regression"],
  elasticNet: ["regression"],
  gradientBoosting: ["binary", "multiclass", "regression"],
  randomForest: ["binary", "multiclass", "regression"],
  extraTrees: ["binary", "multiclass", "regression"],
  nearestNeighbours: ["binary", "multiclass", "regression"],
  neuralNetwork: ["binary", "multiclass", "regression"],
  imported: ["binary", "multiclass", "regression"],
  auto: ["binary", "multiclass", "regression"],
} as const satisfies Record<string, readonly Task[]>;

export interface Candidate {
  /** `auto` stands for a set of candidates that fits the task and the rows. */
  readonly algorithm: keyof typeof algorithmTasks;
  readonly params: JsonObject;
  /** Every class weighs the same in all, however rare it is. */
  readonly balanced?: true;
}

export interface ClassOptions {
  /**
   * Rare classes count as much as frequent ones. It makes the model say rare classes more often, at the price of probabilities
   * that are no longer shares; a cost of errors (`success.costs`) or a metric such as F1 is usually the better way.
   */
  readonly balanced?: boolean;
}

export interface LogisticOptions extends ClassOptions {
  /** Strength of the L2 penalty on standardised coefficients; 1 when left out. */
  readonly l2?: number;
}

export interface RidgeOptions {
  /** Strength of the L2 penalty on standardised coefficients; 1 when left out. */
  readonly l2?: number;
}

export interface LassoOptions {
  /** Strength of the L1 penalty, on a label scaled to variance 1; 0.01 when left out. */
  readonly penalty?: number;
}

export interface ElasticNetOptions extends LassoOptions {
  /** The share of the penalty that is L1: 1 is the lasso, 0 is ridge; 0.5 when left out. */
  readonly l1Share?: number;
}

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

export interface NearestNeighboursOptions {
  /** How many neighbours are asked; the root of the rows, from 3 to 25, when left out. */
  readonly neighbours?: number;
  /** The most training rows kept; 20,000 when left out. */
  readonly keep?: number;
}

export interface NaiveBayesOptions extends ClassOptions {
  /** Rows added to each category of each class; 1 when left out. */
  readonly smoothing?: number;
}

export interface NeuralNetworkOptions extends ClassOptions {
  /** Units of the first and the second hidden layer; 32 and 16 when left out. */
  readonly hidden?: number;
  readonly hidden2?: number;
  /** The most passes over the rows; it stops earlier when rows kept aside no longer gain. */
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly l2?: number;
}

export interface ImportedOptions {
  /** Names of the features in the file's order, when the file holds other ones. */
  readonly features?: readonly string[];
  /** The texts that the codes 0, 1, … of a category feature stand for, when the file does not say. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: true;
  /** Where the word for users differs from the learner's. */
  readonly as?: string;
}

const whole = (min: number, max: number): Range => ({ min, max, whole: true });
const share: Range = { min: 1e-6, max: 1 };
const penalty: Range = { min: 0, max: 1e9 };
const minRows: Range = { min: 1, max: 1e9, as: "minRowsInLeaf" };
const forest = { trees: whole(1, 100_000), leaves: whole(2, 65_536), maxDepth: whole(1, 500), minRows };

/** Logistic regression (softmax for several classes), with scaling and one-hot encoding built in; reads texts. */
export function logistic(options: LogisticOptions = {}): Candidate {
  return candidate("logistic", "logistic()", options, { l2: penalty });
}

/** Ridge regression, with scaling and one-hot encoding built in; reads texts. */
export function ridge(options: RidgeOptions = {}): Candidate {
  return candidate("ridge", "ridge()", options, { l2: penalty });
}

/** Linear regression that leaves out the features it does not need. */
export function lasso(options: LassoOptions = {}): Candidate {
  const { algorithm, params } = candidate("elasticNet", "lasso()", options, { penalty });
  return { algorithm, params: { ...params, l1Share: 1 } };
}

/** Linear regression between ridge and lasso. */
export function elasticNet(options: ElasticNetOptions = {}): Candidate {
  return candidate("elasticNet", "elasticNet()", options, { penalty, l1Share: { min: 0, max: 1 } });
}

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

/** Answers with the labels of the most similar training rows, which it keeps. */
export function nearestNeighbours(options: NearestNeighboursOptions = {}): Candidate {
  return candidate("nearestNeighbours", "nearestNeighbours()", options, {
    neighbours: whole(1, 1e6),
    keep: whole(1, 1e6),
  });
}

/** Naive Bayes: each feature speaks for itself; instant, and good with very few rows. */
export function naiveBayes(options: NaiveBayesOptions = {}): Candidate {
  return candidate("naiveBayes", "naiveBayes()", options, { smoothing: { min: 1e-9, max: 1e9 } });
}

/** A small neural network of one or two hidden layers. */
export function neuralNetwork(options: NeuralNetworkOptions = {}): Candidate {
  return candidate("neuralNetwork", "neuralNetwork()", options, {
    hidden: whole(1, 4096),
    hidden2: whole(0, 4096),
    epochs: whole(1, 100_000),
    learningRate: { min: 1e-7, max: 1 },
    l2: { min: 0, max: 10 },
  });
}

/**
 * A model that LightGBM (`save_model`, text) or XGBoost (`save_model("….json")`) trained, as a file in the project: judged on the
 * same held-out rows as the others, gated and served like them. It must not have been trained on the held-out rows.
 *
 * @example
 * importedModel("models/churn.txt")
 */
export function importedModel(file: string, options: ImportedOptions = {}): Candidate {
  checkText("importedModel()", file);
  checkOptions("importedModel()", options, ["features", "categories"]);
  if (options.features !== undefined) checkTexts("importedModel().features", options.features);
  if (options.categories !== undefined) {
    if (!isObject(options.categories))
      throw invalid("importedModel().categories", 'texts such as { city: ["Oslo", "Rome"] }', options.categories);
    for (const [name, texts] of Object.entries(options.categories))
      checkTexts(`importedModel().categories.${name}`, texts);
  }
  return { algorithm: "imported", params: { file, ...options } as JsonObject };
}

/** A set of candidates that fits the task and the number of rows: linear models, gradient boosting, and forests where they are quick. */
export function auto(): Candidate {
  return { algorithm: "auto", params: {} };
}

/** Every word that makes a candidate, for hints. */
export const candidateWords = [
  "auto()",
  "logistic()",
  "ridge()",
  "lasso()",
  "elasticNet()",
  "gradientBoosting()",
  "randomForest()",
  "extraTrees()",
  "nearestNeighbours()",
  "naiveBayes()",
  "neuralNetwork()",
  "importedModel()",
] as const;

function candidate(
  algorithm: Candidate["algorithm"],
  where: string,
  options: object,
  numbers: Readonly<Record<string, Range>>,
  others: readonly string[] = [],
): Candidate {
  const classes =
    (algorithmTasks[algorithm] as readonly Task[]).includes("binary") && algorithm !== "nearestNeighbours";
  checkOptions(where, options, [...new Set([...Object.keys(numbers), ...others, ...(classes ? ["balanced"] : [])])]);
  const { balanced, ...given } = options as Record<string, unknown>;
  if (balanced !== undefined && typeof balanced !== "boolean")
    throw invalid(`${where}.balanced`, "true or false", balanced);
  const params: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const range = numbers[name];
    if (range !== undefined) {
      checkNumber(`${where}.${name}`, value, range);
      if (range.whole && !Number.isInteger(value)) throw invalid(`${where}.${name}`, "a whole number", value);
    }
    params[range?.as ?? name] = value;
  }
  return { algorithm, params: params as JsonObject, ...(balanced === true ? { balanced } : {}) };
}
