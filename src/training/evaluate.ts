// Everything that is measured of a model on the held-out rows, once, to be kept with its version.

import { type Table, takeRows, valueAt } from "../base/table.ts";
import { baselines, type MetricName, type Task } from "../define/metrics.ts";
import type { Success } from "../define/success.ts";
import { type Baseline, fitBaseline } from "../learn/baselines.ts";
import { bootstrapDifference, bootstrapInterval } from "../learn/evaluation/bootstrap.ts";
import { metrics } from "../learn/evaluation/metric-table.ts";
import { scoreAll } from "../learn/evaluation/metrics.ts";
import type { Row } from "../learn/features.ts";
import { labelLength, takeLabel } from "../learn/label.ts";
import type { Label, Prediction, Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import type { Champion, Evaluation, Range, Slice, Values } from "../models/evaluation.ts";
import { confusionOf, curvesOf, residualsOf } from "./plots.ts";

export interface Judged {
  readonly model: Predictor;
  readonly prediction: Prediction;
  /** A yes/no model says yes from this probability on. */
  readonly threshold: number | undefined;
}

export interface TestRows {
  readonly table: Table;
  readonly label: Label;
}

/** Metrics with their intervals, the baselines beside them, slices, curves and the time for one row. */
export function evaluate(judged: Judged, train: Label, test: TestRows, success: Success, seed: number) {
  const { label } = test;
  const names = metricsOf(label.task);
  const values = valuesOf(label, judged.prediction, judged.threshold);
  const intervals = intervalsOf(names, label, judged, values, seed);
  const reached = baselineValues(train, label);
  const named = success.beats;
  return {
    rows: { train: labelLength(train), test: labelLength(label) },
    metrics: values,
    interval: intervals[success.metric] ?? { low: null, high: null },
    intervals,
    baseline: named === undefined ? null : { name: named, value: reached[named]?.[success.metric] ?? null },
    baselines: reached,
    gains: gainsOf(train, label, judged, success.metric, seed),
    slices: slicesOf(judged, test, success),
    latency: latencyOf(judged.model, test.table),
    curves: curvesOf(label, judged.prediction),
    confusion: confusionOf(label, judged.prediction, judged.threshold),
    residuals: residualsOf(label, judged.prediction, seed),
  } satisfies Evaluation;
}

export function metricsOf(task: Task): MetricName[] {
  return Object.values(metrics)
    .filter(({ tasks }) => tasks.includes(task))
    .map(({ name }) => name) as MetricName[];
}

/** Every metric of the task; what is not defined is null. */
export function valuesOf(label: Label, prediction: Prediction, threshold: number | undefined): Values {
  const options = threshold === undefined ? {} : { threshold };
  return Object.fromEntries(
    Object.entries(scoreAll(label, prediction, options)).map(([name, value]) => [name, finite(value)]),
  );
}

const drawnRows = 5_000;

/**
 * 95 % intervals by the bootstrap. Of many rows only some are drawn from, spread over all, and the width found there is
 * narrowed by the root of the ratio (the m-out-of-n bootstrap; Bickel, Götze and van Zwet 1997): the work stays the same.
 */
function intervalsOf(
  names: readonly MetricName[],
  label: Label,
  { prediction, threshold }: Judged,
  values: Values,
  seed: number,
): Record<string, Range> {
  const rows = labelLength(label);
  const some = Math.min(rows, drawnRows);
  const places = Int32Array.from({ length: some }, (_, index) => Math.floor((index * rows) / some));
  const [drawn, guesses] =
    some === rows ? [label, prediction] : [takeLabel(label, places), takePrediction(prediction, places, label)];
  const narrower = Math.sqrt(some / rows);
  const options = { seed, rounds: some < drawnRows ? 200 : 100, ...(threshold === undefined ? {} : { threshold }) };
  const intervals: Record<string, Range> = {};
  for (const name of names) {
    const { value, low, high } = bootstrapInterval(name, drawn, guesses, options);
    const whole = values[name] ?? Number.NaN;
    intervals[name] = {
      low: finite(whole + (low - value) * narrower),
      high: finite(whole + (high - value) * narrower),
    };
  }
  return intervals;
}

function baselineValues(train: Label, test: Label): Record<string, Values> {
  const fitting = Object.entries(baselines).filter(([, tasks]) => (tasks as readonly Task[]).includes(train.task));
  return Object.fromEntries(
    fitting.map(([name]) => {
      const model = openModel(fitBaseline(name as Baseline, train));
      const guess = model.predict({ rowCount: labelLength(test), columns: new Map() });
      return [name, valuesOf(test, guess, undefined)];
    }),
  );
}

/** By how much the model is better than each baseline in the problem's metric, row for row, and how far chance may have moved that. */
function gainsOf(
  train: Label,
  test: Label,
  { prediction, threshold }: Judged,
  metric: MetricName,
  seed: number,
): NonNullable<Evaluation["gains"]> {
  const rows = labelLength(test);
  const some = Math.min(rows, drawnRows);
  const places = Int32Array.from({ length: some }, (_, index) => Math.floor((index * rows) / some));
  const [label, own] = [takeLabel(test, places), takePrediction(prediction, places, test)];
  const decides = !["rocAuc", "prAuc", "logLoss", "brier"].includes(metric);
  const judgedAs = decides ? shiftThreshold(own, threshold) : own;
  const fitting = Object.entries(baselines).filter(([, tasks]) => (tasks as readonly Task[]).includes(train.task));
  return Object.fromEntries(
    fitting.map(([name]) => {
      const guess = openModel(fitBaseline(name as Baseline, train)).predict({ rowCount: some, columns: new Map() });
      const { low, high } = bootstrapDifference(metric, label, judgedAs, guess, { seed, rounds: 200 });
      return [name, { [metric]: { low: finite(low), high: finite(high) } }];
    }),
  );
}

const mostSlicedFeatures = 8;
const mostValues = 12;
const fewestSliceRows = 10;

/** The metrics within each frequent value of categories and yes/no features; guarded features in full. */
function slicesOf({ prediction, threshold }: Judged, { table, label }: TestRows, success: Success): Slice[] {
  const guarded = new Set(success.slices?.map(({ by }) => by));
  const sliced = [...table.columns].filter(([, { type }]) => type === "category" || type === "boolean");
  const chosen = [
    ...sliced.filter(([name]) => guarded.has(name)),
    ...sliced.filter(([name]) => !guarded.has(name)).slice(0, mostSlicedFeatures),
  ];
  const slices: Slice[] = [];
  for (const [feature, column] of chosen) {
    const members = new Map<string, number[]>();
    for (let row = 0; row < table.rowCount; row++) {
      const value = String(valueAt(column, row) ?? "missing");
      const rows = members.get(value);
      if (rows === undefined) members.set(value, [row]);
      else rows.push(row);
    }
    if (members.size < 2 && !guarded.has(feature)) continue;
    const largest = [...members].sort((a, b) => b[1].length - a[1].length);
    for (const [value, rows] of largest.slice(0, guarded.has(feature) ? 200 : mostValues)) {
      if (rows.length < fewestSliceRows) continue;
      const own = takePrediction(prediction, rows, label);
      slices.push({ feature, value, rows: rows.length, metrics: valuesOf(takeLabel(label, rows), own, threshold) });
    }
  }
  return slices;
}

export function takePrediction(prediction: Prediction, rows: ArrayLike<number>, label: Label): Prediction {
  if ("values" in prediction) return { values: Float64Array.from(rows, (row) => prediction.values[row]!) };
  const width = label.task === "regression" ? 1 : label.classes.length;
  const probabilities = new Float64Array(rows.length * width);
  for (let index = 0; index < rows.length; index++)
    probabilities.set(
      prediction.probabilities.subarray(rows[index]! * width, (rows[index]! + 1) * width),
      index * width,
    );
  return { probabilities };
}

const timedRows = 1_000;
const timedMs = 300;

/** One row at a time, as the server answers; the first rows warm up and do not count. */
export function latencyOf(model: Predictor, table: Table): NonNullable<Evaluation["latency"]> {
  const rows = Array.from({ length: Math.min(timedRows, table.rowCount) }, (_, row) =>
    Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, row)])),
  );
  return latencyOfRows(model, rows);
}

