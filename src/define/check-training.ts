// Checks what a training declares: its label and features, candidates, budget, split and triggers, each mistake by its field.

import { isObject } from "../base/json.ts";
import type { Budget } from "./budget.ts";
import { algorithmTasks, type Candidate, candidateWords } from "./candidate.ts";
import { invalid, nearest } from "./check.ts";
import type { DataComponent } from "./data.ts";
import { isLabelTask, type Task } from "./metrics.ts";
import { isOnDemand, namesOf, type OnDemand } from "./on-demand.ts";
import type { FeatureReference, FeatureSelection } from "./selection.ts";
import type { Split } from "./split.ts";

type AnySelection = FeatureSelection | FeatureReference | OnDemand;

export function checkLabel(label: unknown, predict: string): void {
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
export function checkSeries({ options }: DataComponent, name: string): void {
  if (options.eventTime === undefined)
    throw invalid("label", "a label of a data component with eventTime, since a forecast follows time", name);
  const label = options.labels?.[name];
  if (label === undefined || "ahead" in label || label.type !== "number")
    throw invalid("label", "a column of numbers, such as sold: number()", name, "A forecast looks ahead by itself");
}

export function checkFeatures(features: readonly AnySelection[]): void {
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

/** Rows are weighed where they have labels; what weighs them is a number, and not all that the model looks at. */
export function checkWeight(weight: unknown, features: readonly AnySelection[], task: Task): void {
  if (!isLabelTask(task)) throw invalid("weight", `nothing, since all rows count the same in the task ${task}`, weight);
  if (!isObject(weight) || typeof weight.feature !== "string" || !isObject(weight.data))
    throw invalid(
      "weight",
      "a column of numbers of a data component, such as orders.features.amount",
      weight,
      "Check the feature's spelling in the data component",
    );
  const { feature, data } = weight as unknown as FeatureReference;
  const { options } = data as DataComponent;
  const window = options.windows?.[feature];
  const type =
    window === undefined
      ? options.features[feature]?.type
      : window.column !== null && ["min", "max", "last"].includes(window.aggregate)
        ? options.features[window.column]?.type
        : "number";
  if (type !== "number") throw invalid("weight", "a column of numbers", weight, `${feature} is a ${type}`);
  const isOther = (one: AnySelection) =>
    isOnDemand(one) || one.data !== data || namesOf(one).some((name) => name !== feature);
  if (!features.some(isOther)) throw invalid("features", "a feature beside the weight", feature);
}

/** What only makes sense where rows have labels. */
export function checkUnvaried(
  { budget, split }: { readonly budget?: Budget; readonly split?: Split },
  task: Task,
): void {
  if (budget !== undefined)
    throw invalid("budget", `none, since the candidates of a ${task} task are tried as they stand`, budget);
  if (task === "forecast" && split?.by !== undefined && split.by !== "time")
    throw invalid("split.by", '"time", since a forecast is judged on what came later', split.by);
  if (split?.by === "stratified")
    throw invalid("split.by", "time, random or group, since there are no classes", split.by);
}

/** `features` are those that a model takes, with their types as far as they are declared. */
export function checkCandidates(candidates: unknown, task: Task, features: ReadonlyMap<string, string>): void {
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
    if (task === "forecast" && algorithm === "gradientBoosting") {
      const odd = Object.keys(params).find((name) => !forecastSettings.includes(name));
      if (odd !== undefined)
        throw invalid(`${where}.${odd}`, "trees, learningRate, leaves, minRows or l2 for a forecast", odd);
    }
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
      if (features.get(name) === "vector")
        throw invalid(`${where}.monotone.${name}`, "a number: a vector knows no more and less", "vector()");
      if (features.has(name)) continue;
      const near = nearest(name, [...features.keys()]);
      throw invalid(`${where}.monotone.${name}`, "the name of a feature", name, near && `Did you mean "${near}"?`);
    }
  }
}

/** What boosting on lags may be told: its features and its objective are its own. */
const forecastSettings = ["trees", "learningRate", "leaves", "minRowsInLeaf", "l2"];

const otherCandidates: Readonly<Record<Task, string>> = {
  binary: "Use logistic() or gradientBoosting() for classes",
  multiclass: "Use logistic() or gradientBoosting() for classes",
  regression: "Use ridge() or gradientBoosting() for numbers",
  forecast: "Use seasonalNaive(), ets(), mstl() or gradientBoosting() for forecasts",
  anomaly: "Use isolationForest() for odd rows",
  clustering: "Use kMeans() for groups",
};
