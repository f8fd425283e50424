// Judges posted rows at once, in an engine that stays warm, by the same checks as a run does; finds the newest of each key.

import type { DataDefinition } from "../define/definition.ts";
import { eventColumn, groupColumns, keyColumn, ordinalColumn } from "../features/columns.ts";
import { findOnlineRow } from "../features/online.ts";
import { hasOnlineSide } from "../features/online-rows.ts";
import type { PostedLine } from "../features/posted-online.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { type PreparedQuery, type Query, sqlName } from "../ports/query.ts";
import { cellText, type PostedRows } from "../ports/source.ts";
import { checkedSql, postColumn, postedColumn, typedSql } from "./checked-rows.ts";
import { neededColumns } from "./checks.ts";
import { openPostedWindows, type WindowHistory } from "./posted-windows.ts";

export interface RejectedRow {
  /** The row's number in its post, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The cells as they were posted. */
  readonly values: Readonly<Record<string, string | null>>;
}

export interface Judgement {
  /** By the post's number. */
  readonly rejected: ReadonlyMap<number, readonly RejectedRow[]>;
  /** The newest row of every key, where it is newer than what is online. */
  readonly lines: readonly PostedLine[];
}

export interface PostedRowsJudge {
  /** Judges posts in their order. One call at a time. */
  judge(posts: readonly PostedRows[]): Promise<Judgement>;
}

/** Plans its statements once: planning takes several times as long as judging a few rows. */
export async function openPostedRowsJudge(
  definition: DataDefinition,
  parts: { readonly query: Query; readonly online: OnlineStore; readonly history: WindowHistory },
): Promise<PostedRowsJudge> {
  const { query, online } = parts;
  const cells = neededColumns(definition);
  const texts = ["_row", postColumn, postedColumn, ...cells];
  await query.run(`CREATE TABLE posted_cells (${texts.map((name) => `${sqlName(name)} VARCHAR`).join(", ")})`);
  const numbers = ["_row", postColumn, postedColumn].map((name) => `CAST(${name} AS BIGINT) AS ${name}`);
  await query.run(`CREATE VIEW posted AS SELECT * REPLACE (${numbers.join(", ")}) FROM posted_cells`);
  const typed = typedSql(definition, "posted", 0);
  await query.run(`CREATE TABLE judged AS SELECT * FROM (${typed}) LIMIT 0`);
  await query.run(`CREATE VIEW checked AS ${checkedSql(definition, "judged")}`);
  const empty = [await query.prepare("DELETE FROM posted_cells"), await query.prepare("DELETE FROM judged")];
  const judgeAll = await query.prepare(`INSERT INTO judged BY NAME ${typed}`);
  const listRejected = await query.prepare(
    "SELECT _row, _problem FROM judged WHERE _problem IS NOT NULL ORDER BY _row",
  );
  const listNewest = hasOnlineSide(definition) ? await newestRows(definition, parts) : undefined;
  const find = columnFinder(cells);

  return {
    async judge(posts) {
      for (const statement of empty) await statement.rows();
      const rows: (string | null)[][] = [];
      const places: { post: number; row: number }[] = [];
      for (const post of posts)
        for (const [index, row] of post.rows.entries()) {
          places.push({ post: post.number, row: index + 1 });
          rows.push([String(places.length), String(post.number), String(post.atMs), ...cellsOf(row, cells, find)]);
        }
      await query.append("posted_cells", texts, rows);
      await judgeAll.rows();
      const rejected = new Map<number, RejectedRow[]>();
      for (const { _row, _problem } of await listRejected.rows<{ _row: number; _problem: string }>()) {
        const { post, row } = places[_row - 1] as { post: number; row: number };
        const values = Object.fromEntries(cells.map((name, index) => [name, rows[_row - 1]?.[index + 3] ?? null]));
        const list = rejected.get(post) ?? [];
        list.push({ row, reason: _problem, values });
        rejected.set(post, list);
      }
      const newest = listNewest === undefined ? [] : await listNewest();
      return { rejected, lines: newest.filter((line) => isNewer(line, online, definition)) };
    },
  };
}

/**
 * Equal moments count: a later post of a row is its new version. Whether rows without a key are a series only a commit can
 * tell, which looks at all of them.
 */
function isNewer({ key, eventMs }: PostedLine, online: OnlineStore, { name }: DataDefinition): boolean {
  const known = findOnlineRow(online, name, key);
  return known === undefined ? key.length > 0 : eventMs >= known.eventMs;
}

async function newestRows(
  definition: DataDefinition,
  { query, history }: { query: Query; history: WindowHistory },
): Promise<() => Promise<PostedLine[]>> {
  const columns = groupColumns(definition).filter(({ role }) => role !== "label");
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const newest = `QUALIFY row_number() OVER (${keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
  let find: PreparedQuery;
  let prepare: () => Promise<void> = async () => undefined;
  if (definition.windows.length === 0) {
    const names = [...keys, eventColumn, postColumn, ...columns.map(({ name }) => sqlName(name))];
    find = await query.prepare(`SELECT ${names.join(", ")} FROM checked ${newest}`);
  } else {
    const windows = await openPostedWindows(definition, query, history);
    find = await query.prepare(`SELECT * FROM (${windows.sql}) ${newest}`);
    prepare = windows.prepare;
  }
  return async () => {
    await prepare();
    return (await find.rows()).map((row) => ({
      key: definition.key.map((key) => String(row[keyColumn(key)])),
      eventMs: Date.parse(String(row[eventColumn])),
      values: Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])),
      post: row[postColumn] as number,
    }));
  };
}

/** Names are compared as the engine does: without regard to case, and to blanks around them. */
function columnFinder(columns: readonly string[]): (name: string) => number | undefined {
  const places = new Map(columns.map((name, index) => [name.toLowerCase(), index]));
  return (name) => places.get(name) ?? places.get(name.replace(/\s+/g, " ").trim().toLowerCase());
}

function cellsOf(
  row: object,
  columns: readonly string[],
  find: (name: string) => number | undefined,
): (string | null)[] {
  const cells = new Array<string | null>(columns.length).fill(null);
  for (const [name, value] of Object.entries(row)) {
    const index = find(name);
    if (index !== undefined) cells[index] = cellText(value);
  }
  return cells;
}
