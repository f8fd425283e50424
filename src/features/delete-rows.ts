// Deletes an entity's rows from a feature group as one commit: the files that hold them are written anew without them.

import { appendFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { DataDefinition } from "../define/definition.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { commitColumn, eventColumn, keyColumn, ordinalColumn, sqlTypes, storedColumns } from "./columns.ts";
import type { CommitFile } from "./commits.ts";
import { type EntityRows, entitySql } from "./entity.ts";
import type { PinnedFiles } from "./group-files.ts";
import { hasOnlineSide, writeOnlineFile } from "./online/rows.ts";
import { bookkeepingColumns, enrichedSql, type GroupFiles, versionsSql } from "./relation.ts";
import { computeStatistics, type GroupStatistics } from "./statistics.ts";
import type { StoredSchema } from "./stored-schema.ts";
import { describeFile, type WrittenFile, writeFileSql } from "./written-file.ts";

export interface Deletion extends EntityRows {
  readonly definition: DataDefinition;
  readonly schema: StoredSchema;
  readonly files: PinnedFiles;
  readonly folder: string;
}

export interface DeletedRows {
  /** Rows of the group that are gone, whatever their number of versions. */
  readonly deleted: number;
  readonly kept: readonly CommitFile[];
  /** What the other files hold without those rows; null when nothing is left of them. */
  readonly written: WrittenFile | null;
  /** The newest rows of the keys concerned, and the keys that have none any more. */
  readonly onlinePath: string | null;
  readonly total: number;
  readonly eventFromMs: number | null;
  readonly eventToMs: number | null;
  readonly statistics: GroupStatistics;
}

/**
 * Files of columns are cheap to write anew, and readers of the plain files then need no word of what was deleted. Returns
 * undefined when the group holds no such rows. The earlier files stay as they are: earlier commits still name them.
 */
export async function deleteRows(query: Query, deletion: Deletion): Promise<DeletedRows | undefined> {
  const { definition, files, folder } = deletion;
  const concerned = await indexesOf(query, files.paths, entitySql(deletion));
  if (concerned.length === 0) return undefined;
  const others = files.paths.map((_, index) => index).filter((index) => !concerned.includes(index));
  const identity = [...definition.key.map(keyColumn), eventColumn, ordinalColumn].map(sqlName).join(", ");
  const own = versionsSql(pick(files, concerned));
  await query.run(`CREATE TABLE deleted AS SELECT DISTINCT ${identity} FROM (${own}) WHERE ${entitySql(deletion)}`);
  const written = await writeRest(query, deletion, own);
  const rest = withWritten(pick(files, others), written.path);
  const enriched = `${folder}/enriched.parquet`;
  await query.run(`COPY (${enrichedSql(definition, rest)}) TO ${sqlText(enriched)} (FORMAT parquet, COMPRESSION lz4)`);
  await query.run(`CREATE VIEW enriched AS SELECT * FROM read_parquet(${sqlText(enriched)})`);
  const [facts] = await query.rows<{ total: number; low: number | null; high: number | null; deleted: number }>(
    `SELECT count(*) AS total, epoch_ms(min(${eventColumn})) AS low, epoch_ms(max(${eventColumn})) AS high, (SELECT count(*) FROM deleted) AS deleted FROM enriched`,
  );
  return {
    deleted: facts?.deleted ?? 0,
    kept: others.map((index) => files.files[index] as CommitFile),
    written: written.rows === 0 ? null : written,
    onlinePath: hasOnlineSide(definition) ? await writeOnline(query, definition, `${folder}/online.ndjson.gz`) : null,
    total: facts?.total ?? 0,
    eventFromMs: definition.eventTime === null ? null : (facts?.low ?? null),
    eventToMs: definition.eventTime === null ? null : (facts?.high ?? null),
    statistics: await computeStatistics(query, "enriched", definition),
  };
}

/** Which of the files hold rows of that kind; sorted files answer from their footers for the most part. */
export async function indexesOf(query: Query, paths: readonly string[], condition: string): Promise<number[]> {
  const found: number[] = [];
  for (const [index, path] of paths.entries()) {
    const [row] = await query.rows(`SELECT 1 AS one FROM read_parquet(${sqlText(path)}) WHERE ${condition} LIMIT 1`);
    if (row !== undefined) found.push(index);
  }
  return found;
}

/** As the group's columns are now, whatever the files were written by. */
async function writeRest(query: Query, deletion: Deletion, own: string): Promise<WrittenFile> {
  const { definition, schema, folder } = deletion;
  const stored = storedColumns(definition);
  const empty = stored.map(({ name, type }) => `CAST(NULL AS ${sqlTypes[type]}) AS ${sqlName(name)}`);
  const all = stored.length === 0 ? own : `${own} UNION ALL BY NAME SELECT ${empty.join(", ")} WHERE false`;
  const names = [...bookkeepingColumns(definition), ...stored.map(({ name }) => name)].map(sqlName).join(", ");
  const order = [...definition.key.map(keyColumn), eventColumn, ordinalColumn, commitColumn].map(sqlName).join(", ");
  const path = `${folder}/rest.parquet`;
  await query.run(
    writeFileSql(`SELECT ${names} FROM (${all}) WHERE NOT (${entitySql(deletion)}) ORDER BY ${order}`, {
      path,
      definition,
      schema,
    }),
  );
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${sqlText(path)})`);
  return describeFile(path, count?.n ?? 0);
}

function pick(files: GroupFiles, indexes: readonly number[]): GroupFiles {
  const { renamed, ...rest } = files;
  return {
    ...rest,
    paths: indexes.map((index) => files.paths[index] as string),
    ...(renamed === undefined ? {} : { renamed: indexes.map((index) => renamed[index] ?? null) }),
  };
}

/** A file that was written just now has every column, even when it has no row. */
function withWritten(files: GroupFiles, path: string): GroupFiles {
  const { absent: _, ...rest } = files;
  return {
    ...rest,
    paths: [...files.paths, path],
    ...(files.renamed === undefined ? {} : { renamed: [...files.renamed, null] }),
  };
}

async function writeOnline(query: Query, definition: DataDefinition, path: string): Promise<string> {
  await writeOnlineFile(query, definition, "enriched", "deleted", path);
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  let gone = "";
  for await (const rows of query.stream(
    `SELECT DISTINCT ${keys.join(", ")} FROM deleted ANTI JOIN enriched USING (${keys.join(", ")})`,
  ))
    for (const row of rows)
      gone += `${JSON.stringify({ key: definition.key.map((key) => String(row[keyColumn(key)])), deleted: true })}\n`;
  // A gzip file may have several members, one after the other.
  if (gone !== "") await appendFile(path, gzipSync(gone));
  return path;
}
