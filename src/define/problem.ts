// Step 1, problem: what is predicted, for whom, and how good it must be.

import { checkNumber, checkOneOf, checkOptions, checkText, invalid } from "./check.ts";
import type { Component } from "./component.ts";

export type Task = "binary" | "multiclass" | "regression";

/** The metrics that a problem may be judged by, with their tasks and direction. */
export const metrics = {
  rocAuc: { tasks: ["binary"], better: "higher", title: "ROC AUC" },
  prAuc: { tasks: ["binary"], better: "higher", title: "PR AUC" },
  accuracy: { tasks: ["binary", "multiclass"], better: "higher", title: "accuracy" },
  balancedAccuracy: { tasks: ["binary", "multiclass"], better: "higher", title: "balanced accuracy" },
  f1: { tasks: ["binary", "multiclass"], better: "higher", title: "F1" },
  logLoss: { tasks: ["binary", "multiclass"], better: "lower", title: "log loss" },
  brier: { tasks: ["binary"], better: "lower", title: "Brier score" },
  rmse: { tasks: ["regression"], better: "lower", title: "RMSE" },
  mae: { tasks: ["regression"], better: "lower", title: "mean absolute error" },
  medianAbsoluteError: { tasks: ["regression"], better: "lower", title: "median absolute error" },
  r2: { tasks: ["regression"], better: "higher", title: "R²" },
} as const satisfies Record<string, { tasks: readonly Task[]; better: "higher" | "lower"; title: string }>;

export type MetricName = keyof typeof metrics;

/** What a model must beat on the same held-out rows: always the most frequent class, the class shares, the mean, the median. */
export const baselines = {
  majority: ["binary", "multiclass"],
  prior: ["binary", "multiclass"],
  mean: ["regression"],
  median: ["regression"],
} as const satisfies Record<string, readonly Task[]>;

export type BaselineName = keyof typeof baselines;

// Spelt out per task, so that a compiler's message names the metrics instead of this type.
type MetricsBetter<Better> = {
  [T in Task]: {
    [M in MetricName]: (typeof metrics)[M] extends { tasks: readonly (infer Fitting)[]; better: Better }
      ? T extends Fitting
        ? M
        : never
      : never;
  }[MetricName];
};
type Higher = MetricsBetter<"higher">;
type Lower = MetricsBetter<"lower">;
type Baselines = {
  [T in Task]: { [B in BaselineName]: T extends (typeof baselines)[B][number] ? B : never }[BaselineName];
};

/** The goal as its task allows it: fitting metrics, the bound on their better side, fitting baselines. */
export type SuccessOf<T extends Task> =
  | { readonly metric: Higher[T]; readonly atLeast?: number; readonly beats?: Baselines[T] }
  | { readonly metric: Lower[T]; readonly atMost?: number; readonly beats?: Baselines[T] };

/** Any task's goal. */
export interface Success {
  readonly metric: MetricName;
  /** For metrics where higher is better. */
  readonly atLeast?: number;
  /** For metrics where lower is better. */
  readonly atMost?: number;
  readonly beats?: BaselineName;
}

export interface ProblemOptions<Label extends string = string, T extends Task = Task> {
  readonly name?: string;
  /** The question in plain words; the page's title. */
  readonly question: string;
  /** The label's name. */
  readonly predict: Label;
  /** `binary` and `multiclass` predict a class, `regression` a number. */
  readonly task: T;
  /**
   * The goal: a metric with `atLeast` (or `atMost` where lower is better), a baseline that must be beaten, or both.
   * Judged on the held-out rows; a model that misses it does not go live.
   */
  readonly success: SuccessOf<T>;
  /** Who uses the answer, and what for. */
  readonly audience?: string;
}

export interface ProblemComponent<Label extends string = string> extends Component<"problem"> {
  readonly options: ProblemOptions<Label>;
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
  options: ProblemOptions<Label, T>,
): ProblemComponent<Label> {
  checkOptions("defineProblem()", options, ["name", "question", "predict", "task", "success", "audience"]);
  checkText("question", options.question);
  checkText("predict", options.predict);
  checkOneOf("task", options.task, ["binary", "multiclass", "regression"]);
  checkSuccess(options.success, options.task);
  return { kind: "problem", name: options.name, options };
}

function checkSuccess(success: Success, task: Task): void {
  checkOptions("success", success, ["metric", "atLeast", "atMost", "beats"]);
  const fitting = Object.entries(metrics).filter(([, metric]) => (metric.tasks as readonly Task[]).includes(task));
  checkOneOf(
    "success.metric",
    success.metric,
    fitting.map(([name]) => name),
  );
  const { better } = metrics[success.metric];
  const [right, wrong] = better === "higher" ? (["atLeast", "atMost"] as const) : (["atMost", "atLeast"] as const);
  if (success[wrong] !== undefined)
    throw invalid(`success.${wrong}`, `${right}, since for ${success.metric} ${better} is better`, success[wrong]);
  if (success[right] !== undefined) checkNumber(`success.${right}`, success[right]);
  if (success.beats !== undefined)
    checkOneOf(
      "success.beats",
      success.beats,
      Object.entries(baselines)
        .filter(([, tasks]) => (tasks as readonly Task[]).includes(task))
        .map(([name]) => name),
    );
  if (success[right] === undefined && success.beats === undefined)
    throw invalid("success", `${right} or beats, so that there is a goal`, success);
}
