// The online side of a feature group: the newest row of every key, written by the same commits as the offline side.

import { fail } from "../../base/failure.ts";
import type { Value } from "../../base/table.ts";
import type { DataDefinition } from "../../define/definition.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Database } from "../../ports/database.ts";
import type { OnlineStore, OnlineWrite } from "../../ports/online-store.ts";
import { type Commit, findHead, listCommits } from "../commits.ts";
import { postOf } from "../posts.ts";
import { committedWrite, findPosted } from "./posted.ts";
import {
  decodeColumns,
  decodeJsonRecord,
  decodeRecord,
  eventMsOf,
  type OnlineRow,
  pickColumns,
  type RecordPick,
  type RecordSchema,
  schemaOf,
} from "./record.ts";
import { readOnlineFile } from "./rows.ts";
import { onlineKey, readOnlineKey, rowWrites, schemaSpace, schemaWrite } from "./writes.ts";

export type { OnlineRow } from "./record.ts";

/** The first keys of a group that have a stored row, each as its columns' values. */
export function listOnlineKeys(online: OnlineStore, group: string, limit: number): string[][] {
  return online.keys(group, limit).map(readOnlineKey);
}

/** The newest row of a key, or undefined when there is none; posted rows count before their commit. */
export function findOnlineRow(online: OnlineStore, group: string, key: readonly string[]): OnlineRow | undefined {
  const bytes = findRecord(online, group, onlineKey(key));
  if (bytes === undefined) return undefined;
  const id = schemaOf(bytes);
  return id === undefined ? decodeJsonRecord(bytes) : decodeRecord(bytes, findSchema(online, group, id));
}

function findRecord(online: OnlineStore, group: string, key: string): Uint8Array | undefined {
  // In this order: a commit that is applied between the two has the posted row, and the other way round it would be missed.
  const posted = findPosted(online, group, key);
  const stored = online.get(group, key);
  if (posted === undefined || stored === undefined) return posted ?? stored;
  const storedMs = schemaOf(stored) === undefined ? decodeJsonRecord(stored).eventMs : eventMsOf(stored);
  return eventMsOf(posted) >= storedMs ? posted : stored;
}

/** Reads some columns of a group's newest rows, in their order; names that a row's schema lacks get no value. */
export function openColumnReader(
  online: OnlineStore,
  group: string,
  names: readonly string[],
): (key: readonly string[]) => { readonly eventMs: number; readonly values: readonly Value[] } | undefined {
  const picks = new Map<number, RecordPick>();
  return (key) => {
    const bytes = findRecord(online, group, onlineKey(key));
    if (bytes === undefined) return undefined;
    const id = schemaOf(bytes);
    if (id === undefined) {
      const row = decodeJsonRecord(bytes);
      return { eventMs: row.eventMs, values: names.map((name) => row.values[name] ?? null) };
    }
    let pick = picks.get(id);
    if (pick === undefined) {
      pick = pickColumns(findSchema(online, group, id), names);
      picks.set(id, pick);
    }
    return { eventMs: eventMsOf(bytes), values: decodeColumns(bytes, pick) };
  };
}

const schemas = new WeakMap<OnlineStore, Map<string, RecordSchema>>();

/** A schema never changes under its id, so that it is read once. */
function findSchema(online: OnlineStore, group: string, id: number): RecordSchema {
  let known = schemas.get(online);
  if (known === undefined) {
    known = new Map();
    schemas.set(online, known);
  }
  const name = `${group}/${id}`;
  let schema = known.get(name);
  if (schema === undefined) {
    const bytes = online.get(schemaSpace(group), String(id));
    if (bytes === undefined) throw fail("INTERNAL", `Expected schema ${id} of the online rows of ${group}, got none`);
    schema = JSON.parse(Buffer.from(bytes).toString("utf8")) as RecordSchema;
    known.set(name, schema);
  }
  return schema;
}

/** How much older than its group's time to live a row is at `nowMs`, in milliseconds; 0 while its values count. */
export function expiredMs(row: OnlineRow, { ttlMs = null }: DataDefinition, nowMs: number): number {
  return ttlMs === null ? 0 : Math.max(0, nowMs - row.eventMs - ttlMs);
}

/**
 * Brings the online store to the group's newest commit by applying the online files it has not applied yet. Safe to call
 * at any time by any process: applying a commit twice changes nothing.
 */
export async function catchUpOnline(
  database: Database,
  blobs: BlobStore,
  online: OnlineStore,
  group: string,
): Promise<void> {
  const head = await findHead(database, group);
  const applied = online.appliedSequence(group);
  if (head === undefined || applied >= head.sequence) return;
  const commits = await listCommits(database, group);
  const restart = commits.findLastIndex((commit) => commit.mode === "replace" && commit.sequence > applied);
  const missing = restart < 0 ? commits.filter((commit) => commit.sequence > applied) : commits.slice(restart);
  if (restart >= 0) await online.clear(group);
  for (const commit of missing) {
    const path = commit.onlineFile === null ? null : await blobs.localPath(commit.onlineFile);
    await online.apply(group, commit.sequence, commitWrites(commit, path));
  }
}

async function* commitWrites(commit: Commit, path: string | null): AsyncGenerator<readonly OnlineWrite[]> {
  const { group, definition, sourcePosition } = commit;
  if (definition.source.kind === "push") yield [committedWrite(group, postOf(sourcePosition))];
  if (path === null) return;
  yield [schemaWrite(definition)];
  for await (const lines of readOnlineFile(path)) yield rowWrites(definition, lines);
}
