// Rows from a function of the user's own: objects, in arrays or in batches that arrive over time.

import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { type Query, sqlName } from "../ports/query.ts";
import { cellText, type Source, type SourceContext, type SourceResult, type UnreadableRow } from "../ports/source.ts";
import { columnNames } from "./column-names.ts";

/** One row: column names and values. Dates become ISO 8601 texts, objects and arrays JSON; null and undefined are missing. */
export type RowObject = object;

export interface RowsContext {
  /** Aborted when the run is stopped or out of time. */
  readonly signal: AbortSignal;
  /** What the function returned as its position last time, or null at first. */
  readonly position: string | null;
  /** In a backfill, the time whose rows are wanted: from ≤ t < to. Others are left out in any case. Null otherwise. */
  readonly range: { readonly from: Date; readonly to: Date } | null;
  /** The secrets that the component declares. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Rows one by one, or many at a time. */
export type Rows =
  | Iterable<RowObject | readonly RowObject[]>
  | AsyncIterable<RowObject | readonly RowObject[], unknown>;
/** The rows, and where to go on next time. An async generator may return its position instead. */
export type RowsResult = Rows | { readonly rows: Rows; readonly position: string | null };

export interface RowsOptions {
  /** What it reads, in a few words, for the dashboard. */
  readonly description?: string;
}

/**
 * Rows from your own function.
 *
 * @example
 * rows(async ({ signal }) => (await fetch("https://example.org/stations.json", { signal })).json())
 * rows(async function* ({ position }) {
 *   for (let page = Number(position ?? 1); ; page++) {
 *     const batch = await fetchPage(page);
 *     if (batch.length === 0) return String(page);
 *     yield batch;
 *   }
 * })
 */
export function rows(
  read: (context: RowsContext) => RowsResult | Promise<RowsResult>,
  options: RowsOptions = {},
): Source {
  if (typeof read !== "function")
    throw fail(
      "DEFINE_INVALID",
      `rows(): expected a function that gives rows, got ${read === null ? "null" : typeof read}`,
    );
  return {
    kind: "rows",
    description: options.description ?? "rows from a function of this project",
    fingerprint: async () => null,
    open: (context) => openRows(read, context),
  };
}

async function openRows(
  read: (context: RowsContext) => RowsResult | Promise<RowsResult>,
  context: SourceContext,
): Promise<SourceResult> {
  const { signal, position, range, secrets } = context;
  const given = await read({ signal, position, range, secrets });
  const bundle = isBundle(given) ? given : { rows: given as Rows, position: null };
  if (!isIterable(bundle.rows))
    throw fail(
      "SOURCES_FAILED",
      `Expected rows() to give objects, arrays or an iterable of them, got ${nameOf(bundle.rows)}`,
      {
        hint: "Return an array of objects, or yield batches from an async generator",
      },
    );
  const table = rowTable(context.query);
  const end = await forEachItem(bundle.rows, signal, (item) =>
    table.add(Array.isArray(item) ? (item as unknown[]) : [item]),
  );
  const { columns, unreadable, relation } = await table.finish();
  return { relation, columns, unreadable, bytes: null, position: end ?? bundle.position };
}

/** Collects rows whose columns are not known beforehand. */
function rowTable(query: Query) {
  const relation = newId("rows");
  const columns: string[] = [];
  const unreadable: UnreadableRow[] = [];
  const waiting: unknown[] = [];
  let row = 0;
  let created = false;

  return {
    async add(batch: readonly unknown[]): Promise<void> {
      for (const item of batch) waiting.push(item);
      if (waiting.length >= 10_000) await flush();
    },
    async finish() {
      await flush();
      // A function that has nothing new is no failure: it leaves an empty table.
      if (!created) await create(columns);
      return { relation, columns, unreadable };
    },
  };

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const readable: { number: number; object: Readonly<Record<string, unknown>> }[] = [];
    for (const item of waiting) {
      row++;
      if (typeof item === "object" && item !== null && !Array.isArray(item) && !(item instanceof Date))
        readable.push({ number: row, object: item as Readonly<Record<string, unknown>> });
      else
        unreadable.push({
          row,
          reason: `Row ${row}: expected an object, got ${nameOf(item)}`,
          text: cellText(item)?.slice(0, 500) ?? "null",
        });
    }
    waiting.length = 0;
    const known = new Set(columns);
    const added: string[] = [];
    for (const { object } of readable) {
      for (const name of Object.keys(object)) {
        if (known.has(name)) continue;
        known.add(name);
        added.push(name);
      }
    }
    if (added.length > 0) await widen(added);
    if (!created) await create(columns);
    const cells = readable.map(({ number, object }) => [
      ...columns.map((name) => (Object.hasOwn(object, name) ? cellText(object[name]) : null)),
      String(number),
    ]);
    await query.append(`${relation} texts`, [...columns, "_row"], cells);
  }

  async function widen(added: readonly string[]): Promise<void> {
    const all = [...columns, ...added];
    // A name that has to be changed cannot be found in the next batch again.
    const names = columnNames(all, "rows()");
    const changed = all.findIndex((name, index) => names[index] !== name);
    if (changed !== -1)
      throw fail(
        "SOURCES_FAILED",
        `Expected column names without surrounding blanks and other than "_row", got ${JSON.stringify(all[changed])}`,
        { hint: "Rename the property in your rows() function" },
      );
    if (created) await recreate(added);
    columns.push(...added);
  }

  async function create(names: readonly string[]): Promise<void> {
    const texts = sqlName(`${relation} texts`);
    await query.run(
      `create table ${texts} (${[...names, "_row"].map((name) => `${sqlName(name)} varchar`).join(", ")})`,
    );
    await query.run(view(names));
    created = true;
  }

  /** The number stays the last column, where append expects it. */
  async function recreate(added: readonly string[]): Promise<void> {
    const texts = sqlName(`${relation} texts`);
    const older = sqlName(`${relation} older`);
    const selected = [
      ...columns.map(sqlName),
      ...added.map((name) => `null::varchar as ${sqlName(name)}`),
      "_row",
    ].join(", ");
    await query.run(`drop view ${sqlName(relation)}; alter table ${texts} rename to ${older}`);
    await query.run(`create table ${texts} as select ${selected} from ${older}; drop table ${older}`);
    await query.run(view([...columns, ...added]));
  }

  function view(names: readonly string[]): string {
    const cells = [...names.map(sqlName), "_row::bigint as _row"].join(", ");
    return `create view ${sqlName(relation)} as select ${cells} from ${sqlName(`${relation} texts`)}`;
  }
}

async function forEachItem(
  items: Rows,
  signal: AbortSignal,
  visit: (item: unknown) => Promise<void>,
): Promise<string | null> {
  const asynchronous = items as AsyncIterable<unknown>;
  const iterator =
    Symbol.asyncIterator in items
      ? asynchronous[Symbol.asyncIterator]()
      : (items as Iterable<unknown>)[Symbol.iterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await iterator.next();
      if (done === true) return typeof value === "string" ? value : null;
      await visit(value);
    }
  } catch (error) {
    await iterator.return?.(undefined);
    throw error;
  }
}

function isBundle(given: RowsResult): given is { rows: Rows; position: string | null } {
  return typeof given === "object" && given !== null && "rows" in given && !isIterable(given);
}

function isIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "an object that cannot be iterated" : `a ${typeof value}`;
}
