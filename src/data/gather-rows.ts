// Source → transform → checks: the rows that passed, as a relation of the engine, and the others in a quarantine file.

import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { streamLog } from "../base/log.ts";
import { nearest } from "../define/check.ts";
import type { DataDefinition } from "../define/definition.ts";
import { ordinalColumn, storedColumns } from "../features/columns.ts";
import type { LoadedEmbedder } from "../features/embedding.ts";
import { momentSql } from "../features/entity.ts";
import type { Forgotten } from "../features/forgotten.ts";
import { currentSql, versionsSql } from "../features/relation.ts";
import { rowGroupSql } from "../features/written-file.ts";
import { type Query, sqlName } from "../ports/query.ts";
import type { Source, SourceResult } from "../ports/source.ts";
import { checkedSql, postColumns, typedSql } from "./checked-rows.ts";
import { neededColumns } from "./checks.ts";
import type { CommitInput } from "./commit-input.ts";
import { type EmbeddingInput, embedRows, lackingRowsSql } from "./embed-rows.ts";
import { type KeepOptions, keepRelation } from "./kept-relation.ts";
import { monotonicSql } from "./monotonic-check.ts";
import { refuseBadBatches, withReplayed, writeQuarantine } from "./rejected.ts";
import { timeSql } from "./time-sql.ts";
import { type Transform, transformRows } from "./transform.ts";
import { withhold } from "./withhold.ts";
import { countRows, countWhere } from "./write-rows.ts";

