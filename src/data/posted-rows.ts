// Judges posted rows at once, in an engine that stays warm, by the same checks as a run does; finds the newest of each key.

import type { Value } from "../base/table.ts";
import type { DataDefinition } from "../define/definition.ts";
import { eventColumn, groupColumns, keyColumn } from "../features/columns.ts";
import { findOnlineRow } from "../features/online/newest-rows.ts";
import type { PostedLine } from "../features/online/posted.ts";
import { hasOnlineSide } from "../features/online/rows.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { type Query, sqlName } from "../ports/query.ts";
import { cellText, type PostedRows } from "../ports/source.ts";
import { postColumn, postedColumn, typedSql } from "./checked-rows.ts";
import { neededColumns } from "./checks.ts";
import { rawCells, type TransformElsewhere } from "./posted-transform.ts";
import { openPostedWindows, type TouchedKey, type WindowHistory } from "./posted-windows.ts";

export interface RejectedRow {
  /** The row's number in its post, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The cells as they were posted. */
  readonly values: Readonly<Record<string, string | null>>;
}

export interface Judgement {
  /** By the post's number: how many rows were judged, which a transform makes more or fewer than were posted. */
  readonly judged: ReadonlyMap<number, number>;
  /** By the post's number. */
  readonly rejected: ReadonlyMap<number, readonly RejectedRow[]>;
  /** The newest row of every key, where it is newer than what is online. */
  readonly lines: readonly PostedLine[];
}

export interface PostedRowsJudge {
  /** Judges posts in their order. One call at a time. Null when the transform cannot be asked now, or throws: a run tells why. */
  judge(posts: readonly PostedRows[]): Promise<Judgement | null>;
}

type TypedRow = Readonly<Record<string, Value>> & { readonly _row: number; readonly _problem: string | null };

/** Plans its statements once: planning takes several times as long as judging a few rows. */
export async function openPostedRowsJudge(
  definition: DataDefinition,
  parts: {
    readonly query: Query;
    readonly online: OnlineStore;
    readonly history: WindowHistory;
    /** Given when the component has a transform. */
    readonly transform?: TransformElsewhere;
  },
): Promise<PostedRowsJudge> {
  const { query, online } = parts;
  const cells = neededColumns(definition);
  const texts = ["_row", postColumn, postedColumn, ...cells];
  await query.run(`CREATE TABLE posted_cells (${texts.map((name) => `${sqlName(name)} VARCHAR`).join(", ")})`);
  const numbers = ["_row", postColumn, postedColumn].map((name) => `CAST(${name} AS BIGINT) AS ${name}`);
  await query.run(`CREATE VIEW posted AS SELECT * REPLACE (${numbers.join(", ")}) FROM posted_cells`);
  const typed = typedSql(definition, "posted", 0);
  const windows =
    definition.windows.length === 0 ? undefined : await openPostedWindows(definition, typed, query, parts.history);
  // Prepared once everything that they read is there: the engine plans a statement anew each time after its catalog has changed.
  const empty = await query.prepare("DELETE FROM posted_cells");
  const judgeAll = await query.prepare(windows === undefined ? typed : windows.judgingSql);
  const enrich = await windows?.prepare();
  /** What a judgement leaves to do, which nobody waits for but the next one. */
  let settled: Promise<unknown> = empty.run();
  const find = columnFinder(cells);

  /** What the posted rows come to, row by row: themselves, unless there is a transform. */
  async function outputs(
    posts: readonly PostedRows[],
  ): Promise<readonly (readonly (readonly (string | null)[])[])[] | null> {
    if (parts.transform === undefined)
      return posts.flatMap((post) => post.rows.map((row) => [cellsOf(row, cells, find)]));
    return parts.transform(rawCells(posts, cells)).catch(() => null);
  }

  return {
    async judge(posts) {
      const [given] = await Promise.all([outputs(posts), settled]);
      if (given === null) return null;
      const rows: (string | null)[][] = [];
      const places: { post: number; row: number }[] = [];
      const count = new Map<number, number>();
      let at = 0;
      for (const post of posts) {
        const first = places.length;
        for (const index of post.rows.keys())
          for (const out of given[at++] ?? []) {
            places.push({ post: post.number, row: index + 1 });
            rows.push([String(places.length), String(post.number), String(post.atMs), ...out]);
          }
        count.set(post.number, places.length - first);
      }
      await query.append("posted_cells", texts, rows);
      const judged = (await judgeAll.rows<TypedRow>()).sort((a, b) => a._row - b._row);
      const rejected = new Map<number, RejectedRow[]>();
      const passed: TypedRow[] = [];
      for (const typedRow of judged) {
        if (typedRow._problem === null) {
          passed.push(typedRow);
          continue;
        }
        const { post, row } = places[typedRow._row - 1] as { post: number; row: number };
        const values = Object.fromEntries(
          cells.map((name, index) => [name, rows[typedRow._row - 1]?.[index + 3] ?? null]),
        );
        rejected.set(post, [...(rejected.get(post) ?? []), { row, reason: typedRow._problem, values }]);
      }
      const newest = hasOnlineSide(definition) ? newestRows(definition, passed) : [];
      const found = enrich === undefined ? newest : await enrich.newest(newest);
      settled = Promise.all([enrich?.remember(), empty.run()]);
      settled.catch(() => undefined);
      const lines = found.map((row) => lineOf(definition, row));
      return { judged: count, rejected, lines: lines.filter((line) => isNewer(line, online, definition)) };
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

/**
 * Of every key the row that happened last, of several at that moment the one that stands last in its post, and of posts the
 * last; with it the newest post of the key and the earliest moment that any of its rows is about.
 */
function newestRows({ key }: DataDefinition, rows: readonly TypedRow[]): TouchedKey[] {
  const newest = new Map<string, { row: TypedRow; ordinal: number; post: number; fromMs: number }>();
  const ordinals = new Map<string, number>();
  for (const row of rows) {
    const id = JSON.stringify(key.map((name) => row[keyColumn(name)]));
    const like = `${id} ${row[eventColumn]} ${row[postColumn]}`;
    const ordinal = (ordinals.get(like) ?? 0) + 1;
    ordinals.set(like, ordinal);
    const eventMs = Date.parse(String(row[eventColumn]));
    const post = row[postColumn] as number;
    const known = newest.get(id);
    if (known === undefined) {
      newest.set(id, { row, ordinal, post, fromMs: eventMs });
      continue;
    }
    const knownMs = Date.parse(String(known.row[eventColumn]));
    const later = eventMs > knownMs || (eventMs === knownMs && ordinal >= known.ordinal);
    newest.set(id, {
      ...(later ? { row, ordinal } : known),
      post: Math.max(post, known.post),
      fromMs: Math.min(eventMs, known.fromMs),
    });
  }
  return [...newest].map(([id, { row, post, fromMs }]) => ({ id, row, post, fromMs }));
}

function lineOf(definition: DataDefinition, { row, post }: Pick<TouchedKey, "row" | "post">): PostedLine {
  const columns = groupColumns(definition).filter(({ role }) => role !== "label");
  return {
    key: definition.key.map((key) => String(row[keyColumn(key)])),
    eventMs: Date.parse(String(row[eventColumn])),
    values: Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])),
    post,
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
