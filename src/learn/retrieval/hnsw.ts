// Approximate nearest neighbours by a hierarchical navigable small world graph (Malkov and Yashunin, 2018), over flat vectors.

import { random as seeded } from "../random.ts";
import { type Nearest, type Query, queryOf, similarity, type Vectors } from "./nearest-vectors.ts";

/** Neighbours of every vector: `links` on the ground, `width` a vector (its count first), and the few above it by level. */
export interface HnswGraph {
  readonly width: number;
  readonly ground: Uint32Array;
  /** From level 1 upwards: vector → its neighbours. */
  readonly upper: readonly ReadonlyMap<number, readonly number[]>[];
  readonly entry: number;
}

export interface HnswOptions {
  /** Neighbours of a vector above the ground, twice as many on it; 16 by default. */
  readonly neighbours?: number;
  /** How many candidates are looked at for each vector while building; 100 by default. */
  readonly effort?: number;
  readonly seed?: number;
  /** Called with the number of vectors that are in the graph. */
  readonly progress?: (done: number) => void;
}

/** Builds the graph one vector after another. The same vectors and seed give the same graph. */
export function buildHnsw(
  vectors: Vectors,
  { neighbours = 16, effort = 100, seed = 1, progress }: HnswOptions = {},
): HnswGraph {
  const { count } = vectors;
  const width = neighbours * 2 + 1;
  const ground = new Uint32Array(count * width);
  const upper: Map<number, number[]>[] = [];
  const chance = seeded(seed);
  const graph = { width, ground, upper, entry: 0 };
  const visits = visitMarks(count);
  let top = 0;
  for (let node = 0; node < count; node++) {
    const level = Math.floor(-Math.log(1 - chance.next()) / Math.log(neighbours));
    while (upper.length < level) upper.push(new Map());
    for (let at = 1; at <= level; at++) upper[at - 1]?.set(node, []);
    if (node === 0) {
      top = level;
      continue;
    }
    const query = queryOf(vectors, node);
    let nearest = graph.entry;
    for (let at = top; at > level; at--) nearest = climb(graph, at, nearest, vectors, query);
    for (let at = Math.min(level, top); at >= 0; at--) {
      const found = searchLevel(graph, { level: at, from: nearest, effort }, vectors, query, visits);
      const chosen = choose(vectors, found, neighbours);
      setLinks(graph, at, node, chosen);
      const most = at === 0 ? neighbours * 2 : neighbours;
      for (const other of chosen) connect(vectors, graph, { level: at, from: other, to: node, most });
      nearest = found.ids[0] ?? nearest;
    }
    if (level > top) {
      graph.entry = node;
      top = level;
    }
    if (progress !== undefined && node % 1_000 === 0) progress(node);
  }
  return graph;
}

/** The `top` nearest of a query, nearest first; a larger `effort` finds more of them and takes longer. */
export function searchHnsw(
  vectors: Vectors,
  graph: HnswGraph,
  query: Query,
  { top, effort }: { readonly top: number; readonly effort: number },
): Nearest {
  if (vectors.count === 0) return { ids: [], scores: [] };
  let nearest = graph.entry;
  for (let level = graph.upper.length; level > 0; level--) nearest = climb(graph, level, nearest, vectors, query);
  const asked = { level: 0, from: nearest, effort: Math.max(top, effort) };
  const found = searchLevel(graph, asked, vectors, query, marksFor(graph, vectors.count));
  return { ids: found.ids.slice(0, top), scores: found.scores.slice(0, top) };
}

interface VisitMarks {
  readonly marks: Uint32Array;
  round: number;
}

function visitMarks(count: number): VisitMarks {
  return { marks: new Uint32Array(count), round: 0 };
}

const kept = new WeakMap<HnswGraph, VisitMarks>();

function marksFor(graph: HnswGraph, count: number): VisitMarks {
  const known = kept.get(graph) ?? visitMarks(count);
  kept.set(graph, known);
  return known;
}

function climb(graph: HnswGraph, level: number, from: number, vectors: Vectors, query: Query): number {
  const { ids, scores } = vectors;
  let best = from;
  let score = similarity(vectors, query, best);
  for (let moved = true; moved; ) {
    moved = false;
    const links = graph.upper[level - 1]?.get(best) ?? [];
    ids.set(links);
    vectors.compare(query, links.length);
    for (let index = 0; index < links.length; index++) {
      if ((scores[index] as number) <= score) continue;
      best = links[index] as number;
      score = scores[index] as number;
      moved = true;
    }
  }
  return best;
}

