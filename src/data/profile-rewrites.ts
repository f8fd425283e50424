// Times that are written in a way no format reads, or with a clock that hides how regular they are: how they are rewritten. Pure.

import { sqlName } from "../ports/query.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

/** One way to rewrite the times of a column, as SQL for the profile and as TypeScript for the data component's transform. */
export interface TimeRewrite {
  /** How the rewritten times are read; undefined for ISO 8601. */
  readonly format: string | undefined;
  /** SQL for the rewritten text of a cell. */
  readonly sql: string;
  /** TypeScript for the same, given an expression for the cell: a text or null. */
  code(cell: string): string;
  /** A function that the code calls. */
  readonly helper?: string;
  /** For the reader of the file. */
  readonly note: string;
}

/** The rewrites that a column allows, the one that keeps the most first. */
export function possibleRewrites(column: ProfiledColumn): TimeRewrite[] {
  if (isDecimalYear(column)) return [decimalYear(column)];
  const texts = column.facts.some;
  const clocked = column.type === "time" && column.time?.format === undefined;
  if (!clocked || !texts.every((text) => /^\d{4}-\d\d-\d\d[T ]/.test(text))) return [];
  return [cut(column, 10, "day", undefined), cut(column, 7, "month", "%Y-%m")];
}

function cut({ name }: ProfiledColumn, length: number, unit: string, format: string | undefined): TimeRewrite {
  return {
    format,
    sql: `substr(${sqlName(name)}, 1, ${length})`,
    code: (cell) => `${cell}?.slice(0, ${length}) ?? null`,
    note: `One value a ${unit}, whatever the clock says.`,
  };
}

/** Years with a fraction, such as 1949.083 for February 1949. */
export function isDecimalYear({ type, facts }: ProfiledColumn): boolean {
  return type === "number" && facts.integers < facts.numbers && (facts.min ?? 0) >= 1000 && (facts.max ?? 0) < 3000;
}

/** The month that a decimal year lies in, whether it counts from a month's first day or from its middle. */
function decimalYear({ name }: ProfiledColumn): TimeRewrite {
  const months = `floor((TRY_CAST(${sqlName(name)} AS DOUBLE) - 2000) * 12 + 0.25)`;
  return {
    format: "%Y-%m",
    sql: `strftime(make_date(2000, 1, 1) + to_months(CAST(${months} AS INTEGER)), '%Y-%m')`,
    code: (cell) => `monthOf(${cell})`,
    helper: `/** The month that a decimal year lies in. */
function monthOf(year: string | null): string | null {
  const months = Math.floor((Number(year) - 2000) * 12 + 0.25);
  return Number(year) > 0 ? new Date(Date.UTC(2000, months)).toISOString().slice(0, 7) : null;
}`,
    note: "Decimal years become months: 1949.083 is February 1949.",
  };
}
