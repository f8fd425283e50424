// Step 3, training: which label and features, how to hold rows out, which candidates, when to train again.

import { isObject } from "../base/json.ts";
import { checkEvents, type EventId } from "./after.ts";
import { algorithmTasks, type Candidate, candidateWords } from "./candidate.ts";
import { checkDuration, checkNumber, checkOneOf, checkOptions, checkText, invalid, nearest } from "./check.ts";
import type { Component } from "./component.ts";
import type { DataComponent } from "./data.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { isLabelTask, type Task, type UnlabelledTask } from "./metrics.ts";
import { checkRequest, isOnDemand, namesOf, type OnDemand } from "./on-demand.ts";
import type { ProblemComponent } from "./problem.ts";
import type { FeatureReference, FeatureSelection, LabelReference } from "./selection.ts";

export interface Split {
  /** `time`: the newest rows are held out; `stratified`: each class in proportion; `group`: whole groups; `random`. */
  readonly by: "time" | "random" | "stratified" | "group";
  /** With `group`: the feature or key whose rows stay together, e.g. "customer". */
  readonly group?: string;
  /** The share of rows that is held out for the gate. */
  readonly test?: number;
  /** With `time`: rows this close before the test part are left out, e.g. "1d". */
  readonly gap?: string;
  /**
   * Candidates are compared on this many folds of the training rows (in time order with `time`), or on one held-back part with 1.
   * 5 up to 5,000 training rows and 1 beyond when left out.
   */
  readonly folds?: number;
}

/** How long candidates are varied before the best so far is taken; without a budget each is tried as it stands. */
export interface Budget {
  /** Wall time, e.g. "10m"; no new trial starts after it, and those that go on are cut, but for the very first. */
  readonly time?: string;
  /** Processor time of all trials together, e.g. "1h", which is what machines are paid by; no new trial starts once it is used up. */
  readonly cpu?: string;
  /** How many settings are tried in all. */
  readonly trials?: number;
}

export interface TrainWhen {
  /** Train again when the rows have changed and the model is this old, e.g. "1d". */
  readonly every?: string;
  /** Train again after this many new rows. */
  readonly newRows?: number;
  /** Train again, whatever the rows, after these events, e.g. `["event/drift"]`. */
  readonly after?: readonly EventId[];
}

type AnySelection = FeatureSelection | FeatureReference | OnDemand;

