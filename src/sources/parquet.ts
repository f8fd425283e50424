// Rows from a Parquet file: its values as texts, structs opened up into columns with dotted names.

import { fail, isFailure } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { isObject } from "../base/json.ts";
import { type Query, sqlName, sqlPath, sqlText } from "../ports/query.ts";
import type { Source, SourceContext, SourceResult } from "../ports/source.ts";
import { columnNames } from "./column-names.ts";
import type { DownloadOptions } from "./download.ts";
import { describeLocation, fileFingerprint, type LocalFile, localFile, watchedPath } from "./local-file.ts";
import { sniffKind } from "./sniff.ts";
import { readHead } from "./text-file.ts";

/**
 * Rows from a Parquet file. Times are given as ISO 8601 texts in UTC, lists and maps as JSON.
 *
 * @example
 * parquet("trips.parquet")
 */
export function parquet(path: string, options: DownloadOptions = {}): Source {
  if (typeof path !== "string" || path.trim() === "")
    throw fail("DEFINE_INVALID", `parquet(): expected a path or a web address, got ${JSON.stringify(path)}`);
  return {
    kind: "parquet",
    description: describeLocation(path),
    ...watchedPath(path),
    fingerprint: (projectFolder) => fileFingerprint(path, projectFolder),
    open: (context) => openParquet(path, options, context),
  };
}

interface Cell {
  readonly name: string;
  /** SQL for the cell's text. */
  readonly text: string;
}

async function openParquet(path: string, options: DownloadOptions, context: SourceContext): Promise<SourceResult> {
  const { query } = context;
  const file = await localFile(path, context, options);
  const { format } = sniffKind(await readHead(file), file.name);
  if (format !== "parquet")
    throw fail("SOURCES_NOT_TABULAR", `${file.name} is not a Parquet file`, {
      hint: `Use ${format}(${JSON.stringify(path)}) instead of parquet()`,
    });
  const rows = `read_parquet(${sqlPath(file.path)}, file_row_number = true)`;
  const described = await guarded(file, () =>
    query.rows<{ column_name: string; column_type: string }>(
      `describe select * from read_parquet(${sqlPath(file.path)})`,
    ),
  );
  const cells: Cell[] = [];
  for (const { column_name, column_type } of described)
    cells.push(...(await cellsOf(column_name, column_type, rows, file, query)));
  const columns = columnNames(
    cells.map(({ name }) => name),
    file.name,
  );
  const relation = newId("parquet");
  const texts = cells.map(({ text }, index) => `${text} as ${sqlName(columns[index] as string)}`).join(", ");
  await guarded(file, () =>
    query.run(`create view ${sqlName(relation)} as select ${texts}, file_row_number + 1 as _row from ${rows}`),
  );
  const first = await guarded(file, () => query.rows(`select * from ${sqlName(relation)} limit 1`));
  if (first.length === 0) throw fail("SOURCES_EMPTY", `${file.name} holds columns but no rows`);
  return { relation, columns, unreadable: [], bytes: file.bytes, position: null };
}

async function cellsOf(name: string, type: string, rows: string, file: LocalFile, query: Query): Promise<Cell[]> {
  const column = sqlName(name);
  if (type.endsWith("[]") || /^(?:MAP|UNION)\(/.test(type)) return [{ name, text: `to_json(${column})::varchar` }];
  if (type === "TIMESTAMP WITH TIME ZONE")
    return [{ name, text: `strftime(${column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')` }];
  if (!type.startsWith("STRUCT(")) return [{ name, text: `${column}::varchar` }];
  const [found] = await guarded(file, () =>
    query.rows<{ s: string }>(
      `select json_structure(to_json(${column}))::varchar as s from ${rows} where ${column} is not null limit 1`,
    ),
  );
  const structure: unknown = JSON.parse(found?.s ?? "null");
  if (!isObject(structure)) return [{ name, text: `to_json(${column})::varchar` }];
  return leaves(structure).map((path) => ({
    name: [name, ...path].join("."),
    text: `json_extract_string(to_json(${column}), ${sqlText(path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""))})`,
  }));
}

function leaves(structure: Record<string, unknown>): string[][] {
  return Object.entries(structure).flatMap(([key, inner]) =>
    isObject(inner) && Object.keys(inner).length > 0 ? leaves(inner).map((path) => [key, ...path]) : [[key]],
  );
}

async function guarded<Result>(file: LocalFile, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isFailure(error, "INTERNAL") && !isFailure(error, "FEATURES_FILE_CORRUPT")) throw error;
    const reason = error.message
      .replace(/^The query engine refused a statement: /, "")
      .replaceAll(file.path, file.name);
    throw fail("SOURCES_NOT_TABULAR", `${file.name} cannot be read as Parquet: ${reason}`, {
      cause: error,
      hint: "Copy or download the file again; it may be cut off",
    });
  }
}
