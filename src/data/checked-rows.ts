// From raw rows to checked ones, as SQL: typed and judged, numbered among their like, of several posts of a row the last.

import type { DataDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn, ordinalColumn } from "../features/columns.ts";
import { sqlName } from "../ports/query.ts";
import { judgedSql } from "./checks.ts";
import { ruledSql } from "./row-checks.ts";

/** The number of a row's post and when it came, in milliseconds since 1970; beside rows that were read again, nothing. */
export const postColumn = "_post";
export const postedColumn = "_posted";

/** What posted rows have beside their cells. */
export function postColumns({ source }: DataDefinition): string[] {
  return source.kind === "push" ? [postColumn, postedColumn] : [];
}

/**
 * Every row of `raw` typed, with `_problem` and `_row`. A group without event times takes the moment at which a row came:
 * that of its post, otherwise `atMs`.
 */
export function typedSql(definition: DataDefinition, raw: string, atMs: number): string {
  const posted = postColumns(definition).length > 0;
  const moment = posted ? `coalesce(r.${postedColumn}, ${Math.round(atMs)})` : String(Math.round(atMs));
  const extra = [
    ...(definition.eventTime === null ? [`make_timestamp(CAST(${moment} AS BIGINT) * 1000) AS ${eventColumn}`] : []),
    ...(posted ? [`coalesce(r.${postColumn}, 0) AS ${postColumn}`, `${moment} AS ${postedColumn}`] : []),
  ];
  return ruledSql(definition, judgedSql(definition, raw, extra));
}

/**
 * The rows of `judged` that passed, each with its number among those of its key and event time. Each post is a feed of its
 * own: rows with equals in the same post are all kept, those that an earlier post had are replaced. Rows without key and
 * event time are numbered on from `before`.
 */
export function checkedSql(definition: DataDefinition, judged: string, before = "0"): string {
  const numbered = numberedSql(definition, judged, before);
  const moment = momentOf(definition);
  if (moment.length === 0 || postColumns(definition).length === 0) return numbered;
  return `SELECT * FROM (${numbered}) QUALIFY row_number() OVER (PARTITION BY ${[...moment, ordinalColumn].join(", ")} ORDER BY ${postColumn} DESC) = 1`;
}

/** The same with every post's version of a row. */
export function numberedSql(definition: DataDefinition, judged: string, before = "0"): string {
  const moment = momentOf(definition);
  const passed = `FROM ${judged} WHERE _problem IS NULL`;
  if (moment.length === 0) return `SELECT * EXCLUDE (_problem, _row), ${before} + _row AS ${ordinalColumn} ${passed}`;
  const like = [...moment, ...(postColumns(definition).length > 0 ? [postColumn] : [])].join(", ");
  return `SELECT * EXCLUDE (_problem, _row), row_number() OVER (PARTITION BY ${like} ORDER BY _row) AS ${ordinalColumn} ${passed}`;
}

function momentOf({ key, eventTime }: DataDefinition): string[] {
  return [...key.map(keyColumn), ...(eventTime === null ? [] : [eventColumn])].map(sqlName);
}
