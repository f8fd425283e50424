// Partial dependence (Friedman 2001): what the model answers on average when one feature is set to a value in every row.

import { fail } from "../../base/failure.ts";
import { type Column, type Table, takeRows, type Value, valueAt } from "../../base/table.ts";
import type { Predictor } from "../model.ts";
import { random, shuffled } from "../random.ts";

export interface DependencePoint {
  readonly value: Value;
  /** Mean probability of the class, or mean answer of a regression. */
  readonly mean: number;
  /** Rows of the table with this value (a category), or between this point and the next (a number): little data, little trust. */
  readonly rows: number;
}

export interface DependenceOptions {
  readonly seed: number;
  /** The class whose probability is meant; by default the positive class of a binary model, the first of a multiclass one. */
  readonly class?: string;
  /** Most points. Default 20. */
  readonly points?: number;
  /** Rows to average over, drawn when there are more. Default 500. */
  readonly rows?: number;
}

/** Points in ascending order, or the commonest categories first. Throws INFERENCE_INPUT_INVALID for an unknown feature or class. */
export function partialDependence(
  model: Predictor,
  table: Table,
  feature: string,
  options: DependenceOptions,
): DependencePoint[] {
  const column = table.columns.get(feature);
  if (column === undefined || !model.features.some(({ name }) => name === feature))
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `Expected a feature of the model and the table, got ${JSON.stringify(feature)}`,
    );
  const output =
    options.class === undefined
      ? Math.min(1, model.classes.length - 1) * (model.task === "binary" ? 1 : 0)
      : model.classes.indexOf(options.class);
  if (model.task !== "regression" && output < 0)
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `Expected one of the classes ${model.classes.join(", ")}, got ${JSON.stringify(options.class)}`,
    );
  const most = Math.min(table.rowCount, options.rows ?? 500);
  const sample = takeRows(table, shuffled(table.rowCount, random(options.seed)).subarray(0, most).sort());
  return gridOf(column, options.points ?? 20).map(({ row, rows }) => {
    const columns = new Map(sample.columns).set(feature, constantColumn(column, row, most));
    const prediction = model.predict({ rowCount: most, columns });
    let sum = 0;
    for (let i = 0; i < most; i++)
      sum +=
        "values" in prediction ? prediction.values[i]! : prediction.probabilities[i * model.classes.length + output]!;
    return { value: valueAt(column, row), mean: sum / most, rows };
  });
}

/** Rows whose values stand for the column: quantiles of numbers, the commonest categories. */
function gridOf(column: Column, points: number): { row: number; rows: number }[] {
  if (column.type === "text" || column.type === "vector") return [];
  if (column.type === "category") {
    const first = new Map<number, { row: number; rows: number }>();
    for (const [row, code] of column.codes.entries()) {
      if (code < 0) continue;
      const known = first.get(code);
      if (known === undefined) first.set(code, { row, rows: 1 });
      else known.rows++;
    }
    return [...first.values()].sort((a, b) => b.rows - a.rows).slice(0, points);
  }
  const { values } = column;
  const order = Array.from(values.keys())
    .filter((row) => Number.isFinite(values[row]))
    .sort((a, b) => values[a]! - values[b]!);
  const grid: { row: number; rows: number; at: number }[] = [];
  for (let i = 0; i < points && order.length > 0; i++) {
    const at = Math.round((i * (order.length - 1)) / Math.max(1, points - 1));
    if (grid.length > 0 && values[grid.at(-1)!.row] === values[order[at]!]) continue;
    grid.push({ row: order[at]!, rows: 0, at });
  }
  return grid.map(({ row, at }, i) => ({ row, rows: (grid[i + 1]?.at ?? order.length) - at }));
}

function constantColumn(column: Column, row: number, count: number): Column {
  return takeRows({ rowCount: 1, columns: new Map([["x", column]]) }, new Int32Array(count).fill(row)).columns.get(
    "x",
  )!;
}
