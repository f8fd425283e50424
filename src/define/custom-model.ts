// A candidate that the user writes: how it is fitted, what it leaves behind, and how that answers.

import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import type { Candidate } from "./candidate.ts";
import { checkOptions, checkText, invalid } from "./check.ts";

type Plain = number | string | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** One row's features by name; null where a value is missing. Times are texts of ISO 8601, vectors lists of numbers. */
export type CustomRow = Readonly<Record<string, Value>>;

export interface CustomFit {
  readonly rows: readonly CustomRow[];
  /** One per row: a number, or a class as its text. */
  readonly labels: readonly (number | string)[];
  /** What each row counts, from the training's `weight`; 1 without. */
  readonly weights: readonly number[];
  readonly task: "binary" | "multiclass" | "regression";
  /** In the order of the probabilities that `predict` gives; empty for numbers. */
  readonly classes: readonly string[];
  /** The training's own: the same seed and rows must give the same artefact. */
  readonly seed: number;
}

type TypedArray = Float64Array | Float32Array | Int32Array | Int16Array | Uint32Array | Uint16Array | Uint8Array;

/** What a fit leaves behind: JSON and typed arrays, never code. */
export type CustomArtefact = Readonly<Record<string, Plain | TypedArray>>;

/** One answer per row: a number; of two classes the probability of the second; of more a probability for each. */
export type CustomAnswers = ArrayLike<number> | readonly (readonly number[])[];

export interface CustomModelOptions<A extends CustomArtefact> {
  /** What it is called in reports; one of its own within the training. */
  readonly name: string;
  /** Learns from the training rows, in a process of its own with the training's limits. */
  readonly fit: (input: CustomFit) => A | Promise<A>;
  /** Answers rows from the artefact alone, at once and without side effects: the same code in training and in serving. */
  readonly predict: (artefact: A, rows: readonly CustomRow[]) => CustomAnswers;
}

export interface CustomCandidate extends Candidate {
  readonly custom: Pick<CustomModelOptions<CustomArtefact>, "fit" | "predict">;
  /** As a stack trace. */
  readonly declaredAt: string;
}

/**
 * A model of your own as a candidate: judged, gated, versioned and served like the others. A version goes on with the code that it
 * was trained with, which runs beside the server with a time limit.
 *
 * @example
 * customModel({
 *   name: "share of yes",
 *   fit: ({ labels, classes }) => ({ share: labels.filter((one) => one === classes[1]).length / labels.length }),
 *   predict: ({ share }, rows) => rows.map(() => share),
 * });
 */
export function customModel<A extends CustomArtefact>(options: CustomModelOptions<A>): CustomCandidate {
  checkOptions("customModel()", options, ["name", "fit", "predict"]);
  const { name, fit, predict } = options;
  checkText("customModel().name", name);
  if (typeof fit !== "function") throw invalid("customModel().fit", "a function of rows and labels", fit);
  if (typeof predict !== "function")
    throw invalid("customModel().predict", "a function of the artefact and rows", predict);
  return {
    algorithm: "custom",
    params: { name },
    custom: { fit, predict } as never,
    declaredAt: new Error("declared").stack ?? "",
  };
}

export function isCustom(candidate: unknown): candidate is CustomCandidate {
  return isObject(candidate) && candidate.algorithm === "custom" && isObject(candidate.custom);
}
