// Rows from delimited text: any common delimiter, quote, encoding and line end, gzipped or not, from a path or a web address.

import { fail, isFailure } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { type Query, sqlName, sqlPath, sqlText } from "../ports/query.ts";
import type { Source, SourceContext, SourceResult, UnreadableRow } from "../ports/source.ts";
import { columnNames } from "./column-names.ts";
import { longestRecordBytes, repairCsv } from "./csv-repair.ts";
import type { DownloadOptions } from "./download.ts";
import { describeLocation, fileFingerprint, type LocalFile, localFile, watchedPath } from "./local-file.ts";
import { type Layout, sniffKind, sniffLayout } from "./sniff.ts";
import { plainText, readHead } from "./text-file.ts";

export interface CsvOptions extends DownloadOptions {
  /** What parts the fields; found out when left out. */
  readonly delimiter?: string;
  /** What surrounds fields that hold delimiters or line ends; found out when left out. */
  readonly quote?: string;
  /** Whether the first row names the columns; found out when left out. Without names they are `column_1`, `column_2` … */
  readonly header?: boolean;
  /** E.g. "utf-8", "utf-16le", "windows-1252", "shift_jis"; found out when left out. */
  readonly encoding?: string;
}

/**
 * Rows from a CSV, TSV or similar file. Every cell is given as its text; an empty one is missing. Lines that are no
 * rows (too few or too many fields, quotes that do not match, broken characters) are reported with their line number,
 * and the other rows still pass.
 *
 * @example
 * csv("weather.csv")
 * csv("https://example.org/sales.csv.gz", { delimiter: ";" })
 */
export function csv(path: string, options: CsvOptions = {}): Source {
  checkOptions(path, options);
  return {
    kind: "csv",
    description: describeLocation(path),
    ...watchedPath(path),
    fingerprint: (projectFolder) => fileFingerprint(path, projectFolder),
    open: (context) => openCsv(path, options, context),
  };
}

async function openCsv(path: string, options: CsvOptions, context: SourceContext): Promise<SourceResult> {
  const file = await localFile(path, context, options);
  const head = await readHead(file);
  const kind = sniffKind(head, file.name, options.encoding);
  if (kind.format === "parquet")
    throw fail("SOURCES_NOT_TABULAR", `${file.name} is a Parquet file`, {
      hint: `Use parquet(${JSON.stringify(path)}) instead of csv()`,
    });
  if (kind.format === "json")
    throw fail("SOURCES_NOT_TABULAR", `${file.name} holds JSON`, {
      hint: `Use json(${JSON.stringify(path)}) instead of csv()`,
    });
  const plain = await plainText(file, head, kind.encoding, options.encoding !== undefined, context);
  // The head may have looked like UTF-8 while the file is not: its names are then read again.
  const text = plain.encoding === kind.encoding ? kind.text : sniffKind(head, file.name, plain.encoding).text;
  if (plain.encoding !== "utf-8") context.log.info(`${file.name} is read as ${plain.encoding}`);
  const layout = sniffLayout(text, head.whole, options);
  const columns = columnNames(layout.names, file.name);
  const relation = newId("csv");
  const unreadable = await createRelation(relation, columns, plain.file, layout, context);
  await checkRows(relation, columns, unreadable, file.name, context.query);
  return { relation, columns, unreadable, bytes: file.bytes, position: null };
}

/**
 * Up to this size the rows are kept in the engine; larger files are read again by each query, in parallel and at 0.3 to
 * 1 GB/s. So are wide ones, since the engine sets room aside for each column.
 */
const keptBytes = 64 * 1024 * 1024;
const keptColumns = 400;

