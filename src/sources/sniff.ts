// Looks at a file's first bytes: which format it is, and for delimited text which characters part it and whether it has a header.

import { fail } from "../base/failure.ts";
import { countBroken, type Dialect, fieldTexts, headRecords } from "./csv-scan.ts";
import { decoderOf, detectEncoding, type Encoding } from "./text-encoding.ts";
import type { Head } from "./text-file.ts";

export type Format = "csv" | "json" | "parquet";

export interface FileKind {
  readonly format: Format;
  readonly encoding: Encoding;
  /** The head as text; empty for Parquet. */
  readonly text: string;
}

/** What a file is. Throws SOURCES_NOT_TABULAR, naming what it looks like, SOURCES_ENCODING or SOURCES_EMPTY. */
export function sniffKind(head: Head, name: string, encoding?: Encoding): FileKind {
  const { bytes } = head;
  if (bytes.length === 0) throw fail("SOURCES_EMPTY", `${name} is empty`);
  if (bytes.toString("latin1", 0, 4) === "PAR1") return { format: "parquet", encoding: "utf-8", text: "" };
  const other = otherFormats.find(([pattern]) => pattern.test(bytes.toString("latin1", 0, 512)));
  if (other !== undefined)
    throw fail("SOURCES_NOT_TABULAR", `${name} looks like ${other[1]}, not like a table`, { hint: other[2] });
  const found = encoding ?? detectEncoding(bytes, head.whole);
  if (found === undefined)
    throw fail("SOURCES_NOT_TABULAR", `${name} holds binary data, not text`, {
      hint: "Give CSV, TSV, NDJSON, JSON or Parquet, optionally gzipped; name the encoding if it is text",
    });
  if (found === "unknown")
    throw fail("SOURCES_ENCODING", `The text of ${name} is neither UTF-8 nor Windows-1252`, {
      hint: 'Save the file as UTF-8; a data component can name its encoding too: csv(path, { encoding: "shift_jis" })',
    });
  const decoded = decoderOf(found).decode(bytes, { stream: !head.whole });
  const text = decoded.charCodeAt(0) === 0xfeff ? decoded.slice(1) : decoded;
  if (text.trim() === "") throw fail("SOURCES_EMPTY", `${name} holds nothing but blanks`);
  if (/^\s*(?:<!doctype|<html|<head|<\?xml|<[a-z]+[ >])/i.test(text))
    throw fail("SOURCES_NOT_TABULAR", `${name} looks like a web page or XML, not like a table`, {
      hint: "Name the address or the file of the data itself",
    });
  if (
    head.whole &&
    /^\s*(?:-?[\d.eE+]+|true|false|null|"[^"\n,;\t]*")\s*$/.test(text) &&
    /\.(?:json|ndjson|jsonl)$/i.test(name)
  )
    throw fail("SOURCES_NOT_TABULAR", `${name} holds one single JSON value, not rows`, {
      hint: "Give an array of objects, or one object a line",
    });
  return { format: /^\s*(?:\[\s*[{[\]]|\{\s*["}])/.test(text) ? "json" : "csv", encoding: found, text };
}

const otherFormats: readonly (readonly [RegExp, string, string])[] = [
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: magic numbers hold control characters
  [
    /^PK\x03\x04/,
    "an Excel workbook or a zip archive",
    "Save the sheet as CSV, or unpack the archive and name one file",
  ],
  [/^\xd0\xcf\x11\xe0/, "an old Excel workbook", "Save the sheet as CSV"],
  [/^%PDF-/, "a PDF document", "Name a table: CSV, JSON or Parquet"],
  [/^SQLite format 3\x00/, "an SQLite database", "Export one table as CSV or Parquet"],
  [/^ARROW1/, "an Arrow file", "Save it as Parquet or CSV"],
  [/^Obj\x01/, "an Avro file", "Save it as Parquet or CSV"],
  [/^\x89PNG|^\xff\xd8\xff|^GIF8/, "a picture", "Name a table: CSV, JSON or Parquet"],
  [/^BZh|^\xfd7zXZ|^\x28\xb5\x2f\xfd|^7z\xbc\xaf|^Rar!/, "an archive", "Unpack it first; only gzip is read directly"],
  [/^\x7fELF|^MZ/, "a program", "Name a table: CSV, JSON or Parquet"],
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above
];

export interface Layout extends Dialect {
  /** Lines before the first data row: blank lines, a preamble, the header. */
  readonly skip: number;
  readonly header: boolean;
  /** The header's names as they stand there, or as many empty texts as there are columns. */
  readonly names: readonly string[];
  /** The first record's texts: the header's, if there is one. */
  readonly first: readonly string[];
}

export interface LayoutOptions {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
}

/** The layout of delimited text, from its beginning. `whole` says that `text` is all there is. */
export function sniffLayout(text: string, whole: boolean, options: LayoutOptions = {}): Layout {
  const dialect = sniffDialect(text, whole, options);
  const { lines, blankOrNote } = preamble(text, dialect, whole);
  const body = text
    .split(/\r\n|\n|\r/, lines)
    .reduce((rest, line) => rest.slice(line.length).replace(/^(?:\r\n|\n|\r)/, ""), text);
  const [first = [], ...records] = headRecords(body, dialect, 500, whole).filter(
    (record) => record.length > 1 || record[0] !== "",
  );
  const usual = usualWidth(records) ?? first.length;
  // Every line ends in a delimiter: the last column is none, unless it has a name or a value.
  const width =
    Number.isInteger(usual) || first.length < usual || first.at(-1) !== "" ? Math.ceil(usual) : Math.floor(usual);
  const header = options.header ?? looksLikeHeader(first, records);
  // R writes row names without naming their column.
  const named = header && first.length === width - 1 && width > 2 ? ["", ...first] : trimmedTail(first, width);
  const names = header
    ? named.map((name, index) => (index === 0 && blankOrNote ? name.replace(/^#\s*/, "") : name))
    : Array.from({ length: width }, () => "");
  return { ...dialect, skip: lines + (header ? 1 : 0), header, names, first };
}

/** A trailing delimiter in the header adds no column. */
function trimmedTail(first: readonly string[], width: number): readonly string[] {
  return first.length === width + 1 && first.at(-1) === "" ? first.slice(0, -1) : first;
}

/** The most frequent number of fields; a half stands for "the last one is empty". */
function usualWidth(records: readonly (readonly string[])[]): number | undefined {
  const counts = new Map<number, number>();
  for (const record of records) {
    const width = record.at(-1) === "" && record.length > 1 ? record.length - 0.5 : record.length;
    counts.set(width, (counts.get(width) ?? 0) + 1);
  }
  let best: number | undefined;
  for (const [width, count] of counts) if (best === undefined || count > (counts.get(best) as number)) best = width;
  if (best === undefined || Number.isInteger(best)) return best;
  // Some rows fill the last column: then it is one.
  return counts.has(Math.ceil(best)) ? Math.ceil(best) : best;
}

/** The last only where nothing else parts the lines: blanks stand inside the cells of most tables. */
const delimiters = ["\t", ";", ",", "|", " "];

function sniffDialect(text: string, whole: boolean, options: LayoutOptions): Dialect {
  const quote =
    options.quote ??
    (!text.includes('"') && /(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|$)/m.test(text.slice(0, 20_000)) ? "'" : '"');
  const delimiter = options.delimiter ?? sniffDelimiter(text, whole, quote);
  return { delimiter, quote, escape: backslashEscapes(text, delimiter, quote) ? "\\" : quote };
}

function sniffDelimiter(text: string, whole: boolean, quote: string): string {
  let best = ",";
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const dialect = { delimiter, quote, escape: quote };
    if (delimiter === " " && bestScore > 0) break;
    const records = headRecords(text.slice(0, 200_000), dialect, 200, whole && text.length <= 200_000);
    const score = consistency(records);
    // Sentences differ in their numbers of words; a table of several lines does not.
    if (delimiter === " " && (score < 1 || records.length < 3)) break;
    if (score > bestScore + 0.02) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** From 0 to 1: how alike the records' numbers of fields are; a first record that differs counts against it. */
function consistency(records: readonly (readonly string[])[]): number {
  const filled = records.filter((record) => record.length > 1 || record[0] !== "");
  const width = Math.ceil(usualWidth(filled) ?? 1);
  if (width < 2) return 0;
  const share = filled.filter((record) => record.length === width).length / filled.length;
  const first = filled[0]?.length ?? 0;
  return share * (first === width ? 1 : first === width - 1 ? 0.9 : 0.5);
}

/** `"a \"b\" c"` instead of `"a ""b"" c"`: true when that leaves fewer broken records. */
function backslashEscapes(text: string, delimiter: string, quote: string): boolean {
  const sample = text.slice(0, 200_000);
  if (!sample.includes(`\\${quote}`)) return false;
  const [doubled, escaped] = [quote, "\\"].map((mark) => countBroken(sample, { delimiter, quote, escape: mark }));
  return (escaped as number) < (doubled as number);
}

/** Lines before the table: blank ones, `#` notes, and titles of one field above a table of several. */
function preamble(text: string, dialect: Dialect, whole: boolean): { lines: number; blankOrNote: boolean } {
  const records = headRecords(text, dialect, 100, whole);
  const width = Math.ceil(usualWidth(records.slice(Math.min(5, Math.floor(records.length / 2)))) ?? 1);
  let lines = 0;
  for (const line of text.split(/\r\n|\n|\r/, 20)) {
    const fields = fieldTexts(line, dialect);
    const note = line.startsWith("#") && fields.length < Math.max(2, width - 1);
    // Counts of rows and columns, as some files begin with, leave the other fields of their line empty, or out.
    const filled = fields.filter((field) => field.trim() !== "").length;
    const title =
      width > 2 && (filled <= 1 || filled < fields.length / 4 || fields.length < width / 2) && fields.length <= width;
    if (line.trim() !== "" && !note && !(title && !line.includes(dialect.quote)))
      return { lines, blankOrNote: line.startsWith("#") };
    lines++;
  }
  return { lines: 0, blankOrNote: false };
}

const numeric = /^[+-]?[$€£]?\s?(?:\d+(?:[.,\s]\d+)*|\.\d+)(?:e[+-]?\d+)?\s?%?$/i;
const datelike = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?$/;
const yearlike = /^(?:1[89]|20)\d\d$/;

/** Whether the first record names the columns, judged against the records below it. */
function looksLikeHeader(first: readonly string[], records: readonly (readonly string[])[]): boolean {
  if (records.length === 0) return !first.some((text) => isValue(text));
  let yes = 0;
  let no = 0;
  let repeated = 0;
  first.forEach((raw, column) => {
    const text = raw.trim();
    const below = records.map((record) => (record[column] ?? "").trim()).filter((value) => value !== "");
    if (below.length === 0) return;
    const values = below.filter(isValue).length / below.length;
    if (isValue(text)) {
      // Years as names: 2012, 2013 … above values that are no years.
      if (yearlike.test(text) && below.filter((value) => yearlike.test(value)).length < below.length / 2) yes += 0.5;
      else no++;
    } else if (values > 0.8 && text !== "" && !/^(?:na|n\/a|null|nan|none|\?|-)$/i.test(text)) yes++;
    else if (values < 0.2 && below.includes(text)) repeated++;
  });
  if (yes !== no) return yes > no;
  return no === 0 && repeated < Math.max(1, first.length / 2);
}

function isValue(text: string): boolean {
  return numeric.test(text.trim()) || datelike.test(text.trim());
}
