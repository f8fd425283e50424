// The port for the catalog and the ledger: SQL in the subset that SQLite and Postgres share, and transactions.

export type SqlValue = null | number | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

export interface Statements {
  /** Every row of a query. Parameters are `?` in order. */
  all<Row extends object = SqlRow>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /** The first row, or undefined. */
  get<Row extends object = SqlRow>(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined>;
  /** Executes a statement; `changes` is the number of rows it touched. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<{ changes: number }>;
}

/** What writes happens in the order in which it was asked for. */
export interface Database extends Statements {
  /**
   * Runs `work` in one transaction that takes the write lock at once; it commits when `work` resolves and rolls back
   * when it throws. Transactions of one database never interleave, and they do not nest.
   */
  transaction<Result>(work: (tx: Statements) => Promise<Result>): Promise<Result>;
  /** Executes a script of several statements, outside any transaction. */
  execute(script: string): Promise<void>;
  close(): Promise<void>;
}

/** A room's own tables, brought up to date statement by statement. */
export interface RoomMigrations {
  /** The room's name, which is also the prefix of its tables. */
  readonly room: string;
  /** Statement n brings the room's tables from version n to n + 1. Never edit one that was released. */
  readonly statements: readonly string[];
}
