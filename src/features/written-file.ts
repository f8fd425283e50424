// A Parquet file of a feature group before a commit adopts it: how it is written, and what is said of it in the manifest.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { DataDefinition } from "../define/definition.ts";
import { sqlName, sqlText } from "../ports/query.ts";
import { createdColumn, eventColumn, storedColumns } from "./columns.ts";
import { fieldIds, type StoredSchema } from "./stored-schema.ts";

export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the bytes. */
  readonly hash: string;
}

/** So many numbers of vectors make a row group, which the writer holds in memory; without vectors it has the engine's usual rows. */
const groupNumbers = 4_000_000;
const fewestRows = 2_048;
const usualRows = 122_880;

export interface FileOptions {
  readonly path: string;
  readonly definition: DataDefinition;
  readonly schema: StoredSchema;
}

/**
 * Writes a query's rows into a file: zstd, with a field id for every column. Most rows of a history became known when they
 * happened; that is left out of the file, and `versionsSql` gives it back.
 */
export function writeFileSql(sql: string, { path, definition, schema }: FileOptions): string {
  const fields = Object.entries(fieldIds(definition, schema)).map(([name, id]) => `${sqlName(name)}: ${id}`);
  const rows = `SELECT * REPLACE (nullif(${createdColumn}, ${eventColumn}) AS ${createdColumn}) FROM (${sql})`;
  return `COPY (${rows}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${fields.join(", ")}}${rowGroupSql(definition)})`;
}

/** How many rows the writer of a Parquet file holds at a time, as an option of COPY; empty for the usual number. */
export function rowGroupSql(definition: DataDefinition): string {
  const width = storedColumns(definition).reduce((sum, { dimensions = 0 }) => sum + dimensions, 0);
  const rows = Math.max(fewestRows, Math.min(usualRows, Math.floor(groupNumbers / Math.max(1, width))));
  return rows === usualRows ? "" : `, ROW_GROUP_SIZE ${rows}`;
}

export async function describeFile(path: string, rows: number): Promise<WrittenFile> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { path, rows, bytes: (await stat(path)).size, hash: hash.digest("hex") };
}
