// The commit of a data run: what it is prepared on top of, and the one transaction that makes prepared files count.

import { fail } from "../base/failure.ts";
import { recordLineage } from "../catalog/lineage.ts";
import type { DataDefinition } from "../define/definition.ts";
import {
  appendCommit,
  type Commit,
  type CommitFile,
  findHead,
  type NewCommit,
  nextSequence,
} from "../features/commits.ts";
import { planCompaction } from "../features/compaction.ts";
import { listDeprecated } from "../features/deprecation.ts";
import { type Forgotten, listForgotten } from "../features/forgotten.ts";
import { groupFiles, type PinnedFiles, storedSchema } from "../features/group-files.ts";
import { onlineShape } from "../features/online/rows.ts";
import { settlePosts } from "../features/posts.ts";
import { type RejectedPart, settleRejected } from "../features/quarantine.ts";
import { type Evolution, evolveSchema, type StoredSchema } from "../features/stored-schema.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Work } from "../runs/work.ts";
import type { CommitInput } from "./commit-input.ts";
import type { ReadOutput } from "./read.ts";

export interface DataParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly online: OnlineStore;
}

/** The group as a commit finds it. */
export interface Base {
  readonly head: Commit | undefined;
  readonly schema: StoredSchema;
  readonly change: Evolution["change"];
  readonly misfits: Evolution["misfits"];
  readonly current: PinnedFiles | null;
  readonly mergeFrom: number | null;
  readonly forgotten: readonly Forgotten[];
}

export async function openBase(definition: DataDefinition, { database, offline }: DataParts): Promise<Base> {
  const { name } = definition;
  const head = await findHead(database, name);
  const { schema, change, misfits } = evolve(head, definition);
  const current = head === undefined ? null : await groupFiles(database, offline, name, head.sequence, schema);
  const mergeFrom = current === null ? undefined : planCompaction(current.files.map(({ bytes }) => bytes));
  const forgotten = await listForgotten(database, definition);
  return { head, schema, change, misfits, current, mergeFrom: mergeFrom ?? null, forgotten };
}

/** What a step needs of the base to prepare a commit on top of it. */
export function commitInput(
  { head, schema, change, current, mergeFrom }: Base,
  rest: Pick<CommitInput, "definition" | "atMs" | "temporaryFolder">,
): CommitInput {
  const onlineAnew = head !== undefined && onlineShape(head.definition) !== onlineShape(rest.definition);
  return { ...rest, current, change, schema, onlineAnew, mergeFrom, sequence: nextSequence(head?.sequence ?? 0) };
}

export interface CommitFacts {
  readonly definition: DataDefinition;
  /** What an append counts as in the manifest. */
  readonly appendedAs?: "append" | "backfill";
  readonly sourceFingerprint: string | null;
  /** The last post that the commit holds; null or left out for what was not posted. */
  readonly posted?: number | null;
  /** Rejected rows that were read again. */
  readonly replayed: readonly RejectedPart[];
  /** What the rows came from, for the lineage. */
  readonly inputs: readonly string[];
}

/** Throws FEATURES_CONFLICT when another commit came first: this one was judged against rows that are not the newest. */
export async function commitRows(
  { head, schema, current, mergeFrom, forgotten }: Base,
  output: ReadOutput,
  { definition, appendedAs = "append", sourceFingerprint, posted = null, replayed, inputs }: CommitFacts,
  parts: DataParts,
  work: Work,
): Promise<number> {
  const group = definition.name;
  const parent = head?.sequence ?? 0;
  work.detail(`committing ${output.rows.written.toLocaleString("en")} rows`);
  const adopted = await adoptFiles(output, group, nextSequence(parent), work.run, parts.offline);
  const kept = current?.files.slice(0, mergeFrom ?? 0) ?? [];
  const commit: NewCommit = {
    group,
    parent,
    definition,
    run: work.run,
    mode: output.mode === "append" ? appendedAs : output.mode,
    ...adopted,
    ...(output.merged ? { files: [], compacted: [...kept, ...adopted.files] } : { compacted: null }),
    schema,
    rows: output.rows,
    sourceFingerprint,
    sourcePosition: output.sourcePosition,
    sourceColumns: output.sourceColumns,
    eventFromMs: output.eventFromMs,
    eventToMs: output.eventToMs,
    statistics: output.statistics,
  };
  return work.commit(
    async (tx, atMs) => {
      if ((await listForgotten(tx, definition)).length > forgotten.length)
        throw fail(
          "FEATURES_CONFLICT",
          `Expected what ${group} has forgotten to stay the same during the run, got more`,
        );
      const number = await appendCommit(tx, commit, atMs);
      if (posted !== null) await settlePosts(tx, group, posted, atMs);
      await settleRejected(tx, group, replayed, { state: "replayed", note: work.run }, atMs);
      const before = parent > 0 ? [`features/${group}@${parent}`] : [];
      await recordLineage(tx, `features/${group}@${number}`, [...inputs, ...before], work.run, atMs);
      return number;
    },
    {
      detail: [
        summary(output.rows),
        ...listDeprecated(definition).map(({ name, users }) => `${name} kept for ${users.join(", ")}`),
      ].join(", "),
      rows: {
        read: output.rows.read,
        accepted: output.rows.read - output.rows.quarantined,
        quarantined: output.rows.quarantined,
      },
      bytesStored: output.files.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  );
}

/** Other keys or times make other rows; changed features may fit the stored rows all the same. */
function evolve(head: Commit | undefined, definition: DataDefinition): Evolution {
  const evolution = evolveSchema(head === undefined ? null : storedSchema(head), definition);
  const rowsOf = ({ key, eventTime }: DataDefinition) => JSON.stringify([key, eventTime]);
  const same = head === undefined || rowsOf(head.definition) === rowsOf(definition);
  return same ? evolution : { ...evolution, change: "rebuild", misfits: ["another key or event time"] };
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