export interface GatherInput
  extends Pick<CommitInput, "definition" | "current" | "change" | "atMs" | "temporaryFolder"> {
  /** A file of rows that were rejected before, to be read again beside the source's; null otherwise. */
  readonly replay: string | null;
  /** A file of the rows that were posted since the last commit; null for sources that nobody posts to. */
  readonly posted: string | null;
  /** Whose rows are left out, whatever the source gives. */
  readonly forgotten: readonly Forgotten[];
  /** Only rows that happened from ≤ t < to, in milliseconds since 1970 UTC; all when left out. */
  readonly range?: { readonly fromMs: number; readonly toMs: number };
  /** Absent without embeddings. */
  readonly embedding?: EmbeddingInput;
  readonly position: string | null;
  readonly projectFolder: string;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ReadParts {
  readonly source: Source;
  readonly transform: Transform | undefined;
  readonly query: Query;
  readonly signal: AbortSignal;
  progress(progress: JsonObject): void;
  /** What turns texts into vectors, by feature name; left out without embeddings. */
  readonly embedders?: ReadonlyMap<string, LoadedEmbedder>;
  /** From how many cells on rows are kept in files between the queries instead of in the engine. */
  readonly manyCells?: number;
}

/** What was read: the rows that passed stand in the relation `checked`. */
export interface Gathered {
  readonly read: number;
  /** Of them, those that the source gave. */
  readonly given: number;
  readonly quarantined: number;
  readonly quarantinePath: string | null;
  /** The source always gives everything. */
  readonly snapshot: boolean;
  readonly sourceColumns: readonly string[];
  readonly sourcePosition: string | null;
  readonly bytesRead: number | null;
  readonly size: KeepOptions;
  /** The relation of the rows as they were judged, by `_row`. */
  readonly raw: string;
}

/** Source → transform → checks. Throws DATA_NO_ROWS, DATA_COLUMN_MISSING, DATA_ALL_REJECTED, DATA_BUDGET_EXCEEDED. */
export async function gatherRows(input: GatherInput, parts: ReadParts): Promise<Gathered> {
  const { definition, range } = input;
  const { query } = parts;
  parts.progress({ detail: `reading ${definition.source.description}` });
  const opened = await openSource(input, parts);
  const transformed =
    parts.transform === undefined
      ? opened.relation
      : await transformRows(
          query,
          opened.relation,
          neededColumns(definition),
          parts.transform,
          postColumns(definition),
        );
  const within = range === undefined ? transformed : await keepWithin(query, definition, transformed, range);
  const own = await withhold(query, definition, within, input.forgotten, "own");
  const { raw: all, lines } = await withReplayed(input, query, opened, own);
  const raw = all === own ? own : await withhold(query, definition, all, input.forgotten, "own_and_replayed");
  const given = await countRows(query, own);
  const replayed = raw === own ? 0 : (await countRows(query, raw)) - given;
  // What cannot be read as a row has no time either: it is the usual runs' to report.
  const unreadable = range === undefined ? [...opened.unreadable, ...lines] : [];
  const read = given + replayed + unreadable.length;
  // A feed may have nothing new, and all of a source may be forgotten; nothing at all is no group yet.
  if (range === undefined && own === within && read === 0 && (opened.position === null || input.current === null))
    throw fail("DATA_NO_ROWS", `Expected rows from ${definition.source.description}, got none`);

  parts.progress({ detail: `checking ${read.toLocaleString("en")} rows` });
  const size: KeepOptions = {
    rows: read,
    columns: cellsOfRow(definition),
    rowGroup: rowGroupSql(definition),
    manyCells: parts.manyCells,
    temporaryFolder: input.temporaryFolder,
  };
  await checkRows(parts, definition, raw, { ...input, feed: opened.position !== null }, size);
  const quarantinePath = await writeQuarantine(query, definition, raw, unreadable, input.temporaryFolder);
  if (definition.source.kind !== "push")
    await refuseBadBatches(query, definition, {
      given,
      replayed,
      unreadable: range === undefined ? opened.unreadable.length : 0,
    });
  return {
    read,
    given,
    quarantined: unreadable.length + (await countWhere(query, "judged WHERE _problem IS NOT NULL")),
    quarantinePath,
    snapshot: opened.position === null,
    sourceColumns: opened.columns,
    sourcePosition: opened.position,
    bytesRead: opened.bytes,
    size,
    raw,
  };
}

/** A row whose time cannot be read belongs to no range. */
async function keepWithin(
  query: Query,
  definition: DataDefinition,
  relation: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<string> {
  const { column, format } = definition.eventTime as NonNullable<DataDefinition["eventTime"]>;
  const event = timeSql(`r.${sqlName(column)}`, format ?? undefined);
  await query.run(
    `CREATE VIEW within AS SELECT r.* FROM ${sqlName(relation)} r WHERE coalesce(${event} >= ${momentSql(fromMs)} AND ${event} < ${momentSql(toMs)}, false)`,
  );
  return "within";
}

async function openSource(input: GatherInput, parts: ReadParts): Promise<SourceResult> {
  const opened = await parts.source.open({
    projectFolder: input.projectFolder,
    query: parts.query,
    temporaryFolder: input.temporaryFolder,
    log: streamLog((line) => process.stderr.write(line)),
    signal: parts.signal,
    position: input.position,
    range: input.range === undefined ? null : { from: new Date(input.range.fromMs), to: new Date(input.range.toMs) },
    secrets: input.secrets,
    posted: input.posted,
  });
  if (parts.transform !== undefined && input.definition.source.kind !== "push") return opened;
  // Without a single row a source cannot tell its columns: a feed that has nothing new, a range in which nothing happened.
  if (input.definition.source.kind === "push" || opened.columns.length === 0)
    return withAllColumns(input.definition, opened, parts.query);
  const declared = { ...input.definition, features: input.definition.features.filter((one) => !one.deprecated) };
  const absent = neededColumns(declared).filter((column) => !opened.columns.includes(column));
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
  return withAllColumns(input.definition, opened, parts.query);
}

/**
 * A posted row names what it has: what all rows of a run leave out is missing, and no mistake of the schema. So is what a
 * source lacks of features that were dropped.
 */
async function withAllColumns(definition: DataDefinition, opened: SourceResult, query: Query): Promise<SourceResult> {
  const present = new Set(opened.columns.map((column) => column.toLowerCase()));
  const absent = neededColumns(definition).filter((column) => !present.has(column.toLowerCase()));
  if (absent.length === 0) return opened;
  const cells = absent.map((column) => `CAST(NULL AS VARCHAR) AS ${sqlName(column)}`);
  await query.run(`CREATE VIEW posted_whole AS SELECT *, ${cells.join(", ")} FROM ${sqlName(opened.relation)}`);
  return { ...opened, relation: "posted_whole", columns: [...opened.columns, ...absent] };
}

/** What a row takes, in cells: a sort holds its vectors several times over. */
export function cellsOfRow(definition: DataDefinition): number {
  const vectors = storedColumns(definition).reduce((sum, { dimensions = 0 }) => sum + 2 * dimensions, 0);
  return neededColumns(definition).length + vectors;
}

/** `judged`: every row typed, with its reason. `checked`: those that passed, with ordinals and both times. */
async function checkRows(
  { query, embedders = new Map(), progress }: ReadParts,
  definition: DataDefinition,
  raw: string,
  { atMs, feed, change, current, embedding }: GatherInput & { readonly feed: boolean },
  size: KeepOptions,
): Promise<void> {
  // What a source gives anew each time is judged by itself; what only adds, also by the rows that are there.
  const there = feed && change !== "rebuild" && current !== null && current.paths.length > 0 ? current : null;
  const stored = there === null ? null : currentSql(definition, there);
  // Embeddings that are new to a feed's group are made of the texts that it holds.
  const lacking = embedding !== undefined && change === "extend" ? there : null;
  const typed = monotonicSql(definition, typedSql(definition, raw, atMs), stored);
  if (embedding === undefined) await keepRelation(query, "judged", typed, size);
  else {
    await keepRelation(query, "typed", typed, size);
    const vectors = await embedRows(query, definition, "typed", {
      embedders,
      ...embedding,
      lacking,
      progress,
    });
    await keepRelation(query, "judged", vectors, size);
  }
  // Without key and event time a row is known by its number, and what a feed gives is numbered on.
  const before = there === null ? "0" : `(SELECT coalesce(max(${ordinalColumn}), 0) FROM (${versionsSql(there)}))`;
  const passed = checkedSql(definition, "judged", before);
  if (lacking === null) await query.run(`CREATE VIEW checked AS ${passed}`);
  else {
    await query.run(`CREATE VIEW passed AS ${passed}`);
    const more = lackingRowsSql(definition, lacking, "passed", atMs);
    await query.run(`CREATE VIEW checked AS SELECT * FROM passed UNION ALL BY NAME ${more}`);
  }
}
