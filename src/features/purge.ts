// Removes an entity's rows from everything that earlier commits left: files, online lines and rejected rows.

import { gunzipSync, gzipSync } from "node:zlib";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import { type Query, sqlText } from "../ports/query.ts";
import { keyColumn } from "./columns.ts";
import { type Commit, listCommits } from "./commits.ts";
import { indexesOf } from "./delete-rows.ts";
import { type EntityRows, entitySql, isKeyedBy, isOfEntity } from "./entity.ts";
import { commitsHolding, groupFiles } from "./group-files.ts";
import type { OnlineLine } from "./online/writes.ts";
import { dropLines } from "./quarantine.ts";

export interface Purged {
  /** Files that are gone. */
  readonly files: number;
  /** Commits that cannot be asked for any more. */
  readonly commits: readonly number[];
  /** Rejected rows that are gone. */
  readonly quarantined: number;
}

/**
 * The newest commit must be without the rows already. This is the one act that changes what was committed: the manifest
 * names the new lines in one transaction, and only then the old ones are removed. Done again, it does what is left to do.
 */
export async function purgeRows(
  query: Query,
  parts: { readonly database: Database; readonly offline: BlobStore },
  group: string,
  rows: EntityRows,
): Promise<Purged> {
  const { database, offline } = parts;
  const commits = (await listCommits(database, group)).filter(({ definition }) => isKeyedBy(definition, rows.entity));
  if (commits.length === 0) return { files: 0, commits: [], quarantined: 0 };
  const current = new Set((await groupFiles(database, offline, group)).files.map(({ name }) => name));
  // Also what a killed writer left, which no commit names.
  const all = await offline.list(`${group}/`);
  const gone = await filesHolding(
    query,
    offline,
    all.filter((name) => name.endsWith(".parquet") && !current.has(name)),
    rows,
  );
  const unusable = await commitsHolding(database, group, new Set(gone));
  const { replaced, quarantined } = await rewriteLines(parts, commits, rows);
  const left = await linesLeft(offline, all, commits, rows);
  for (const name of [...replaced, ...left, ...gone]) await offline.delete(name);
  return { files: gone.length, commits: unusable, quarantined };
}

async function filesHolding(
  query: Query,
  offline: BlobStore,
  names: readonly string[],
  rows: EntityRows,
): Promise<string[]> {
  const held: string[] = [];
  for (const name of names) {
    const path = await offline.localPath(name);
    const columns = await query.rows<{ name: string }>(`SELECT name FROM parquet_schema(${sqlText(path)})`);
    // A group that was keyed otherwise once has no rows of the entity from that time.
    const keyed = Object.keys(rows.entity).every((key) => columns.some((column) => column.name === keyColumn(key)));
    if (keyed && (await indexesOf(query, [path], entitySql(rows))).length > 0) held.push(name);
  }
  return held;
}

/** Files of lines that no commit names, and that hold a line of the entity. */
async function linesLeft(
  offline: BlobStore,
  names: readonly string[],
  commits: readonly Commit[],
  rows: EntityRows,
): Promise<string[]> {
  const named = new Set(commits.flatMap(({ onlineFile, quarantineFile }) => [onlineFile, quarantineFile]));
  const newest = commits.at(-1) as Commit;
  const left: string[] = [];
  for (const name of names) {
    if (named.has(name) || !/\.ndjson(?:\.gz)?$/.test(name)) continue;
    const isOwn = name.includes(".online.") ? onlineLineOf(newest, rows) : rejectedLineOf(newest, rows);
    if (readLines(name, (await offline.find(name)) ?? new Uint8Array()).some(isOwn)) left.push(name);
  }
  return left;
}

function readLines(name: string, bytes: Uint8Array, withEmpty = false): string[] {
  if (bytes.length === 0) return [];
  const text = Buffer.from(name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n");
  return withEmpty ? lines.slice(0, -1) : lines.filter((line) => line !== "");
}

interface Rewritten {
  readonly sequence: number;
  readonly column: "online_file" | "quarantine_file";
  readonly before: string;
  readonly after: string;
  readonly lines: readonly number[];
}

async function rewriteLines(
  { database, offline }: { readonly database: Database; readonly offline: BlobStore },
  commits: readonly Commit[],
  rows: EntityRows,
): Promise<{ replaced: string[]; quarantined: number }> {
  const rewritten: Rewritten[] = [];
  const group = commits[0]?.group ?? "";
  for (const commit of commits) {
    const isOwn = { online_file: onlineLineOf(commit, rows), quarantine_file: rejectedLineOf(commit, rows) };
    for (const column of ["online_file", "quarantine_file"] as const) {
      const before = column === "online_file" ? commit.onlineFile : commit.quarantineFile;
      const bytes = before === null ? undefined : await offline.find(before);
      if (before === null || bytes === undefined) continue;
      const lines = readLines(before, bytes, true);
      // Rejected rows are known by their lines: an empty one stands for what is gone.
      const left = lines.map((line) => (line !== "" && isOwn[column](line) ? "" : line));
      const gone = lines.flatMap((line, index) => (line !== "" && left[index] === "" ? [index + 1] : []));
      if (gone.length === 0) continue;
      const text = Buffer.from(left.map((line) => `${line}\n`).join(""));
      const after = nameAfter(before);
      await offline.put(after, before.endsWith(".gz") ? gzipSync(text) : text);
      rewritten.push({ sequence: commit.sequence, column, before, after, lines: gone });
    }
  }
  const quarantined = rewritten.filter(({ column }) => column === "quarantine_file");
  if (rewritten.length > 0)
    await database.transaction(async (tx) => {
      for (const { sequence, column, after, lines } of rewritten) {
        const removed = column === "quarantine_file" ? lines.length : 0;
        if (removed > 0) await dropLines(tx, group, sequence, lines);
        await tx.run(
          `update features_commits set ${column} = ?, rows_quarantined = rows_quarantined - ? where group_name = ? and sequence = ?`,
          [after, removed, group, sequence],
        );
      }
    });
  return {
    replaced: rewritten.map(({ before }) => before),
    quarantined: quarantined.reduce((sum, { lines }) => sum + lines.length, 0),
  };
}

/** A line that only says that a key is gone may stay no more than the row itself. */
function onlineLineOf({ definition }: Commit, rows: EntityRows): (line: string) => boolean {
  return (text) => {
    const line = JSON.parse(text) as OnlineLine;
    return isOfEntity(
      rows,
      (column) => line.key[definition.key.indexOf(column)],
      line.deleted === true ? Number.NaN : line.eventMs,
    );
  };
}

/** What could not even be read as a row is the entity's when it holds all that names it. */
function rejectedLineOf({ definition }: Commit, rows: EntityRows): (line: string) => boolean {
  return (text) => {
    const line = JSON.parse(text) as { values?: Record<string, string | null>; text?: string };
    const { values } = line;
    if (values === undefined) return Object.values(rows.entity).every((value) => line.text?.includes(value) === true);
    const event = definition.eventTime === null ? null : values[definition.eventTime.column];
    return isOfEntity(rows, (column) => values[column], Date.parse(event ?? ""));
  };
}

/** `x.online.ndjson.gz` → `x~1.online.ndjson.gz` → `x~2.…` */
function nameAfter(name: string): string {
  const [, start = "", number = "0", rest = ""] = /^(.*?)(?:~(\d+))?(\.(?:online|quarantine)\..*)$/.exec(name) ?? [];
  return `${start}~${Number(number) + 1}${rest}`;
}