export function latencyOfRows(model: Predictor, rows: readonly Row[]): NonNullable<Evaluation["latency"]> {
  const startedAt = performance.now();
  for (const row of rows.slice(0, 100)) {
    if (performance.now() - startedAt > timedMs) break;
    model.predictRow(row);
  }
  const times: number[] = [];
  const countedFrom = performance.now();
  for (const row of rows) {
    const from = performance.now();
    if (from - countedFrom > timedMs && times.length > 0) break;
    model.predictRow(row);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (level: number) =>
    Number(times[Math.min(times.length - 1, Math.floor(times.length * level))]!.toPrecision(3));
  return { medianMs: at(0.5), p99Ms: at(0.99), rows: times.length };
}

export interface ChampionModel {
  readonly version: number;
  readonly id: string;
  readonly model: Predictor;
  readonly threshold: number | undefined;
  readonly nothingNew: boolean;
  readonly same: boolean;
}

/** Why nothing can be said of the two. */
export function incomparable(
  { version, id, nothingNew, same }: Omit<ChampionModel, "model">,
  reason: string,
): Champion {
  return { version, id, incomparable: reason, rows: 0, metrics: {}, differences: {}, nothingNew, same };
}

const fewestCompared = 30;

/**
 * The live model on the same held-out rows, as far as it has not seen them in its own training. `unseen` holds places within the
 * test part; null when it is not known what the live model has seen.
 */
export function compareWithLive(
  live: ChampionModel,
  judged: Judged,
  test: TestRows,
  unseen: readonly number[] | null,
  seed: number,
): Champion {
  const { version, id, nothingNew, same } = live;
  const none = (reason: string) => incomparable(live, reason);
  const { label, table } = test;
  if (live.model.task !== label.task) return none(`it answers a ${live.model.task} task`);
  if (label.task !== "regression" && live.model.classes.join("\n") !== label.classes.join("\n"))
    return none(`it knows the classes ${live.model.classes.join(", ")}`);
  const gone = live.model.features.filter(({ name }) => !table.columns.has(name)).map(({ name }) => name);
  if (gone.length > 0) return none(`it needs ${gone.join(", ")}, which the training no longer has`);
  if (unseen === null) return none("it was held out from other rows, and may have been trained on these");
  if (unseen.length < Math.min(fewestCompared, labelLength(label)))
    return none(`it was trained on all but ${unseen.length} of these held-out rows`);
  const own = takeLabel(label, unseen);
  const fresh = takePrediction(judged.prediction, unseen, label);
  const old = live.model.predict(takeRows(table, unseen));
  // Fewer rounds on more rows, where intervals are narrow anyway.
  const options = { seed, rounds: unseen.length <= 5_000 ? 200 : unseen.length <= 20_000 ? 60 : 20 };
  const differences: Record<string, Range & { value: number | null }> = {};
  const shifted = shiftThreshold(old, live.threshold);
  const shiftedFresh = shiftThreshold(fresh, judged.threshold);
  for (const name of metricsOf(label.task)) {
    // Metrics of decisions are compared at each model's own threshold, metrics of probabilities on the probabilities themselves.
    const decides = !["rocAuc", "prAuc", "logLoss", "brier"].includes(name);
    const { value, low, high } = bootstrapDifference(
      name,
      own,
      decides ? shiftedFresh : fresh,
      decides ? shifted : old,
      options,
    );
    differences[name] = { value: finite(value), low: finite(low), high: finite(high) };
  }
  return {
    version,
    id,
    incomparable: null,
    rows: unseen.length,
    metrics: valuesOf(own, old, live.threshold),
    differences,
    nothingNew,
    same,
  };
}

/** The same decisions at a threshold of one half. */
function shiftThreshold(prediction: Prediction, threshold: number | undefined): Prediction {
  if (threshold === undefined || "values" in prediction) return prediction;
  const probabilities = new Float64Array(prediction.probabilities.length);
  for (let at = 0; at < probabilities.length; at += 2) {
    probabilities[at + 1] = prediction.probabilities[at + 1]! >= threshold ? 1 : 0;
    probabilities[at] = 1 - probabilities[at + 1]!;
  }
  return { probabilities };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
