// Runs a component's own transform over the raw rows, one row in, none, one or several out.

import { fail, isFailure } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { RawRow } from "../define/data-options.ts";
import { type Query, sqlName } from "../ports/query.ts";

/** What a component declares: one row in, none, one or several out. */
export type Transform = (row: RawRow) => RawRow | readonly RawRow[] | null;

const batchRows = 10_000;

/**
 * Leaves the transformed rows in table `transformed` with the given columns (all text) and `_row`, a number of its own.
 * Numbers, booleans and dates that the transform returns are written as texts. The `carried` columns are whole numbers
 * that the transform does not see; its rows keep those of the row that they come from.
 */
export async function transformRows(
  query: Query,
  relation: string,
  columns: readonly string[],
  transform: Transform,
  carried: readonly string[] = [],
): Promise<string> {
  await query.run(
    `CREATE TABLE transformed_cells (${["_row", ...carried].map((column) => `${column} VARCHAR`).join(", ")}, ${columns.map((column) => `${sqlName(column)} VARCHAR`).join(", ")})`,
  );
  let next = 1;
  let seen = 0;
  let batch: (string | null)[][] = [];
  const flush = async () => {
    if (batch.length > 0) await query.append("transformed_cells", ["_row", ...carried, ...columns], batch);
    batch = [];
  };
  for await (const rows of query.stream(`SELECT * FROM ${relation} ORDER BY _row`)) {
    for (const { _row, ...row } of rows) {
      seen++;
      const kept = carried.map((column) => cell(row[column]));
      for (const column of carried) delete row[column];
      for (const cells of transformRow(transform, row as RawRow, _row as number, columns))
        batch.push([String(next++), ...kept, ...cells]);
      if (batch.length >= batchRows) await flush();
    }
  }
  await flush();
  // Rows that were posted cannot be asked for again: those that the transform leaves out are done with.
  if (seen > 0 && next === 1 && carried.length === 0)
    throw fail("DATA_NO_ROWS", `Expected transform to leave rows, got null for all ${seen.toLocaleString("en")}`, {
      hint: "Look at the condition under which transform returns null; the rows committed before are kept",
    });
  const numbers = ["_row", ...carried].map((column) => `CAST(${column} AS BIGINT) AS ${column}`);
  await query.run(`CREATE VIEW transformed AS SELECT * REPLACE (${numbers.join(", ")}) FROM transformed_cells`);
  return "transformed";
}

/** What one row becomes, each as the texts of `columns`. Throws RUNS_RESULT_UNSTORABLE, and whatever the transform throws. */
export function transformRow(
  transform: Transform,
  row: RawRow,
  number: number,
  columns: readonly string[],
): (string | null)[][] {
  return outputs(transform(row), number).map((out) => columns.map((column) => cell(out[column])));
}

function outputs(result: unknown, row: number): readonly RawRow[] {
  if (result === null || result === undefined) return [];
  const list = Array.isArray(result) ? result : [result];
  for (const one of list)
    if (!isObject(one) || isFailure(one))
      throw fail(
        "RUNS_RESULT_UNSTORABLE",
        `Expected transform to return a row, a list of rows or null for row ${row}, got ${typeof one}`,
      );
    else if (typeof one.then === "function")
      throw fail(
        "RUNS_RESULT_UNSTORABLE",
        `Expected transform to return a row, a list of rows or null for row ${row}, got a promise`,
        { hint: "transform cannot be async: fetch what it needs in the source instead, e.g. with rows()" },
      );
  return list as RawRow[];
}

function cell(value: unknown): string | null {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
