// The goal of a problem: the metric with its bound, what must be beaten, and what else a model must keep to.

import { isObject } from "../base/json.ts";
import { checkNumber, checkOneOf, checkOptions, checkText, invalid } from "./check.ts";
import {
  type BaselineName,
  type Baselines,
  baselines,
  type Higher,
  isLabelTask,
  type Lower,
  type MetricName,
  metrics,
  type Task,
} from "./metrics.ts";

/** The goal as its task allows it: fitting metrics, the bound on their better side, fitting baselines. */
export type SuccessOf<T extends Task> =
  | ({ readonly metric: Higher[T]; readonly atLeast?: number; readonly beats?: Baselines[T] } & Guards)
  | ({ readonly metric: Lower[T]; readonly atMost?: number; readonly beats?: Baselines[T] } & Guards);

/** What else a model must keep to before it goes live. */
export interface Guards {
  /** For yes/no answers: what each kind of error costs. The threshold from which the model says yes is the one that costs least. */
  readonly costs?: ErrorCosts;
  /** The goal's metric within each value of a category or yes/no feature, so that no group is served badly. */
  readonly slices?: readonly SliceGuard[];
  readonly limits?: ModelLimits;
}

export interface ErrorCosts {
  /** A yes that should have been a no. */
  readonly falsePositive: number;
  /** A no that should have been a yes. */
  readonly falseNegative: number;
}

export interface SliceGuard {
  /** The feature whose values are looked at one by one. */
  readonly by: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The most that the best and the worst value's metric may lie apart. */
  readonly maxGap?: number;
  /** Values with fewer held-out rows are not judged; 30 when left out. */
  readonly minRows?: number;
}

export interface ModelLimits {
  /** Time for one row, in milliseconds: the median over held-out rows. */
  readonly latencyMs?: number;
  /** The model's file. */
  readonly sizeMb?: number;
}

/** Any task's goal. */
export interface Success extends Guards {
  readonly metric: MetricName;
  /** For metrics where higher is better. */
  readonly atLeast?: number;
  /** For metrics where lower is better. */
  readonly atMost?: number;
  readonly beats?: BaselineName;
}

/** Throws DEFINE_INVALID naming the field that does not fit the task. */
export function checkSuccess(success: Success, task: Task): void {
  checkOptions("success", success, ["metric", "atLeast", "atMost", "beats", "costs", "slices", "limits"]);
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
    throw invalid(
      "success",
      task === "anomaly" || task === "clustering"
        ? `${right}, so that there is a goal`
        : `${right} or beats, so that there is a goal`,
      success,
    );
  checkGuards(success, task, right, wrong);
}

function checkGuards(success: Success, task: Task, right: "atLeast" | "atMost", wrong: "atLeast" | "atMost"): void {
  const { costs, slices, limits } = success;
  if (costs !== undefined) {
    if (task !== "binary") throw invalid("success.costs", `a binary task, since only yes/no answers have them`, task);
    checkOptions("success.costs", costs, ["falsePositive", "falseNegative"]);
    checkNumber("success.costs.falsePositive", costs.falsePositive, { min: 0 });
    checkNumber("success.costs.falseNegative", costs.falseNegative, { min: 0 });
    if (costs.falsePositive + costs.falseNegative === 0) throw invalid("success.costs", "one that is not 0", costs);
  }
  if (slices !== undefined) {
    if (!isLabelTask(task)) throw invalid("success.slices", "a task that learns from a label", task);
    if (!Array.isArray(slices))
      throw invalid("success.slices", `a list such as [{ by: "city", ${right}: 0.6 }]`, slices);
    for (const [index, slice] of slices.entries()) {
      const where = `success.slices[${index}]`;
      if (!isObject(slice)) throw invalid(where, `a guard such as { by: "city", ${right}: 0.6 }`, slice);
      checkOptions(where, slice, ["by", "atLeast", "atMost", "maxGap", "minRows"]);
      checkText(`${where}.by`, slice.by);
      if (slice[wrong] !== undefined)
        throw invalid(`${where}.${wrong}`, `${right}, the better side of ${success.metric}`, slice[wrong]);
      if (slice[right] === undefined && slice.maxGap === undefined)
        throw invalid(where, `${right} or maxGap, so that there is a goal`, slice);
      if (slice[right] !== undefined) checkNumber(`${where}.${right}`, slice[right]);
      if (slice.maxGap !== undefined) checkNumber(`${where}.maxGap`, slice.maxGap, { min: 0 });
      if (slice.minRows !== undefined) checkNumber(`${where}.minRows`, slice.minRows, { min: 1 });
    }
  }
  if (limits !== undefined) {
    checkOptions("success.limits", limits, ["latencyMs", "sizeMb"]);
    if (limits.latencyMs !== undefined) checkNumber("success.limits.latencyMs", limits.latencyMs, { min: 0 });
    if (limits.sizeMb !== undefined) checkNumber("success.limits.sizeMb", limits.sizeMb, { min: 0 });
  }
}
