// The read step of a data run, in a process of its own: source → transform → checks → files that a commit can adopt.

import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { streamLog } from "../base/log.ts";
import { nearest } from "../define/check.ts";
import type { RawRow } from "../define/data.ts";
import type { DataDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn, ordinalColumn } from "../features/columns.ts";
import type { Forgotten } from "../features/forgotten.ts";
import { hasOnlineSide, writeOnlineFile } from "../features/online-rows.ts";
import { currentSql, enrichedOver, type GroupFiles, versionsSql } from "../features/relation.ts";
import { computeStatistics, type GroupStatistics } from "../features/statistics.ts";
import type { Evolution, StoredSchema } from "../features/stored-schema.ts";
import { describeFile, type WrittenFile } from "../features/written-file.ts";
import { type Query, sqlName } from "../ports/query.ts";
import type { Source, SourceResult } from "../ports/source.ts";
import { checkBatch, type LastCommit } from "./batch-checks.ts";
import { judgedSql, neededColumns } from "./checks.ts";
import { type KeepOptions, keepRelation } from "./kept-relation.ts";
import { refuseBadBatches, withReplayed, writeQuarantine } from "./rejected.ts";
import { ruledSql } from "./row-checks.ts";
import { transformRows } from "./transform.ts";
import { withhold } from "./withhold.ts";
import { chooseMode, countRows, writeRows } from "./write-rows.ts";

export interface ReadInput {
  readonly definition: DataDefinition;
  /** The group as it stands, or null while it is empty. */
  readonly current: GroupFiles | null;
  /**
   * How the definition changed since: `rebuild` when the stored rows no longer fit, so that the group starts anew; `extend`
   * when they lack a column, so that it starts anew if the source gives everything.
   */
  readonly change: Evolution["change"];
  readonly schema: StoredSchema;
  /** The current files from this one on are merged with the new rows into one; null when they are few. */
  readonly mergeFrom: number | null;
  /** The last committed run; null for the first. */
  readonly last: LastCommit | null;
  /** A file of rows that were rejected before, to be read again beside the source's; null otherwise. */
  readonly replay: string | null;
  /** Whose rows are left out, whatever the source gives. */
  readonly forgotten: readonly Forgotten[];
  /** The number that the commit will have. */
  readonly sequence: number;
  readonly position: string | null;
  /** Commit time in milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly projectFolder: string;
  readonly temporaryFolder: string;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ReadOutput {
  readonly mode: "append" | "replace";
  readonly files: readonly WrittenFile[];
  /** The file holds the current files from `mergeFrom` on too. */
  readonly merged: boolean;
  readonly onlinePath: string | null;
  readonly quarantinePath: string | null;
  readonly sourceColumns: readonly string[];
  readonly sourcePosition: string | null;
  readonly bytesRead: number | null;
  readonly rows: {
    readonly read: number;
    readonly written: number;
    readonly revised: number;
    readonly late: number;
    readonly repeated: number;
    readonly quarantined: number;
    readonly total: number;
  };
  readonly eventFromMs: number | null;
  readonly eventToMs: number | null;
  readonly statistics: GroupStatistics;
}

export interface ReadParts {
  readonly source: Source;
  readonly transform: ((row: RawRow) => RawRow | readonly RawRow[] | null) | undefined;
  readonly query: Query;
  readonly signal: AbortSignal;
  progress(progress: JsonObject): void;
  /** From how many cells on rows are kept in files between the queries instead of in the engine. */
  readonly manyCells?: number;
}

