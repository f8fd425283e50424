// Step 1, problem: what is predicted, for whom, and how good it must be.

import { checkNumber, checkOneOf, checkOptions, checkText, invalid } from "./check.ts";
import type { Component } from "./component.ts";
import { isLabelTask, type Task, type UnlabelledTask } from "./metrics.ts";
import { checkSuccess, type SuccessOf } from "./success.ts";

export interface ProblemOptions<Label extends string = string, T extends Task = Task> {
  readonly name?: string;
  /** The question in plain words; the page's title. */
  readonly question: string;
  /** The label's name; tasks that look at rows without one have none. */
  readonly predict?: Label;
  /**
   * `binary` and `multiclass` predict a class, `regression` a number; `forecast` continues a series of numbers, `anomaly` flags odd
   * rows, `clustering` groups rows that are alike.
   */
  readonly task: T;
  /**
   * The goal: a metric with `atLeast` (or `atMost` where lower is better), a baseline that must be beaten, or both.
   * Judged on the held-out rows; a model that misses it does not go live.
   */
  readonly success: SuccessOf<T>;
  /** Who uses the answer, and what for. */
  readonly audience?: string;
  /** Of a forecast: how many steps of the series it reaches ahead, e.g. 14 days of a daily series. */
  readonly horizon?: number;
  /** Of a forecast: steps after which the series repeats itself. 24 for hours, 7 for days, 52 for weeks, 12 for months unless given. */
  readonly season?: number;
  /** Of a forecast: the share of the true values that its interval is to hold; 0.8 when left out. */
  readonly coverage?: number;
}

/** What each task needs beside the options of all. */
export type ProblemRule<T extends Task> = T extends UnlabelledTask
  ? { readonly predict?: never; readonly horizon?: never; readonly season?: never; readonly coverage?: never }
  : T extends "forecast"
    ? { readonly predict: string; readonly horizon: number }
    : { readonly predict: string; readonly horizon?: never; readonly season?: never; readonly coverage?: never };

export interface ProblemComponent<Label extends string = string, T extends Task = Task> extends Component<"problem"> {
  readonly options: ProblemOptions<Label, T>;
}

/**
 * Declares what is predicted and how good the model must be before anyone sees it.
 *
 * @example
 * export default defineProblem({
 *   question: "Will it rain in Seattle tomorrow?",
 *   predict: "rainTomorrow",
 *   task: "binary",
 *   success: { metric: "rocAuc", atLeast: 0.7, beats: "majority" },
 * });
 */
export function defineProblem<const Label extends string, const T extends Task>(
  options: ProblemOptions<Label, T> & ProblemRule<T>,
): ProblemComponent<Label, T> {
  checkOptions("defineProblem()", options, [
    "name",
    "question",
    "predict",
    "task",
    "success",
    "audience",
    "horizon",
    "season",
    "coverage",
  ]);
  const { question, predict, task, success } = options as ProblemOptions;
  checkText("question", question);
  checkOneOf("task", task, ["binary", "multiclass", "regression", "forecast", "anomaly", "clustering"]);
  if (isLabelTask(task) || task === "forecast") checkText("predict", predict);
  else if (predict !== undefined)
    throw invalid("predict", `nothing, since ${task} looks at rows without a label`, predict);
  checkSteps(options as ProblemOptions);
  checkSuccess(success, task);
  return { kind: "problem", name: options.name, options };
}

function checkSteps({ task, horizon, season, coverage }: ProblemOptions): void {
  for (const [name, value] of Object.entries({ horizon, season, coverage }))
    if (task !== "forecast" && value !== undefined) throw invalid(name, 'task: "forecast" beside it', value);
  if (task !== "forecast") return;
  for (const [name, value, max] of [
    ["horizon", horizon, 10_000],
    ["season", season, 100_000],
  ] as const) {
    if (name === "season" && value === undefined) continue;
    checkNumber(name, value, { min: 1, max });
    if (!Number.isInteger(value)) throw invalid(name, "a whole number of steps", value);
  }
  if (coverage !== undefined) checkNumber("coverage", coverage, { min: 0.01, max: 0.999 });
}
