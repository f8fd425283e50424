// The search index of a feature group as of a commit: its rows in one order, its texts by word, its vectors and their graph.

import { fail } from "../base/failure.ts";
import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { packArrays, unpackArrays } from "../learn/packed-arrays.ts";
import { openTextSearch, type TextIndex, type TextSearch, textIndexBuilder } from "../learn/retrieval/full-text.ts";
import { buildHnsw, type HnswGraph, searchHnsw } from "../learn/retrieval/hnsw.ts";
import {
  type Metric,
  makeVectors,
  queryOf,
  queryWith,
  restoreVectors,
  searchExact,
  type Vectors,
} from "../learn/retrieval/nearest-vectors.ts";
import { type Query, sqlName, sqlPath } from "../ports/query.ts";

export interface SearchIndex {
  readonly rows: number;
  /** Over all text columns together; null when there is none. */
  readonly text: TextSearch | null;
  readonly vectors: ReadonlyMap<string, VectorIndex>;
}

export interface VectorIndex {
  readonly vectors: Vectors;
  /** Rows without a vector have none of these numbers. */
  readonly rowOf: Uint32Array;
  readonly graph: HnswGraph | null;
  /** How many candidates a search looks at, and the share of the true ten nearest that it found on rows of its own. */
  readonly effort: number;
  readonly recall: number;
}

/** Below this every vector is compared, which is as quick as a graph. */
const smallestGraph = 5_000;
const efforts = [48, 96, 192, 384];
const wantedRecall = 0.95;
const measured = 50;
const measuredTop = 10;

export function searchedColumns({ features }: DataDefinition): {
  texts: FeatureDefinition[];
  vectors: FeatureDefinition[];
} {
  const current = features.filter((feature) => feature.deprecated === undefined);
  return {
    texts: current.filter(({ type }) => type === "text"),
    vectors: current.filter(({ type }) => type === "vector"),
  };
}

