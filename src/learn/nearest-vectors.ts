// Exact nearest neighbours over flat vectors: every one is compared.

/** How near two vectors are; the larger the nearer. `l2` is the negative of the distance's square. */
export type Metric = "cosine" | "dot" | "l2";

/** `count × dimensions` numbers, one vector after another; for the cosine each has length one, and zeros stay zeros. */
export interface Vectors {
  readonly metric: Metric;
  readonly dimensions: number;
  readonly count: number;
  readonly values: Float32Array;
}

/** How near the vector of that number is to the one that was asked for. */
export type Similarity = (id: number) => number;

/** Nearest first; of equally near ones the first. */
export interface Nearest {
  readonly ids: readonly number[];
  readonly scores: readonly number[];
}

/** Takes the values over, and scales them for the cosine. */
export function makeVectors(metric: Metric, dimensions: number, values: Float32Array): Vectors {
  const count = dimensions === 0 ? 0 : values.length / dimensions;
  if (metric === "cosine")
    for (let row = 0; row < count; row++) scale(values.subarray(row * dimensions, (row + 1) * dimensions));
  return { metric, dimensions, count, values };
}

function scale(vector: Float32Array): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return;
  const length = Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] as number) / length;
}

/** The similarity to a vector of one's own. */
export function nearestTo(vectors: Vectors, query: readonly number[] | Float32Array): Similarity {
  const own = Float32Array.from(query);
  if (vectors.metric === "cosine") scale(own);
  return similarityTo(vectors, own, 0);
}

/** The similarity to one of the vectors. */
export function nearestOf(vectors: Vectors, id: number): Similarity {
  return similarityTo(vectors, vectors.values, id * vectors.dimensions);
}

/** Four sums at once: the processor need not wait for one addition before it begins the next. */
function similarityTo({ metric, dimensions, values }: Vectors, query: Float32Array, from: number): Similarity {
  const whole = dimensions - (dimensions % 4);
  if (metric === "l2")
    return (id) => {
      let at = id * dimensions;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      let index = from;
      for (const end = from + whole; index < end; index += 4, at += 4) {
        const e = values[at]! - query[index]!;
        const f = values[at + 1]! - query[index + 1]!;
        const g = values[at + 2]! - query[index + 2]!;
        const h = values[at + 3]! - query[index + 3]!;
        a += e * e;
        b += f * f;
        c += g * g;
        d += h * h;
      }
      for (const end = from + dimensions; index < end; index++, at++) a += (values[at]! - query[index]!) ** 2;
      return -(a + b + c + d);
    };
  return (id) => {
    let at = id * dimensions;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let index = from;
    for (const end = from + whole; index < end; index += 4, at += 4) {
      a += values[at]! * query[index]!;
      b += values[at + 1]! * query[index + 1]!;
      c += values[at + 2]! * query[index + 2]!;
      d += values[at + 3]! * query[index + 3]!;
    }
    for (const end = from + dimensions; index < end; index++, at++) a += values[at]! * query[index]!;
    return a + b + c + d;
  };
}

/** Compares all, or those of `among`. */
export function searchExact(vectors: Vectors, similarity: Similarity, top: number, among?: Iterable<number>): Nearest {
  const best = bestOf(top);
  if (among === undefined) for (let id = 0; id < vectors.count; id++) best.offer(id, similarity(id));
  else for (const id of among) best.offer(id, similarity(id));
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
