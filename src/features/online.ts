// The online side of a feature group: the newest row of every key, written by the same commits as the offline side.

import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { fail } from "../base/failure.ts";
import { contentHash } from "../base/ids.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore, OnlineWrite } from "../ports/online-store.ts";
import { groupColumns } from "./columns.ts";
import { type Commit, findHead, listCommits } from "./commits.ts";
import {
  decodeJsonRecord,
  decodeRecord,
  encodeRecord,
  type OnlineRow,
  type RecordSchema,
  schemaOf,
} from "./online-record.ts";

export type { OnlineRow } from "./online-record.ts";

/** One line of a commit's online file: the newest row of a key, or that it has none any more. */
export type OnlineLine = { readonly key: readonly string[] } & (
  | (OnlineRow & { readonly deleted?: never })
  | { readonly deleted: true }
);

/** The text under which a key is stored: its values in the order of the definition. */
export function onlineKey(values: readonly string[]): string {
  if (values.length === 1 && !/[\\|]/.test(values[0] as string)) return values[0] as string;
  return values.map((value) => value.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

/** The first keys of a group that have a stored row, each as its columns' values. */
export function listOnlineKeys(online: OnlineStore, group: string, limit: number): string[][] {
  return online.keys(group, limit).map(readOnlineKey);
}

/** The values of a key from the text that `onlineKey` made of them. */
export function readOnlineKey(text: string): string[] {
  const values = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "|") values.push("");
    else values.push(`${values.pop()}${text[at] === "\\" ? text[++at] : text[at]}`);
  }
  return values;
}

/** The newest row of a key, or undefined when there is none. */
export function findOnlineRow(online: OnlineStore, group: string, key: readonly string[]): OnlineRow | undefined {
  const bytes = online.get(group, onlineKey(key));
  if (bytes === undefined) return undefined;
  const id = schemaOf(bytes);
  return id === undefined ? decodeJsonRecord(bytes) : decodeRecord(bytes, findSchema(online, group, id));
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

function schemaSpace(group: string): string {
  return `schema of ${group}`;
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
    await online.apply(group, commit.sequence, path === null ? noWrites() : onlineWrites(commit, path));
  }
}

async function* noWrites(): AsyncGenerator<readonly OnlineWrite[]> {}

async function* onlineWrites({ group, definition }: Commit, path: string): AsyncGenerator<readonly OnlineWrite[]> {
  const text = gunzipSync(await readFile(path)).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const schema = recordSchema(definition);
  const described = JSON.stringify(schema);
  const id = Number.parseInt(contentHash(described).slice(0, 8), 16);
  yield [{ space: schemaSpace(group), key: String(id), value: Buffer.from(described) }];
  for (let start = 0; start < lines.length; start += 10_000)
    yield lines.slice(start, start + 10_000).map((line) => {
      const row = JSON.parse(line) as OnlineLine;
      const value = row.deleted === true ? undefined : encodeRecord(id, schema, row);
      return { space: group, key: onlineKey(row.key), value };
    });
}

function recordSchema(definition: DataDefinition): RecordSchema {
  return groupColumns(definition)
    .filter(({ role }) => role !== "label")
    .map(({ name, type }) => ({ name, type }));
}
