// The learning curve: how much better a candidate gets with more rows, which tells whether collecting more is worth it.

import { fail } from "../../base/failure.ts";
import { type Table, takeRows } from "../../base/table.ts";
import { type CandidateSpec, fit } from "../fit.ts";
import type { FitOptions } from "../fit-input.ts";
import { labelLength, takeLabel } from "../label.ts";
import type { Label } from "../model.ts";
import { openModel } from "../open-model.ts";
import { random, shuffled } from "../random.ts";
import type { MetricName } from "./metric-table.ts";
import { score, usualMetric } from "./metrics.ts";

export interface CurvePoint {
  /** Training rows. */
  readonly rows: number;
  /** The metric on those rows, and on the rows that no fit saw. */
  readonly training: number;
  readonly held: number;
}

export interface CurveOptions extends Pick<FitOptions, "seed" | "threads" | "signal"> {
  /** Rows that are never trained on. */
  readonly held: { readonly features: Table; readonly label: Label };
  /** Shares of the training rows, each above 0 and at most 1. Default: an eighth, a quarter, a half and all. */
  readonly shares?: readonly number[];
  /** Default: the task's usual one. */
  readonly metric?: MetricName;
}

/** Fewer rows say nothing about a curve. */
const leastRows = 10;

/**
 * Fits the candidate to growing parts of the rows, each holding the one before. Shares that come to fewer than 10 rows, or that
 * hold one class only, are left out. Throws what `fit` does for all rows, and TRAINING_TOO_FEW_ROWS when no share is left.
 */
export async function learningCurve(
  spec: CandidateSpec,
  table: Table,
  label: Label,
  { held, shares = [0.125, 0.25, 0.5, 1], metric = usualMetric(label.task), ...options }: CurveOptions,
): Promise<readonly CurvePoint[]> {
  for (const share of shares)
    if (!(share > 0 && share <= 1))
      throw fail("DEFINE_INVALID", `shares: expected numbers above 0 and at most 1, got ${share}`);
  const order = shuffled(labelLength(label), random(options.seed, 31));
  const counts = new Set(shares.map((share) => Math.round(share * order.length)));
  const points: CurvePoint[] = [];
  for (const count of [...counts].sort((a, b) => a - b)) {
    const rows = order.subarray(0, count);
    const some = takeLabel(label, rows);
    if (count < leastRows || varieties(some) < 2) continue;
    const features = takeRows(table, rows);
    const model = openModel(await fit(spec, features, some, options));
    points.push({
      rows: count,
      training: score(metric, some, model.predict(features)),
      held: score(metric, held.label, model.predict(held.features)),
    });
  }
  if (points.length === 0)
    throw fail(
      "TRAINING_TOO_FEW_ROWS",
      `Expected a share of at least ${leastRows} rows that differ in their label, got none`,
    );
  return points;
}

/** Different labels, as far as it matters: 0, 1 or 2. */
function varieties(label: Label): number {
  const values = label.task === "regression" ? label.values : label.codes;
  return values.some((value) => value !== values[0]) ? 2 : Math.min(1, values.length);
}
