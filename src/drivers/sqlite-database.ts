// The catalog's and the ledger's database in one SQLite file: a queued writer, and a reader that never waits for it.

import { AsyncLocalStorage } from "node:async_hooks";
import { mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { ErrorCodeName } from "../base/error-codes.ts";
import { fail } from "../base/failure.ts";
import type { Database, SqlRow, SqlValue, Statements } from "../ports/database.ts";

export interface SqliteDatabaseOptions {
  /** The file; its folder is made when it is missing. */
  readonly path: string;
  /** How long to wait for another process that holds the write lock; 5 seconds by default. */
  readonly timeoutMs?: number;
  /** Refuses every write, and does not create the file. */
  readonly readOnly?: boolean;
}

/** What the operating system or the file may answer, by SQLite's primary result code. */
const codesByResult: Record<number, { code: ErrorCodeName; says: string }> = {
  5: { code: "CATALOG_LOCKED", says: "is locked by another process" },
  6: { code: "CATALOG_LOCKED", says: "is locked by another statement" },
  8: { code: "CATALOG_READ_ONLY", says: "cannot be written to" },
  10: { code: "CATALOG_IO", says: "could not be read or written" },
  11: { code: "CATALOG_CORRUPT", says: "is damaged" },
  13: { code: "RUNTIME_DISK_FULL", says: "cannot grow, since the disk is full" },
  14: { code: "CATALOG_READ_ONLY", says: "cannot be opened" },
  26: { code: "CATALOG_CORRUPT", says: "is not a database" },
};

/** Blocking for the lock would stop the event loop, so SQLite waits this long only and we wait the rest. */
const blockingWaitMs = 10;
const cachedStatements = 256;

/**
 * Opens the database. Fails with CATALOG_LOCKED, CATALOG_CORRUPT, CATALOG_READ_ONLY, CATALOG_IO or RUNTIME_DISK_FULL, each
 * naming the file; so does every later statement.
 */
export async function sqliteDatabase(options: SqliteDatabaseOptions): Promise<Database> {
  const { path, timeoutMs = 5_000, readOnly = false } = options;
  const patiently = <Result>(work: () => Result) => retryWhileLocked(path, timeoutMs, work);
  if (!readOnly) makeFolder(path);
  const writer = await patiently(() => openConnection(path, readOnly));
  const reader = readOnly ? writer : await patiently(() => openConnection(path, true));
  const insideTransaction = new AsyncLocalStorage<{ open: boolean }>();
  const writes = groupedWrites(writer, path, patiently);
  let closed = false;

  /** The writer's connection does one thing at a time, so that nobody's statement slips into another's transaction. */
  function inTurn<Result>(what: string, write: Write<Result>): Promise<Result> {
    if (closed)
      return Promise.reject(fail("INTERNAL", `Expected an open database for ${what}, got one that was closed`));
    if (insideTransaction.getStore()?.open)
      return Promise.reject(
        fail(
          "INTERNAL",
          `Expected ${what} on the transaction's own statements, got it on the database, which would wait forever`,
        ),
      );
    return writes.add(write);
  }

  function ask<Result>(sql: string, work: (connection: Connection) => Result): Promise<Result> {
    if (!changesRows.test(sql)) {
      if (closed)
        return Promise.reject(fail("INTERNAL", "Expected an open database for a query, got one that was closed"));
      return patiently(() => work(reader));
    }
    return inTurn("a statement", { alone: false, perform: async () => work(writer) });
  }

  return {
    all: <Row extends object = SqlRow>(sql: string, parameters: readonly SqlValue[] = []) =>
      ask(sql, (connection) => connection.all<Row>(sql, parameters)),
    get: <Row extends object = SqlRow>(sql: string, parameters: readonly SqlValue[] = []) =>
      ask(sql, (connection) => connection.get<Row>(sql, parameters)),
    run: (sql, parameters = []) =>
      inTurn("a statement", { alone: false, perform: async () => writer.run(sql, parameters) }),
    execute: (script) => inTurn("a script", { alone: true, perform: () => patiently(() => writer.execute(script)) }),
    transaction: (work) =>
      inTurn("a transaction", {
        alone: false,
        async perform() {
          const scope = { open: true };
          try {
            return await insideTransaction.run(scope, () => work(statementsOf(writer, scope, path)));
          } finally {
            scope.open = false;
          }
        },
      }),
    async close() {
      if (closed) return;
      closed = true;
      await writes.idle();
      reader.close();
      if (writer !== reader) writer.close();
    },
  };
}

/** Everything else can be answered from the last committed state; a needless match only costs a place in the queue. */
const changesRows = /\b(?:insert|update|delete|replace|create|alter|drop|attach|vacuum|reindex)\b/i;

type Connection = ReturnType<typeof openConnection>;

interface Write<Result> {
  /** Not inside a transaction. */
  readonly alone: boolean;
  readonly perform: () => Promise<Result>;
}

interface WaitingWrite extends Write<unknown> {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** A group ends when it has this many members or is this old, so that the first does not wait for the last for long. */
const mostMembers = 200;
const longestGroupMs = 4;

/**
 * Everything that writes, one after the other. What waits at the same time shares one transaction and its fsync: each
 * member is atomic by a savepoint of its own, and is told that it succeeded only once all of them are on the disk.
 */
function groupedWrites(writer: Connection, path: string, patiently: <Result>(work: () => Result) => Promise<Result>) {
  const waiting: WaitingWrite[] = [];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    // What is asked for in the same turn of the event loop comes along: a step's end and the start of the next share a commit.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await (next.alone ? performAlone(next) : performGroup(next));
    working = undefined;
  }

  async function performAlone({ perform, resolve, reject }: WaitingWrite): Promise<void> {
    await perform().then(
      (result) => resolve(result as never),
      (error: unknown) => reject(translate(path, error)),
    );
  }

  async function performGroup(first: WaitingWrite): Promise<void> {
    try {
      await patiently(() => writer.execute("begin immediate"));
    } catch (error) {
      first.reject(error);
      return;
    }
    const startedAt = performance.now();
    const succeeded: { member: WaitingWrite; result: unknown }[] = [];
    const failAll = (error: unknown) => {
      for (const { member } of succeeded) member.reject(translate(path, error));
    };
    let member: WaitingWrite | undefined = first;
    while (member !== undefined) {
      try {
        writer.execute("savepoint member");
        const result = await member.perform();
        writer.execute("release member");
        succeeded.push({ member, result });
      } catch (error) {
        member.reject(translate(path, error));
        if (!writer.isInTransaction()) return failAll(error);
        writer.execute("rollback to member; release member");
      }
      const goesOn: boolean =
        waiting[0]?.alone === false && succeeded.length < mostMembers && performance.now() - startedAt < longestGroupMs;
      member = goesOn ? waiting.shift() : undefined;
    }
    try {
      translated(path, () => writer.execute("commit"));
    } catch (error) {
      if (writer.isInTransaction()) writer.execute("rollback");
      return failAll(error);
    }
    for (const { member: done, result } of succeeded) done.resolve(result as never);
  }

  return {
    add: <Result>(write: Write<Result>): Promise<Result> =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ ...write, resolve: resolve as (result: never) => void, reject });
        working ??= work();
      }),
    idle: async () => {
      await working;
    },
  };
}

