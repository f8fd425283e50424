// Makes a table of numbers in the engine, column by column, through the memory of its own vectors.

import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import type { VectorColumn } from "../ports/query.ts";
import { sqlName } from "../ports/query.ts";

/** The engine's own memory; writing to it cell by cell takes ten times as long. */
interface WritableVector<Items> {
  readonly items: Items;
  setItem(row: number, value: null): void;
  flush(): void;
}
interface WritableList {
  readonly childData: WritableVector<Float32Array>;
}

const chunkRows = 2048;

/** All columns are equally long. */
export async function createNumbers(
  duckdb: typeof import("@duckdb/node-api"),
  connection: DuckDBConnection,
  table: string,
  columns: ReadonlyMap<string, Float64Array | VectorColumn>,
): Promise<void> {
  const all = [...columns.values()];
  const types = all.map((column) => (isPlain(column) ? duckdb.DOUBLE : duckdb.ARRAY(duckdb.FLOAT, column.dimensions)));
  const names = [...columns.keys()].map((name, index) => `${sqlName(name)} ${types[index]}`);
  await connection.run(`CREATE OR REPLACE TABLE ${sqlName(table)} (${names.join(", ")})`);
  const appender = await connection.createAppender(table);
  const rows = lengthOf(all[0]);
  try {
    for (let from = 0; from < rows; from += chunkRows) {
      const chunk = duckdb.DuckDBDataChunk.create(types, Math.min(chunkRows, rows - from));
      for (const [index, column] of all.entries()) write(chunk, index, column, from);
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function write(chunk: DuckDBDataChunk, index: number, column: Float64Array | VectorColumn, from: number): void {
  const vector: unknown = chunk.getColumnVector(index);
  if (isPlain(column)) {
    const plain = vector as WritableVector<Float64Array>;
    const part = column.subarray(from, from + chunk.rowCount);
    plain.items.set(part);
    for (let row = 0; row < part.length; row++) if (Number.isNaN(part[row])) plain.setItem(row, null);
    plain.flush();
    return;
  }
  const { dimensions, values } = column;
  const { childData } = vector as WritableList;
  childData.items.set(values.subarray(from * dimensions, (from + chunk.rowCount) * dimensions));
  childData.flush();
}

function isPlain(column: Float64Array | VectorColumn): column is Float64Array {
  return column instanceof Float64Array;
}

function lengthOf(column: Float64Array | VectorColumn | undefined): number {
  if (column === undefined) return 0;
  return isPlain(column) ? column.length : column.values.length / column.dimensions;
}
