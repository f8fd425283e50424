// Is the problem learnable? A quick model against a quick baseline on held-out rows, with the uncertainty, in plain words.

import { isFailure } from "../base/failure.ts";
import { type Table, takeRows } from "../base/table.ts";
import { type BaselineName, type MetricName, metrics, type Task } from "../define/metrics.ts";
import type { Success } from "../define/success.ts";
import { fitBaseline, usualBaseline } from "../learn/baselines.ts";
import { bootstrapDifference, bootstrapInterval, type Interval } from "../learn/evaluation/bootstrap.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { randomSplit, type Split, stratifiedSplit, timeSplit } from "../learn/evaluation/splits.ts";
import { takeLabel } from "../learn/label.ts";
import type { Label } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import { accuracyWords, conclude, measured, type Verdict } from "./feasibility-words.ts";
import { quickModel } from "./quick-model.ts";
import { suggestSuccess } from "./success.ts";

export interface FeasibilityInput {
  readonly features: Table;
  /** A label in every row. */
  readonly label: Label;
  /** Milliseconds per row when the newest rows are to be held out; null for a random part. */
  readonly times: Float64Array | null;
  readonly labelName: string;
  readonly labelUnit?: string | undefined;
}

export interface Feasibility {
  readonly verdict: Verdict;
  /** One or two sentences for people. */
  readonly sentence: string;
  readonly task: Task;
  readonly metric: MetricName;
  /** The quick model's metric on the held-out rows and its 95 % interval; null when no model could be fitted. */
  readonly model: {
    readonly algorithm: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  } | null;
  /** What guessing reaches; null for tasks that have no such guess. */
  readonly baseline: { readonly name: BaselineName; readonly value: number } | null;
  readonly rows: { readonly train: number; readonly test: number };
  /** What the model leans on, strongest first. */
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
  /** A goal that is honest and within reach. */
  readonly success: Success;
}

const heldOut = 0.2;
const seed = 1;
const rounds = 100;
const fewestHeldOut = 10;

/** Of a task with a label, which can always be guessed at. */
export type LabelFeasibility = Feasibility & { readonly baseline: NonNullable<Feasibility["baseline"]> };

/** Decides within a second or two on 20,000 rows; more rows are not looked at. */
export async function assessFeasibility(input: FeasibilityInput): Promise<LabelFeasibility> {
  const { label } = input;
  const metric = usualMetric(label);
  const split = splitOf(input);
  const trainLabel = takeLabel(label, split.train);
  const testLabel = takeLabel(label, split.test);
  const baselineName = usualBaseline(label) as "majority" | "mean";
  const testTable = takeRows(input.features, split.test);
  const guess = openModel(fitBaseline(baselineName, trainLabel)).predict(testTable);
  const rows = { train: split.train.length, test: split.test.length };
  const shared = {
    task: label.task,
    metric,
    rows,
    baseline: { name: baselineName, value: score(metric, testLabel, guess) },
  };
  const tried = await quickModel(takeRows(input.features, split.train), trainLabel, testTable, testLabel, metric);
  if (tried.model === undefined) {
    const sentence = `No quick model could be fitted: ${tried.reason}`;
    return {
      ...shared,
      verdict: "unknown",
      sentence,
      model: null,
      importance: [],
      success: { metric, beats: baselineName },
    };
  }
  const interval = bootstrapInterval(metric, testLabel, tried.prediction, { seed, rounds });
  // Two models were tried on these rows and the better one kept: a gain must be surer than usual to count.
  const gain = bootstrapDifference(metric, testLabel, tried.prediction, guess, { seed, rounds: 200, confidence: 0.99 });
  // A handful of rows can be right by chance alone.
  const verdict = rows.test < fewestHeldOut ? "unknown" : judge(metric, interval, gain, shared.baseline.value);
  const accuracy = accuracyWords(testLabel, tried.prediction, guess);
  const importance = tried.model.importance().slice(0, 5);
  const sentence =
    rows.test < fewestHeldOut
      ? `A quick model could be judged on ${rows.test} ${rows.test === 1 ? "row" : "rows"} only: too few held-out rows to say anything`
      : `${measured(input, metric, interval, shared.baseline, accuracy)}: ${conclude(verdict, importance)}`;
  return {
    ...shared,
    verdict,
    sentence:
      verdict !== "unknown" && rows.test < 50
        ? `${sentence} (only ${rows.test} held-out rows, so take it with care)`
        : sentence,
    model: { algorithm: tried.algorithm, value: interval.value, low: interval.low, high: interval.high },
    importance,
    success:
      verdict === "unknown" || verdict === "doubtful"
        ? { metric, beats: baselineName }
        : suggestSuccess(metric, interval, shared.baseline),
  };
}

/** The same ways of holding rows out as the training's own. */
function splitOf({ label, times }: FeasibilityInput): Split {
  if (times !== null) {
    try {
      return timeSplit(times, { test: heldOut });
    } catch (error) {
      // All rows of one moment: then chance must do.
      if (!isFailure(error)) throw error;
    }
  }
  return label.task === "regression"
    ? randomSplit(label.values.length, { test: heldOut, seed })
    : stratifiedSplit(label.codes, { test: heldOut, seed });
}

/** ROC AUC for two classes, accuracy for more unless one class is nearly everything, RMSE for numbers. */
export function usualMetric(label: Label): MetricName {
  if (label.task === "regression") return "rmse";
  if (label.task === "binary") return "rocAuc";
  const counts = new Int32Array(label.classes.length);
  for (let row = 0; row < label.codes.length; row++) counts[label.codes[row]!]!++;
  return Math.max(...counts) > 0.8 * label.codes.length ? "balancedAccuracy" : "accuracy";
}

function judge(metric: MetricName, interval: Interval, gain: Interval, baseline: number): Verdict {
  const higher = metrics[metric].better === "higher";
  const surely = higher ? gain.low > 0 : gain.high < 0;
  if (Number.isNaN(interval.low) || !surely) return "doubtful";
  if (higher ? interval.value > 0.998 : interval.value < baseline * 0.01) return "suspicious";
  const best = higher ? 1 : 0;
  const closed = (interval.value - baseline) / (best - baseline);
  return closed >= 0.15 ? "feasible" : "weak";
}
