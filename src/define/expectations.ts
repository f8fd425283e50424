// What rows and whole batches must hold beyond each column's own type and range.

import { parseDurationMs } from "../base/clock.ts";
import { isObject } from "../base/json.ts";
import { checkDuration, checkNumber, checkOptions, checkText, checkTexts, invalid, nearest } from "./check.ts";
import { expressionColumns, isCondition, parseExpression } from "./expression.ts";

export type Direction = "increasing" | "decreasing";

export interface Checks {
  /** Conditions on a row, e.g. "end >= start"; a row for which one is false goes to quarantine. */
  readonly rows?: readonly string[];
  /** Columns whose values stand once among the rows of a run; later ones go to quarantine. */
  readonly unique?: readonly string[];
  /**
   * Column → "increasing" or "decreasing": along the time of an entity it never falls, or never rises; a row that does goes
   * to quarantine.
   */
  readonly monotonic?: Readonly<Record<string, Direction>>;
  /** Column → regular expression that the whole text must match. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** What the rows of a run must hold together; otherwise nothing of it is committed. */
  readonly batch?: {
    /** At least this many rows. */
    readonly minRows?: number;
    /** At least this share of the rows that the last committed run read, e.g. 0.5. */
    readonly minShareOfLast?: number;
    /** The newest row is at most this old, e.g. "2d". */
    readonly freshWithin?: string;
    /**
     * Column → how far its values may shift from those committed last, as population stability index: 0.1 is a small
     * shift, 0.25 a large one. Batches of under 100 rows are not judged.
     */
    readonly maxShift?: Readonly<Record<string, number>>;
  };
}

export interface ChecksDefinition {
  readonly rows: readonly string[];
  readonly unique: readonly string[];
  readonly patterns: readonly { readonly column: string; readonly pattern: string }[];
  /** Absent in definitions that were stored before there was such a thing. */
  readonly monotonic?: readonly { readonly column: string; readonly direction: Direction }[];
  readonly minRows: number | null;
  readonly minShareOfLast: number | null;
  readonly freshWithinMs: number | null;
  readonly maxShift: readonly { readonly column: string; readonly atMost: number }[];
}

/** Checks what the user wrote; `columns` are the features and keys of the group. */
export function checkChecks(checks: Checks | undefined, columns: readonly string[], timed: boolean): void {
  if (checks === undefined) return;
  checkOptions("checks", checks, ["rows", "unique", "monotonic", "patterns", "batch"]);
  if (checks.rows !== undefined) {
    checkTexts("checks.rows", checks.rows);
    for (const text of checks.rows) {
      const condition = parseExpression(text);
      if (!isCondition(condition)) throw invalid("checks.rows", 'a condition such as "end >= start"', text);
      for (const column of expressionColumns(condition)) checkColumn("checks.rows", column, columns);
    }
  }
  if (checks.unique !== undefined) {
    checkTexts("checks.unique", checks.unique);
    for (const column of checks.unique) checkColumn("checks.unique", column, columns);
  }
  if (checks.monotonic !== undefined && !isObject(checks.monotonic))
    throw invalid("checks.monotonic", 'an object such as { odometer: "increasing" }', checks.monotonic);
  for (const [column, direction] of Object.entries(checks.monotonic ?? {})) {
    checkColumn("checks.monotonic", column, columns);
    if (direction !== "increasing" && direction !== "decreasing")
      throw invalid(`checks.monotonic.${column}`, '"increasing" or "decreasing"', direction);
  }
  for (const [column, pattern] of Object.entries(checks.patterns ?? {})) {
    checkColumn("checks.patterns", column, columns);
    checkText(`checks.patterns.${column}`, pattern);
    try {
      new RegExp(pattern, "u");
    } catch {
      throw invalid(`checks.patterns.${column}`, "a regular expression", pattern);
    }
  }
  checkBatchChecks(checks.batch, columns, timed);
}

function checkBatchChecks(batch: Checks["batch"], columns: readonly string[], timed: boolean): void {
  if (batch === undefined) return;
  checkOptions("checks.batch", batch, ["minRows", "minShareOfLast", "freshWithin", "maxShift"]);
  if (batch.minRows !== undefined) checkNumber("checks.batch.minRows", batch.minRows, { min: 1 });
  if (batch.minShareOfLast !== undefined)
    checkNumber("checks.batch.minShareOfLast", batch.minShareOfLast, { min: 0, max: 1 });
  if (batch.freshWithin !== undefined) {
    checkDuration("checks.batch.freshWithin", batch.freshWithin);
    if (!timed) throw invalid("checks.batch.freshWithin", "a group with an eventTime", batch.freshWithin);
  }
  if (batch.maxShift !== undefined && !isObject(batch.maxShift))
    throw invalid("checks.batch.maxShift", "an object such as { amount: 0.25 }", batch.maxShift);
  for (const [column, atMost] of Object.entries(batch.maxShift ?? {})) {
    checkColumn("checks.batch.maxShift", column, columns);
    checkNumber(`checks.batch.maxShift.${column}`, atMost, { min: 0 });
  }
}

function checkColumn(field: string, column: string, columns: readonly string[]): void {
  if (columns.includes(column)) return;
  const near = nearest(column, columns);
  throw invalid(
    field,
    `a feature or a key of this group (${columns.join(", ")})`,
    column,
    near === undefined ? undefined : `Did you mean "${near}"?`,
  );
}

export function describeChecks({ rows, unique, monotonic, patterns, batch }: Checks): ChecksDefinition {
  return {
    rows: rows ?? [],
    unique: unique ?? [],
    patterns: Object.entries(patterns ?? {}).map(([column, pattern]) => ({ column, pattern })),
    ...(monotonic === undefined
      ? {}
      : { monotonic: Object.entries(monotonic).map(([column, direction]) => ({ column, direction })) }),
    minRows: batch?.minRows ?? null,
    minShareOfLast: batch?.minShareOfLast ?? null,
    freshWithinMs: batch?.freshWithin === undefined ? null : (parseDurationMs(batch.freshWithin) as number),
    maxShift: Object.entries(batch?.maxShift ?? {}).map(([column, atMost]) => ({ column, atMost })),
  };
}
