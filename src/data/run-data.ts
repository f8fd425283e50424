// Step 2 as a recipe: source → transform → checks → offline append → online put, with the commit as the one moment of truth.

import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, isFailure } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { listUses, recordLineage } from "../catalog/lineage.ts";
import type { DataDefinition } from "../define/definition.ts";
import {
  appendCommit,
  type Commit,
  type CommitFile,
  findHead,
  lastRowsRead,
  nextSequence,
} from "../features/commits.ts";
import { planCompaction } from "../features/compaction.ts";
import { listForgotten } from "../features/forgotten.ts";
import { groupFiles, storedSchema, unneededFiles } from "../features/group-files.ts";
import { catchUpOnline } from "../features/online.ts";
import { listRejected, type Rejected, settleRejected } from "../features/quarantine.ts";
import { type Evolution, evolveSchema } from "../features/stored-schema.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Work } from "../runs/work.ts";
import type { ReadOutput } from "./read.ts";

export interface DataParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly online: OnlineStore;
}

export interface DataRequest {
  readonly definition: DataDefinition;
  /** The component's file, which the step loads for its source and transform. */
  readonly file: string;
  /** What identifies the source's content as of this run, when that can be told. */
  readonly sourceFingerprint: string | null;
  readonly atMs: number;
}

export interface DataOutcome {
  readonly sequence: number;
  readonly rows: ReadOutput["rows"];
}

/** How often a run prepares its commit anew because another writer was first. */
const attempts = 10;

/** Fetches, checks and commits what the source has. Nothing counts before the commit; a crash leaves nothing behind. */
export async function runData(request: DataRequest, parts: DataParts, work: Work): Promise<DataOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAndCommit(request, parts, work, attempt);
    } catch (error) {
      if (!isFailure(error, "FEATURES_CONFLICT") || attempt === attempts) throw error;
    }
  }
}

