// Makes a feature group forget an entity: one commit without its rows, offline and online, and on demand no trace of them.

import { isFailure } from "../base/failure.ts";
import { recordLineage } from "../catalog/lineage.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Query } from "../ports/query.ts";
import { appendCommit, type Commit, findHead, nextSequence } from "./commits.ts";
import { type DeletedRows, deleteRows } from "./delete-rows.ts";
import type { EntityRows } from "./entity.ts";
import { recordForgotten } from "./forgotten.ts";
import { groupFiles, storedSchema } from "./group-files.ts";
import { catchUpOnline } from "./online/newest-rows.ts";

export interface ForgetParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly online: OnlineStore;
}

export interface ForgetOptions {
  /** What the commit and its lineage name as their cause. */
  readonly run: string;
  readonly atMs: number;
  /** The earlier states are about to be purged too. */
  readonly purge: boolean;
  /** A new folder for each attempt. */
  readonly folder: () => Promise<string>;
  readonly withQuery: <Result>(work: (query: Query) => Promise<Result>) => Promise<Result>;
}

/** How often the commit is prepared anew because another writer was first. */
const attempts = 10;

/**
 * Returns how many rows the group held, and the commit that is without them; null when it held none. Rows that a source
 * gives later are left out too, unless they happened after `toMs` (after now, when it is null).
 */
export async function forgetRows(
  parts: ForgetParts,
  group: string,
  rows: EntityRows,
  options: ForgetOptions,
): Promise<{ deleted: number; sequence: number | null }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commitWithout(parts, group, rows, options);
    } catch (error) {
      if (!isFailure(error, "FEATURES_CONFLICT") || attempt === attempts) throw error;
    }
  }
}

async function commitWithout(
  parts: ForgetParts,
  group: string,
  rows: EntityRows,
  { run, atMs, purge, folder, withQuery }: ForgetOptions,
): Promise<{ deleted: number; sequence: number | null }> {
  const { database, offline, online } = parts;
  const head = await findHead(database, group);
  if (head === undefined) return { deleted: 0, sequence: null };
  const { definition } = head;
  const schema = storedSchema(head);
  const files = await groupFiles(database, offline, group, head.sequence);
  const place = await folder();
  const output = await withQuery((query) => deleteRows(query, { ...rows, definition, schema, files, folder: place }));
  const adopted = output === undefined ? undefined : await adoptFiles(output, head, run, offline);
  const withheld = { ...rows, toMs: definition.eventTime === null ? null : (rows.toMs ?? atMs + 1) };
  const sequence = await database.transaction(async (tx) => {
    const number =
      output === undefined
        ? null
        : await appendCommit(
            tx,
            {
              ...head,
              parent: head.sequence,
              mode: "delete",
              files: [],
              compacted: [...output.kept, ...(adopted?.files ?? [])],
              onlineFile: adopted?.onlineFile ?? null,
              quarantineFile: null,
              schema,
              rows: { read: 0, written: 0, revised: 0, late: 0, repeated: 0, quarantined: 0, total: output.total },
              eventFromMs: output.eventFromMs,
              eventToMs: output.eventToMs,
              statistics: output.statistics,
              run,
            },
            atMs,
          );
    await recordForgotten(tx, group, withheld, { sequence: number ?? head.sequence, purged: purge }, atMs);
    if (number !== null)
      await recordLineage(tx, `features/${group}@${number}`, [`features/${group}@${head.sequence}`], run, atMs);
    return number;
  });
  await catchUpOnline(database, offline, online, group);
  return { deleted: output?.deleted ?? 0, sequence };
}

async function adoptFiles({ written, onlinePath }: DeletedRows, head: Commit, run: string, offline: BlobStore) {
  const name = (what: string) => `${head.group}/${String(nextSequence(head.sequence)).padStart(8, "0")}-${run}${what}`;
  const files = [];
  if (written !== null) {
    const { path, rows, bytes, hash } = written;
    await offline.adopt(path, name(".parquet"));
    files.push({ name: name(".parquet"), rows, bytes, hash });
  }
  if (onlinePath === null) return { files, onlineFile: null };
  await offline.adopt(onlinePath, name(".online.ndjson.gz"));
  return { files, onlineFile: name(".online.ndjson.gz") };
}
