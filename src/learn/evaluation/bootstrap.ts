// Confidence intervals of metrics by the bootstrap: rows drawn again with replacement, by seed.

import { labelLength } from "../label.ts";
import type { Label, Prediction } from "../model.ts";
import { type Random, random } from "../random.ts";
import type { MetricName } from "./metric-table.ts";
import { type ScoreOptions, scorer } from "./metrics.ts";

export interface Interval {
  /** The metric on the rows themselves. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Bootstrap rounds in which the metric was defined. */
  readonly rounds: number;
  /** Why the interval is NaN; absent when it is not. */
  readonly reason?: string;
}

export interface BootstrapOptions extends ScoreOptions {
  readonly seed: number;
  /** Default 200. */
  readonly rounds?: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/**
 * Percentile interval (Efron & Tibshirani). Rows are drawn as whole-number weights, times their own, which every metric understands.
 * With fewer than 2 rows, or when the metric is not defined on the rows themselves, low and high are NaN and `reason` says why.
 */
export function bootstrapInterval(
  name: MetricName,
  label: Label,
  prediction: Prediction,
  options: BootstrapOptions,
): Interval {
  const measure = scorer(name, label, prediction);
  const values = resampled(label, options, (weights) => measure({ ...options, weights }));
  return interval(measure(options), values, options.confidence ?? 0.95);
}

/**
 * The interval of the difference `a - b` of two predictions of the same rows, drawn together: much narrower than two separate
 * intervals, because both meet the same easy and hard rows.
 */
export function bootstrapDifference(
  name: MetricName,
  label: Label,
  a: Prediction,
  b: Prediction,
  options: BootstrapOptions,
): Interval {
  const first = scorer(name, label, a);
  const second = scorer(name, label, b);
  const difference = (scored: ScoreOptions): number => first(scored) - second(scored);
  const values = resampled(label, options, (weights) => difference({ ...options, weights }));
  return interval(difference(options), values, options.confidence ?? 0.95);
}

function resampled(label: Label, options: BootstrapOptions, measure: (weights: Float64Array) => number): number[] {
  const values: number[] = [];
  const rowCount = labelLength(label);
  const { weights: own = label.weights } = options;
  if (rowCount < 2) return values;
  for (let round = 0; round < (options.rounds ?? 200); round++) {
    const value = measure(drawn(rowCount, own, random(options.seed, round)));
    if (!Number.isNaN(value)) values.push(value);
  }
  return values;
}

function drawn(rowCount: number, weights: Float64Array | undefined, source: Random): Float64Array {
  const counts = new Float64Array(rowCount);
  for (let i = 0; i < rowCount; i++) counts[source.below(rowCount)]!++;
  if (weights !== undefined) for (let i = 0; i < rowCount; i++) counts[i]! *= weights[i]!;
  return counts;
}

function interval(value: number, values: number[], confidence: number): Interval {
  const rounds = values.length;
  if (Number.isNaN(value))
    return { value, low: Number.NaN, high: Number.NaN, rounds, reason: "The metric is not defined on these rows" };
  if (rounds < 2)
    return { value, low: Number.NaN, high: Number.NaN, rounds, reason: "There are too few rows to draw from" };
  const sorted = values.toSorted((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  const at = (level: number): number => {
    const place = level * (rounds - 1);
    const below = Math.floor(place);
    return sorted[below]! + (place - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
  };
  return { value, low: at(tail), high: at(1 - tail), rounds };
}
