// Writes what a run adds to a feature group: decides whether it appends, and leaves sorted files that a commit can adopt.

import type { DataDefinition } from "../define/definition.ts";
import {
  commitColumn,
  createdColumn,
  eventColumn,
  identityColumns,
  keyColumn,
  ordinalColumn,
  storedColumns,
} from "../features/columns.ts";
import { bookkeepingColumns, currentSql, type GroupFiles, versionsSql } from "../features/relation.ts";
import { type FileOptions, writeFileSql } from "../features/written-file.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { postColumns, postedColumn } from "./checked-rows.ts";
import type { CommitInput } from "./commit-input.ts";
import { isLarge, type KeepOptions, keepRelation } from "./kept-relation.ts";

/**
 * A source that always gives everything is mirrored: as long as it only adds and changes rows these are appended; when
 * rows have vanished the group starts anew. A source with a position only ever appends.
 */
export async function chooseMode(
  query: Query,
  definition: DataDefinition,
  input: CommitInput,
  snapshot: boolean,
  size: KeepOptions,
): Promise<"append" | "replace"> {
  if (input.current === null || input.change === "rebuild" || (input.change === "extend" && snapshot)) return "replace";
  await keepRelation(query, "current", currentSql(definition, input.current), size);
  if (!snapshot) return "append";
  const [gone] = await query.rows<{ n: number }>(
    `SELECT count(*) AS n FROM current c WHERE NOT EXISTS (SELECT 1 FROM checked n WHERE ${sameIdentity(definition, "c", "n")})`,
  );
  return (gone?.n ?? 0) > 0 ? "replace" : "append";
}

function sameIdentity(definition: DataDefinition, a: string, b: string): string {
  return identityColumns(definition)
    .map((name) => `${a}.${sqlName(name)} = ${b}.${sqlName(name)}`)
    .join(" AND ");
}

/**
 * Writes the new and changed rows, sorted by key and event time, and keeps them as table `written`.
 * History counts as known at its event time; rows that arrive later are known from their commit on.
 */
export async function writeRows(
  query: Query,
  definition: DataDefinition,
  input: CommitInput,
  mode: "append" | "replace",
  size: KeepOptions,
): Promise<WrittenRows> {
  const stored = storedColumns(definition).map((column) => sqlName(column.name));
  const known = input.known ?? (mode === "replace" ? "event" : "commit");
  // What was posted has been readable online since then.
  const since = postColumns(definition).length > 0 ? `${postedColumn} * 1000` : String(Math.round(input.atMs * 1000));
  const created = known === "event" ? eventColumn : `greatest(make_timestamp(${since}), ${eventColumn})`;
  const changed =
    mode === "replace"
      ? "checked"
      : `(SELECT n.* FROM checked n LEFT JOIN current c ON ${sameIdentity(definition, "n", "c")} WHERE c.${ordinalColumn} IS NULL${changedSql(definition)})`;
  const computed: Record<string, string> = {
    [createdColumn]: `${created} AS ${createdColumn}`,
    [commitColumn]: `CAST(${input.sequence} AS BIGINT) AS ${commitColumn}`,
  };
  const columns = [...bookkeepingColumns(definition).map((name) => computed[name] ?? sqlName(name)), ...stored];
  const order = [
    ...definition.key.map(keyColumn),
    ...(definition.eventTime === null ? [] : [eventColumn]),
    ordinalColumn,
  ]
    .map(sqlName)
    .join(", ");
  const path = `${input.temporaryFolder}/rows.parquet`;
  const rows = await writeSorted(
    query,
    `SELECT ${columns.join(", ")} FROM ${changed} ORDER BY ${order}`,
    { path, definition, schema: input.schema },
    isLarge(size),
  );
  const revised =
    mode === "replace"
      ? 0
      : await countWhere(
          query,
          `written n WHERE EXISTS (SELECT 1 FROM current c WHERE ${sameIdentity(definition, "n", "c")})`,
        );
  const late = await countWhere(query, `written WHERE ${createdColumn} > ${eventColumn}`);
  const repeated = await countWhere(query, `written WHERE ${ordinalColumn} > 1`);
  const older = mode === "append" && rows > 0 ? filesFrom(input.current, input.mergeFrom) : null;
  if (older === null) return { path, rows, kept: { path, rows }, merged: false, revised, late, repeated };
  const merged = `${input.temporaryFolder}/merged.parquet`;
  const names = [...bookkeepingColumns(definition).map(sqlName), ...stored].join(", ");
  await query.run(
    writeFileSql(
      `SELECT ${names} FROM (${versionsSql(older)} UNION ALL BY NAME SELECT * FROM written) ORDER BY ${order}, ${commitColumn}`,
      { path: merged, definition, schema: input.schema },
    ),
  );
  const kept = { path: merged, rows: await countWhere(query, `read_parquet(${sqlText(merged)})`) };
  return { path, rows, kept, merged: true, revised, late, repeated };
}

/** What is only kept for an old model makes no row a new version by being gone, nor beside the column's new name. */
function changedSql(definition: DataDefinition): string {
  const all = storedColumns(definition);
  const conditions = all.map(({ name, from, deprecated }) => {
    const differs = `n.${sqlName(name)} IS DISTINCT FROM c.${sqlName(name)}`;
    if (deprecated === undefined) return ` OR ${differs}`;
    const renamed = all.some((other) => other.deprecated === undefined && other.from === from);
    return renamed ? "" : ` OR (n.${sqlName(name)} IS NOT NULL AND ${differs})`;
  });
  return conditions.join("");
}

export interface WrittenRows {
  /** The new and changed rows. */
  readonly path: string;
  readonly rows: number;
  /** The file that the commit keeps: those rows, or with them those of the small files before. */
  readonly kept: { readonly path: string; readonly rows: number };
  readonly merged: boolean;
  readonly revised: number;
  readonly late: number;
  readonly repeated: number;
}

function filesFrom(files: GroupFiles | null, from: number | null): GroupFiles | null {
  if (files === null || from === null) return null;
  const renamed = files.renamed?.slice(from);
  return { ...files, paths: files.paths.slice(from), ...(renamed === undefined ? {} : { renamed }) };
}

/** `written`: a table beside the file while the rows are few, otherwise the file itself. */
async function writeSorted(query: Query, sql: string, file: FileOptions, large: boolean): Promise<number> {
  if (large) {
    await query.run(writeFileSql(sql, file));
    await query.run(`CREATE VIEW written AS ${versionsSql({ paths: [file.path], revised: false })}`);
    return countRows(query, "written");
  }
  await query.run(`CREATE TABLE written AS ${sql}`);
  const rows = await countRows(query, "written");
  if (rows > 0) await query.run(writeFileSql("SELECT * FROM written", file));
  return rows;
}

export async function countRows(query: Query, relation: string): Promise<number> {
  return countWhere(query, relation);
}

export async function countWhere(query: Query, relation: string): Promise<number> {
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${relation}`);
  return count?.n ?? 0;
}
