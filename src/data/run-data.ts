// Step 2 as a recipe: source → transform → checks → offline append → online put, with the commit as the one moment of truth.

import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isFailure } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { listUses } from "../catalog/lineage.ts";
import type { DataDefinition } from "../define/definition.ts";
import { findHead, lastRowsRead } from "../features/commits.ts";
import { type FeatureUsers, withDeprecated } from "../features/deprecation.ts";
import { waitingVectors } from "../features/embedding.ts";
import { unneededFiles } from "../features/group-files.ts";
import { catchUpOnline } from "../features/online/newest-rows.ts";
import { listRejected, type Rejected, requestedParts, stateOfLine } from "../features/quarantine.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Work } from "../runs/work.ts";
import { commitInput, commitRows, type DataParts, openBase } from "./commit-rows.ts";
import { embeddingInput } from "./embed-rows.ts";
import { gatherPosts, rebuildImpossible } from "./gather-posts.ts";
import type { ReadOutput } from "./read.ts";

export interface DataRequest {
  readonly definition: DataDefinition;
  /** The component's file, which the step loads for its source and transform. */
  readonly file: string;
  /** What identifies the source's content as of this run, when that can be told. */
  readonly sourceFingerprint: string | null;
  /** What live models take of the group: it is kept although the file may declare it no more. */
  readonly users: FeatureUsers;
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
  const group = request.definition.name;
  const before = await findHead(parts.database, group);
  const definition = withDeprecated(request.definition, before?.definition, request.users);
  const base = await openBase(definition, parts);
  const { head } = base;
  const rejected = await listRejected(parts.database, group);
  const posted = await gatherPosts(definition, head, parts.database, work.folder);
  if (posted?.file === null && head === undefined) return finishWithout(work);
  if (posted !== null && base.change === "rebuild") throw rebuildImpossible(definition, base.misfits);
  const output = (await work.step(attempt === 1 ? "read" : `read again (${attempt})`, "data/read", {
    ...commitInput(base, { definition, atMs: request.atMs, temporaryFolder: work.folder }),
    file: request.file,
    last:
      head === undefined
        ? null
        : { rowsRead: (await lastRowsRead(parts.database, group)) ?? 0, statistics: head.statistics },
    ...embeddingInput(definition, base.current, dirname(work.folder)),
    forgotten: base.forgotten,
    replay: await gatherRejected(rejected, work.folder, parts.offline),
    posted: posted?.file ?? null,
    position: posted !== null ? String(posted.upTo) : base.change === "rebuild" ? null : (head?.sourcePosition ?? null),
  } as unknown as JsonObject)) as unknown as ReadOutput;

  const sequence = await commitRows(
    base,
    output,
    {
      definition,
      sourceFingerprint: request.sourceFingerprint,
      posted: posted?.upTo ?? null,
      replayed: requestedParts(rejected),
      inputs: [`source/${definition.source.description}`],
    },
    parts,
    work,
  );
  await catchUpOnline(parts.database, parts.offline, parts.online, group);
  await rm(waitingVectors(dirname(work.folder), group), { recursive: true, force: true });
  await removeOldFiles(definition, parts, request.atMs);
  return { sequence, rows: output.rows };
}

/** Before the first post there is nothing to commit, and nothing wrong. */
async function finishWithout(work: Work): Promise<DataOutcome> {
  const rows = { read: 0, accepted: 0, quarantined: 0 };
  await work.commit(async () => undefined, { detail: "nothing has been posted yet", rows });
  return { sequence: 0, rows: { ...rows, written: 0, revised: 0, late: 0, repeated: 0, total: 0 } };
}

/** The rejected rows that were asked to be read again, in one file; null when there are none. */
async function gatherRejected(
  rejected: readonly Rejected[],
  folder: string,
  offline: BlobStore,
): Promise<string | null> {
  const parts = requestedParts(rejected);
  if (parts.length === 0) return null;
  const path = join(folder, "rejected.ndjson");
  await writeFile(path, "");
  for (const one of rejected) {
    if (!parts.some((part) => (typeof part === "number" ? part : part.sequence) === one.sequence)) continue;
    const lines = (await readFile(await offline.localPath(one.file), "utf8")).split("\n");
    const wanted = lines.filter((line, index) => line !== "" && stateOfLine(one, index + 1) === "requested");
    await appendFile(path, wanted.map((line) => `${line}\n`).join(""));
  }
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
