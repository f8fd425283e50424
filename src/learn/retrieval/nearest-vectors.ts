// Nearest neighbours over vectors in WebAssembly's memory, each compared with SIMD; exact ones by comparing all.

import { vectorsWasm } from "../kernels/vectors.wasm.ts";
import { wasmKernels, wasmMemory } from "../wasm.ts";

/** How near two vectors are; the larger the nearer. `l2` is the negative of the distance's square. */
export type Metric = "cosine" | "dot" | "l2";

/** For the cosine each vector has length one, and zeros stay zeros. */
export interface Vectors {
  readonly metric: Metric;
  readonly dimensions: number;
  readonly count: number;
  /** One vector after another, each filled up with zeros to `stride` numbers. */
  readonly values: Float32Array;
  readonly stride: number;
  /** Numbers of vectors to compare, and what came of it: room for `batch` of them. */
  readonly ids: Uint32Array;
  readonly scores: Float32Array;
  /** Compares the first `count` of `ids` with a query, into `scores`. */
  compare(query: Query, count: number): void;
  /** The place of a query of one's own. */
  readonly query: Query;
}

/** Where a query stands: one of the vectors, or a vector of one's own, until the next one takes its place. */
export type Query = number & { readonly query?: never };

/** Nearest first; of equally near ones the first. */
export interface Nearest {
  readonly ids: readonly number[];
  readonly scores: readonly number[];
}

export const batch = 1024;

interface VectorKernels {
  products(vectors: number, pitch: number, query: number, ids: number, count: number, out: number): void;
  distances(vectors: number, pitch: number, query: number, ids: number, count: number, out: number): void;
}

/** Takes `count × dimensions` numbers, and scales each vector for the cosine. */
export function makeVectors(metric: Metric, dimensions: number, values: Float32Array): Vectors {
  const vectors = roomFor(metric, dimensions, dimensions === 0 ? 0 : values.length / dimensions);
  const { stride, count } = vectors;
  for (let row = 0; row < count; row++) {
    vectors.values.set(values.subarray(row * dimensions, (row + 1) * dimensions), row * stride);
    if (metric === "cosine") scale(vectors.values.subarray(row * stride, (row + 1) * stride));
  }
  return vectors;
}

/** Takes the `values` of vectors that were made before, as they are. */
export function restoreVectors(metric: Metric, dimensions: number, values: Float32Array): Vectors {
  const vectors = roomFor(metric, dimensions, values.length / strideOf(dimensions));
  vectors.values.set(values);
  return vectors;
}

function strideOf(dimensions: number): number {
  return Math.max(4, Math.ceil(dimensions / 4) * 4);
}

function roomFor(metric: Metric, dimensions: number, count: number): Vectors {
  const stride = strideOf(dimensions);
  const pitch = stride * 4;
  const query = count * pitch;
  const idsAt = query + pitch;
  const scoresAt = idsAt + batch * 4;
  const memory = wasmMemory(scoresAt + batch * 4, { shared: false });
  const { products, distances } = wasmKernels<VectorKernels>(vectorsWasm, memory);
  const kernel = metric === "l2" ? distances : products;
  return {
    metric,
    dimensions,
    count,
    stride,
    values: new Float32Array(memory.buffer, 0, count * stride),
    ids: new Uint32Array(memory.buffer, idsAt, batch),
    scores: new Float32Array(memory.buffer, scoresAt, batch),
    compare: (from, size) => kernel(0, pitch, from, idsAt, size, scoresAt),
    query,
  };
}

function scale(vector: Float32Array): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return;
  const length = Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] as number) / length;
}

/** Asks with a vector of one's own. */
export function queryWith({ metric, query, stride, values }: Vectors, near: ArrayLike<number>): Query {
  const own = new Float32Array(values.buffer, query, stride);
  own.set(near);
  if (metric === "cosine") scale(own);
  return query;
}

/** Asks with one of the vectors. */
export function queryOf({ stride }: Vectors, id: number): Query {
  return id * stride * 4;
}

export function similarity(vectors: Vectors, query: Query, id: number): number {
  vectors.ids[0] = id;
  vectors.compare(query, 1);
  return vectors.scores[0] as number;
}

/** Compares all, or those of `among`. */
export function searchExact(vectors: Vectors, query: Query, top: number, among?: Uint32Array): Nearest {
  const best = bestOf(top);
  const { ids, scores } = vectors;
  const count = among?.length ?? vectors.count;
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    for (let index = 0; index < size; index++)
      ids[index] = among === undefined ? from + index : (among[from + index] as number);
    vectors.compare(query, size);
    for (let index = 0; index < size; index++) best.offer(ids[index] as number, scores[index] as number);
  }
  return best.take();
}

/** Keeps the best of what is offered, in order; made for few. */
export function bestOf(top: number) {
  const ids: number[] = [];
  const scores: number[] = [];
  return {
    offer(id: number, score: number) {
      if (ids.length === top && score <= (scores[top - 1] ?? Number.POSITIVE_INFINITY)) return;
      let low = 0;
      let high = ids.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((scores[middle] as number) >= score) low = middle + 1;
        else high = middle;
      }
      if (low >= top) return;
      ids.splice(low, 0, id);
      scores.splice(low, 0, score);
      if (ids.length > top) {
        ids.pop();
        scores.pop();
      }
    },
    take: (): Nearest => ({ ids, scores }),
  };
}
