// Step 3, training: which label and features, how to hold rows out, which candidates, when to train again.

import { isObject } from "../base/json.ts";
import type { Candidate } from "./candidate.ts";
import { checkDuration, checkNumber, checkOneOf, checkOptions, invalid } from "./check.ts";
import type { Component } from "./component.ts";
import type { FeatureReference, FeatureSelection, LabelReference } from "./data.ts";
import { checkLimits, type Limits } from "./limits.ts";
import type { ProblemComponent } from "./problem.ts";

export interface Split {
  /** `time`: the newest rows are held out; `stratified`: each class in proportion; `random`. */
  readonly by: "time" | "random" | "stratified";
  /** The share of rows that is held out for the gate. */
  readonly test?: number;
  /** With `time`: rows this close before the test part are left out, e.g. "1d". */
  readonly gap?: string;
}

export interface TrainWhen {
  /** Train again when the rows have changed and the model is this old, e.g. "1d". */
  readonly every?: string;
  /** Train again after this many new rows. */
  readonly newRows?: number;
}

type AnySelection = FeatureSelection | FeatureReference;

export interface TrainingOptions<Selections extends readonly AnySelection[], LabelName extends string, LabelValue> {
  /** The file's name unless given. */
  readonly name?: string;
  /** The default export of problem.ts. */
  readonly problem: ProblemComponent<NoInfer<LabelName>>;
  /** A label of a data component, e.g. `weather.labels.rainTomorrow`; the one that the problem predicts. */
  readonly label: LabelReference<LabelName, LabelValue>;
  /** `weather.all()`, `weather.pick("precipitation")`, `weather.features.precipitation`. */
  readonly features: Selections;
  /** How rows are held out for the gate; by time when there is one, and a fifth of them, unless given. */
  readonly split?: Split;
  /** What is tried; the best on the held-in rows goes to the gate. */
  readonly candidates: readonly Candidate[];
  /** When to train again; without it, when the definition or its data component's rows change. */
  readonly when?: TrainWhen;
  /** The start of all chance; the same seed and rows give the same model. 1 by default. */
  readonly seed?: number;
  /** Time and memory of each step. */
  readonly limits?: Limits;
}

type InputsOfSelection<S> = S extends { readonly inputsType?: infer Inputs } ? Exclude<Inputs, undefined> : never;
type Flat<T> = { -readonly [K in keyof T]: T[K] } & {};
type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

export interface TrainingComponent<Inputs = unknown, Output = unknown> extends Component<"training"> {
  readonly options: TrainingOptions<readonly AnySelection[], string, Output>;
  readonly inputsType?: Inputs;
  readonly outputType?: Output;
}

/**
 * Declares how a model is trained.
 *
 * @example
 * export default defineTraining({
 *   problem, label: weather.labels.rainTomorrow, features: [weather.all()],
 *   split: { by: "time", test: 0.2 },
 *   candidates: [logistic(), gradientBoosting()],
 *   when: { every: "1d", newRows: 30 },
 * });
 */
export function defineTraining<const Selections extends readonly AnySelection[], LabelName extends string, LabelValue>(
  options: TrainingOptions<Selections, LabelName, LabelValue>,
): TrainingComponent<Flat<Intersection<InputsOfSelection<Selections[number]>>>, LabelValue> {
  checkOptions("defineTraining()", options, [
    "name",
    "problem",
    "label",
    "features",
    "split",
    "candidates",
    "when",
    "seed",
    "limits",
  ]);
  if (!isObject(options.problem) || options.problem.kind !== "problem")
    throw invalid("problem", "the default export of problem.ts", options.problem);
  if (!isObject(options.label) || typeof options.label.label !== "string")
    throw invalid(
      "label",
      "a label of a data component, such as weather.labels.rainTomorrow",
      options.label,
      "Check the label's spelling in the data component",
    );
  if (options.problem.options.predict !== options.label.label)
    throw invalid(
      "label",
      `the label that the problem predicts ("${options.problem.options.predict}")`,
      options.label.label,
    );
  if (!Array.isArray(options.features) || options.features.length === 0)
    throw invalid("features", "a list such as [weather.all()]", options.features);
  for (const selection of options.features)
    if (!isObject(selection) || !("names" in selection || "feature" in selection))
      throw invalid(
        "features",
        "weather.all(), weather.pick(…) or weather.features.name",
        selection,
        "Check the feature's spelling in the data component",
      );
  if (!Array.isArray(options.candidates) || options.candidates.length === 0)
    throw invalid("candidates", "a list such as [logistic(), gradientBoosting()]", options.candidates);
  for (const candidate of options.candidates)
    if (!isObject(candidate) || typeof candidate.algorithm !== "string")
      throw invalid("candidates", "logistic(), ridge() or gradientBoosting()", candidate);
  checkSplit(options.split);
  checkWhen(options.when);
  if (options.seed !== undefined) checkNumber("seed", options.seed, { min: 0 });
  checkLimits(options.limits);
  return { kind: "training", name: options.name, options } as never;
}

function checkSplit(split: Split | undefined): void {
  if (split === undefined) return;
  checkOptions("split", split, ["by", "test", "gap"]);
  checkOneOf("split.by", split.by, ["time", "random", "stratified"]);
  if (split.test !== undefined) checkNumber("split.test", split.test, { min: 0.01, max: 0.9 });
  if (split.gap !== undefined) checkDuration("split.gap", split.gap);
}

function checkWhen(when: TrainWhen | undefined): void {
  if (when === undefined) return;
  checkOptions("when", when, ["every", "newRows"]);
  if (when.every !== undefined) checkDuration("when.every", when.every);
  if (when.newRows !== undefined) checkNumber("when.newRows", when.newRows, { min: 1 });
}