function openConnection(path: string, readOnly: boolean) {
  const database = new DatabaseSync(path, { readOnly, timeout: 1_000, enableForeignKeyConstraints: true });
  try {
    // The timeout stands before this line: two processes that start together both want the lock here.
    if (!readOnly) database.exec("pragma journal_mode = wal; pragma synchronous = full;");
    // Reads the first page, so that a file which is no database is refused now and not in the middle of a run.
    database.prepare("select count(*) from sqlite_schema").get();
    database.exec(`pragma busy_timeout = ${blockingWaitMs}`);
  } catch (error) {
    database.close();
    throw error;
  }
  const cache = new Map<string, StatementSync>();
  function statement(sql: string): StatementSync {
    const known = cache.get(sql);
    if (known !== undefined) return known;
    const prepared = database.prepare(sql);
    const oldest = cache.size >= cachedStatements ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(sql, prepared);
    return prepared;
  }
  return {
    // SQLite's rows have no prototype; plain objects compare and print as everybody expects.
    all: <Row extends object>(sql: string, parameters: readonly SqlValue[]) =>
      statement(sql)
        .all(...(parameters as SQLInputValue[]))
        .map((row) => ({ ...row })) as Row[],
    get<Row extends object>(sql: string, parameters: readonly SqlValue[]) {
      const row = statement(sql).get(...(parameters as SQLInputValue[]));
      return row === undefined ? undefined : ({ ...row } as Row);
    },
    run: (sql: string, parameters: readonly SqlValue[]) => ({
      changes: Number(statement(sql).run(...(parameters as SQLInputValue[])).changes),
    }),
    execute: (script: string) => database.exec(script),
    /** A full disk or a damaged page ends the transaction by itself. */
    isInTransaction: () => database.isTransaction,
    close() {
      cache.clear();
      database.close();
    },
  };
}

function statementsOf(connection: Connection, scope: { open: boolean }, path: string): Statements {
  async function on<Result>(work: () => Result): Promise<Result> {
    if (!scope.open)
      throw fail("INTERNAL", "Expected a statement inside its transaction, got it after the transaction had ended");
    return translated(path, work);
  }
  return {
    all: <Row extends object = SqlRow>(sql: string, parameters: readonly SqlValue[] = []) =>
      on(() => connection.all<Row>(sql, parameters)),
    get: <Row extends object = SqlRow>(sql: string, parameters: readonly SqlValue[] = []) =>
      on(() => connection.get<Row>(sql, parameters)),
    run: (sql, parameters = []) => on(() => connection.run(sql, parameters)),
  };
}

/** Nothing has happened yet when SQLite answers "busy" to a whole statement or to `begin`, so it may be asked again. */
async function retryWhileLocked<Result>(path: string, timeoutMs: number, work: () => Result): Promise<Result> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (primaryResult(error) !== 5 || performance.now() >= giveUpAt) throw translate(path, error);
    }
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 20));
  }
}

function translated<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw translate(path, error);
  }
}

function translate(path: string, error: unknown): unknown {
  const result = primaryResult(error) ?? -1;
  const known = codesByResult[result === inputOutput && hasNoRoom(path) ? full : result];
  return known === undefined
    ? error
    : fail(known.code, `The database ${path} ${known.says}`, { cause: error, details: { path } });
}

const inputOutput = 10;
const full = 13;

/** A write-ahead index that cannot grow is an input/output error to SQLite, but a full disk to a person. */
function hasNoRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 65_536;
  } catch {
    return false;
  }
}

function primaryResult(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode & 0xff : undefined;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw fail("CATALOG_READ_ONLY", `The folder of the database ${path} cannot be made`, {
      cause: error,
      details: { path },
    });
  }
}
