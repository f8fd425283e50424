// The manifest of a feature group: one row per commit, written in the transaction that makes the commit visible.

import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { Database, RoomMigrations, Statements } from "../ports/database.ts";
import { postsTables } from "./posts.ts";
import type { GroupStatistics } from "./statistics.ts";
import type { StoredSchema } from "./stored-schema.ts";

export const featuresMigrations: RoomMigrations = {
  room: "features",
  statements: [
    `create table features_commits (
      group_name text not null,
      sequence integer not null,
      mode text not null,
      definition text not null,
      source_fingerprint text,
      source_position text,
      source_columns text not null,
      files text not null,
      online_file text,
      quarantine_file text,
      rows_read integer not null,
      rows_written integer not null,
      rows_revised integer not null,
      rows_late integer not null,
      rows_quarantined integer not null,
      rows_total integer not null,
      event_from integer,
      event_to integer,
      statistics text not null,
      run text not null,
      at integer not null,
      primary key (group_name, sequence)
    )`,
    "alter table features_commits add column rows_repeated integer",
    "alter table features_commits add column stored_schema text",
    "alter table features_commits add column compacted text",
    `create table features_quarantine (
      group_name text not null,
      sequence integer not null,
      state text not null,
      note text,
      at integer not null,
      primary key (group_name, sequence)
    )`,
    `create table features_forgotten (
      group_name text not null,
      columns text not null,
      entity_hash text not null,
      event_from integer,
      event_to integer,
      sequence integer not null,
      purged integer not null,
      at integer not null
    );
    create index features_forgotten_group on features_forgotten (group_name, sequence)`,
    ...postsTables,
    `create table features_quarantine_lines (
      group_name text not null,
      sequence integer not null,
      line integer not null,
      state text not null,
      note text,
      at integer not null,
      primary key (group_name, sequence, line)
    )`,
  ],
};

export interface CommitFile {
  /** The blob's name. */
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the bytes. */
  readonly hash: string;
}

export interface NewCommit {
  readonly group: string;
  /** The commit that this one was prepared on top of; 0 for the first. */
  readonly parent: number;
  /**
   * `replace` starts the group anew: earlier files stay for time travel but are no longer current. `backfill` appends what
   * happened in a range of time. `delete` reads nothing and leaves the group without some rows.
   */
  readonly mode: "append" | "replace" | "backfill" | "delete";
  readonly definition: DataDefinition;
  readonly sourceFingerprint: string | null;
  readonly sourcePosition: string | null;
  readonly sourceColumns: readonly string[];
  readonly files: readonly CommitFile[];
  /** What the files hold, column by column; null for commits of before that was kept. */
  readonly schema: StoredSchema | null;
  /** The files that hold the whole group as of this commit, instead of its own and the earlier ones; null for most. */
  readonly compacted: readonly CommitFile[] | null;
  /** The newest row of every key that the commit changed, as NDJSON. */
  readonly onlineFile: string | null;
  readonly quarantineFile: string | null;
  readonly rows: {
    readonly read: number;
    readonly written: number;
    /** Written rows that are new versions of rows committed before. */
    readonly revised: number;
    /** Written rows that became known after their event time. */
    readonly late: number;
    /** Written rows that share key and event time with one before them; null when it was not counted. */
    readonly repeated: number | null;
    readonly quarantined: number;
    /** Current rows of the group after this commit. */
    readonly total: number;
  };
  readonly eventFromMs: number | null;
  readonly eventToMs: number | null;
  readonly statistics: GroupStatistics;
  readonly run: string;
}

export interface Commit extends NewCommit {
  readonly sequence: number;
  readonly atMs: number;
}

/** The number that a commit on top of `parent` gets. */
export function nextSequence(parent: number): number {
  return parent + 1;
}

/**
 * Appends the commit's manifest row. Two writers on the same parent: the first wins, the second gets FEATURES_CONFLICT
 * and prepares its commit again.
 */
