// Times that are written in a way no format reads, or with a clock that hides how regular they are: how they are rewritten. Pure.

import { sqlName } from "../ports/query.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

/** One way to rewrite the times of a column, as SQL for the profile and as TypeScript for the data component's transform. */
export interface TimeRewrite {
  /** How the rewritten times are read; undefined for ISO 8601. */
  readonly format: string | undefined;
  /** SQL for the rewritten text of a row. */
  readonly sql: string;
  /** TypeScript for the same; `cell` gives the expression for a column's text or null. */
  code(cell: (column: string) => string): string;
  /** A function that the code calls. */
  readonly helper?: string;
  /** For the reader of the file. */
  readonly note: string;
  /** Another column that it reads. */
  readonly beside?: ProfiledColumn;
}

/** The rewrites that a column allows by itself, the one that keeps the most first. */
export function possibleRewrites(column: ProfiledColumn): TimeRewrite[] {
  if (isDecimalMonth(column)) return [decimalMonth(column)];
  if (isQuarterText(column)) return [quarterText(column)];
  const texts = column.facts.some;
  const clocked = column.type === "time" && column.time?.format === undefined;
  if (!clocked || !texts.every((text) => /^\d{4}-\d\d-\d\d[T ]/.test(text))) return [];
  return [cut(column, 10, "day", undefined), cut(column, 7, "month", "%Y-%m")];
}

function cut({ name }: ProfiledColumn, length: number, unit: string, format: string | undefined): TimeRewrite {
  return {
    format,
    sql: `substr(${sqlName(name)}, 1, ${length})`,
    code: (cell) => `${cell(name)}?.slice(0, ${length}) ?? null`,
    note: `One value a ${unit}, whatever the clock says.`,
  };
}

/** Years with a fraction, such as 1949.083. */
export function isDecimalYear({ type, facts }: ProfiledColumn): boolean {
  return type === "number" && facts.integers < facts.numbers && (facts.min ?? 0) >= 1000 && (facts.max ?? 0) < 3000;
}

/** Decimal years that count from the first days of months or from their middle. */
function isDecimalMonth(column: ProfiledColumn): boolean {
  const isWhole = (year: number) => {
    const within = (year * 12 + 0.25) % 1;
    return Math.abs(within - 0.25) < 0.15 || Math.abs(within - 0.75) < 0.15;
  };
  return isDecimalYear(column) && column.facts.some.every((text) => isWhole(Number(text)));
}

function decimalMonth({ name }: ProfiledColumn): TimeRewrite {
  const months = `floor((TRY_CAST(${sqlName(name)} AS DOUBLE) - 2000) * 12 + 0.25)`;
  return {
    format: "%Y-%m",
    sql: `strftime(make_date(2000, 1, 1) + to_months(CAST(${months} AS INTEGER)), '%Y-%m')`,
    code: (cell) => `monthOf(${cell(name)})`,
    helper: `/** The month that a decimal year lies in. */
function monthOf(year: string | null): string | null {
  const months = Math.floor((Number(year) - 2000) * 12 + 0.25);
  return Number(year) > 0 ? new Date(Date.UTC(2000, months)).toISOString().slice(0, 7) : null;
}`,
    note: "Decimal years become months: 1949.083 is February 1949.",
  };
}

/** 2024-Q1, 2024Q1 or 2024 Q1 in every row. */
export function isQuarterText({ facts }: ProfiledColumn): boolean {
  return facts.some.length > 0 && facts.some.every((text) => /^\d{4}[- ]?Q[1-4]$/.test(text));
}

function quarterText({ name }: ProfiledColumn): TimeRewrite {
  const text = sqlName(name);
  return {
    format: "%Y-%m",
    sql: `left(${text}, 4) || '-' || (TRY_CAST(right(${text}, 1) AS INTEGER) * 3 - 2)`,
    code: (cell) => `monthOf(${cell(name)})`,
    helper: `/** The first month of a quarter such as 2024-Q3. */
function monthOf(quarter: string | null): string | null {
  return quarter === null ? null : \`\${quarter.slice(0, 4)}-\${Number(quarter.at(-1)) * 3 - 2}\`;
}`,
    note: "Quarters become their first months.",
  };
}

/** A year in one column, and in another its month from 1 to 12 or its quarter from 1 to 4. */
export function yearWith(year: ProfiledColumn, beside: ProfiledColumn): TimeRewrite | undefined {
  const { facts, name } = beside;
  if (facts.integers < facts.present || beside.missing > 0 || (facts.min ?? 0) < 1) return undefined;
  const month = /^(?:month|mon|mo|mm)$/i.test(name) && (facts.max ?? 0) <= 12;
  const quarter = /^(?:quarter|qtr|q)$/i.test(name) && (facts.max ?? 0) <= 4;
  if (!month && !quarter) return undefined;
  const number = `TRY_CAST(${sqlName(name)} AS INTEGER)`;
  return {
    format: "%Y-%m",
    sql: `${sqlName(year.name)} || '-' || (${month ? number : `${number} * 3 - 2`})`,
    code: (cell) => {
      const own = month ? cell(name) : `Number(${cell(name)}) * 3 - 2`;
      return `\`\${${cell(year.name)}}-\${${own}}\``;
    },
    note: `Year and ${month ? "month" : "quarter"} stand in two columns.`,
    beside,
  };
}
