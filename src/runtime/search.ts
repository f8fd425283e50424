// Searches a feature group by words, by nearness to a vector, or by both, over an index that follows the group's commits.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fail, messageOf } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import type { FoundRow, SearchDocument, SearchRequest } from "../define/documents.ts";
import { type Commit, findCommit, findHead, listHeads } from "../features/commits.ts";
import { embeddingsOf } from "../features/embedding.ts";
import { expressionSql } from "../features/expression-sql.ts";
import { type Found, fuse, nearestRows, openSearchIndex, type SearchIndex } from "../features/search-index.ts";
import { type Query, sqlName, sqlPath } from "../ports/query.ts";
import { openQuery } from "./drivers.ts";
import type { Project } from "./open-project.ts";
import { buildSearch, searchFiles } from "./search-build.ts";
import { checkRequest } from "./search-request.ts";

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
  /** As of that commit: by its embedders the vectors were made. */
  readonly definition: DataDefinition;
  readonly index: SearchIndex;
  readonly rowsPath: string;
  readonly names: readonly string[];
}

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
    const { definition } = (await findCommit(project.database, group, newest)) ?? head;
    const opened = { sequence: newest, definition, index: openSearchIndex(bytes), rowsPath, names };
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
      let searched = await indexOf(head);
      // A vector that is new to the group, in an index from before.
      if (asked.column !== null && !searched.index.vectors.has(asked.column) && searched.sequence !== head.sequence) {
        await build(head);
        searched = await indexOf(head);
      }
      const { index, rowsPath, names, sequence, definition } = searched;
      const file = `read_parquet(${sqlPath(rowsPath)}, file_row_number = true)`;
      const allowed = asked.where === null ? null : await allowedRows(await engine(), file, asked.where, names);
      const vectors = asked.column === null ? undefined : index.vectors.get(asked.column);
      const near =
        asked.like === null || asked.column === null || vectors === undefined
          ? asked.near
          : ((await project.embedders.embed(definition, asked.column, [asked.like], "query"))[0] ?? null);
      const both = asked.text !== null && near !== null;
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
      if (near !== null && vectors !== undefined)
        rankings.push(nearestRows(vectors, near, { top: depth, allowed, exact: asked.exact }));
      const found = both ? fuse(rankings, asked.top) : (rankings[0] ?? []);
      return {
        group,
        rows: await readRows(await engine(), file, found, embeddingsOf(definition)),
        commit: sequence,
        behind: head.sequence - sequence,
        recall: near === null ? null : asked.exact || allowed !== null ? 1 : (vectors?.recall ?? null),
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

/** What was made of texts is left out: it says nothing beside them. */
async function readRows(
  query: Query,
  file: string,
  found: readonly Found[],
  embeddings: readonly FeatureDefinition[],
): Promise<FoundRow[]> {
  if (found.length === 0) return [];
  const without = embeddings.map(({ name }) => sqlName(name)).join(", ");
  const rows = await query.rows<Record<string, Value>>(
    `SELECT *${without === "" ? "" : ` EXCLUDE (${without})`} FROM ${file} WHERE file_row_number IN (${found.map(({ row }) => row).join(", ")})`,
  );
  const byNumber = new Map(rows.map(({ file_row_number: number, ...row }) => [number, row]));
  return found.map(({ row, score }) => ({ score, row: byNumber.get(row) ?? {} }));
}
