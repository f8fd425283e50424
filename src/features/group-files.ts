// Which files hold a feature group as of a commit, which of them nobody needs any more, and what their columns are.

import { formatAge } from "../base/clock.ts";
import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import { bookkeepingTypes, sqlTypes } from "./columns.ts";
import type { Commit, CommitFile, CommitRow } from "./commits.ts";
import { purgedAfter } from "./forgotten.ts";
import type { GroupFiles } from "./relation.ts";
import { evolveSchema, renamedColumns, type StoredSchema } from "./stored-schema.ts";

/** A commit's row without its long texts. */
interface FilesRow
  extends Pick<
    CommitRow,
    | "sequence"
    | "mode"
    | "definition"
    | "files"
    | "rows_revised"
    | "rows_late"
    | "rows_repeated"
    | "stored_schema"
    | "compacted"
  > {}

interface HeldFile extends CommitFile {
  readonly schema: StoredSchema;
}

/** The files that hold the group as of the last of `generation`, oldest first, each with the schema that it was written by. */
function heldFiles(generation: readonly FilesRow[]): HeldFile[] {
  const start = Math.max(
    0,
    generation.findLastIndex((row) => row.compacted !== null),
  );
  const written = new Map(
    generation.flatMap((row) => filesOf(row).map((file) => [file.name, schemaOf(row)] as const)).reverse(),
  );
  return generation
    .slice(start)
    .flatMap((row) => filesOf(row).map((file) => ({ ...file, schema: written.get(file.name) as StoredSchema })));
}

function filesOf(row: FilesRow): CommitFile[] {
  return JSON.parse(row.compacted ?? row.files) as CommitFile[];
}

function schemaOf({ stored_schema, definition }: FilesRow): StoredSchema {
  return storedSchema({
    schema: stored_schema === null ? null : (JSON.parse(stored_schema) as StoredSchema),
    definition: JSON.parse(definition) as DataDefinition,
  });
}

export interface PinnedFiles extends GroupFiles {
  readonly late: boolean;
  readonly sequence: number;
  /** In the order of the paths. */
  readonly files: readonly CommitFile[];
}

/** What a commit's files hold, column by column. */
export function storedSchema({ schema, definition }: Pick<Commit, "schema" | "definition">): StoredSchema {
  return schema ?? evolveSchema(null, definition).schema;
}

/**
 * The files that hold the group as of a commit (the newest when none is named), on this machine; their columns under the
 * names of `schema`, which is the commit's own unless another is given.
 */
