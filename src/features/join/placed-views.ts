// Joins large sorted groups by merging them with the labels: no side is sorted, and the engine never sees the group's rows.

import type { Column, Table } from "../../base/table.ts";
import { type Query, sqlName, sqlText } from "../../ports/query.ts";
import { createdColumn, eventColumn, ordinalColumn } from "../columns.ts";
import { openParquet, type ParquetFile, type ParquetType } from "../parquet/file.ts";
import { UnusualFile } from "../parquet/thrift.ts";
import type { Texts } from "../parquet/values.ts";
import type { GroupFiles } from "../relation.ts";
import { labelsByKey } from "./last-places.ts";
import { answerView, type SortedLabels, type ViewColumns } from "./view-answers.ts";

/** A view whose answer is the row of the key that counts most of those that were known by the label's event time. */
export interface PlaceableView extends ViewColumns {
  readonly alias: string;
  readonly files: GroupFiles;
  /** The label's values for the group's keys, as SQL over the label rows `s`. */
  readonly labelKeys: readonly string[];
  /** Columns that no number holds: the place tells their values. */
  readonly others: readonly string[];
}

/** The number of a row within the group's files, one after the other. */
export const placeColumn = "_place";
/** Of fewer rows the engine makes short work itself. */
export const usualManyRows = 200_000;
/** The answers stand in memory beside the engine; of what it may take they take this share at most. */
const memoryShare = 0.5;

/** The label rows, in the order of the training set. */
const placedSpine = "placed_spine";
const placedAnswers = "placed_answers";
/** Both side by side: the label rows as `s`, the answers as `a`. */
export const placedRelation = `${placedSpine} s POSITIONAL JOIN ${placedAnswers} a`;

/** A view's number, or the place of its answer, in SQL over `placedRelation`. */
export function placedValue(alias: string, column: string): string {
  return `a.${sqlName(`${alias}.${column}`)}`;
}

/**
 * Leaves the label rows in one table and the answers of all views in another. Gives the views that it did this for, each
 * with its files' first places; none of them when there are no tables. `spine` is in the training set's order, which begins
 * with the event time.
 */
export async function placeViews(
  query: Query,
  spine: string,
  views: readonly PlaceableView[],
  manyRows = usualManyRows,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const placed = new Map<string, readonly number[]>();
  const answers = new Map<string, Float64Array>();
  const opened = await openViews(views, manyRows);
  try {
    if (opened.length === 0) return placed;
    await query.run(`CREATE OR REPLACE TABLE ${placedSpine} AS ${spine}`);
    // The engine gives the rows of a scan in their order.
    const moments = await query.table(`SELECT CAST(epoch_us(${eventColumn}) AS DOUBLE) AS m FROM ${placedSpine}`);
    const wanted = numbersOf(moments, "m");
    if (!isAscending(wanted)) return placed;
    const labels = new Map<string, Promise<SortedLabels>>();
    let room = query.memoryMb * 2 ** 20 * memoryShare;
    const waiting = opened.filter(({ view }) => {
      const needed = wanted.length * 8 * (view.numbers.length + 1);
      if (needed > room) return false;
      room -= needed;
      return true;
    });
    // The files of one view are read while the answers of another are picked.
    const lane = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { view, files } = next;
        const sorted = labels.get(view.labelKeys.join()) ?? sortLabels(query, view, wanted);
        labels.set(view.labelKeys.join(), sorted);
        const found = await answersOf(files, view, await sorted);
        if (found === undefined) continue;
        for (const [index, name] of view.numbers.entries())
          answers.set(`${view.alias}.${name}`, found.numbers[index] as Float64Array);
        if (view.others.length > 0) answers.set(`${view.alias}.${placeColumn}`, found.places);
        placed.set(view.alias, firstPlaces(files));
      }
    };
    await Promise.all([lane(), lane()]);
    if (answers.size > 0) await query.createTable(placedAnswers, answers);
    return placed;
  } finally {
    for (const { files } of opened) for (const file of files) await file.close();
  }
}

interface OpenView {
  readonly view: PlaceableView;
  readonly files: readonly ParquetFile[];
}

/** The views that are large and hold what they must in every file. */
async function openViews(views: readonly PlaceableView[], manyRows: number): Promise<OpenView[]> {
  const opened: OpenView[] = [];
  for (const view of views) {
    if (view.files.renamed !== undefined || view.files.absent !== undefined) continue;
    const files = await openFiles(view.files.paths);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    if (files.length > 0 && rows >= manyRows && files.every((file) => holds(file, view))) opened.push({ view, files });
    else for (const file of files) await file.close();
  }
  return opened;
}

