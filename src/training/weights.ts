// What rows count: the column of a training set that says it, checked before anything is fitted.

import { fail } from "../base/failure.ts";
import { eventColumn, keyColumn } from "../features/columns.ts";
import { type Query, sqlName, sqlPath } from "../ports/query.ts";

const namedRows = 3;

/** Throws TRAINING_WEIGHT_INVALID, which names the first rows whose weight is missing, negative or not finite, or when all are 0. */
export async function checkWeights(
  query: Query,
  path: string,
  name: string,
  { keys, timed }: { readonly keys: readonly string[]; readonly timed: boolean },
): Promise<void> {
  const file = `read_parquet(${sqlPath(path)}, file_row_number = true)`;
  const weight = sqlName(name);
  const usable = `coalesce(isfinite(${weight}) AND ${weight} >= 0, false)`;
  const [counts] = await query.rows<{ rows: number; usable: number; positive: number }>(
    `SELECT count(*) AS rows, count(*) FILTER (${usable}) AS usable, count(*) FILTER (${usable} AND ${weight} > 0) AS positive FROM ${file}`,
  );
  const { rows = 0, usable: good = 0, positive = 0 } = counts ?? {};
  if (good === rows && positive > 0) return;
  if (good === rows)
    throw fail("TRAINING_WEIGHT_INVALID", `Expected a row whose weight ${name} is above 0, got 0 in all ${rows}`);
  const shown = [
    `coalesce(CAST(${weight} AS VARCHAR), 'none') AS weight`,
    "file_row_number + 1 AS number",
    ...keys.map((key, index) => `CAST(${sqlName(keyColumn(key))} AS VARCHAR) AS k${index}`),
    `strftime(${eventColumn}, '%Y-%m-%dT%H:%M:%SZ') AS moment`,
  ];
  const odd = await query.rows<Record<string, string | number>>(
    `SELECT ${shown.join(", ")} FROM ${file} WHERE NOT ${usable} ORDER BY file_row_number LIMIT ${namedRows}`,
  );
  const named = odd.map((row) => {
    const parts = keys.map((key, index) => `${key} ${row[`k${index}`]}`);
    if (timed) parts.push(`${parts.length === 0 ? "" : "at "}${row.moment}`);
    return `${row.weight} for ${parts.length === 0 ? `row ${row.number}` : parts.join(" ")}`;
  });
  const more = rows - good - named.length;
  throw fail(
    "TRAINING_WEIGHT_INVALID",
    `Expected a finite weight ${name} of 0 or more in every row, got ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
    { details: { column: name, rows: rows - good } },
  );
}
