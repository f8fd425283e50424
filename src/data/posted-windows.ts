// The windows of posted rows, over what the group's files hold of their keys and what was posted since.

import type { Value } from "../base/table.ts";
import type { DataDefinition } from "../define/definition.ts";
import {
  commitColumn,
  createdColumn,
  eventColumn,
  keyColumn,
  ordinalColumn,
  storedColumns,
} from "../features/columns.ts";
import { currentSql, enrichedOver, type GroupFiles, versionsSql } from "../features/relation.ts";
import { lookbackMs } from "../features/windows.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { numberedSql, postColumn } from "./checked-rows.ts";

export interface WindowHistory {
  /** The newest commit of the group and the last post that it holds; zeros before the first. */
  head(): Promise<{ readonly sequence: number; readonly upTo: number }>;
  /** Whether all commits after that one only added rows, or new versions of rows. */
  onlyAdded(since: number): Promise<boolean>;
  /** The files that hold the group as of that commit; null while it is empty. */
  files(sequence: number): Promise<GroupFiles | null>;
}

/** A key that some posts are about. */
export interface TouchedKey {
  readonly id: string;
  /** Its newest row among them. */
  readonly row: Readonly<Record<string, Value>>;
  /** The newest of the posts. */
  readonly post: number;
  /** The earliest event time. */
  readonly fromMs: number;
}

export interface PostedWindows {
  /** Judges the posted rows, holds them, and gives them. */
  readonly judgingSql: string;
  /** To be called once, when all relations are there. */
  prepare(): Promise<{
    /** The newest row of each key with its windows, over its history and the rows that were just judged. */
    newest(touched: readonly TouchedKey[]): Promise<Pick<TouchedKey, "row" | "post">[]>;
    /** Makes the judged rows part of the history, and room for the next. */
    remember(): Promise<void>;
  }>;
}

/** Versions that are posted are newer than every commit's. */
const postedCommits = 1e12;
/** What is remembered of keys that were asked for lately; with more rows than this it starts anew. */
const mostRows = 250_000;