/** Best-first search on one level; the found are sorted, nearest first. */
function searchLevel(
  graph: HnswGraph,
  { level, from, effort }: { readonly level: number; readonly from: number; readonly effort: number },
  vectors: Vectors,
  query: Query,
  visits: VisitMarks,
): { ids: number[]; scores: number[] } {
  const { marks } = visits;
  const { ids, scores } = vectors;
  const round = ++visits.round;
  const open = heap((a, b) => a > b);
  const best = heap((a, b) => a < b);
  const first = similarity(vectors, query, from);
  marks[from] = round;
  open.push(from, first);
  best.push(from, first);
  const { ground, width } = graph;
  const above = level === 0 ? undefined : graph.upper[level - 1];
  while (open.size() > 0) {
    if (open.topScore() < best.topScore() && best.size() >= effort) break;
    const node = open.pop();
    const links = above?.get(node);
    const start = node * width;
    const size = above === undefined ? (ground[start] as number) : (links?.length ?? 0);
    let fresh = 0;
    for (let index = 0; index < size; index++) {
      const other = above === undefined ? (ground[start + 1 + index] as number) : (links?.[index] as number);
      if (marks[other] === round) continue;
      marks[other] = round;
      ids[fresh++] = other;
    }
    vectors.compare(query, fresh);
    for (let index = 0; index < fresh; index++) {
      const score = scores[index] as number;
      if (best.size() >= effort && score <= best.topScore()) continue;
      open.push(ids[index] as number, score);
      best.push(ids[index] as number, score);
      if (best.size() > effort) best.pop();
    }
  }
  return best.drain();
}

/** Candidates that are nearer to the vector than to any chosen one: links in all directions keep the graph connected. */
function choose(vectors: Vectors, { ids, scores }: Nearest, most: number): number[] {
  const chosen: number[] = [];
  const passed: number[] = [];
  for (let index = 0; index < ids.length && chosen.length < most; index++) {
    const candidate = ids[index] as number;
    vectors.ids.set(chosen);
    vectors.compare(queryOf(vectors, candidate), chosen.length);
    if (chosen.every((_, other) => (vectors.scores[other] as number) < (scores[index] as number)))
      chosen.push(candidate);
    else passed.push(candidate);
  }
  for (const candidate of passed) {
    if (chosen.length >= most) break;
    chosen.push(candidate);
  }
  return chosen;
}

function setLinks({ ground, upper, width }: HnswGraph, level: number, node: number, links: readonly number[]): void {
  if (level > 0) (upper[level - 1] as Map<number, readonly number[]>).set(node, [...links]);
  else {
    ground[node * width] = links.length;
    ground.set(links, node * width + 1);
  }
}

function connect(
  vectors: Vectors,
  graph: HnswGraph,
  { level, from, to, most }: { level: number; from: number; to: number; most: number },
): void {
  const { ground, upper, width } = graph;
  const start = from * width;
  const links =
    level > 0
      ? [...(upper[level - 1]?.get(from) ?? [])]
      : Array.from(ground.subarray(start + 1, start + 1 + (ground[start] as number)));
  links.push(to);
  if (links.length <= most) {
    setLinks(graph, level, from, links);
    return;
  }
  vectors.ids.set(links);
  vectors.compare(queryOf(vectors, from), links.length);
  const ranked = links
    .map((id, index) => ({ id, score: vectors.scores[index] as number }))
    .sort((a, b) => b.score - a.score);
  const found = { ids: ranked.map(({ id }) => id), scores: ranked.map(({ score }) => score) };
  setLinks(graph, level, from, choose(vectors, found, most));
}

/** A binary heap of ids by score; `before(a, b)`: a comes out before b. */
function heap(before: (a: number, b: number) => boolean) {
  const ids: number[] = [];
  const scores: number[] = [];
  const swap = (a: number, b: number) => {
    const id = ids[a] as number;
    const score = scores[a] as number;
    ids[a] = ids[b] as number;
    scores[a] = scores[b] as number;
    ids[b] = id;
    scores[b] = score;
  };
  const pop = (): number => {
    const result = ids[0] as number;
    const last = ids.length - 1;
    swap(0, last);
    ids.pop();
    scores.pop();
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      if (left >= last) break;
      const child = left + 1 < last && before(scores[left + 1] as number, scores[left] as number) ? left + 1 : left;
      if (!before(scores[child] as number, scores[at] as number)) break;
      swap(at, child);
      at = child;
    }
    return result;
  };
  return {
    size: () => ids.length,
    topScore: () => scores[0] as number,
    push(id: number, score: number) {
      let at = ids.length;
      ids.push(id);
      scores.push(score);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(scores[at] as number, scores[parent] as number)) break;
        swap(at, parent);
        at = parent;
      }
    },
    pop,
    /** Everything, what would come out last first. */
    drain() {
      const out = { ids: new Array<number>(ids.length), scores: new Array<number>(ids.length) };
      for (let at = ids.length - 1; at >= 0; at--) {
        out.scores[at] = scores[0] as number;
        out.ids[at] = pop();
      }
      return out;
    },
  };
}
