// What a training may try, as data: the algorithm and its settings; what is left out takes defaults that are good untuned.

import type { JsonObject } from "../base/json.ts";
import { checkNumber, checkOptions, invalid } from "./check.ts";
import type { LabelTask, Task } from "./metrics.ts";

const anyLabel = ["binary", "multiclass", "regression"] as const satisfies readonly LabelTask[];

/** What each algorithm may do. */
export const algorithmTasks = {
  logistic: ["binary", "multiclass"],
  naiveBayes: ["binary", "multiclass"],
  ridge: ["regression"],
  elasticNet: ["regression"],
  gradientBoosting: [...anyLabel, "forecast"],
  randomForest: anyLabel,
  extraTrees: anyLabel,
  nearestNeighbours: anyLabel,
  neuralNetwork: anyLabel,
  imported: anyLabel,
  custom: anyLabel,
  seasonalNaive: ["forecast"],
  ets: ["forecast"],
  mstl: ["forecast"],
  isolationForest: ["anomaly"],
  kMeans: ["clustering"],
  auto: [...anyLabel, "forecast", "anomaly", "clustering"],
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

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: true;
  /** Where the word for users differs from the learner's. */
  readonly as?: string;
}

export const whole = (min: number, max: number): Range => ({ min, max, whole: true });
export const share: Range = { min: 1e-6, max: 1 };
export const penalty: Range = { min: 0, max: 1e9 };

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
  "customModel()",
  "seasonalNaive()",
  "ets()",
  "mstl()",
  "isolationForest()",
  "kMeans()",
] as const;

/** Checks the options against their ranges, and makes the candidate. Throws DEFINE_INVALID. */
export function candidate(
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
