// The port for an analytical engine over files: SQL in, columnar tables out.

import type { Scalar, Table, Value } from "../base/table.ts";

export interface Query {
  /** What the engine may take; who holds much beside it keeps to a share of this. */
  readonly memoryMb: number;
  /** Executes one or more statements. Parameters are `$1`, `$2` … and are allowed in a single statement only. */
  run(sql: string, parameters?: readonly Scalar[]): Promise<void>;
  /**
   * The whole result as typed columns: numbers and decimals as `number`, timestamps and dates as `time`, booleans as
   * `boolean`, enums as `category`, arrays of a fixed number of floats (`FLOAT[3]`) as `vector`, everything else as `text`.
   */
  table(sql: string, parameters?: readonly Scalar[]): Promise<Table>;
  /** The whole result as objects, for small results; times are ISO texts, big integers are numbers. */
  rows<Row extends object = Record<string, Value>>(sql: string, parameters?: readonly Scalar[]): Promise<Row[]>;
  /** The result in chunks of typed columns, without holding it whole. */
  tables(sql: string, parameters?: readonly Scalar[]): AsyncIterable<Table>;
  /** The result in chunks of objects, without holding it whole. */
  stream(sql: string, parameters?: readonly Scalar[]): AsyncIterable<Record<string, Value>[]>;
  /** Plans a statement once for many executions; it is forgotten when the engine closes. */
  prepare(sql: string): Promise<PreparedQuery>;
  /** Appends rows to a table of the engine; every column is text, the way sources give it. */
  append(table: string, columns: readonly string[], rows: readonly (readonly (string | null)[])[]): Promise<void>;
  /**
   * Makes a table of numbers, column by column, in place of the one made so before; all columns are equally long, and NaN is
   * missing. A column may hold vectors: lists of FLOAT. The engine may read them where they are: they must not change.
   */
  createTable(table: string, columns: ReadonlyMap<string, Float64Array | VectorColumn>): Promise<void>;
  /** Stops what runs (it fails with RUNS_CANCELLED) and frees everything. */
  close(): Promise<void>;
}

/** Vectors of equal length, one after the other. */
export interface VectorColumn {
  readonly dimensions: number;
  readonly values: Float32Array;
}

export interface PreparedQuery {
  /** Executes it; the result as `rows()` of a query gives it. */
  rows<Row extends object = Record<string, Value>>(): Promise<Row[]>;
  /** Executes one that changes rows, which is quicker then; gives how many it changed. */
  run(): Promise<number>;
}

export interface QueryOptions {
  readonly memoryMb: number;
  /** Where to spill what does not fit into memory. */
  readonly temporaryFolder: string;
  readonly threads?: number;
}

/** Quotes a name for SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quotes the path of one file to read, so that `*`, `?` and `[` in it stand for themselves and not for a pattern. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[[*?]/g, "[$&]"));
}