async function createRelation(
  relation: string,
  columns: readonly string[],
  file: LocalFile,
  layout: Layout,
  context: SourceContext,
): Promise<readonly UnreadableRow[]> {
  const { query } = context;
  const keep = file.bytes <= keptBytes && columns.length <= keptColumns;
  const fast = readCsv(file.path, layout, internalNames(columns), layout.skip);
  if (!(await meetsUnreadable(query, relation, fast, keep))) {
    const rows = keep
      ? `(select *, rowid + 1 as r from ${sqlName(`${relation} rows`)})`
      : `(select *, row_number() over () as r from ${fast})`;
    await query.run(`create view ${sqlName(relation)} as select ${named(columns)}, r as _row from ${rows}`);
    return [];
  }
  const { path, unreadable } = await repairCsv(file, layout, context);
  const good = readCsv(path, layout, ["r", ...internalNames(columns)], 0);
  const select = `select ${named(columns)}, r::bigint as _row from ${good}`;
  await query.run(
    keep ? `create table ${sqlName(relation)} as ${select}` : `create view ${sqlName(relation)} as ${select}`,
  );
  return unreadable;
}

/** Reads the file once, keeping the rows when there is room; true when some line is no row. */
async function meetsUnreadable(query: Query, relation: string, rows: string, keep: boolean): Promise<boolean> {
  const storing = rows.replace(
    /\)$/,
    ", store_rejects = true, rejects_table = 'csv_errors', rejects_scan = 'csv_scans', rejects_limit = 1)",
  );
  const forget = "drop table if exists csv_errors; drop table if exists csv_scans";
  const kept = sqlName(`${relation} rows`);
  try {
    await query.run(forget);
    if (keep) await query.run(`create table ${kept} as select * from ${storing}`);
    else await query.run(`select count(*) from ${storing}`);
    const [errors] = await query.rows<{ n: number }>("select count(*) as n from csv_errors");
    if ((errors as { n: number }).n === 0) return false;
  } catch (error) {
    // Mixed line ends, among others, are an error to the engine: what it means is found out line by line.
    if (!isFailure(error, "INTERNAL")) throw error;
  } finally {
    await query.run(forget);
  }
  await query.run(`drop table if exists ${kept}`);
  return true;
}

function readCsv(path: string, layout: Layout, columns: readonly string[], skip: number): string {
  const parameters = [
    sqlPath(path),
    "auto_detect = false",
    "header = false",
    `skip = ${skip}`,
    `delim = ${sqlText(layout.delimiter)}`,
    `quote = ${sqlText(layout.quote)}`,
    `escape = ${sqlText(layout.escape)}`,
    `max_line_size = ${longestRecordBytes + 100}`,
    // Whatever the file's name says, it is plain text by now.
    "compression = 'none'",
    `columns = {${columns.map((column) => `'${column}': 'VARCHAR'`).join(", ")}}`,
  ];
  return `read_csv(${parameters.join(", ")})`;
}

/** Inside the engine columns have plain names; the users' stand in the view. */
function internalNames(columns: readonly string[]): string[] {
  return columns.map((_, index) => `c${index}`);
}

function named(columns: readonly string[]): string {
  return columns.map((column, index) => `c${index} as ${sqlName(column)}`).join(", ");
}

async function checkRows(
  relation: string,
  columns: readonly string[],
  unreadable: readonly UnreadableRow[],
  name: string,
  query: Query,
): Promise<void> {
  const found = await query.rows(`select 1 from ${sqlName(relation)} limit 1`);
  if (found.length > 0) return;
  if (unreadable.length > 0)
    throw fail("SOURCES_NOT_TABULAR", `No line of ${name} can be read as a row; the first: ${unreadable[0]?.reason}`);
  const shown = columns.length > 8 ? `${columns.slice(0, 8).join(", ")}, …` : columns.join(", ");
  throw fail("SOURCES_EMPTY", `${name} has a header (${shown}) but no rows`);
}

function checkOptions(path: string, options: CsvOptions): void {
  if (typeof path !== "string" || path.trim() === "")
    throw fail("DEFINE_INVALID", `csv(): expected a path or a web address, got ${JSON.stringify(path)}`);
  for (const name of ["delimiter", "quote"] as const) {
    const value = options[name];
    if (value !== undefined && !/^[\x20-\x7e\t]$/.test(value))
      throw fail("DEFINE_INVALID", `csv().${name}: expected one character, got ${JSON.stringify(value)}`);
  }
}
