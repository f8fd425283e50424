// Joins large sorted groups by place: a search tells for every label row which row of the group answers it, and no side is sorted.

import type { Column } from "../base/table.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { eventColumn } from "./columns.ts";
import { addLastPlaces, isAscending, nothingFound } from "./last-places.ts";
import type { GroupFiles } from "./relation.ts";

/** A view whose answer is the last row of the key at or before the label's event time. */
export interface PlaceableView {
  readonly alias: string;
  readonly files: GroupFiles;
  /** The group's key columns, and the label's values for them, as SQL over the label rows `s`. */
  readonly keys: readonly string[];
  readonly labelKeys: readonly string[];
}

/** The number of a row within the group's files, one after the other. */
export const placeColumn = "_place";
/** Of fewer rows the engine makes short work itself. */
export const usualManyRows = 200_000;

/** Beside the label rows: bookkeeping names begin with an underscore, and no feature's does. */
export function placesColumn(alias: string): string {
  return `_place_${alias}`;
}

/**
 * Leaves the label rows in the table `placed_spine` and, row by row beside them, the places in `placed_rows`. Gives the
 * views that it did this for, each with its files' first places; none of them when the tables are not there.
 */
export async function placeViews(
  query: Query,
  spine: string,
  views: readonly PlaceableView[],
  manyRows = usualManyRows,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const placed = new Map<string, readonly number[]>();
  const columns = new Map<string, Float64Array>();
  const large: { view: PlaceableView; offsets: readonly number[] }[] = [];
  for (const view of views) {
    if (view.files.renamed !== undefined || view.files.absent !== undefined) continue;
    const offsets = await fileOffsets(query, view.files.paths);
    if ((offsets.at(-1) ?? 0) >= manyRows) large.push({ view, offsets });
  }
  if (large.length === 0) return placed;
  await query.run("DROP TABLE IF EXISTS placed_spine; DROP TABLE IF EXISTS placed_rows");
  await query.run(`CREATE TABLE placed_spine AS ${spine}`);
  // The engine gives the rows of a scan in their order.
  const spineMoments = await query.table(`SELECT CAST(epoch_us(${eventColumn}) AS DOUBLE) AS m FROM placed_spine`);
  const wanted = numbersOf(spineMoments.columns.get("m"));
  if (!wanted.every(Number.isSafeInteger)) return placed;
  for (const { view, offsets } of large) {
    const places = await findPlaces(query, view, offsets, wanted);
    if (places === undefined) continue;
    columns.set(placesColumn(view.alias), places);
    placed.set(view.alias, offsets);
  }
  if (placed.size > 0) await query.createTable("placed_rows", columns);
  return placed;
}

/** The first place of each file, and the number of rows in all at the end. */
async function fileOffsets(query: Query, paths: readonly string[]): Promise<number[]> {
  const offsets = [0];
  for (const path of paths) {
    const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${sqlText(path)})`);
    offsets.push((offsets.at(-1) as number) + (count?.n ?? 0));
  }
  return offsets;
}

/** Undefined when a file is not as sorted as every file that we write. */
async function findPlaces(
  query: Query,
  { files, keys, labelKeys }: PlaceableView,
  offsets: readonly number[],
  wanted: Float64Array,
): Promise<Float64Array | undefined> {
  const found = nothingFound(wanted.length);
  const names = keys.map(sqlName).join(", ");
  for (const [index, path] of files.paths.entries()) {
    const file = `read_parquet(${sqlText(path)}, file_row_number = true)`;
    const numbers = "min(file_row_number) AS _first, max(file_row_number) AS _last, count(*) AS _count";
    await query.run(
      `CREATE OR REPLACE TABLE placed_runs AS SELECT ${names === "" ? "" : `${names}, `}${numbers} FROM ${file}${names === "" ? "" : ` GROUP BY ${names}`}`,
    );
    const runs = await query.table(
      "SELECT CAST(_first AS DOUBLE) AS f, CAST(_last - _first + 1 - _count AS DOUBLE) AS gap FROM placed_runs",
    );
    const events = await query.table(`SELECT CAST(epoch_us(${eventColumn}) AS DOUBLE) AS e FROM ${file}`);
    const moments = numbersOf(events.columns.get("e"));
    if (numbersOf(runs.columns.get("gap")).some((gap) => gap !== 0)) return undefined;
    if (!isAscending(moments, numbersOf(runs.columns.get("f")))) return undefined;
    const equal = keys.map((key, at) => `${labelKeys[at]} = r.${sqlName(key)}`);
    const matched = await query.table(
      `SELECT CAST(s._row AS DOUBLE) AS r, CAST(r._first AS DOUBLE) AS f, CAST(r._count AS DOUBLE) AS c
       FROM (SELECT *, rowid AS _row FROM placed_spine) s JOIN placed_runs r ON ${equal.length === 0 ? "true" : equal.join(" AND ")}`,
    );
    const column = (name: string) => numbersOf(matched.columns.get(name));
    const runsOf = { row: column("r"), moment: wanted, first: column("f"), count: column("c") };
    addLastPlaces(found, runsOf, moments, offsets[index] as number);
  }
  return found.place;
}

function numbersOf(column: Column | undefined): Float64Array {
  return column?.type === "number" ? column.values : new Float64Array();
}

/** The group's rows with their places. */
export function placedRowsSql(files: GroupFiles, offsets: readonly number[], columns: readonly string[]): string {
  return files.paths
    .map(
      (path, index) =>
        `SELECT file_row_number + ${offsets[index]} AS ${placeColumn}, ${columns.join(", ")} FROM read_parquet(${sqlText(path)}, file_row_number = true)`,
    )
    .join(" UNION ALL ");
}