/** None when one of them cannot be read so. */
async function openFiles(paths: readonly string[]): Promise<ParquetFile[]> {
  const files: ParquetFile[] = [];
  try {
    for (const path of paths) files.push(await openParquet(path));
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    if (error instanceof UnusualFile) return [];
    throw error;
  }
}

function holds({ types }: ParquetFile, { keys, numbers, versions, others }: PlaceableView): boolean {
  const are = (columns: readonly string[], ...wanted: (ParquetType | undefined)[]) =>
    columns.every((column) => wanted.includes(types.get(column)));
  return (
    are(keys, "text") &&
    are([eventColumn], "time") &&
    (!versions || (are([createdColumn], "time") && are([ordinalColumn], "whole"))) &&
    are(numbers, "number", "boolean") &&
    others.every((column) => types.has(column))
  );
}

/** The first place of each file, and the number of rows in all at the end. */
function firstPlaces(files: readonly ParquetFile[]): number[] {
  const places = [0];
  for (const { rows } of files) places.push((places.at(-1) as number) + rows);
  return places;
}

/** The labels by key and time; those that miss a part of the key are left out. */
async function sortLabels(
  query: Query,
  { alias, labelKeys }: PlaceableView,
  wanted: Float64Array,
): Promise<SortedLabels> {
  if (labelKeys.length === 0) {
    const labels = labelsByKey(new Int32Array(wanted.length), 1, wanted);
    return { rows: wanted.length, keys: { count: 1, parts: [] }, labels };
  }
  const table = `placed_keys_${alias}`;
  const names = labelKeys.map((_, part) => `k${part}`);
  await query.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT DISTINCT ${labelKeys.map((key, part) => `${key} AS k${part}`).join(", ")}
     FROM ${placedSpine} s WHERE ${labelKeys.map((key) => `${key} IS NOT NULL`).join(" AND ")} ORDER BY ${names.join(", ")}`,
  );
  const texts = await query.table(`SELECT ${names.join(", ")} FROM ${table}`);
  const numbered = await query.table(
    `SELECT CAST(s.rowid AS DOUBLE) AS r, CAST(k.rowid AS DOUBLE) AS k FROM ${placedSpine} s
     JOIN ${table} k ON ${labelKeys.map((key, part) => `${key} = k.k${part}`).join(" AND ")}`,
  );
  const [row, key] = [numbersOf(numbered, "r"), numbersOf(numbered, "k")];
  const keys = new Int32Array(wanted.length).fill(-1);
  for (let at = 0; at < row.length; at++) keys[row[at]!] = key[at]!;
  return {
    rows: wanted.length,
    keys: { count: texts.rowCount, parts: names.map((name) => textsOf(texts, name)) },
    labels: labelsByKey(keys, texts.rowCount, wanted),
  };
}

/** Undefined when a file is not as every file that we write. */
async function answersOf(files: readonly ParquetFile[], view: PlaceableView, sorted: SortedLabels) {
  try {
    return await answerView(files, view, sorted);
  } catch (error) {
    if (error instanceof UnusualFile) return undefined;
    throw error;
  }
}

function textsOf(table: Table, name: string): Texts {
  const column = table.columns.get(name);
  const values = column?.type === "text" ? (column.values as readonly string[]) : [];
  const starts = new Uint32Array(values.length + 1);
  for (const [index, value] of values.entries()) starts[index + 1] = starts[index]! + Buffer.byteLength(value);
  return { bytes: Buffer.from(values.join("")), starts };
}

function isAscending(moments: Float64Array): boolean {
  for (let at = 0; at < moments.length; at++)
    if (!Number.isSafeInteger(moments[at]) || (at > 0 && moments[at]! < moments[at - 1]!)) return false;
  return true;
}

function numbersOf(table: Table, name: string): Float64Array {
  const column: Column | undefined = table.columns.get(name);
  return column?.type === "number" || column?.type === "time" || column?.type === "boolean"
    ? column.values
    : new Float64Array();
}

/** The group's rows with their places. */
export function placedRowsSql(files: GroupFiles, offsets: readonly number[], columns: readonly string[]): string {
  return files.paths
    .map(
      (path, index) =>
        `SELECT file_row_number + ${offsets[index]} AS ${placeColumn}, ${columns.map(sqlName).join(", ")} FROM read_parquet(${sqlText(path)}, file_row_number = true)`,
    )
    .join(" UNION ALL ");
}