export async function groupFiles(
  database: Database,
  blobs: BlobStore,
  group: string,
  sequence?: number,
  as?: StoredSchema,
): Promise<PinnedFiles> {
  const rows = await database.all<FilesRow>(
    `select sequence, mode, definition, files, rows_revised, rows_late, rows_repeated, stored_schema, compacted
     from features_commits where group_name = ? and sequence <= ? order by sequence`,
    [group, sequence ?? Number.MAX_SAFE_INTEGER],
  );
  const generation = generationOf(rows);
  const last = generation.at(-1);
  if (last === undefined)
    throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${group}, got none yet`);
  const files = heldFiles(generation);
  for (const { name } of files)
    if (!(await blobs.has(name))) throw await missingFile(database, group, last.sequence, name);
  const schema = as ?? schemaOf(last);
  const renamed = files.map((file) => renamedColumns(file.schema, schema));
  const held = new Set(files.flatMap((file) => file.schema.columns.map(({ id }) => id)));
  const bookkeeping = files.length > 0 ? [] : bookkeepingTypes(JSON.parse(last.definition) as DataDefinition);
  const missing = schema.columns.filter(({ id }) => !held.has(id)).map(({ name, type }) => [name, sqlTypes[type]]);
  const absent = [...bookkeeping, ...missing];
  return {
    sequence: last.sequence,
    files: files.map(({ schema: _, ...file }) => file),
    paths: await Promise.all(files.map(({ name }) => blobs.localPath(name))),
    ...(renamed.some((one) => one !== null) ? { renamed } : {}),
    ...(absent.length > 0 ? { absent: Object.fromEntries(absent) } : {}),
    revised: generation.some((row) => row.rows_revised > 0),
    late: generation.some((row) => row.rows_late > 0),
    repeated: generation.some((row) => row.rows_repeated !== 0),
  };
}

async function missingFile(database: Database, group: string, sequence: number, name: string) {
  const purgedMs = await purgedAfter(database, group, sequence);
  if (purgedMs !== undefined)
    return fail(
      "FEATURES_PURGED",
      `Expected commit ${sequence} of the feature group ${group}, got one whose rows were purged on ${dayOf(purgedMs)} because a key was forgotten`,
    );
  const successor = await database.get<{ at: number | null; definition: string }>(
    "select min(at) as at, (select definition from features_commits where group_name = ? order by sequence desc limit 1) as definition from features_commits where group_name = ? and sequence > ?",
    [group, group, sequence],
  );
  const { retentionMs = null } = JSON.parse(successor?.definition ?? "{}") as Partial<DataDefinition>;
  if (retentionMs !== null && successor?.at !== null && successor?.at !== undefined)
    return fail(
      "FEATURES_EXPIRED",
      `Expected commit ${sequence} of the feature group ${group}, got one that was replaced on ${dayOf(successor.at)}, and data/${group} keeps replaced rows for ${formatAge(retentionMs)}`,
    );
  return fail(
    "FEATURES_FILE_MISSING",
    `Expected the committed file ${name} of the feature group ${group}, got nothing`,
  );
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function generationOf<Row extends { readonly mode: string }>(rows: readonly Row[]): Row[] {
  return rows.slice(
    Math.max(
      0,
      rows.findLastIndex((row) => row.mode === "replace"),
    ),
  );
}

/** The names of the files that hold the group now, whether they are there or not; none while it is empty. */
export async function currentFileNames(database: Database, group: string): Promise<string[]> {
  const rows = await database.all<FilesRow>(
    `select sequence, mode, definition, files, rows_revised, rows_late, rows_repeated, stored_schema, compacted
     from features_commits where group_name = ? order by sequence`,
    [group],
  );
  return heldFiles(generationOf(rows)).map(({ name }) => name);
}

/** The commits whose state is held by any of these files, oldest first. */
export async function commitsHolding(database: Database, group: string, names: ReadonlySet<string>): Promise<number[]> {
  if (names.size === 0) return [];
  const rows = await database.all<FilesRow>(
    `select sequence, mode, definition, files, rows_revised, rows_late, rows_repeated, stored_schema, compacted
     from features_commits where group_name = ? order by sequence`,
    [group],
  );
  return rows.flatMap(({ sequence }, index) =>
    heldFiles(generationOf(rows.slice(0, index + 1))).some(({ name }) => names.has(name)) ? [sequence] : [],
  );
}

/**
 * The names of files that no reader may need any more: not the newest commit, none of the `pinned` ones, and none that
 * was the newest at any moment since `sinceMs`.
 */
export async function unneededFiles(
  database: Database,
  group: string,
  pinned: ReadonlySet<number>,
  sinceMs: number,
): Promise<string[]> {
  const rows = await database.all<FilesRow & { at: number }>(
    `select sequence, mode, definition, files, rows_revised, rows_late, rows_repeated, stored_schema, compacted, at
     from features_commits where group_name = ? order by sequence`,
    [group],
  );
  const needed = new Set<string>();
  for (const [index, { sequence }] of rows.entries()) {
    const successor = rows[index + 1];
    if (successor !== undefined && successor.at < sinceMs && !pinned.has(sequence)) continue;
    for (const { name } of heldFiles(generationOf(rows.slice(0, index + 1)))) needed.add(name);
  }
  return [...new Set(rows.flatMap((row) => filesOf(row).map(({ name }) => name)))].filter((name) => !needed.has(name));
}
