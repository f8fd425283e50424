// The two steps of a backfill, each in a process of its own: a partition's rows are read and checked, and all are joined.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import { sqlText } from "../ports/query.ts";
import type { CommitInput } from "./commit-input.ts";
import { cellsOfRow, type GatherInput, gatherRows, type ReadParts } from "./gather-rows.ts";
import { prepareCommit } from "./prepare-commit.ts";
import type { ReadOutput } from "./read.ts";

export interface PartitionOutput {
  /** The rows that passed, as one file, even when there are none. */
  readonly path: string;
  readonly quarantinePath: string | null;
  readonly sourceColumns: readonly string[];
  readonly bytesRead: number | null;
  readonly read: number;
  readonly quarantined: number;
}

export type PartitionInput = GatherInput & Required<Pick<GatherInput, "range">>;

/** What the source has of one range. Nothing of it depends on what the group holds, so that it may be done at any time. */
export async function readPartition(input: PartitionInput, parts: ReadParts): Promise<PartitionOutput> {
  await mkdir(input.temporaryFolder, { recursive: true });
  const { sourceColumns, bytesRead, quarantinePath, read, quarantined } = await gatherRows(input, parts);
  const path = `${input.temporaryFolder}/checked.parquet`;
  await parts.query.run(`COPY (SELECT * FROM checked) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION lz4)`);
  return { path, quarantinePath, sourceColumns, bytesRead, read, quarantined };
}

export interface JoinInput extends CommitInput {
  readonly partitions: readonly PartitionOutput[];
  readonly sourcePosition: string | null;
}

/** What of all partitions is new to the group, as files that one commit can adopt. Throws DATA_NO_ROWS when nothing ever was. */
export async function joinPartitions(
  input: JoinInput,
  { query, progress }: Pick<ReadParts, "query" | "progress">,
): Promise<ReadOutput> {
  const { definition, partitions, temporaryFolder } = input;
  const sum = (of: (partition: PartitionOutput) => number) => partitions.reduce((all, one) => all + of(one), 0);
  const read = sum((one) => one.read);
  if (read === 0 && input.current === null)
    throw fail("DATA_NO_ROWS", `Expected rows from ${definition.source.description} in this range, got none`);
  const paths = partitions.map(({ path }) => sqlText(path));
  await query.run(`CREATE VIEW checked AS SELECT * FROM read_parquet([${paths.join(", ")}])`);
  const size = { rows: read, columns: cellsOfRow(definition), temporaryFolder };
  const prepared = await prepareCommit(input, { query, progress, snapshot: false, size });
  const bytes = partitions.flatMap(({ bytesRead }) => bytesRead ?? []);
  return {
    ...prepared,
    quarantinePath: await joinQuarantine(partitions, temporaryFolder),
    sourceColumns: partitions[0]?.sourceColumns ?? [],
    sourcePosition: input.sourcePosition,
    bytesRead: bytes.length === 0 ? null : bytes.reduce((a, b) => a + b, 0),
    rows: { read, quarantined: sum((one) => one.quarantined), ...prepared.rows },
  };
}

async function joinQuarantine(partitions: readonly PartitionOutput[], folder: string): Promise<string | null> {
  const paths = partitions.flatMap(({ quarantinePath }) => quarantinePath ?? []);
  if (paths.length === 0) return null;
  const path = `${folder}/quarantine.ndjson`;
  await writeFile(path, "");
  for (const one of paths) await writeFile(path, await readFile(one), { flag: "a" });
  return path;
}
