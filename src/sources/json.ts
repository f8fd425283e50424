// Rows from JSON: an array of objects, one object a line (NDJSON), or an object that holds such an array.

import { fail, isFailure } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { isObject } from "../base/json.ts";
import { type Query, sqlName, sqlPath, sqlText } from "../ports/query.ts";
import type { Source, SourceContext, SourceResult, UnreadableRow } from "../ports/source.ts";
import { columnNames, maxColumns } from "./column-names.ts";
import { longestRecordBytes } from "./csv-repair.ts";
import type { DownloadOptions } from "./download.ts";
import { describeLocation, fileFingerprint, type LocalFile, localFile, watchedPath } from "./local-file.ts";
import { sniffKind } from "./sniff.ts";
import { plainText, readHead } from "./text-file.ts";

/**
 * Rows from JSON or NDJSON, gzipped or not. Nested objects become columns with dotted names (`address.city`); arrays
 * stay as their JSON text. Numbers and booleans are given as texts, null as missing.
 *
 * @example
 * json("events.ndjson")
 */
export function json(path: string, options: DownloadOptions = {}): Source {
  if (typeof path !== "string" || path.trim() === "")
    throw fail("DEFINE_INVALID", `json(): expected a path or a web address, got ${JSON.stringify(path)}`);
  return {
    kind: "json",
    description: describeLocation(path),
    ...watchedPath(path),
    fingerprint: (projectFolder) => fileFingerprint(path, projectFolder),
    open: (context) => openJson(path, options, context),
  };
}

async function openJson(path: string, options: DownloadOptions, context: SourceContext): Promise<SourceResult> {
  const file = await localFile(path, context, options);
  const head = await readHead(file);
  const kind = sniffKind(head, file.name);
  if (kind.format !== "json")
    throw fail("SOURCES_NOT_TABULAR", `Expected ${file.name} to hold JSON: an array of objects, or one object a line`, {
      hint: `Use ${kind.format}(${JSON.stringify(path)}) if it is ${kind.format === "csv" ? "CSV or TSV" : "Parquet"}`,
    });
  const plain = await plainText(file, head, kind.encoding, false, context);
  const values = await valuesOf(plain.file, kind.text, head.whole, context.query);
  const fields = await guarded(plain.file, () => fieldsOf(values, file.name, context.query));
  if (fields.length === 0) throw nothingIn(file);
  const columns = columnNames(
    fields.map(({ name }) => name),
    file.name,
  );
  const relation = newId("json");
  const pointers = fields.map(({ pointer }) => sqlText(pointer)).join(", ");
  const cells = columns.map((column, index) => `v[${index + 1}] as ${sqlName(column)}`).join(", ");
  await guarded(plain.file, () =>
    context.query.run(`create table ${sqlName(relation)} as select ${cells}, r as _row
      from (select r, json_extract_string(j, [${pointers}]) as v from ${values} where json_type(j) = 'OBJECT')`),
  );
  const unreadable = await unreadableValues(values, context.query);
  if ((await context.query.rows(`select 1 from ${sqlName(relation)} limit 1`)).length === 0) throw nothingIn(file);
  return { relation, columns, unreadable, bytes: file.bytes, position: null };
}

function nothingIn(file: LocalFile) {
  return fail("SOURCES_EMPTY", `${file.name} holds no objects with values`, {
    hint: "Give an array of objects, or one object a line",
  });
}

/**
 * SQL for the file's values: `r` is the number of the value, `line` its line where the file is one value a line,
 * `j` the value's JSON or null when it is broken, `text` its text.
 */
