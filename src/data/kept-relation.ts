// Keeps the rows of a query for the queries after it: few rows in the engine, many in a file, so that memory stays level.

import { type Query, sqlName, sqlText } from "../ports/query.ts";

/** From this many cells on, tables of the engine would push each other out of memory, over and over. */
const usualManyCells = 50_000_000;

export interface KeepOptions {
  readonly rows: number;
  readonly columns: number;
  /** What counts as many cells; 50 million when left out. */
  readonly manyCells?: number | undefined;
  /** An option of COPY for rows with vectors. */
  readonly rowGroup?: string;
  /** For the file of a large relation. */
  readonly temporaryFolder: string;
}

/** `name` becomes a table of the engine, or a view of a Parquet file when there are many cells; both keep the order of the rows. */
export async function keepRelation(query: Query, name: string, sql: string, options: KeepOptions): Promise<void> {
  if (!isLarge(options)) {
    await query.run(`CREATE TABLE ${sqlName(name)} AS ${sql}`);
    return;
  }
  const path = `${options.temporaryFolder}/${name}.parquet`;
  await query.run(`COPY (${sql}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION lz4${options.rowGroup ?? ""})`);
  await viewFile(query, name, path);
}

export function isLarge({ rows, columns, manyCells = usualManyCells }: KeepOptions): boolean {
  return rows * columns > manyCells;
}

/** A view of a Parquet file of ours. */
async function viewFile(query: Query, name: string, path: string): Promise<void> {
  await query.run(`CREATE VIEW ${sqlName(name)} AS SELECT * FROM read_parquet(${sqlText(path)})`);
}
