// A Parquet file of a feature group before a commit adopts it: how it is written, and what is said of it in the manifest.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { sqlName, sqlText } from "../ports/query.ts";
import { createdColumn, eventColumn } from "./columns.ts";

export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the bytes. */
  readonly hash: string;
}

/**
 * Writes a query's rows into a file: zstd, with a field id for every column. Most rows of a history became known when they
 * happened; that is left out of the file, and `versionsSql` gives it back.
 */
export function writeFileSql(sql: string, path: string, ids: Readonly<Record<string, number>>): string {
  const fields = Object.entries(ids).map(([name, id]) => `${sqlName(name)}: ${id}`);
  const rows = `SELECT * REPLACE (nullif(${createdColumn}, ${eventColumn}) AS ${createdColumn}) FROM (${sql})`;
  return `COPY (${rows}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${fields.join(", ")}})`;
}

export async function describeFile(path: string, rows: number): Promise<WrittenFile> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { path, rows, bytes: (await stat(path)).size, hash: hash.digest("hex") };
}
