// The online side of a feature group: the newest row of every key, written by the same commits as the offline side.

import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Value } from "../base/table.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore, OnlineWrite } from "../ports/online-store.ts";
import { findHead, listCommits } from "./commits.ts";

/** The newest row of a key as the online store keeps it. */
export interface OnlineRow {
  readonly values: Readonly<Record<string, Value>>;
  /** Event time in milliseconds since 1970 UTC. */
  readonly eventMs: number;
}

/** One line of a commit's online file. */
export interface OnlineLine extends OnlineRow {
  readonly key: readonly string[];
}

/** The text under which a key is stored: its values in the order of the definition. */
export function onlineKey(values: readonly string[]): string {
  return values.map((value) => value.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

export function findOnlineRow(online: OnlineStore, group: string, key: readonly string[]): OnlineRow | undefined {
  const bytes = online.get(group, onlineKey(key));
  return bytes === undefined
    ? undefined
    : (JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) as OnlineRow);
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
    await online.apply(group, commit.sequence, path === null ? noWrites() : onlineWrites(group, path));
  }
}

async function* noWrites(): AsyncGenerator<readonly OnlineWrite[]> {}

async function* onlineWrites(group: string, path: string): AsyncGenerator<readonly OnlineWrite[]> {
  const text = gunzipSync(await readFile(path)).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  for (let start = 0; start < lines.length; start += 10_000)
    yield lines.slice(start, start + 10_000).map((line) => {
      const { key, values, eventMs } = JSON.parse(line) as OnlineLine;
      return { space: group, key: onlineKey(key), value: Buffer.from(JSON.stringify({ values, eventMs })) };
    });
}
