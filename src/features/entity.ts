// An entity by the columns that name it, and which of a group's rows are its own, as SQL and as a check on one row.

import { contentHash } from "../base/ids.ts";
import type { DataDefinition } from "../define/definition.ts";
import { sqlName, sqlText } from "../ports/query.ts";
import { eventColumn, keyColumn } from "./columns.ts";

/** Key column → its value as a text. It may name fewer columns than a group's key: then all rows that share these are meant. */
export type Entity = Readonly<Record<string, string>>;

/** Some or all rows of an entity: those with `fromMs` ≤ event time < `toMs`, where these are given. */
export interface EntityRows {
  readonly entity: Entity;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Whether a group's rows are told apart by the columns that name the entity. */
export function isKeyedBy({ key }: Pick<DataDefinition, "key">, entity: Entity): boolean {
  return Object.keys(entity).every((column) => key.includes(column));
}

/** The condition on stored rows. */
export function entitySql({ entity, fromMs, toMs }: EntityRows): string {
  return [
    ...Object.entries(entity).map(([column, value]) => `${sqlName(keyColumn(column))} = ${sqlText(value)}`),
    ...(fromMs === null ? [] : [`${eventColumn} >= ${momentSql(fromMs)}`]),
    ...(toMs === null ? [] : [`${eventColumn} < ${momentSql(toMs)}`]),
  ].join(" AND ");
}

/** Whether a key and an event time are the entity's; a time that is not known counts as within. */
export function isOfEntity(
  { entity, fromMs, toMs }: EntityRows,
  keyOf: (column: string) => unknown,
  eventMs: number,
): boolean {
  if (!Object.entries(entity).every(([column, value]) => String(keyOf(column) ?? "").trim() === value)) return false;
  return !(fromMs !== null && eventMs < fromMs) && !(toMs !== null && eventMs >= toMs);
}

/** An entity's name that does not tell who it is; the columns in their alphabetical order. */
export function entityHash(entity: Entity): string {
  return contentHash(
    entityColumns(entity)
      .map((column) => entity[column])
      .join(separator),
  );
}

/** The same hash over columns of texts, as SQL. */
export function entityHashSql(columns: readonly string[], text: (column: string) => string): string {
  return `sha256(concat_ws(chr(${separator.charCodeAt(0)}), ${columns.map(text).join(", ")}))`;
}

export function entityColumns(entity: Entity): string[] {
  return Object.keys(entity).sort();
}

export function momentSql(ms: number): string {
  return `make_timestamp(${Math.round(ms * 1000)})`;
}

const separator = "\u001f";