/** Reads the rows of `path` in their order and packs their index. `progress` is told a share from 0 to 1. */
export async function buildSearchIndex(
  query: Query,
  path: string,
  definition: DataDefinition,
  progress: (share: number) => void,
): Promise<Uint8Array> {
  const { texts, vectors } = searchedColumns(definition);
  const file = `read_parquet(${sqlPath(path)}, file_row_number = true)`;
  const parts: Record<string, unknown> = {};
  const arrays: Record<string, ArrayBufferView> = {};
  let rows = 0;
  if (texts.length > 0) {
    const builder = textIndexBuilder();
    const joined = texts.map(({ name }) => sqlName(name)).join(", ");
    for await (const table of query.tables(
      `SELECT concat_ws(chr(10), ${joined}) AS words FROM ${file} ORDER BY file_row_number`,
    )) {
      const column = table.columns.get("words");
      if (column?.type === "text") for (const value of column.values) builder.add(value);
    }
    const { terms, ...postings } = builder.finish();
    parts.terms = terms;
    for (const [name, array] of Object.entries(postings)) arrays[`text ${name}`] = array;
  }
  const [size] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${file}`);
  rows = size?.n ?? 0;
  const described = [];
  for (const [index, feature] of vectors.entries()) {
    const share = (done: number) => progress((index + done) / vectors.length);
    const built = await buildVectors(query, file, feature, share);
    const { graph, rowOf } = built;
    arrays[`${index} values`] = built.vectors.values;
    arrays[`${index} rows`] = rowOf;
    if (graph !== null) arrays[`${index} ground`] = graph.ground;
    described.push({
      name: feature.name,
      metric: built.vectors.metric,
      dimensions: built.vectors.dimensions,
      effort: built.effort,
      recall: built.recall,
      graph: graph && { width: graph.width, entry: graph.entry, upper: graph.upper.map((level) => [...level]) },
    });
  }
  return packArrays({ rows, ...parts, vectors: described }, arrays);
}

async function buildVectors(
  query: Query,
  file: string,
  { name, dimensions = 0, similarity = "cosine" }: FeatureDefinition,
  progress: (share: number) => void,
): Promise<VectorIndex> {
  const column = sqlName(name);
  const [size] = await query.rows<{ n: number }>(`SELECT count(${column}) AS n FROM ${file}`);
  const count = size?.n ?? 0;
  const values = new Float32Array(count * dimensions);
  const rowOf = new Uint32Array(count);
  let at = 0;
  const sql = `SELECT file_row_number AS n, unnest(${column}) AS v FROM ${file} WHERE ${column} IS NOT NULL ORDER BY file_row_number`;
  for await (const table of query.tables(sql)) {
    const [numbers, parts] = [table.columns.get("n"), table.columns.get("v")];
    if (numbers?.type !== "number" || parts?.type !== "number") continue;
    for (let index = 0; index < table.rowCount; index++, at++) {
      values[at] = parts.values[index] as number;
      if (at % dimensions === 0) rowOf[at / dimensions] = numbers.values[index] as number;
    }
  }
  const vectors = makeVectors(similarity satisfies Metric, dimensions, values);
  if (count < smallestGraph) return { vectors, rowOf, graph: null, effort: 0, recall: 1 };
  const graph = buildHnsw(vectors, { progress: (done) => progress(done / count) });
  return { vectors, rowOf, graph, ...measureRecall(vectors, graph) };
}

/** The least effort that finds enough of the true nearest of rows spread over the group; otherwise the largest. */
function measureRecall(vectors: Vectors, graph: HnswGraph): { effort: number; recall: number } {
  const step = Math.max(1, Math.floor(vectors.count / measured));
  const asked = Array.from({ length: Math.min(measured, vectors.count) }, (_, index) => index * step);
  const truth = asked.map((id) => new Set(searchExact(vectors, queryOf(vectors, id), measuredTop).ids));
  let found = { effort: 0, recall: 0 };
  for (const effort of efforts) {
    let hits = 0;
    for (const [index, id] of asked.entries())
      for (const one of searchHnsw(vectors, graph, queryOf(vectors, id), { top: measuredTop, effort }).ids)
        if (truth[index]?.has(one)) hits++;
    found = { effort, recall: hits / (asked.length * measuredTop) };
    if (found.recall >= wantedRecall) break;
  }
  return found;
}

interface PackedVectors {
  readonly name: string;
  readonly metric: Metric;
  readonly dimensions: number;
  readonly effort: number;
  readonly recall: number;
  readonly graph: { readonly width: number; readonly entry: number; readonly upper: [number, number[]][][] } | null;
}

/** Throws FEATURES_FILE_CORRUPT for bytes that are no index. */
export function openSearchIndex(bytes: Uint8Array): SearchIndex {
  const unpacked = unpackArrays(bytes);
  if (unpacked === undefined) throw fail("FEATURES_FILE_CORRUPT", "Expected a search index, got something else");
  const { head, arrays } = unpacked;
  const { rows, terms, vectors } = head as { rows: number; terms?: string[]; vectors: PackedVectors[] };
  const opened = vectors.map(({ name, metric, dimensions, effort, recall, graph }, index): [string, VectorIndex] => {
    const values = arrays[`${index} values`] as Float32Array;
    return [
      name,
      {
        vectors: restoreVectors(metric, dimensions, values),
        rowOf: arrays[`${index} rows`] as Uint32Array,
        graph: graph && {
          width: graph.width,
          entry: graph.entry,
          ground: arrays[`${index} ground`] as Uint32Array,
          upper: graph.upper.map((level) => new Map(level)),
        },
        effort,
        recall,
      },
    ];
  });
  return {
    rows,
    text:
      terms === undefined
        ? null
        : openTextSearch({
            terms,
            starts: arrays["text starts"] as Uint32Array,
            documents: arrays["text documents"] as Uint32Array,
            frequencies: arrays["text frequencies"] as Uint16Array,
            lengths: arrays["text lengths"] as Uint32Array,
          } satisfies TextIndex),
    vectors: new Map(opened),
  };
}

export interface Found {
  /** The row's number in the index. */
  readonly row: number;
  readonly score: number;
}

/** The rows that are nearest to a vector. With `allowed`, or when asked to, all are compared; otherwise the graph is searched. */
export function nearestRows(
  { vectors, rowOf, graph, effort }: VectorIndex,
  near: readonly number[],
  {
    top,
    allowed,
    exact,
  }: { readonly top: number; readonly allowed: ReadonlySet<number> | null; readonly exact: boolean },
): Found[] {
  const query = queryWith(vectors, near);
  const among = allowed === null ? undefined : idsOf(rowOf, allowed);
  const { ids, scores } =
    graph === null || exact || among !== undefined
      ? searchExact(vectors, query, top, among)
      : searchHnsw(vectors, graph, query, { top, effort });
  return ids.map((id, index) => ({ row: rowOf[id] as number, score: scores[index] as number }));
}

function idsOf(rowOf: Uint32Array, allowed: ReadonlySet<number>): Uint32Array {
  return Uint32Array.from(rowOf.keys()).filter((id) => allowed.has(rowOf[id] as number));
}

/** Two rankings as one by reciprocal ranks (Cormack, Clarke and Büttcher, 2009): scores of different kinds need no scale. */
export function fuse(rankings: readonly (readonly Found[])[], top: number): Found[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings)
    for (const [rank, { row }] of ranking.entries()) scores.set(row, (scores.get(row) ?? 0) + 1 / (60 + rank + 1));
  return [...scores]
    .map(([row, score]) => ({ row, score }))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, top);
}
