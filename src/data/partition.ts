// The two steps of a backfill, each in a process of its own: a partition's rows are read and checked, and all are joined.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import { currentSql } from "../features/relation.ts";
import { rowGroupSql } from "../features/written-file.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { checkedSql } from "./checked-rows.ts";
import type { CommitInput } from "./commit-input.ts";
import { cellsOfRow, type GatherInput, gatherRows, type ReadParts } from "./gather-rows.ts";
import { type KeepOptions, keepRelation } from "./kept-relation.ts";
import { monotonicSql } from "./monotonic-check.ts";
import { prepareCommit } from "./prepare-commit.ts";
import type { ReadOutput } from "./read.ts";
import { cellsSql } from "./rejected.ts";
import { countWhere } from "./write-rows.ts";

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
  const { query } = parts;
  const { definition } = input;
  const { sourceColumns, bytesRead, quarantinePath, read, quarantined, raw } = await gatherRows(input, parts);
  const path = `${input.temporaryFolder}/checked.parquet`;
  const toBeHeld = isHeldTogether(definition);
  if (toBeHeld)
    await query.run(
      `CREATE VIEW judged_with_cells AS SELECT j.*, j._row AS _number, CAST(to_json(${cellsSql(definition, "r")}) AS VARCHAR) AS _cells FROM judged j JOIN ${sqlName(raw)} r ON j._row = r._row`,
    );
  const passed = toBeHeld ? checkedSql(definition, "judged_with_cells") : "SELECT * FROM checked";
  await query.run(`COPY (${passed}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION lz4${rowGroupSql(definition)})`);
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
  await query.run(`CREATE VIEW gathered AS SELECT * FROM read_parquet([${paths.join(", ")}])`);
  const size = { rows: read, columns: cellsOfRow(definition), rowGroup: rowGroupSql(definition), temporaryFolder };
  const late = await holdTogether(input, query, size);
  const prepared = await prepareCommit(input, { query, progress, snapshot: false, size });
  const bytes = partitions.flatMap(({ bytesRead }) => bytesRead ?? []);
  return {
    ...prepared,
    quarantinePath: await joinQuarantine(
      [...partitions.map(({ quarantinePath }) => quarantinePath), late.quarantinePath],
      temporaryFolder,
    ),
    sourceColumns: partitions[0]?.sourceColumns ?? [],
    sourcePosition: input.sourcePosition,
    bytesRead: bytes.length === 0 ? null : bytes.reduce((a, b) => a + b, 0),
    rows: { read, quarantined: sum((one) => one.quarantined) + late.quarantined, ...prepared.rows },
  };
}

/** Whether rows must be held against those of other partitions. */
function isHeldTogether({ checks }: DataDefinition): boolean {
  return (checks?.monotonic ?? []).length > 0;
}

/** `checked`: what passed, also beside the rows of the other partitions and those that are there and stay. */
async function holdTogether(
  { definition, current, temporaryFolder }: JoinInput,
  query: Query,
  size: KeepOptions,
): Promise<{ quarantinePath: string | null; quarantined: number }> {
  if (!isHeldTogether(definition)) {
    await query.run("CREATE VIEW checked AS SELECT * FROM gathered");
    return { quarantinePath: null, quarantined: 0 };
  }
  const numbered = "SELECT *, row_number() OVER () AS _row, CAST(NULL AS VARCHAR) AS _problem FROM gathered";
  const stored = current === null || current.paths.length === 0 ? null : currentSql(definition, current);
  await keepRelation(query, "judged", monotonicSql(definition, numbered, stored), size);
  await query.run(
    "CREATE VIEW checked AS SELECT * EXCLUDE (_row, _problem, _number, _cells) FROM judged WHERE _problem IS NULL",
  );
  const quarantined = await countWhere(query, "judged WHERE _problem IS NOT NULL");
  if (quarantined === 0) return { quarantinePath: null, quarantined };
  const quarantinePath = `${temporaryFolder}/held.ndjson`;
  await query.run(
    `COPY (SELECT _number AS "row", _problem AS reason, CAST(_cells AS JSON) AS "values" FROM judged WHERE _problem IS NOT NULL ORDER BY _row) TO ${sqlText(quarantinePath)} (FORMAT json)`,
  );
  return { quarantinePath, quarantined };
}

async function joinQuarantine(files: readonly (string | null)[], folder: string): Promise<string | null> {
  const paths = files.flatMap((file) => file ?? []);
  if (paths.length === 0) return null;
  const path = `${folder}/quarantine.ndjson`;
  await writeFile(path, "");
  for (const one of paths) await writeFile(path, await readFile(one), { flag: "a" });
  return path;
}