/** `typed` is the query that judges the posted rows. */
export async function openPostedWindows(
  definition: DataDefinition,
  typed: string,
  query: Query,
  history: WindowHistory,
): Promise<PostedWindows> {
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const stored = storedColumns(definition).map(({ name }) => sqlName(name));
  const names = [...keys, eventColumn, ordinalColumn, createdColumn, commitColumn, ...stored].join(", ");
  await query.run(`CREATE TABLE judged AS SELECT * FROM (${typed}) LIMIT 0`);
  // Of several posts of a row the last counts, which the versions tell as well as they do in files.
  await query.run(`CREATE VIEW checked AS ${numberedSql(definition, "judged")}`);
  const posted = `SELECT ${[...keys, eventColumn, ordinalColumn].join(", ")}, ${eventColumn} AS ${createdColumn}, ${postedCommits} + ${postColumn} AS ${commitColumn}, ${[...stored, postColumn].join(", ")} FROM checked`;
  await query.run(
    `CREATE TABLE history AS SELECT * REPLACE (CAST(${commitColumn} AS BIGINT) AS ${commitColumn}) FROM (${posted}) LIMIT 0`,
  );
  const semi = keys.length === 0 ? "" : `SEMI JOIN judged USING (${keys.join(", ")})`;
  await query.run(
    `CREATE VIEW touched AS SELECT ${names} FROM history ${semi} UNION ALL BY NAME SELECT ${names} FROM (${posted})`,
  );
  const longestMs = Math.max(...definition.windows.map(lookbackMs));
  /** By key: from which event time on its rows are there. */
  const loaded = new Map<string, number>();
  let sequence = 0;
  let rows = 0;
  let known: { readonly sequence: number; readonly files: Promise<GroupFiles | null> } | undefined;

  /** A commit's files never change. */
  function filesOf(wanted: number): Promise<GroupFiles | null> {
    if (known?.sequence !== wanted)
      known = { sequence: wanted, files: wanted === 0 ? Promise.resolve(null) : history.files(wanted) };
    return known.files;
  }

  /** Commits hold the posts up to that one by now: their rows take the place of the posted ones. */
  async function follow(head: { readonly sequence: number; readonly upTo: number }): Promise<void> {
    const before = sequence === 0 ? null : await filesOf(sequence);
    const added = (await history.onlyAdded(sequence)) && rows <= mostRows;
    const posts = `${postColumn} <= ${head.upTo}`;
    rows -= await changed(`DELETE FROM history WHERE ${added ? posts : `${postColumn} IS NULL OR ${posts}`}`);
    if (!added) loaded.clear();
    const files = await filesOf(head.sequence);
    const newer = newFiles(files, before);
    if (added && newer.paths.length > 0) {
      rows += await changed(
        `INSERT INTO history BY NAME SELECT ${names} FROM (${versionsSql(newer)}) WHERE ${commitColumn} > ${sequence}`,
      );
    }
    sequence = head.sequence;
  }

  /** How many rows the statement added or removed. */
  async function changed(sql: string): Promise<number> {
    const [row] = await query.rows<{ Count: number }>(sql);
    return row?.Count ?? 0;
  }

  /** Rows of these keys from `fromMs` on, in place of what was there of them. */
  async function load(touched: readonly TouchedKey[], fromMs: number): Promise<void> {
    const files = await filesOf(sequence);
    if (files === null) return;
    const keyText = ({ row }: TouchedKey, key: string) => sqlText(String(row[keyColumn(key)]));
    // An IN list for each column lets the engine skip most of the sorted files; several keys are told exactly beside that.
    const chosen = definition.key.map(
      (key) => `${sqlName(keyColumn(key))} IN (${touched.map((one) => keyText(one, key)).join(", ")})`,
    );
    if (keys.length > 1) {
      const tuples = touched.map((one) => `(${definition.key.map((key) => keyText(one, key)).join(", ")})`);
      chosen.push(`(${keys.join(", ")}) IN (${tuples.join(", ")})`);
    }
    const where = [...chosen, `${eventColumn} > make_timestamp(${Math.round(fromMs * 1000)})`].join(" AND ");
    rows -= await changed(
      `DELETE FROM history WHERE ${postColumn} IS NULL${chosen.map((one) => ` AND ${one}`).join("")}`,
    );
    rows += await changed(`INSERT INTO history BY NAME SELECT ${names} FROM (${versionsSql(files)}) WHERE ${where}`);
  }

  async function gather(touched: readonly TouchedKey[]): Promise<void> {
    const head = await history.head();
    if (head.sequence !== sequence || rows > mostRows) await follow(head);
    const absent = touched.filter(
      ({ id, fromMs }) => (loaded.get(id) ?? Number.POSITIVE_INFINITY) > fromMs - longestMs,
    );
    if (absent.length === 0) return;
    const fromMs = Math.min(...absent.map((one) => one.fromMs)) - longestMs;
    await load(absent, fromMs);
    for (const { id } of absent) loaded.set(id, fromMs);
  }

  return {
    judgingSql: `INSERT INTO judged BY NAME ${typed} RETURNING *`,
    async prepare() {
      const unlabelled = { ...definition, labels: [] };
      const current = currentSql(unlabelled, { paths: [], revised: true }, "touched");
      const newest = `QUALIFY row_number() OVER (${keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
      const add = await query.prepare(`INSERT INTO history BY NAME ${posted}`);
      const findNewest = await query.prepare(`SELECT * FROM (${enrichedOver(unlabelled, current)}) ${newest}`);
      const empty = await query.prepare("DELETE FROM judged");
      return {
        async newest(touched) {
          await gather(touched);
          const found = await findNewest.rows();
          const posts = new Map(touched.map(({ id, post }) => [id, post]));
          return found.flatMap((row) => {
            const post = posts.get(JSON.stringify(definition.key.map((key) => row[keyColumn(key)])));
            return post === undefined ? [] : [{ row, post }];
          });
        },
        async remember() {
          rows += await add.run();
          await empty.run();
        },
      };
    },
  };
}

/** The files that were not there before: of a merged one, only the newest commits' rows are new. */
function newFiles(files: GroupFiles | null, before: GroupFiles | null): GroupFiles {
  if (files === null) return { paths: [], revised: false };
  const known = new Set(before?.paths);
  const chosen = files.paths.flatMap((path, index) => (known.has(path) ? [] : [index]));
  return {
    ...files,
    paths: chosen.map((index) => files.paths[index] as string),
    ...(files.renamed === undefined ? {} : { renamed: chosen.map((index) => files.renamed?.[index] ?? null) }),
  };
}