export async function appendCommit(tx: Statements, commit: NewCommit, atMs: number): Promise<number> {
  const head = await tx.get<{ sequence: number }>(
    "select max(sequence) as sequence from features_commits where group_name = ?",
    [commit.group],
  );
  if ((head?.sequence ?? 0) !== commit.parent)
    throw fail(
      "FEATURES_CONFLICT",
      `Expected commit ${commit.parent} of ${commit.group} to be the newest, got ${head?.sequence ?? 0}`,
    );
  const sequence = nextSequence(commit.parent);
  const { rows } = commit;
  await tx.run(
    `insert into features_commits (group_name, sequence, mode, definition, source_fingerprint, source_position, source_columns, files, online_file,
      quarantine_file, rows_read, rows_written, rows_revised, rows_late, rows_quarantined, rows_total, event_from, event_to, statistics, run, at, rows_repeated, stored_schema, compacted)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      commit.group,
      sequence,
      commit.mode,
      JSON.stringify(commit.definition),
      commit.sourceFingerprint,
      commit.sourcePosition,
      JSON.stringify(commit.sourceColumns),
      JSON.stringify(commit.files),
      commit.onlineFile,
      commit.quarantineFile,
      rows.read,
      rows.written,
      rows.revised,
      rows.late,
      rows.quarantined,
      rows.total,
      commit.eventFromMs,
      commit.eventToMs,
      JSON.stringify(commit.statistics),
      commit.run,
      atMs,
      rows.repeated,
      commit.schema === null ? null : JSON.stringify(commit.schema),
      commit.compacted === null ? null : JSON.stringify(commit.compacted),
    ],
  );
  return sequence;
}

export interface CommitRow {
  group_name: string;
  sequence: number;
  mode: NewCommit["mode"];
  definition: string;
  source_fingerprint: string | null;
  source_position: string | null;
  source_columns: string;
  files: string;
  online_file: string | null;
  quarantine_file: string | null;
  rows_read: number;
  rows_written: number;
  rows_revised: number;
  rows_late: number;
  rows_quarantined: number;
  rows_total: number;
  event_from: number | null;
  event_to: number | null;
  statistics: string;
  run: string;
  at: number;
  rows_repeated: number | null;
  stored_schema: string | null;
  compacted: string | null;
}

/** The newest commit, or undefined while the group is empty. */
export async function findHead(database: Database, group: string): Promise<Commit | undefined> {
  const row = await database.get<CommitRow>(
    "select * from features_commits where group_name = ? order by sequence desc limit 1",
    [group],
  );
  return row === undefined ? undefined : commitOf(row);
}

export async function findCommit(database: Database, group: string, sequence: number): Promise<Commit | undefined> {
  const row = await database.get<CommitRow>("select * from features_commits where group_name = ? and sequence = ?", [
    group,
    sequence,
  ]);
  return row === undefined ? undefined : commitOf(row);
}

/** All commits, oldest first. */
export async function listCommits(database: Database, group: string): Promise<Commit[]> {
  return (
    await database.all<CommitRow>("select * from features_commits where group_name = ? order by sequence", [group])
  ).map(commitOf);
}

function commitOf(row: CommitRow): Commit {
  return {
    group: row.group_name,
    sequence: row.sequence,
    parent: row.sequence - 1,
    mode: row.mode,
    definition: JSON.parse(row.definition) as DataDefinition,
    sourceFingerprint: row.source_fingerprint,
    sourcePosition: row.source_position,
    sourceColumns: JSON.parse(row.source_columns) as string[],
    files: JSON.parse(row.files) as CommitFile[],
    schema: row.stored_schema === null ? null : (JSON.parse(row.stored_schema) as StoredSchema),
    compacted: row.compacted === null ? null : (JSON.parse(row.compacted) as CommitFile[]),
    onlineFile: row.online_file,
    quarantineFile: row.quarantine_file,
    rows: rowsOf(row),
    eventFromMs: row.event_from,
    eventToMs: row.event_to,
    statistics: JSON.parse(row.statistics) as GroupStatistics,
    run: row.run,
    atMs: row.at,
  };
}

/** How many rows the newest usual run read; undefined while there is none. */
export async function lastRowsRead(database: Database, group: string): Promise<number | undefined> {
  const row = await database.get<{ rows_read: number }>(
    "select rows_read from features_commits where group_name = ? and mode in ('append', 'replace') order by sequence desc limit 1",
    [group],
  );
  return row?.rows_read;
}

/** The newest commits without what is long in them, newest first, and how many there are. */
export async function recentCommits(
  database: Database,
  group: string,
  limit: number,
): Promise<{ count: number; commits: Pick<Commit, "sequence" | "mode" | "run" | "atMs" | "rows">[] }> {
  const rows = await database.all<Omit<CommitRow, "definition" | "statistics" | "files">>(
    `select sequence, mode, run, at, rows_read, rows_written, rows_revised, rows_late, rows_repeated, rows_quarantined, rows_total
     from features_commits where group_name = ? order by sequence desc limit ${Math.round(limit)}`,
    [group],
  );
  return {
    count: rows[0]?.sequence ?? 0,
    commits: rows.map((row) => ({
      sequence: row.sequence,
      mode: row.mode,
      run: row.run,
      atMs: row.at,
      rows: rowsOf(row),
    })),
  };
}

function rowsOf(row: Omit<CommitRow, "definition" | "statistics" | "files">): Commit["rows"] {
  return {
    read: row.rows_read,
    written: row.rows_written,
    revised: row.rows_revised,
    late: row.rows_late,
    repeated: row.rows_repeated,
    quarantined: row.rows_quarantined,
    total: row.rows_total,
  };
}

/** The newest commit of every group, without its statistics. */
export async function listHeads(
  database: Database,
): Promise<{ group: string; sequence: number; rows: number; atMs: number }[]> {
  const rows = await database.all<{ group_name: string; sequence: number; rows_total: number; at: number }>(
    "select group_name, sequence, rows_total, at from features_commits c where sequence = (select max(sequence) from features_commits where group_name = c.group_name)",
  );
  return rows.map((row) => ({ group: row.group_name, sequence: row.sequence, rows: row.rows_total, atMs: row.at }));
}

/** How many current rows the group had at a commit; 0 when there is no such commit. */
export async function rowsAtCommit(database: Database, group: string, sequence: number): Promise<number> {
  const row = await database.get<{ rows_total: number }>(
    "select rows_total from features_commits where group_name = ? and sequence = ?",
    [group, sequence],
  );
  return row?.rows_total ?? 0;
}
