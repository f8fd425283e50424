// The query port on DuckDB: one private in-memory engine with a memory limit that spills to the given folder.

import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
  DuckDBResult,
} from "@duckdb/node-api";
import { fail } from "../base/failure.ts";
import type { Scalar, Table } from "../base/table.ts";
import { type Query, type QueryOptions, sqlText } from "../ports/query.ts";
import { engineFailure } from "./duckdb-failure.ts";
import { numberTables } from "./duckdb-numbers.ts";
import { columnBuilders, rowsOf } from "./duckdb-vectors.ts";

/**
 * Opens an engine of its own in this process. Tables live until `close()`; nothing is written except spilled blocks
 * in `temporaryFolder`. Statements of one engine run one after another, except `stream()`, which has a connection of
 * its own: it sees ordinary tables and views, not temporary ones. Times are UTC.
 */
export async function duckdbQuery(options: QueryOptions): Promise<Query> {
  const duckdb = await import("@duckdb/node-api");
  const instance = await open(() => duckdb.DuckDBInstance.create(":memory:", settings(options)));
  const main = await connect(instance);
  const numbers = numberTables(duckdb, main);
  const streams = new Set<DuckDBConnection>();
  const statements = new Set<DuckDBPreparedStatement>();
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;

  function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = tail.then(() => {
      if (closed) throw fail("INTERNAL", "Expected an open query engine, got one that was closed");
      return work();
    });
    tail = result.catch(() => undefined);
    return result;
  }

  async function* tables(sql: string, parameters?: readonly Scalar[]): AsyncGenerator<Table> {
    if (closed) throw fail("INTERNAL", "Expected an open query engine, got one that was closed");
    const connection = await connect(instance);
    streams.add(connection);
    try {
      const result = await guarded(sql, () => start(connection, sql, parameters));
      for (;;) {
        const chunk = await guarded(sql, () => readChunks(result, duckdb.DuckDBTypeId, streamedChunks));
        if (chunk.rowCount === 0) return;
        yield chunk;
      }
    } finally {
      if (streams.delete(connection)) connection.closeSync();
    }
  }

  return {
    memoryMb: options.memoryMb,
    run: (sql, parameters) =>
      exclusively(() =>
        guarded(sql, async () => {
          await main.run(sql, parameters === undefined ? undefined : [...parameters]);
        }),
      ),
    table: (sql, parameters) =>
      exclusively(() => guarded(sql, async () => readChunks(await start(main, sql, parameters), duckdb.DuckDBTypeId))),
    rows: <Row extends object>(sql: string, parameters?: readonly Scalar[]) =>
      exclusively(() =>
        guarded(
          sql,
          async () => rowsOf(await readChunks(await start(main, sql, parameters), duckdb.DuckDBTypeId)) as Row[],
        ),
      ),
    tables,
    async *stream(sql, parameters) {
      for await (const table of tables(sql, parameters)) yield rowsOf(table);
    },
    prepare: (sql) =>
      exclusively(() =>
        guarded(sql, async () => {
          const statement = await prepare(main, sql);
          statements.add(statement);
          return {
            rows: <Row extends object>() =>
              exclusively(() =>
                guarded(sql, async () => rowsOf(readWhole(await statement.run(), duckdb.DuckDBTypeId)) as Row[]),
              ),
            run: () => exclusively(() => guarded(sql, async () => (await statement.run()).rowsChanged)),
          };
        }),
      ),
    append: (table, columns, rows) =>
      exclusively(() =>
        guarded(`append to ${table}`, async () => {
          const appender = await main.createAppender(table);
          try {
            if (appender.columnCount !== columns.length)
              throw fail("INTERNAL", `Expected ${appender.columnCount} columns for ${table}, got ${columns.length}`);
            const types = columns.map(() => duckdb.VARCHAR);
            for (let from = 0; from < rows.length; from += chunkRows) {
              const part = rows.slice(from, from + chunkRows);
              const chunk = duckdb.DuckDBDataChunk.create(types, part.length);
              for (let column = 0; column < columns.length; column++)
                chunk.setColumnValues(
                  column,
                  part.map((row) => row[column] ?? null),
                );
              appender.appendDataChunk(chunk);
            }
            appender.flushSync();
          } finally {
            appender.closeSync();
          }
        }),
      ),
    createTable: (table, columns) =>
      exclusively(() => guarded(`create ${table}`, () => numbers.create(table, columns))),
    async close() {
      if (closed) return;
      closed = true;
      // What runs is stopped and what waits is refused: nobody is left to take the results.
      main.interrupt();
      for (const connection of streams) connection.interrupt();
      await tail;
      for (const connection of streams) connection.closeSync();
      streams.clear();
      for (const statement of statements) statement.destroySync();
      main.closeSync();
      instance.closeSync();
    },
  };
}

/** How many rows the engine hands over at a time, and how many such chunks a stream passes on together. */
const chunkRows = 2048;
const streamedChunks = 8;

function settings({ memoryMb, temporaryFolder, threads }: QueryOptions): Record<string, string> {
  return {
    memory_limit: `${Math.max(64, Math.floor(memoryMb))}MB`,
    temp_directory: temporaryFolder,
    ...(threads === undefined ? {} : { threads: String(threads) }),
    // A stray http path or an unknown function must fail at once instead of trying to download an extension.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  };
}

async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await open(() => instance.connect());
  await connection.run(`SET TimeZone = ${sqlText("UTC")}`);
  return connection;
}

/**
 * A plan must hold for rows that come later: one that rests on what tables hold now (no rows, no missing values) would leave
 * out scans and conditions for ever.
 */
async function prepare(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  await connection.run("SET disabled_optimizers = 'statistics_propagation'");
  try {
    return await connection.prepare(sql);
  } finally {
    await connection.run("RESET disabled_optimizers");
  }
}

function start(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly Scalar[] | undefined,
): Promise<DuckDBResult> {
  return connection.stream(sql, parameters === undefined ? undefined : [...parameters]);
}

/** The next chunks of a result as one table; no rows when the result is at its end. */
async function readChunks(
  result: DuckDBResult,
  typeNames: Readonly<Record<number, string>>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Table> {
  const table = tableOf(result, typeNames);
  for (let i = 0; i < limit; i++) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    table.add(chunk);
  }
  return table.finish();
}

/** The same of a result that is there as a whole, without waiting for each chunk: of small ones that is most of the time. */
function readWhole(result: DuckDBMaterializedResult, typeNames: Readonly<Record<number, string>>): Table {
  const table = tableOf(result, typeNames);
  for (let index = 0; index < result.chunkCount; index++) table.add(result.getChunk(index));
  return table.finish();
}

function tableOf(result: DuckDBResult, typeNames: Readonly<Record<number, string>>) {
  const names = result.deduplicatedColumnNames();
  const builders = columnBuilders(result, typeNames);
  let rowCount = 0;
  return {
    add(chunk: DuckDBDataChunk): void {
      for (let column = 0; column < builders.length; column++)
        builders[column]!.add(chunk.getColumnVector(column), chunk.rowCount);
      rowCount += chunk.rowCount;
    },
    finish: (): Table => ({
      rowCount,
      columns: new Map(names.map((name, column) => [name, builders[column]!.finish()])),
    }),
  };
}

async function guarded<Result>(sql: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw engineFailure(error, sql);
  }
}

function open<Result>(work: () => Promise<Result>): Promise<Result> {
  return guarded("open", work);
}
