// Is the problem learnable? A quick model against a quick baseline on held-out rows, with the uncertainty, in plain words.

import { isFailure, messageOf } from "../base/failure.ts";
import { type Table, takeRows } from "../base/table.ts";
import { type MetricName, metrics, type Task } from "../define/metrics.ts";
import type { Success } from "../define/success.ts";
import { fitBaseline, usualBaseline } from "../learn/baselines.ts";
import { bootstrapDifference, bootstrapInterval, type Interval } from "../learn/evaluation/bootstrap.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { randomSplit, type Split, stratifiedSplit, timeSplit } from "../learn/evaluation/splits.ts";
import { type CandidateSpec, fit } from "../learn/fit.ts";
import { takeLabel } from "../learn/label.ts";
import type { Label, Prediction, Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import { suggestSuccess } from "./success.ts";

export interface FeasibilityInput {
  /** Number, boolean, time and category columns; text columns are not looked at. */
  readonly features: Table;
  /** A label in every row. */
  readonly label: Label;
  /** Milliseconds per row when the newest rows are to be held out; null for a random part. */
  readonly times: Float64Array | null;
  readonly labelName: string;
  readonly labelUnit?: string | undefined;
}

export type Verdict = "feasible" | "weak" | "doubtful" | "suspicious" | "unknown";

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
  readonly baseline: { readonly name: "majority" | "mean"; readonly value: number };
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

/** Decides within a second or two on 20,000 rows; more rows are not looked at. */
export async function assessFeasibility(input: FeasibilityInput): Promise<Feasibility> {
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

interface Tried {
  readonly algorithm: string;
  readonly model: Predictor;
  readonly prediction: Prediction;
}

/** The better of few trees and a linear model. A label that one of them cannot fit is left to the other. */
async function quickModel(
  train: Table,
  label: Label,
  test: Table,
  testLabel: Label,
  metric: MetricName,
): Promise<Tried | { readonly model: undefined; readonly reason: string }> {
  if ([...train.columns.values()].every(({ type }) => type === "text"))
    return { model: undefined, reason: "there is no column to learn from" };
  let best: (Tried & { readonly value: number }) | undefined;
  let reason = "none was tried";
  for (const spec of quickSpecs(train, label)) {
    try {
      const model = openModel(await fit(spec, train, label, { seed }));
      const prediction = model.predict(test);
      const value = score(metric, testLabel, prediction);
      const better =
        best === undefined || (metrics[metric].better === "higher" ? value > best.value : value < best.value);
      if (better && !Number.isNaN(value)) best = { algorithm: spec.algorithm, model, prediction, value };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return best ?? { model: undefined, reason };
}

/** The linear model's cost grows with the square of its columns: it is left out where categories make that many. */
const mostLinearColumns = 200;

function quickSpecs(train: Table, label: Label): CandidateSpec[] {
  const classes = label.task === "regression" ? 1 : label.classes.length;
  // Fewer trees where each iteration grows one per class; early stopping keeps noise from looking like a pattern.
  const trees = Math.max(30, Math.round(200 / (label.task === "multiclass" ? Math.min(classes, 5) : 1)));
  const stopping = train.rowCount >= 200 ? { trees, earlyStopping: 15 } : { trees: 40, earlyStopping: false as const };
  const specs: CandidateSpec[] = [
    { algorithm: "gradientBoosting", params: { ...stopping, learningRate: 0.15, leaves: 15, maxBins: 64 } },
  ];
  let columns = 0;
  for (const column of train.columns.values()) columns += column.type === "category" ? column.dictionary.length : 1;
  if (columns * Math.max(1, classes - 1) <= mostLinearColumns)
    specs.push(label.task === "regression" ? { algorithm: "ridge" } : { algorithm: "logistic" });
  return specs;
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

const conclusions: Readonly<Record<Verdict, string>> = {
  feasible: "this looks feasible",
  weak: "there is something to learn, but not much; more telling columns would help most",
  doubtful: "that is no better than guessing, as far as these rows can tell; more rows or other columns are needed",
  suspicious: "nearly perfect, so make sure that no column is known only together with the answer",
  unknown: "that is too few held-out rows to say anything",
};

function conclude(verdict: Verdict, importance: readonly { readonly feature: string }[]): string {
  const first = importance[0];
  return verdict === "suspicious" && first !== undefined
    ? `${conclusions[verdict]} (it leans on ${JSON.stringify(first.feature)} most)`
    : conclusions[verdict];
}

function measured(
  input: FeasibilityInput,
  metric: MetricName,
  interval: Interval,
  baseline: Feasibility["baseline"],
  accuracy: string,
): string {
  const { value, low, high } = interval;
  const half = Math.max(high - value, value - low);
  const held = input.times === null ? "held-out rows" : "the newest rows, which it had not seen";
  switch (metric) {
    case "accuracy":
      return `A quick model is right on ${percents(value, half)} of ${held}, always guessing the most frequent class on ${percent(baseline.value)}`;
    case "rocAuc":
      return `A quick model tells the two classes apart with a ROC AUC of ${value.toFixed(2)} ± ${half.toFixed(2)} on ${held}, where guessing gives 0.50${accuracy}`;
    case "balancedAccuracy":
      return `A quick model is right on ${percents(value, half)} of the rows of a class, averaged over the classes, on ${held}; always guessing the most frequent class gives ${percent(baseline.value)}`;
    default:
      return `A quick model of ${JSON.stringify(input.labelName)} is off by ${amount(value)} ± ${amount(half, 2)}${input.labelUnit === undefined ? "" : ` ${input.labelUnit}`} (RMSE) on ${held}, always guessing the mean by ${amount(baseline.value)}`;
  }
}

function accuracyWords(label: Label, model: Prediction, guess: Prediction): string {
  if (label.task !== "binary") return "";
  const [right, guessed] = [model, guess].map((prediction) => score("accuracy", label, prediction));
  return ` (it is right on ${percent(right as number)} of them, always guessing the most frequent class on ${percent(guessed as number)})`;
}

function percents(value: number, half: number): string {
  return Number.isNaN(half) ? percent(value) : `${percent(value)} ± ${Math.max(1, Math.round(half * 100))}`;
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Few significant digits, with separators. */
function amount(value: number, digits = 3): string {
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}
