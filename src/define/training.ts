// Step 3, training: which label and features, how to hold rows out, which candidates, when to train again.

import { isObject } from "../base/json.ts";
import { type Budget, checkBudget } from "./budget.ts";
import type { Candidate } from "./candidate.ts";
import { checkNumber, checkOptions, invalid } from "./check.ts";
import {
  checkCandidates,
  checkFeatures,
  checkLabel,
  checkSeries,
  checkUnvaried,
  checkWeight,
} from "./check-training.ts";
import type { Component } from "./component.ts";
import type { DataComponent } from "./data.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { isLabelTask, type Task, type UnlabelledTask } from "./metrics.ts";
import { checkRequest, isOnDemand, namesOf, type OnDemand } from "./on-demand.ts";
import type { ProblemComponent } from "./problem.ts";
import type { FeatureReference, FeatureSelection, LabelReference } from "./selection.ts";
import { checkSplit, type Split } from "./split.ts";
import { checkWhen, type TrainWhen } from "./train-when.ts";

type AnySelection = FeatureSelection | FeatureReference | OnDemand;

export interface TrainingOptions<
  Selections extends readonly AnySelection[],
  LabelName extends string,
  LabelValue,
  T extends Task = Task,
  WeightName extends string = string,
> {
  /** The file's name unless given. */
  readonly name?: string;
  /** The default export of problem.ts. */
  readonly problem: ProblemComponent<NoInfer<LabelName>, T>;
  /** A label of a data component, e.g. `weather.labels.rainTomorrow`; the one that the problem predicts. */
  readonly label?: LabelReference<LabelName, LabelValue>;
  /**
   * `weather.all()`, `weather.pick("precipitation")`, `weather.features.precipitation`, or what `onDemand()` gives. A forecast takes none.
   */
  readonly features?: Selections;
  /**
   * A column of numbers that says what each row counts, in the fit and in every score, e.g. `orders.features.amount`: 2 counts like
   * the row twice, 0 leaves it out. It is no input of the model. Every row counts the same when left out.
   */
  readonly weight?: FeatureReference<WeightName>;
  /** How rows are held out for the gate; by time when there is one, and a fifth of them, unless given. */
  readonly split?: Split;
  /** What is tried; the best on rows held back from the training part goes to the gate. `[auto()]` when left out. */
  readonly candidates?: readonly Candidate[];
  /** Varies the candidates' settings: random search with successive halving, which stops with the best so far. */
  readonly budget?: Budget;
  /** When to train again; without it, when the definition or its data component's rows change. */
  readonly when?: TrainWhen;
  /** The start of all chance; the same seed and rows give the same model. 1 by default. */
  readonly seed?: number;
  /** Time and memory of each step. */
  readonly limits?: Limits;
}

/** Which of the two each task takes. */
export type TrainingRule<T extends Task> = T extends UnlabelledTask
  ? { readonly label?: never; readonly features: readonly AnySelection[] }
  : T extends "forecast"
    ? { readonly label: LabelReference; readonly features?: never }
    : { readonly label: LabelReference; readonly features: readonly AnySelection[] };

/** Whether a row is odd, the number of its group, or a value of the label. */
type AnswerOf<T extends Task, LabelValue> = T extends "anomaly"
  ? boolean
  : T extends "clustering"
    ? number
    : LabelValue;

type InputsOfSelection<S> = S extends { readonly inputsType?: infer Inputs } ? Exclude<Inputs, undefined> : never;
type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** A forecast is asked for by the key of its series. */
type RequestOf<T extends Task, Selections extends readonly AnySelection[], WeightName> = T extends "forecast"
  ? { readonly [key: string]: string | number }
  : Without<Intersection<InputsOfSelection<Selections[number]>>, WeightName>;

type Without<Inputs, Name> = { -readonly [K in keyof Inputs as Exclude<K, Name>]: Inputs[K] } & {};

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
export function defineTraining<
  const Selections extends readonly AnySelection[],
  LabelName extends string,
  LabelValue,
  T extends Task,
  WeightName extends string = never,
>(
  options: TrainingOptions<Selections, LabelName, LabelValue, T, WeightName> & TrainingRule<T>,
): TrainingComponent<RequestOf<T, Selections, WeightName>, AnswerOf<T, LabelValue>> {
  checkOptions("defineTraining()", options, [
    "name",
    "problem",
    "label",
    "features",
    "weight",
    "split",
    "candidates",
    "budget",
    "when",
    "seed",
    "limits",
  ]);
  if (!isObject(options.problem) || options.problem.kind !== "problem")
    throw invalid("problem", "the default export of problem.ts", options.problem);
  const { task, predict } = options.problem.options;
  const { label, weight, features = [] } = options as TrainingOptions<readonly AnySelection[], string, unknown>;
  if (predict === undefined) {
    if (label !== undefined) throw invalid("label", `nothing, since ${task} looks at rows without one`, label);
  } else checkLabel(label, predict);
  if (task === "forecast") {
    if (options.features !== undefined)
      throw invalid(
        "features",
        "nothing, since a forecast learns from the label's own past",
        features,
        'Leave features out, or predict with task "regression"',
      );
  } else checkFeatures(features);
  const types = new Map(features.flatMap(typesOf));
  const rows = label ?? features.find((one): one is FeatureReference | FeatureSelection => !isOnDemand(one));
  if (rows === undefined)
    throw invalid("features", "a group's own features beside onDemand(), whose rows are looked at", features);
  for (const one of features.filter(isOnDemand))
    checkRequest(one, (rows.data as DataComponent).options, label?.label ?? "");
  if (task === "forecast") checkSeries(rows.data as DataComponent, label?.label ?? "");
  // A misspelt column is undefined: training as if nothing had been said would be worse than an error.
  if ("weight" in options) checkWeight(weight, features, task);
  if (options.candidates !== undefined) checkCandidates(options.candidates, task, types);
  checkSplit(options.split);
  checkBudget(options.budget);
  if (!isLabelTask(task)) checkUnvaried(options, task);
  checkWhen(options.when);
  if (options.seed !== undefined) checkNumber("seed", options.seed, { min: 0 });
  checkLimits(options.limits);
  return { kind: "training", name: options.name, options } as never;
}

/** What a model takes by these, by name. */
function typesOf(selection: AnySelection): (readonly [name: string, type: string])[] {
  if (isOnDemand(selection)) return Object.entries(selection.onDemand.features).map(([name, { type }]) => [name, type]);
  const { features } = (selection.data as DataComponent).options;
  // What is no feature is a window.
  return namesOf(selection).map((name) => [name, features[name]?.type ?? "number"]);
}
