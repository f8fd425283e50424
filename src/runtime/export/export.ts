// Writes exactly the rows of a feature group, or a training set as of now, to a file of the user's own, and describes it.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import { type Query, sqlName, sqlPath, sqlText } from "../../ports/query.ts";
import { openArrowFile, openQuery } from "../drivers.ts";
import type { Project } from "../open-project.ts";
import { runNamed } from "../runner.ts";
import { surveyPosts } from "../situation.ts";
import { croissant } from "./croissant.ts";
import { type ExportColumn, exportColumns, rowsToExport } from "./export-rows.ts";

export type ExportFormat = "arrow" | "csv" | "parquet";

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly out: string;
  /** Called now and then while rows are written. */
  readonly onProgress?: (progress: { readonly bytes: number }) => void;
}

export interface Exported {
  readonly rows: number;
  readonly bytes: number;
  /** The file beside it that describes it, in Croissant's JSON-LD. */
  readonly croissant: string;
}

const progressMs = 500;
/** More different texts than this make a dictionary that no reader is glad of. */
const largestDictionary = 100_000;

/**
 * `what` is `features/NAME`, `features/NAME@COMMIT`, `training/NAME`, `training/NAME@VERSION` or `predictions/NAME` (the newest batch). The file
 * appears whole or not at all, in place of one that was there. Throws RUNTIME_TARGET_EXISTS when a folder is.
 */
export async function exportRows(project: Project, what: string, options: ExportOptions): Promise<Exported> {
  const { format, out } = options;
  const description = describedBy(out);
  for (const path of [out, description]) await refuseFolder(path);
  await commitPosts(project);
  await mkdir(dirname(out), { recursive: true });
  const temporary = join(dirname(out), `.${newId("export")}`);
  const folder = await mkdtemp(join(project.stateFolder, "tmp", "export-"));
  const query = await openQuery({ memoryMb: 1024, temporaryFolder: folder, threads: 2 });
  const stopTelling = tellProgress(temporary, options.onProgress);
  try {
    const rows = await rowsToExport(project, what, folder);
    const copied = format === "arrow" ? join(folder, "rows.parquet") : temporary;
    const how = format === "csv" ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
    const [count] = await query.rows<{ Count: number }>(`COPY (${rows.sql}) TO ${sqlText(copied)} (${how})`);
    const columns = await exportColumns(query, rows, format === "csv" ? `(${rows.sql})` : parquet(copied));
    if (format === "arrow") await writeArrow(query, copied, temporary, columns);
    const { size: bytes } = await stat(temporary);
    const document = croissant({
      facts: rows.facts,
      columns,
      file: { name: basename(out), format, bytes, sha256: await sha256(temporary) },
      at: new Date(),
    });
    await writeFile(`${temporary}.json`, `${JSON.stringify(document, null, 2)}\n`);
    await rename(`${temporary}.json`, description);
    await rename(temporary, out);
    return { rows: count?.Count ?? 0, bytes, croissant: description };
  } finally {
    stopTelling();
    await query.close();
    for (const path of [temporary, `${temporary}.json`, folder]) await rm(path, { recursive: true, force: true });
  }
}

/** What was posted until now belongs to the rows. */
async function commitPosts(project: Project): Promise<void> {
  const posts = await surveyPosts(project, await project.components.list());
  const waiting = [...posts].flatMap(([id, { newest, committed }]) => (newest > committed ? [id] : []));
  if (waiting.length > 0) await runNamed(project, waiting, { signal: new AbortController().signal });
}

/** `sales.parquet` is described in `sales.parquet.croissant.json`; another format of the same rows has its own. */
function describedBy(out: string): string {
  return `${out}.croissant.json`;
}

async function refuseFolder(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true)
    throw fail("RUNTIME_TARGET_EXISTS", `Expected ${path} to be a file or not there yet, got a folder`, {
      hint: "Name a file",
    });
}

function parquet(path: string): string {
  return `read_parquet(${sqlPath(path)})`;
}

/** Categories with a sorted dictionary, so that equal rows give equal bytes. */
async function writeArrow(query: Query, from: string, to: string, columns: readonly ExportColumn[]): Promise<void> {
  const selected: string[] = [];
  const fields = [];
  for (const [index, { name, type, unit, description }] of columns.entries()) {
    const column = sqlName(name);
    const metadata = { ...(unit === null ? {} : { unit }), ...(description === null ? {} : { description }) };
    const dictionary = type === "category" ? await dictionaryOf(query, from, column) : undefined;
    fields.push({ name, type, metadata, ...(dictionary === undefined ? {} : { dictionary }) });
    if (dictionary === undefined) {
      selected.push(type === "time" ? `CAST(${column} AS TIMESTAMP) AS c${index}` : `${column} AS c${index}`);
      continue;
    }
    await query.run(`CREATE TYPE export_${index} AS ENUM (${dictionary.map(sqlText).join(", ")})`);
    selected.push(`CAST(${column} AS export_${index}) AS c${index}`);
  }
  const file = await openArrowFile(to, fields);
  try {
    for await (const table of query.tables(`SELECT ${selected.join(", ")} FROM ${parquet(from)}`))
      await file.write(table);
    await file.finish();
  } finally {
    await file.close();
  }
}

async function dictionaryOf(query: Query, path: string, column: string): Promise<string[] | undefined> {
  const rows = await query.rows<{ text: string }>(
    `SELECT DISTINCT ${column} AS text FROM ${parquet(path)} WHERE ${column} IS NOT NULL ORDER BY 1 LIMIT ${largestDictionary + 1}`,
  );
  return rows.length === 0 || rows.length > largestDictionary ? undefined : rows.map(({ text }) => text);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function tellProgress(path: string, tell: ExportOptions["onProgress"]): () => void {
  if (tell === undefined) return () => undefined;
  const timer = setInterval(
    () =>
      void stat(path).then(
        ({ size }) => tell({ bytes: size }),
        () => tell({ bytes: 0 }),
      ),
    progressMs,
  );
  return () => clearInterval(timer);
}