/** Throws FEATURES_CONFLICT when another commit came first: this one was judged against rows that are not the newest. */
async function readAndCommit(
  request: DataRequest,
  parts: DataParts,
  work: Work,
  attempt: number,
): Promise<DataOutcome> {
  const { definition } = request;
  const group = definition.name;
  const head = await findHead(parts.database, group);
  const parent = head?.sequence ?? 0;
  const { schema, change } = evolve(head, definition);
  const current = head === undefined ? null : await groupFiles(parts.database, parts.offline, group, parent, schema);
  const requested = (await listRejected(parts.database, group)).filter(({ state }) => state === "requested");
  const mergeFrom = current === null ? undefined : planCompaction(current.files.map(({ bytes }) => bytes));
  const forgotten = await listForgotten(parts.database, definition);
  const output = (await work.step(attempt === 1 ? "read" : `read again (${attempt})`, "data/read", {
    definition,
    file: request.file,
    current,
    change,
    schema,
    mergeFrom: mergeFrom ?? null,
    last:
      head === undefined
        ? null
        : { rowsRead: (await lastRowsRead(parts.database, group)) ?? 0, statistics: head.statistics },
    forgotten,
    replay: await gatherRejected(requested, work.folder, parts.offline),
    sequence: nextSequence(parent),
    position: change === "rebuild" ? null : (head?.sourcePosition ?? null),
    atMs: request.atMs,
    temporaryFolder: work.folder,
  } as unknown as JsonObject)) as unknown as ReadOutput;

  work.detail(`committing ${output.rows.written.toLocaleString("en")} rows`);
  const adopted = await adoptFiles(output, group, nextSequence(parent), work.run, parts.offline);
  const sequence = await work.commit(
    async (tx, atMs) => {
      if ((await listForgotten(tx, definition)).length > forgotten.length)
        throw fail(
          "FEATURES_CONFLICT",
          `Expected what ${group} has forgotten to stay the same during the run, got more`,
        );
      const number = await appendCommit(
        tx,
        {
          group,
          parent,
          definition,
          run: work.run,
          mode: output.mode,
          ...adopted,
          ...(output.merged
            ? { files: [], compacted: [...(current?.files.slice(0, mergeFrom) ?? []), ...adopted.files] }
            : { compacted: null }),
          schema,
          rows: output.rows,
          sourceFingerprint: request.sourceFingerprint,
          sourcePosition: output.sourcePosition,
          sourceColumns: output.sourceColumns,
          eventFromMs: output.eventFromMs,
          eventToMs: output.eventToMs,
          statistics: output.statistics,
        },
        atMs,
      );
      const sequences = requested.map((one) => one.sequence);
      await settleRejected(tx, group, sequences, { state: "replayed", note: work.run }, atMs);
      await recordLineage(
        tx,
        `features/${group}@${number}`,
        [`source/${definition.source.description}`, ...(parent > 0 ? [`features/${group}@${parent}`] : [])],
        work.run,
        atMs,
      );
      return number;
    },
    {
      detail: summary(output.rows),
      rows: {
        read: output.rows.read,
        accepted: output.rows.read - output.rows.quarantined,
        quarantined: output.rows.quarantined,
      },
      bytesStored: output.files.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  );
  await catchUpOnline(parts.database, parts.offline, parts.online, group);
  await removeOldFiles(definition, parts, request.atMs);
  return { sequence, rows: output.rows };
}

/** The rejected rows that were asked to be read again, in one file; null when there are none. */
async function gatherRejected(
  requested: readonly Rejected[],
  folder: string,
  offline: BlobStore,
): Promise<string | null> {
  if (requested.length === 0) return null;
  const path = join(folder, "rejected.ndjson");
  await writeFile(path, "");
  for (const { file } of requested) await appendFile(path, await readFile(await offline.localPath(file)));
  return path;
}

/** A reader that has begun must find its files to its end, whatever the retention. */
const readersMs = 3_600_000;

/**
 * Removes files that no commit within the retention needs, except those that a training set was made from: it must be
 * made again alike. Without a retention nothing is ever removed.
 */
async function removeOldFiles(
  { name, retentionMs = null }: DataDefinition,
  parts: DataParts,
  nowMs: number,
): Promise<void> {
  if (retentionMs === null) return;
  const uses = await listUses(parts.database, `features/${name}@`, "training-set/");
  const pinned = new Set(uses.map((use) => Number(use.slice(use.lastIndexOf("@") + 1))));
  const sinceMs = nowMs - Math.max(retentionMs, readersMs);
  for (const file of await unneededFiles(parts.database, name, pinned, sinceMs)) await parts.offline.delete(file);
}

/** Other keys or times make other rows; changed features may fit the stored rows all the same. */
function evolve(head: Commit | undefined, definition: DataDefinition): Evolution {
  const evolution = evolveSchema(head === undefined ? null : storedSchema(head), definition);
  const rowsOf = ({ key, eventTime }: DataDefinition) => JSON.stringify([key, eventTime]);
  const same = head === undefined || rowsOf(head.definition) === rowsOf(definition);
  return same ? evolution : { ...evolution, change: "rebuild" };
}

/** Gives the step's files their lasting names; the run's id in them keeps attempts apart. */
async function adoptFiles(output: ReadOutput, group: string, sequence: number, run: string, offline: BlobStore) {
  const name = (what: string) => `${group}/${String(sequence).padStart(8, "0")}-${run}${what}`;
  const files: CommitFile[] = [];
  for (const [index, { path, rows, bytes, hash }] of output.files.entries()) {
    const file = name(index === 0 ? ".parquet" : `-${index}.parquet`);
    await offline.adopt(path, file);
    files.push({ name: file, rows, bytes, hash });
  }
  const adopt = async (path: string | null, file: string) => {
    if (path === null) return null;
    await offline.adopt(path, file);
    return file;
  };
  return {
    files,
    onlineFile: await adopt(output.onlinePath, name(".online.ndjson.gz")),
    quarantineFile: await adopt(output.quarantinePath, name(".quarantine.ndjson")),
  };
}

function summary(rows: ReadOutput["rows"]): string {
  const count = (n: number, what: string) => `${n.toLocaleString("en")} ${what}`;
  const parts = [
    `${count(rows.read, "rows read")}`,
    rows.written === 0 ? "nothing new" : `${count(rows.written, "new or changed")}`,
  ];
  if (rows.quarantined > 0) parts.push(`${count(rows.quarantined, "in quarantine")}`);
  return parts.join(", ");
}