/** Reads everything that the source has and leaves files in `temporaryFolder`; nothing of it counts before the commit. */
export async function readSource(input: ReadInput, parts: ReadParts): Promise<ReadOutput> {
  const { definition } = input;
  const { query } = parts;
  parts.progress({ detail: `reading ${definition.source.description}` });
  const opened = await openSource(input, parts);
  const transformed =
    parts.transform === undefined
      ? opened.relation
      : await transformRows(query, opened.relation, neededColumns(definition), parts.transform);
  const own = await withhold(query, definition, transformed, input.forgotten, "own");
  const { raw: all, lines } = await withReplayed(input, query, opened, own);
  const raw = all === own ? own : await withhold(query, definition, all, input.forgotten, "own_and_replayed");
  const given = await countRows(query, own);
  const replayed = raw === own ? 0 : (await countRows(query, raw)) - given;
  const unreadable = [...opened.unreadable, ...lines];
  const read = given + replayed + unreadable.length;
  // A feed may have nothing new; nothing at all is no group yet.
  if (read === 0 && (opened.position === null || input.current === null))
    throw fail("DATA_NO_ROWS", `Expected rows from ${definition.source.description}, got none`);

  parts.progress({ detail: `checking ${read.toLocaleString("en")} rows` });
  const size: KeepOptions = {
    rows: read,
    columns: neededColumns(definition).length,
    manyCells: parts.manyCells,
    temporaryFolder: input.temporaryFolder,
  };
  await checkRows(query, definition, raw, input, size);
  const quarantinePath = await writeQuarantine(query, definition, raw, unreadable, input.temporaryFolder);
  const quarantined = read - (await countRows(query, "checked"));
  // Rows that were posted are not refused as a whole: their sender has been told of each, and nobody would send them again.
  const posted = definition.source.kind === "push";
  if (!posted) await refuseBadBatches(query, definition, { given, replayed, unreadable: opened.unreadable.length });
  if (!posted && given > 0)
    await checkBatch(query, "checked", definition, { read: given, atMs: input.atMs, last: input.last });

  const snapshot = opened.position === null;
  const mode = await chooseMode(query, definition, input, snapshot, size);
  const file = await writeRows(query, definition, input, mode, size);
  await enrich(query, definition, mode === "append" ? input.current : null, file, size);
  const onlinePath = hasOnlineSide(definition) && file.rows > 0 ? `${input.temporaryFolder}/online.ndjson.gz` : null;
  if (onlinePath !== null) await writeOnlineFile(query, definition, "enriched", "written", onlinePath);
  parts.progress({ detail: "computing statistics" });
  return {
    mode,
    files: file.rows > 0 ? [await describeFile(file.kept.path, file.kept.rows)] : [],
    merged: file.merged,
    onlinePath,
    quarantinePath,
    sourceColumns: opened.columns,
    sourcePosition: opened.position,
    bytesRead: opened.bytes,
    rows: {
      read,
      written: file.rows,
      revised: file.revised,
      late: file.late,
      repeated: file.repeated,
      quarantined,
      total: await countRows(query, "enriched"),
    },
    ...(await eventRange(query, definition)),
    statistics: await computeStatistics(query, "enriched", definition),
  };
}

async function openSource(input: ReadInput, parts: ReadParts): Promise<SourceResult> {
  const opened = await parts.source.open({
    projectFolder: input.projectFolder,
    query: parts.query,
    temporaryFolder: input.temporaryFolder,
    log: streamLog((line) => process.stderr.write(line)),
    signal: parts.signal,
    position: input.position,
    secrets: input.secrets,
  });
  if (parts.transform !== undefined) return opened;
  if (input.definition.source.kind === "push") return withAllColumns(input.definition, opened, parts.query);
  const absent = neededColumns(input.definition).filter((column) => !opened.columns.includes(column));
  if (absent.length > 0) {
    const near = nearest(absent[0] as string, opened.columns);
    throw fail(
      "DATA_COLUMN_MISSING",
      `Expected ${input.definition.source.description} to hold ${absent.map((name) => JSON.stringify(name)).join(", ")}, got the columns ${opened.columns.slice(0, 30).join(", ")}${opened.columns.length > 30 ? " …" : ""}`,
      near === undefined
        ? {}
        : {
            hint: `The source has ${JSON.stringify(near)}: rename the feature, or map it with { from: ${JSON.stringify(near)} }`,
          },
    );
  }
  return opened;
}

/** A posted row names what it has: what all rows of a run leave out is missing, and no mistake of the schema. */
async function withAllColumns(definition: DataDefinition, opened: SourceResult, query: Query): Promise<SourceResult> {
  const absent = neededColumns(definition).filter((column) => !opened.columns.includes(column));
  if (absent.length === 0) return opened;
  const cells = absent.map((column) => `CAST(NULL AS VARCHAR) AS ${sqlName(column)}`);
  await query.run(`CREATE VIEW posted AS SELECT *, ${cells.join(", ")} FROM ${sqlName(opened.relation)}`);
  return { ...opened, relation: "posted", columns: [...opened.columns, ...absent] };
}

/** `judged`: every row typed, with its reason. `checked`: those that passed, in stored order, with ordinals and both times. */
async function checkRows(
  query: Query,
  definition: DataDefinition,
  raw: string,
  input: ReadInput,
  size: KeepOptions,
): Promise<void> {
  const event =
    definition.eventTime === null ? [`make_timestamp(${Math.round(input.atMs * 1000)}) AS ${eventColumn}`] : [];
  await keepRelation(query, "judged", ruledSql(definition, judgedSql(definition, raw, event)), size);
  const identity = [...definition.key.map(keyColumn), ...(definition.eventTime === null ? [] : [eventColumn])].map(
    sqlName,
  );
  // Without key and event time a row is known by its number in the source, whatever else is rejected.
  const ordinal =
    identity.length === 0 ? "_row" : `row_number() OVER (PARTITION BY ${identity.join(", ")} ORDER BY _row)`;
  await query.run(
    `CREATE VIEW checked AS SELECT * EXCLUDE (_problem, _row), ${ordinal} AS ${ordinalColumn} FROM judged WHERE _problem IS NULL`,
  );
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
