// What a run rejects: kept with its reasons, counted against the budget, and read again when somebody asked for it.

import { appendFile, writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import type { SourceResult, UnreadableRow } from "../ports/source.ts";
import { postColumns } from "./checked-rows.ts";
import { neededColumns } from "./checks.ts";

/**
 * Adds rows that were rejected before to those of a source that only ever adds; a source that gives everything gives them
 * anyway. They were kept as the transform had left them, and stand after the source's own, numbered on.
 */
export async function withReplayed(
  input: { readonly definition: DataDefinition; readonly replay: string | null },
  query: Query,
  opened: SourceResult,
  raw: string,
): Promise<{ raw: string; lines: UnreadableRow[] }> {
  if (input.replay === null || opened.position === null) return { raw, lines: [] };
  const columns = neededColumns(input.definition);
  const cells = columns.map(
    (column) => `json_extract_string(line, ${sqlText(`$."values".${JSON.stringify(column)}`)}) AS ${sqlName(column)}`,
  );
  const lines = `read_json_objects(${sqlText(input.replay)}, format = 'newline_delimited') t(line)`;
  const own = postColumns(input.definition);
  const names = [...columns.map(sqlName), ...own].join(", ");
  // Rows that are read again belong to no post.
  cells.push(...own.map((column) => `CAST(NULL AS BIGINT) AS ${column}`));
  await query.run(
    `CREATE TABLE with_replayed AS SELECT ${names}, _row FROM ${raw}
     UNION ALL SELECT ${names}, (SELECT coalesce(max(_row), 0) FROM ${raw}) + row_number() OVER () AS _row
     FROM (SELECT ${cells.join(", ")} FROM ${lines} WHERE json_extract(line, '$."values"') IS NOT NULL)`,
  );
  // A line that could not be read as a row cannot be now either: it stays in quarantine.
  const unread = await query.rows<{ row: number; reason: string; text: string }>(
    `SELECT CAST(json_extract_string(line, '$.row') AS BIGINT) AS "row", json_extract_string(line, '$.reason') AS reason, json_extract_string(line, '$.text') AS text
     FROM ${lines} WHERE json_extract(line, '$."values"') IS NULL`,
  );
  return { raw: "with_replayed", lines: unread };
}

/** One JSON line per rejected row: its number in the source, the reason, and its cells as they stood there. */
export async function writeQuarantine(
  query: Query,
  definition: DataDefinition,
  raw: string,
  unreadable: readonly UnreadableRow[],
  folder: string,
): Promise<string | null> {
  const path = `${folder}/quarantine.ndjson`;
  const [rejected] = await query.rows<{ n: number }>("SELECT count(*) AS n FROM judged WHERE _problem IS NOT NULL");
  if ((rejected?.n ?? 0) === 0 && unreadable.length === 0) return null;
  await query.run(
    `COPY (SELECT j._row AS "row", j._problem AS reason, ${cellsSql(definition, "r")} AS "values" FROM judged j JOIN ${raw} r ON j._row = r._row WHERE j._problem IS NOT NULL ORDER BY j._row) TO ${sqlText(path)} (FORMAT json)`,
  );
  const lines = unreadable.map(({ row, reason, text }) => `${JSON.stringify({ row, reason, text })}\n`);
  if (lines.length > 0)
    await ((rejected?.n ?? 0) === 0 ? writeFile(path, lines.join("")) : appendFile(path, lines.join("")));
  return path;
}

/** The cells that a row was judged by, as they stood. */
export function cellsSql(definition: DataDefinition, raw: string): string {
  return `struct_pack(${neededColumns(definition)
    .map((column) => `${sqlName(column)} := ${raw}.${sqlName(column)}`)
    .join(", ")})`;
}

/** Only the source's own rows count: those that are read again were rejected before, and go back where they were. */
export async function refuseBadBatches(
  query: Query,
  definition: DataDefinition,
  counts: { given: number; replayed: number; unreadable: number },
): Promise<void> {
  const read = counts.given + counts.unreadable;
  if (read === 0) return;
  // Row numbers need not be without gaps: the replayed rows are the last ones.
  const [rejected] = await query.rows<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT _problem FROM judged ORDER BY _row LIMIT ${counts.given}) WHERE _problem IS NOT NULL`,
  );
  const quarantined = (rejected?.n ?? 0) + counts.unreadable;
  const share = quarantined / read;
  if (quarantined < read && share <= definition.quarantineBudget) return;
  const reasons = await query.rows<{ reason: string; n: number }>(
    `SELECT regexp_replace(_problem, ', got ".*?"', '', 'g') AS reason, count(*) AS n FROM judged WHERE _problem IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT 3`,
  );
  const examples = await query.rows<{ _problem: string; _row: number }>(
    "SELECT _problem, _row FROM judged WHERE _problem IS NOT NULL ORDER BY _row LIMIT 1",
  );
  const most = [
    ...reasons.map(({ reason, n }) => `${n} × ${reason}`),
    ...(counts.unreadable > 0 ? [`${counts.unreadable} × not readable as a row`] : []),
  ].join("; ");
  const example = examples[0] === undefined ? "" : ` (row ${examples[0]._row}: ${examples[0]._problem})`;
  if (quarantined >= read)
    throw fail(
      "DATA_ALL_REJECTED",
      `Expected at least one of ${read} rows to pass the checks, got none: ${most}${example}`,
    );
  throw fail(
    "DATA_BUDGET_EXCEEDED",
    `Expected at most ${percent(definition.quarantineBudget)} of the rows to be rejected, got ${percent(share)} (${quarantined} of ${read}): ${most}${example}`,
    { hint: "Correct the source or the schema, or raise quarantineBudget; nothing was committed" },
  );
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
