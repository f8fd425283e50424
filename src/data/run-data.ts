// Step 2 as a recipe: source → transform → checks → offline append → online put, with the commit as the one moment of truth.

import type { JsonObject } from "../base/json.ts";
import { recordLineage } from "../catalog/lineage.ts";
import type { DataDefinition } from "../define/definition.ts";
import { appendCommit, type CommitFile, findHead, groupFiles, nextSequence } from "../features/commits.ts";
import { catchUpOnline } from "../features/online.ts";
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

/** Fetches, checks and commits what the source has. Nothing counts before the commit; a crash leaves nothing behind. */
export async function runData(request: DataRequest, parts: DataParts, work: Work): Promise<DataOutcome> {
  const { definition } = request;
  const group = definition.name;
  const head = await findHead(parts.database, group);
  const parent = head?.sequence ?? 0;
  const rebuild = head !== undefined && storedShape(head.definition) !== storedShape(definition);
  const output = (await work.step("read", "data/read", {
    definition,
    file: request.file,
    current: head === undefined ? null : await groupFiles(parts.database, parts.offline, group, parent),
    rebuild,
    sequence: nextSequence(parent),
    position: rebuild ? null : (head?.sourcePosition ?? null),
    atMs: request.atMs,
    temporaryFolder: work.folder,
  } as unknown as JsonObject)) as unknown as ReadOutput;

  work.detail(`committing ${output.rows.written.toLocaleString("en")} rows`);
  const adopted = await adoptFiles(output, group, nextSequence(parent), work.run, parts.offline);
  const sequence = await work.commit(
    async (tx, atMs) => {
      const number = await appendCommit(
        tx,
        {
          group,
          parent,
          definition,
          run: work.run,
          mode: output.mode,
          ...adopted,
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
  return { sequence, rows: output.rows };
}

/** The part of a definition that decides what the files hold; when it changes the group starts anew. */
function storedShape({ key, eventTime, features, labels }: DataDefinition): string {
  return JSON.stringify([key, eventTime, features, labels.map((label) => label.column)]);
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
