// Aggregates over the time before a row: count, sum, mean, min, max, std, last, distinct and quantile, with a filter.

import { checkDuration, checkNumber, checkOptions, checkText, invalid } from "./check.ts";
import { parseExpression } from "./expression.ts";

export type Aggregate = "count" | "sum" | "mean" | "min" | "max" | "std" | "last" | "distinct" | "quantile";

/**
 * A windowed aggregate of one entity's rows in `(t - over, t]`, where t is the row's event time; of a tumbling one, in the
 * last whole stretch of that length before t.
 */
export interface Window<Column extends string = string> {
  readonly aggregate: Aggregate;
  readonly column: Column | null;
  readonly over: string;
  readonly where: string | null;
  readonly tumbling?: true;
  /** The share of values at or below a quantile, from 0 to 1. */
  readonly level?: number;
  readonly unit?: string;
  readonly description?: string;
}

/** By name. */
export type Windows = Readonly<Record<string, Window>>;

export interface WindowOptions {
  /** How far back, e.g. "7d". */
  readonly over: string;
  /** Only rows for which this holds, e.g. "precipitation > 0". */
  readonly where?: string;
  /**
   * The last whole stretch of time instead of the time right before the row: with `over: "1d"` the day before, in UTC.
   * Stretches follow each other without gap or overlap, counted from 1970-01-01.
   */
  readonly tumbling?: boolean;
  readonly unit?: string;
  readonly description?: string;
}

/**
 * How many rows.
 *
 * @example
 * count({ where: "precipitation > 0", over: "7d" })
 */
export function count(options: WindowOptions): Window<never> {
  return window<never>("count", null, options);
}
/** The sum of a column. */
export function sum<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("sum", column, options);
}
/** The mean of a column; missing when there was no value. */
export function mean<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("mean", column, options);
}
/** The smallest value of a column. */
export function min<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("min", column, options);
}
/** The largest value of a column. */
export function max<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("max", column, options);
}
/** The sample standard deviation of a column; missing with fewer than two values. */
export function std<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("std", column, options);
}
/** The value before this row's, within the window. */
export function last<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("last", column, options);
}
/** How many different values a column had. */
export function distinct<const Column extends string>(column: Column, options: WindowOptions): Window<Column> {
  return window("distinct", column, options);
}
/**
 * The value that a share of the column's values does not exceed, between two values in proportion.
 *
 * @example
 * quantile("delayMinutes", { level: 0.9, over: "30d" })
 */
export function quantile<const Column extends string>(
  column: Column,
  { level, ...options }: WindowOptions & { readonly level: number },
): Window<Column> {
  checkNumber("quantile().level", level, { min: 0, max: 1 });
  return { ...window("quantile", column, options), level };
}

function window<Column extends string>(
  aggregate: Aggregate,
  column: Column | null,
  options: WindowOptions,
): Window<Column> {
  const where = `${aggregate}()`;
  if (column !== null) checkText(where, column);
  checkOptions(where, options, ["over", "where", "tumbling", "unit", "description"]);
  checkDuration(`${where}.over`, options.over);
  if (options.where !== undefined) {
    checkText(`${where}.where`, options.where);
    parseExpression(options.where);
  }
  const { tumbling, ...rest } = options;
  if (tumbling !== undefined && typeof tumbling !== "boolean")
    throw invalid(`${where}.tumbling`, "true or false", tumbling);
  return {
    ...rest,
    aggregate,
    column,
    over: options.over,
    where: options.where ?? null,
    ...(tumbling === true ? { tumbling } : {}),
  };
}
