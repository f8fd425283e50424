// The read step of a data run, in a process of its own: source → transform → checks → files that a commit can adopt.

import { checkBatch, type LastCommit } from "./batch-checks.ts";
import type { CommitInput } from "./commit-input.ts";
import { type GatherInput, gatherRows, type ReadParts } from "./gather-rows.ts";
import { type PreparedCommit, prepareCommit } from "./prepare-commit.ts";

export interface ReadInput extends CommitInput, Omit<GatherInput, "range"> {
  /** The last committed run; null for the first. */
  readonly last: LastCommit | null;
}

export interface ReadOutput extends Omit<PreparedCommit, "rows"> {
  readonly quarantinePath: string | null;
  readonly sourceColumns: readonly string[];
  readonly sourcePosition: string | null;
  readonly bytesRead: number | null;
  readonly rows: PreparedCommit["rows"] & { readonly read: number; readonly quarantined: number };
}

/** Reads everything that the source has and leaves files in `temporaryFolder`; nothing of it counts before the commit. */
export async function readSource(input: ReadInput, parts: ReadParts): Promise<ReadOutput> {
  const gathered = await gatherRows(input, parts);
  const { read, given } = gathered;
  const { definition, atMs, last } = input;
  // Rows that were posted are not refused as a whole: their sender has been told of each, and nobody would send them again.
  if (definition.source.kind !== "push" && given > 0)
    await checkBatch(parts.query, "checked", definition, { read: given, atMs, last });
  const { snapshot, sourceColumns, sourcePosition, bytesRead, quarantinePath, quarantined } = gathered;
  const prepared = await prepareCommit(input, { ...parts, snapshot, size: gathered.size });
  return {
    ...prepared,
    sourceColumns,
    sourcePosition,
    bytesRead,
    quarantinePath,
    rows: { read, quarantined, ...prepared.rows },
  };
}