async function valuesOf(file: LocalFile, head: string, whole: boolean, query: Query): Promise<string> {
  if (/^\s*\[/.test(head)) {
    const objects = `read_json_objects(${sqlPath(file.path)}, format = 'array', compression = 'uncompressed')`;
    const [first] = await guarded(file, () =>
      query.rows<{ type: string }>(`select json_type(json) as type from ${objects} limit 1`),
    );
    if (first === undefined) throw fail("SOURCES_EMPTY", `${file.name} holds an empty array`);
    return `(select row_number() over () as r, null::bigint as line, json as j, json::varchar as text from ${objects})`;
  }
  if (isOneValueALine(head, whole)) {
    const lines = `read_csv(${sqlPath(file.path)}, auto_detect = false, header = false, delim = '\u0001', quote = '', escape = '',
      max_line_size = ${longestRecordBytes + 100}, compression = 'none', columns = {'text': 'VARCHAR'})`;
    return `(select row_number() over () as r, line, case when json_valid(text) then text::json end as j, text
      from (select row_number() over () as line, text from ${lines}) where trim(text) <> '')`;
  }
  return arrayInside(file, query);
}

function isOneValueALine(head: string, whole: boolean): boolean {
  const lines = head.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  if (lines.length < 2 && whole) return !holdsRows(parsed(lines[0] ?? ""));
  const complete = whole ? lines : lines.slice(0, -1);
  const good = complete.slice(0, 20).filter((line) => isObject(parsed(line))).length;
  return good > 0 && good >= Math.min(20, complete.length) / 2;
}

/** The largest document that is read whole. */
const wholeBytes = 256 * 1024 * 1024;

/** One object whose longest array of objects holds the rows, or objects written over several lines. */
async function arrayInside(file: LocalFile, query: Query): Promise<string> {
  if (file.bytes > wholeBytes)
    throw fail(
      "SOURCES_NOT_TABULAR",
      `${file.name} is one JSON document of ${Math.round(file.bytes / 1e6)} MB; at most 256 MB are read whole`,
      { hint: "Save it as one object a line (NDJSON), or as an array of objects" },
    );
  const objects = `read_json_objects(${sqlPath(file.path)}, format = 'unstructured', compression = 'uncompressed', maximum_object_size = ${file.bytes + 1})`;
  const kept = sqlName(newId("document"));
  await guarded(file, () => query.run(`create table ${kept} as select json as j from ${objects}`));
  const [first, second] = await query.rows<{ j: string }>(`select j::varchar as j from ${kept} limit 2`);
  const document = second === undefined ? parsed(first?.j ?? "") : undefined;
  const key = holdsRows(document);
  if (key === undefined)
    return `(select row_number() over () as r, null::bigint as line, j, j::varchar as text from ${kept})`;
  return `(select row_number() over () as r, null::bigint as line, j, j::varchar as text
    from (select unnest(json_extract(j, ${sqlText(`${pointerTo("", key)}`)})::json[]) as j from ${kept}))`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The key of the longest array of objects in an object. */
function holdsRows(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const arrays = Object.entries(value).filter(
    ([, inner]) => Array.isArray(inner) && inner.length > 1 && isObject(inner[0]),
  ) as [string, unknown[]][];
  return arrays.sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

interface Field {
  readonly name: string;
  /** Where its value is: a JSON pointer. */
  readonly pointer: string;
}

/** A long list of numbers, such as an embedding, has no fields; the engine would remember each of its numbers' types for every row. */
const shortLists = `case when length(j) > 1000 then regexp_replace(j::varchar, '([:,\\[]\\s*)\\[[-+.0-9eE,\\s]{200,}\\]', '\\1[0]', 'g')::json else j end`;

/** Every field that some object has, in order of appearance; objects inside objects are opened up. */
async function fieldsOf(values: string, name: string, query: Query): Promise<Field[]> {
  const [found] = await query.rows<{ s: string | null; n: number }>(
    `select json_group_structure(${shortLists})::varchar as s, count(*) as n from ${values} where json_type(j) = 'OBJECT'`,
  );
  const structure = parsed(found?.s ?? "null");
  if (!isObject(structure)) {
    if ((found?.n ?? 0) > 0) return [];
    const [first] = await query.rows<{ type: string; text: string }>(
      `select json_type(j) as type, text from ${values} limit 1`,
    );
    if (first?.type == null)
      throw fail(
        "SOURCES_NOT_TABULAR",
        `${name} is not valid JSON: ${JSON.stringify((first?.text ?? "").slice(0, 80))}`,
      );
    throw fail(
      "SOURCES_NOT_TABULAR",
      `Expected ${name} to hold objects, got ${first.type === "ARRAY" ? "arrays" : `values such as ${first.text.slice(0, 40)}`}`,
      { hint: 'Give each row as an object: {"column": value, …}' },
    );
  }
  const all = flatten(structure, "", "");
  // An object used as a dictionary would become a column per entry: it stays one column then.
  return all.length <= maxColumns
    ? all
    : Object.keys(structure).map((key) => ({ name: key, pointer: pointerTo("", key) }));
}

function flatten(structure: Record<string, unknown>, name: string, pointer: string): Field[] {
  return Object.entries(structure).flatMap(([key, inner]) => {
    const field = { name: name === "" ? key : `${name}.${key}`, pointer: pointerTo(pointer, key) };
    return isObject(inner) && Object.keys(inner).length > 0 ? flatten(inner, field.name, field.pointer) : [field];
  });
}

function pointerTo(parent: string, key: string): string {
  return `${parent}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

const mostUnreadable = 100_000;

async function unreadableValues(values: string, query: Query): Promise<UnreadableRow[]> {
  const rows = await query.rows<{ r: number; line: number | null; type: string | null; text: string }>(
    `select r, line, json_type(j) as type, substr(text, 1, 500) as text from ${values} where json_type(j) is distinct from 'OBJECT' limit ${mostUnreadable}`,
  );
  return rows.map(({ r, line, type, text }) => ({
    row: r,
    reason: `${line === null ? `Value ${r}` : `Line ${line}`}: ${type === null ? "not valid JSON" : `expected an object, got ${articled[type] ?? "another value"}`}`,
    text,
  }));
}

const articled: Record<string, string> = {
  ARRAY: "an array",
  VARCHAR: "a text",
  BOOLEAN: "true or false",
  NULL: "null",
  UBIGINT: "a number",
  BIGINT: "a number",
  DOUBLE: "a number",
  HUGEINT: "a number",
};

async function guarded<Result>(file: LocalFile, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isFailure(error, "INTERNAL")) throw error;
    const reason = error.message
      .replace(/^The query engine refused a statement: /, "")
      .replaceAll(`in file "${file.path}", `, "")
      .replaceAll(file.path, file.name);
    throw fail("SOURCES_NOT_TABULAR", `${file.name} cannot be read as JSON: ${reason}`, {
      cause: error,
      hint: "Check the file with a JSON validator; it may be cut off",
    });
  }
}