export interface TrainingOptions<
  Selections extends readonly AnySelection[],
  LabelName extends string,
  LabelValue,
  T extends Task = Task,
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
type Flat<T> = { -readonly [K in keyof T]: T[K] } & {};
type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** A forecast is asked for by the key of its series. */
type RequestOf<T extends Task, Selections extends readonly AnySelection[]> = T extends "forecast"
  ? { readonly [key: string]: string | number }
  : Flat<Intersection<InputsOfSelection<Selections[number]>>>;

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
>(
  options: TrainingOptions<Selections, LabelName, LabelValue, T> & TrainingRule<T>,
): TrainingComponent<RequestOf<T, Selections>, AnswerOf<T, LabelValue>> {
  checkOptions("defineTraining()", options, [
    "name",
    "problem",
    "label",
    "features",
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
  const { label, features = [] } = options as TrainingOptions<readonly AnySelection[], string, unknown>;
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
  const names = features.flatMap((one) => (isOnDemand(one) ? Object.keys(one.onDemand.features) : [...namesOf(one)]));
  for (const one of features) if (!isOnDemand(one)) checkNoVectors(one);
  const rows = label ?? features.find((one): one is FeatureReference | FeatureSelection => !isOnDemand(one));
  if (rows === undefined)
    throw invalid("features", "a group's own features beside onDemand(), whose rows are looked at", features);
  for (const one of features.filter(isOnDemand))
    checkRequest(one, (rows.data as DataComponent).options, label?.label ?? "");
  if (task === "forecast") checkSeries(rows.data as DataComponent, label?.label ?? "");
  if (options.candidates !== undefined) checkCandidates(options.candidates, task, names);
  checkSplit(options.split);
  checkBudget(options.budget);
  if (!isLabelTask(task)) checkUnvaried(options, task);
  checkWhen(options.when);
  if (options.seed !== undefined) checkNumber("seed", options.seed, { min: 0 });
  checkLimits(options.limits);
  return { kind: "training", name: options.name, options } as never;
}

function checkLabel(label: unknown, predict: string): void {
  if (!isObject(label) || typeof label.label !== "string")
    throw invalid(
      "label",
      "a label of a data component, such as weather.labels.rainTomorrow",
      label,
      "Check the label's spelling in the data component",
    );
  if (predict !== label.label)
    throw invalid("label", `the label that the problem predicts ("${predict}")`, label.label);
}

/** A forecast follows one number through time. */
function checkSeries({ options }: DataComponent, name: string): void {
  if (options.eventTime === undefined)
    throw invalid("label", "a label of a data component with eventTime, since a forecast follows time", name);
  const label = options.labels?.[name];
  if (label === undefined || "ahead" in label || label.type !== "number")
    throw invalid("label", "a column of numbers, such as sold: number()", name, "A forecast looks ahead by itself");
}

function checkFeatures(features: readonly AnySelection[]): void {
  if (!Array.isArray(features) || features.length === 0)
    throw invalid("features", "a list such as [weather.all()]", features);
  for (const selection of features)
    if (!isObject(selection) || !("names" in selection || "feature" in selection || "onDemand" in selection))
      throw invalid(
        "features",
        "weather.all(), weather.pick(…) or weather.features.name",
        selection,
        "Check the feature's spelling in the data component",
      );
}

/** What only makes sense where rows have labels. */
function checkUnvaried({ budget, split }: { readonly budget?: Budget; readonly split?: Split }, task: Task): void {
  if (budget !== undefined)
    throw invalid("budget", `none, since the candidates of a ${task} task are tried as they stand`, budget);
  if (task === "forecast" && split?.by !== undefined && split.by !== "time")
    throw invalid("split.by", '"time", since a forecast is judged on what came later', split.by);
  if (split?.by === "stratified")
    throw invalid("split.by", "time, random or group, since there are no classes", split.by);
}

/** A misplaced vector would be read as a text. */
function checkNoVectors(selection: FeatureSelection | FeatureReference): void {
  const { features } = (selection.data as DataComponent).options;
  const vector = namesOf(selection).find((name) => features[name]?.type === "vector");
  if (vector !== undefined)
    throw invalid("features", "features that a model takes", vector, "Vectors are for `pentad search`: leave it out");
}

function checkCandidates(candidates: unknown, task: Task, features: readonly string[]): void {
  if (!Array.isArray(candidates) || candidates.length === 0)
    throw invalid("candidates", "a list such as [logistic(), gradientBoosting()]", candidates);
  for (const [index, candidate] of (candidates as Candidate[]).entries()) {
    const where = `candidates[${index}]`;
    if (typeof candidate === "function")
      throw invalid(where, "a candidate such as logistic()", candidate, "Call it: logistic(), not logistic");
    if (
      !isObject(candidate) ||
      typeof candidate.algorithm !== "string" ||
      !Object.hasOwn(algorithmTasks, candidate.algorithm)
    )
      throw invalid(where, `one of ${candidateWords.join(", ")}`, candidate);
    const { algorithm, params, balanced } = candidate as Candidate;
    const tasks = algorithmTasks[algorithm] as readonly Task[];
    if (!tasks.includes(task))
      throw invalid(where, `a candidate for a ${task} task`, `${algorithm}()`, otherCandidates[task]);
    if (algorithm === "custom") {
      const same = (candidates as Candidate[]).findIndex(
        (one) => one.algorithm === "custom" && one.params.name === params.name,
      );
      if (same !== index) throw invalid(`${where}.name`, "a name of its own", params.name);
    }
    if (balanced === true && task === "regression")
      throw invalid(`${where}.balanced`, "classes, since only they can be balanced", task);
    if (params.objective !== undefined && task !== "regression")
      throw invalid(`${where}.objective`, "a regression task beside it", task, "Classes need no objective");
    for (const name of Object.keys((params.monotone as object | undefined) ?? {})) {
      if (features.includes(name)) continue;
      const near = nearest(name, features);
      throw invalid(`${where}.monotone.${name}`, "the name of a feature", name, near && `Did you mean "${near}"?`);
    }
  }
}

const otherCandidates: Readonly<Record<Task, string>> = {
  binary: "Use logistic() or gradientBoosting() for classes",
  multiclass: "Use logistic() or gradientBoosting() for classes",
  regression: "Use ridge() or gradientBoosting() for numbers",
  forecast: "Use seasonalNaive(), ets(), mstl() or gradientBoosting() for forecasts",
  anomaly: "Use isolationForest() for odd rows",
  clustering: "Use kMeans() for groups",
};

function checkBudget(budget: Budget | undefined): void {
  if (budget === undefined) return;
  checkOptions("budget", budget, ["time", "cpu", "trials"]);
  if (budget.time === undefined && budget.cpu === undefined && budget.trials === undefined)
    throw invalid("budget", "time, cpu or trials, so that it ends", budget);
  if (budget.cpu !== undefined) checkDuration("budget.cpu", budget.cpu);
  if (budget.time !== undefined) checkDuration("budget.time", budget.time);
  if (budget.trials !== undefined) {
    checkNumber("budget.trials", budget.trials, { min: 1, max: 10_000 });
    if (!Number.isInteger(budget.trials)) throw invalid("budget.trials", "a whole number", budget.trials);
  }
}

function checkSplit(split: Split | undefined): void {
  if (split === undefined) return;
  checkOptions("split", split, ["by", "group", "test", "gap", "folds"]);
  checkOneOf("split.by", split.by, ["time", "random", "stratified", "group"]);
  if (split.by === "group") checkText("split.group", split.group);
  else if (split.group !== undefined) throw invalid("split.group", 'by: "group" beside it', split.group);
  if (split.gap !== undefined && split.by !== "time") throw invalid("split.gap", 'by: "time" beside it', split.gap);
  if (split.folds !== undefined) {
    checkNumber("split.folds", split.folds, { min: 1, max: 50 });
    if (!Number.isInteger(split.folds)) throw invalid("split.folds", "a whole number", split.folds);
  }
  if (split.test !== undefined) checkNumber("split.test", split.test, { min: 0.01, max: 0.9 });
  if (split.gap !== undefined) checkDuration("split.gap", split.gap);
}

function checkWhen(when: TrainWhen | undefined): void {
  if (when === undefined) return;
  checkOptions("when", when, ["every", "newRows", "after"]);
  if (when.after !== undefined) checkEvents("when.after", when.after);
  if (when.every !== undefined) checkDuration("when.every", when.every);
  if (when.newRows !== undefined) checkNumber("when.newRows", when.newRows, { min: 1 });
}
