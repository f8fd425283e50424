// From rows that passed the checks to files that a commit can adopt: what is new, the online rows, the statistics.

import type { DataDefinition } from "../define/definition.ts";
import { eventColumn } from "../features/columns.ts";
import { hasOnlineSide, writeOnlineFile } from "../features/online/rows.ts";
import { currentSql, enrichedOver, type GroupFiles, versionsSql } from "../features/relation.ts";
import { computeStatistics, type GroupStatistics } from "../features/statistics.ts";
import { describeFile, type WrittenFile } from "../features/written-file.ts";
import type { Query } from "../ports/query.ts";
import type { CommitInput } from "./commit-input.ts";
import type { ReadParts } from "./gather-rows.ts";
import { type KeepOptions, keepRelation } from "./kept-relation.ts";
import { chooseMode, countRows, writeRows } from "./write-rows.ts";

export interface PreparedCommit {
  readonly mode: "append" | "replace";
  readonly files: readonly WrittenFile[];
  /** The file holds the current files from `mergeFrom` on too. */
  readonly merged: boolean;
  readonly onlinePath: string | null;
  readonly rows: {
    readonly written: number;
    readonly revised: number;
    readonly late: number;
    readonly repeated: number;
    readonly total: number;
  };
  readonly eventFromMs: number | null;
  readonly eventToMs: number | null;
  readonly statistics: GroupStatistics;
}

/** The rows stand in the relation `checked`; with `snapshot` they are all that there is. */
export async function prepareCommit(
  input: CommitInput,
  parts: Pick<ReadParts, "query" | "progress"> & { readonly snapshot: boolean; readonly size: KeepOptions },
): Promise<PreparedCommit> {
  const { definition } = input;
  const { query, size } = parts;
  const mode = await chooseMode(query, definition, input, parts.snapshot, size);
  const file = await writeRows(query, definition, input, mode, size);
  await enrich(query, definition, mode === "append" ? input.current : null, file, size);
  const changed = input.onlineAnew ? "enriched" : file.rows > 0 ? "written" : null;
  const onlinePath = hasOnlineSide(definition) && changed !== null ? `${input.temporaryFolder}/online.ndjson.gz` : null;
  if (onlinePath !== null) await writeOnlineFile(query, definition, "enriched", changed as string, onlinePath);
  parts.progress({ detail: "computing statistics" });
  return {
    mode,
    files: file.rows > 0 ? [await describeFile(file.kept.path, file.kept.rows)] : [],
    merged: file.merged,
    onlinePath,
    rows: {
      written: file.rows,
      revised: file.revised,
      late: file.late,
      repeated: file.repeated,
      total: await countRows(query, "enriched"),
    },
    ...(await eventRange(query, definition)),
    statistics: await computeStatistics(query, "enriched", definition),
  };
}

/** `enriched`: the group's rows after this commit, with windows and labels; `kept` are the files that stay current. */
async function enrich(
  query: Query,
  definition: DataDefinition,
  kept: GroupFiles | null,
  written: { rows: number; revised: number; repeated: number },
  size: KeepOptions,
): Promise<void> {
  const revised = kept !== null && (kept.revised || written.revised > 0);
  if (kept !== null)
    await query.run(
      `CREATE VIEW versions AS ${versionsSql(kept)}${written.rows > 0 ? " UNION ALL BY NAME SELECT * FROM written" : ""}`,
    );
  const current = kept === null ? "SELECT * FROM written" : currentSql(definition, { paths: [], revised }, "versions");
  const repeated = written.repeated > 0 || (kept !== null && kept.repeated !== false);
  const sql = enrichedOver(definition, current, repeated);
  // Without windows and labels that look ahead the group is what was written, and need not be kept twice.
  if (sql === current && kept === null) await query.run(`CREATE VIEW enriched AS ${sql}`);
  else await keepRelation(query, "enriched", sql, size);
}

async function eventRange(
  query: Query,
  definition: DataDefinition,
): Promise<{ eventFromMs: number | null; eventToMs: number | null }> {
  if (definition.eventTime === null) return { eventFromMs: null, eventToMs: null };
  const [range] = await query.rows<{ low: number; high: number }>(
    `SELECT epoch_ms(min(${eventColumn})) AS low, epoch_ms(max(${eventColumn})) AS high FROM enriched`,
  );
  return { eventFromMs: range?.low ?? null, eventToMs: range?.high ?? null };
}
