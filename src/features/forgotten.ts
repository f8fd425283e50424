// What a feature group has forgotten: whose rows a source may not bring back, and which earlier states went with them.

import type { DataDefinition } from "../define/definition.ts";
import type { Statements } from "../ports/database.ts";
import { type EntityRows, entityColumns, entityHash } from "./entity.ts";

/** The entity is kept as a hash: the record of what was forgotten does not tell who it was. */
export interface Forgotten {
  readonly columns: readonly string[];
  readonly hash: string;
  readonly fromMs: number | null;
  /** Rows that happen from then on are taken in again; null for a group without event times, which cannot tell. */
  readonly toMs: number | null;
}

/** `sequence`: the commit from which on the group is without the rows. `purged`: its earlier states went with them. */
export async function recordForgotten(
  tx: Statements,
  group: string,
  rows: EntityRows,
  { sequence, purged }: { readonly sequence: number; readonly purged: boolean },
  atMs: number,
): Promise<void> {
  await tx.run(
    "insert into features_forgotten (group_name, columns, entity_hash, event_from, event_to, sequence, purged, at) values (?, ?, ?, ?, ?, ?, ?, ?)",
    [
      group,
      JSON.stringify(entityColumns(rows.entity)),
      entityHash(rows.entity),
      rows.fromMs,
      rows.toMs,
      sequence,
      Number(purged),
      atMs,
    ],
  );
}

export async function listForgotten(database: Statements, { name, key }: DataDefinition): Promise<Forgotten[]> {
  const rows = await database.all<{
    columns: string;
    entity_hash: string;
    event_from: number | null;
    event_to: number | null;
  }>("select distinct columns, entity_hash, event_from, event_to from features_forgotten where group_name = ?", [name]);
  return rows
    .map((row) => ({
      columns: JSON.parse(row.columns) as string[],
      hash: row.entity_hash,
      fromMs: row.event_from,
      toMs: row.event_to,
    }))
    .filter(({ columns }) => columns.every((column) => key.includes(column)));
}

/** When states of before a later commit were purged, in milliseconds; undefined when none was. */
export async function purgedAfter(database: Statements, group: string, sequence: number): Promise<number | undefined> {
  const row = await database.get<{ at: number | null }>(
    "select max(at) as at from features_forgotten where group_name = ? and sequence > ? and purged = 1",
    [group, sequence],
  );
  return row?.at ?? undefined;
}
