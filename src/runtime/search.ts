// Searches a feature group by words, by nearness to a vector, or by both, over an index that follows the group's commits.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fail, messageOf } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import type { FeatureDefinition } from "../define/definition.ts";
import type { FoundRow, SearchDocument, SearchRequest } from "../define/documents.ts";
import { type Commit, findHead, listHeads } from "../features/commits.ts";
import { expressionSql } from "../features/expression-sql.ts";
import {
  type Found,
  fuse,
  nearestRows,
  openSearchIndex,
  type SearchIndex,
  searchedColumns,
} from "../features/search-index.ts";
import { type Query, sqlName, sqlPath } from "../ports/query.ts";
import { openQuery } from "./drivers.ts";
import type { Project } from "./open-project.ts";
import { buildSearch, searchFiles } from "./search-build.ts";

export interface Searcher {
  /** Throws FEATURES_UNKNOWN, FEATURES_SEARCH_INVALID and what building an index may throw. */
  search(group: string, request: SearchRequest): Promise<SearchDocument>;
  close(): Promise<void>;
}

export interface SearcherOptions {
  /** Answers from the index that is there while a newer one is built; otherwise the newest rows are waited for. */
  readonly background: boolean;
}

interface Loaded {
  readonly sequence: number;
  readonly index: SearchIndex;
  readonly rowsPath: string;
  readonly names: readonly string[];
}

const mostFound = 1_000;
/** Of each ranking, when two are made one. */
const fusedFrom = 100;

export function openSearcher(project: Project, { background }: SearcherOptions): Searcher {
  const loaded = new Map<string, Loaded>();
  const building = new Map<string, Promise<void>>();
  let query: Promise<Query> | undefined;
  let closed = false;

  async function engine(): Promise<Query> {
    const temporaryFolder = join(project.stateFolder, "tmp", "search");
    query ??= mkdir(temporaryFolder, { recursive: true }).then(() =>
      openQuery({ memoryMb: 256, temporaryFolder, threads: 1 }),
    );
    return query;
  }

  /** One build of a group at a time; older indexes go when the new one is there. */
  function build(head: Commit): Promise<void> {
    const { group, sequence } = head;
    const running = building.get(group);
    if (running !== undefined) return running;
    const work = buildSearch(project, head)
      .then(() => removeOthers(project, group, sequence))
      .finally(() => building.delete(group));
    building.set(group, work);
    return work;
  }

  async function indexOf(head: Commit): Promise<Loaded> {
    const { group, sequence } = head;
    const there = await newestIndex(project, group);
    if (there === undefined || (there !== sequence && !background)) await build(head);
    else if (there !== sequence) void build(head).catch((error: unknown) => tellFailure(project, group, error));
    const newest = (await newestIndex(project, group)) ?? sequence;
    const known = loaded.get(group);
    if (known?.sequence === newest) return known;
    const files = searchFiles(group, newest);
    const bytes = await project.offline.find(files.index);
    if (bytes === undefined) throw fail("FEATURES_FILE_MISSING", `Expected the search index of ${group}, got none`);
    const rowsPath = await project.offline.localPath(files.rows);
    const names = (
      await (await engine()).rows<{ column_name: string }>(`DESCRIBE SELECT * FROM read_parquet(${sqlPath(rowsPath)})`)
    ).map((column) => column.column_name);
    const opened = { sequence: newest, index: openSearchIndex(bytes), rowsPath, names };
    loaded.set(group, opened);
    return opened;
  }

  /** What has been searched once is kept fresh: its next search should find the newest rows. */
  async function keepFresh(): Promise<void> {
    for (const { group } of await listHeads(project.database)) {
      const there = await newestIndex(project, group);
      const head = there === undefined ? undefined : await findHead(project.database, group);
      if (head !== undefined && head.sequence !== there && !closed) await build(head);
    }
  }
  const stopFollowing = background
    ? project.onChange(() => void keepFresh().catch((error: unknown) => tellFailure(project, "every group", error)))
    : () => undefined;

  return {
    async search(group, request) {
      const head = await findHead(project.database, group);
      if (head === undefined)
        throw fail("FEATURES_UNKNOWN", `Expected a feature group with rows, got ${JSON.stringify(group)}`);
      const asked = checkRequest(head, request);
      const { index, rowsPath, names, sequence } = await indexOf(head);
      const file = `read_parquet(${sqlPath(rowsPath)}, file_row_number = true)`;
      const allowed = asked.where === null ? null : await allowedRows(await engine(), file, asked.where, names);
      const both = asked.text !== null && asked.near !== null;
      const depth = both ? Math.max(fusedFrom, asked.top) : asked.top;
      const rankings: Found[][] = [];
      if (asked.text !== null) {
        const { ids, scores } = index.text?.search(
          asked.text,
          depth,
          allowed === null ? undefined : (row) => allowed.has(row),
        ) ?? { ids: [], scores: [] };
        rankings.push(ids.map((row, place) => ({ row, score: scores[place] as number })));
      }
      const vectors = asked.column === null ? undefined : index.vectors.get(asked.column);
      if (asked.near !== null && vectors !== undefined)
        rankings.push(nearestRows(vectors, asked.near, { top: depth, allowed, exact: asked.exact }));
      const found = both ? fuse(rankings, asked.top) : (rankings[0] ?? []);
      return {
        group,
        rows: await readRows(await engine(), file, found),
        commit: sequence,
        behind: head.sequence - sequence,
        recall: asked.near === null ? null : asked.exact || allowed !== null ? 1 : (vectors?.recall ?? null),
      };
    },
    async close() {
      closed = true;
      stopFollowing();
      await (await query)?.close();
    },
  };
}

