// Tables of numbers that the engine reads from where they are: nothing is copied before a statement asks for it.

import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import type { VectorColumn } from "../ports/query.ts";
import { sqlName, sqlText } from "../ports/query.ts";

type DuckDB = typeof import("@duckdb/node-api");
type Columns = ReadonlyMap<string, Float64Array | VectorColumn>;

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
const functionName = "numbers_in_memory";

/** Gives the engine's connection a function that reads what `create` was given last under a name, in its order. */
export function numberTables(duckdb: DuckDB, connection: DuckDBConnection) {
  const tables = new Map<string, Columns>();
  connection.registerTableFunction(
    duckdb.DuckDBTableFunction.create({
      name: functionName,
      parameterTypes: [duckdb.VARCHAR],
      bindFunction(info) {
        const columns = tables.get(String(info.getParameter(0))) as Columns;
        for (const [name, column] of columns) info.addResultColumn(name, typeOf(duckdb, column));
        info.setBindData(columns);
        info.setCardinality(lengthOf(columns), true);
      },
      initFunction(info) {
        info.setMaxThreads(1);
        info.setInitData({ from: 0 });
      },
      mainFunction(info, chunk) {
        const columns = info.bindData as Columns;
        const scan = info.initData as { from: number };
        chunk.rowCount = Math.min(chunkRows, lengthOf(columns) - scan.from);
        for (const [index, column] of [...columns.values()].entries()) write(chunk, index, column, scan.from);
        scan.from += chunk.rowCount;
      },
    }),
  );
  return {
    async create(table: string, columns: Columns): Promise<void> {
      tables.set(table, columns);
      await connection.run(
        `CREATE OR REPLACE VIEW ${sqlName(table)} AS SELECT * FROM ${functionName}(${sqlText(table)})`,
      );
    },
  };
}

function write(chunk: DuckDBDataChunk, index: number, column: Float64Array | VectorColumn, from: number): void {
  const rows = chunk.rowCount;
  if (rows === 0) return;
  const vector: unknown = chunk.getColumnVector(index);
  if (isPlain(column)) {
    const plain = vector as WritableVector<Float64Array>;
    const part = column.subarray(from, from + rows);
    plain.items.set(part);
    for (let row = 0; row < rows; row++) if (Number.isNaN(part[row])) plain.setItem(row, null);
    plain.flush();
    return;
  }
  const { dimensions, values } = column;
  const { childData } = vector as WritableList;
  childData.items.set(values.subarray(from * dimensions, (from + rows) * dimensions));
  childData.flush();
}

function typeOf(duckdb: DuckDB, column: Float64Array | VectorColumn) {
  return isPlain(column) ? duckdb.DOUBLE : duckdb.ARRAY(duckdb.FLOAT, column.dimensions);
}

function isPlain(column: Float64Array | VectorColumn): column is Float64Array {
  return column instanceof Float64Array;
}

function lengthOf(columns: Columns): number {
  const [column] = columns.values();
  if (column === undefined) return 0;
  return isPlain(column) ? column.length : column.values.length / column.dimensions;
}