function tellFailure(project: Project, group: string, error: unknown): void {
  project.log.error(`the search index of ${group}: ${messageOf(error)}`);
}

async function newestIndex(project: Project, group: string): Promise<number | undefined> {
  const names = await project.offline.list(`search/${group}/`);
  const sequences = names.flatMap((name) => Number(/\/(\d+)\/index\.bin$/.exec(name)?.[1] ?? Number.NaN));
  const known = sequences.filter((sequence) => !Number.isNaN(sequence));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The index goes before its rows, as it came after them. */
async function removeOthers(project: Project, group: string, kept: number): Promise<void> {
  for (const name of await project.offline.list(`search/${group}/`))
    if (!name.startsWith(`search/${group}/${kept}/`)) await project.offline.delete(name);
}

/** An entity that is forgotten must not be found again. */
export async function removeSearch(project: Pick<Project, "offline">, group: string): Promise<void> {
  for (const name of await project.offline.list(`search/${group}/`)) await project.offline.delete(name);
}

interface Asked {
  readonly text: string | null;
  readonly near: readonly number[] | null;
  /** The vector's column. */
  readonly column: string | null;
  readonly top: number;
  readonly where: string | null;
  readonly exact: boolean;
}

function checkRequest({ definition, group }: Commit, request: unknown): Asked {
  const invalid = (message: string, hint?: string) =>
    fail("FEATURES_SEARCH_INVALID", message, hint === undefined ? {} : { hint });
  if (!isObject(request)) throw invalid('Expected a search such as {"text": "…"}, got something else');
  const known = ["text", "near", "column", "top", "where", "exact"];
  for (const name of Object.keys(request))
    if (!known.includes(name)) throw invalid(`Expected ${known.join(", ")}, got ${JSON.stringify(name)}`);
  const { text = null, near = null, column = null, top = 10, where = null, exact = false } = request;
  const { texts, vectors } = searchedColumns(definition);
  if (text === null && near === null) throw invalid("Expected text or near to search for, got neither");
  if (text !== null && (typeof text !== "string" || text.trim() === ""))
    throw invalid(`text: expected words, got ${JSON.stringify(text)}`);
  if (text !== null && texts.length === 0)
    throw invalid(
      `Expected data/${group} to hold a text() feature to search in, got none`,
      "Declare one: description: text()",
    );
  if (!Number.isInteger(top) || (top as number) < 1 || (top as number) > mostFound)
    throw invalid(`top: expected a whole number from 1 to ${mostFound}, got ${JSON.stringify(top)}`);
  if (where !== null && typeof where !== "string")
    throw invalid(`where: expected a condition such as "price < 10", got ${JSON.stringify(where)}`);
  if (typeof exact !== "boolean") throw invalid(`exact: expected true or false, got ${JSON.stringify(exact)}`);
  const vector = near === null ? undefined : vectorOf(group, vectors, column, invalid);
  if (vector !== undefined) checkVector(near, vector, invalid);
  return {
    text: text as string | null,
    near: near as number[] | null,
    column: vector?.name ?? null,
    top: top as number,
    where,
    exact,
  };
}

type Invalid = (message: string, hint?: string) => Error;

function vectorOf(
  group: string,
  vectors: readonly FeatureDefinition[],
  column: unknown,
  invalid: Invalid,
): FeatureDefinition {
  const names = vectors.map(({ name }) => name).join(", ");
  const found = column === null ? vectors : vectors.filter(({ name }) => name === column);
  if (vectors.length === 0)
    throw invalid(
      `Expected data/${group} to hold a vector() feature to search in, got none`,
      "Declare one: embedding: vector({ dimensions: 384 })",
    );
  if (found.length !== 1)
    throw invalid(
      column === null
        ? `column: expected one of ${names}, got nothing`
        : `column: expected one of ${names}, got ${JSON.stringify(column)}`,
    );
  return found[0] as FeatureDefinition;
}

function checkVector(near: unknown, { name, dimensions }: FeatureDefinition, invalid: Invalid): void {
  if (
    !Array.isArray(near) ||
    near.length !== dimensions ||
    near.some((one) => typeof one !== "number" || !Number.isFinite(one))
  )
    throw invalid(
      `near: expected ${dimensions} numbers, as ${name} has, got ${Array.isArray(near) ? `a list of ${near.length}` : typeof near}`,
    );
}

async function allowedRows(
  query: Query,
  file: string,
  where: string,
  names: readonly string[],
): Promise<ReadonlySet<number>> {
  const condition = expressionSql(where, (name) => (names.includes(name) ? sqlName(name) : undefined));
  const allowed = new Set<number>();
  for await (const table of query.tables(`SELECT file_row_number AS n FROM ${file} WHERE ${condition}`)) {
    const column = table.columns.get("n");
    if (column?.type === "number") for (const row of column.values) allowed.add(row);
  }
  return allowed;
}

async function readRows(query: Query, file: string, found: readonly Found[]): Promise<FoundRow[]> {
  if (found.length === 0) return [];
  const rows = await query.rows<Record<string, Value>>(
    `SELECT * FROM ${file} WHERE file_row_number IN (${found.map(({ row }) => row).join(", ")})`,
  );
  const byNumber = new Map(rows.map(({ file_row_number: number, ...row }) => [number, row]));
  return found.map(({ row, score }) => ({ score, row: byNumber.get(row) ?? {} }));
}
