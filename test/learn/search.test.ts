// Search over texts and vectors: the graph against every vector compared, words of many scripts, scores by hand.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { packArrays, unpackArrays } from "../../src/learn/packed-arrays.ts";
import { random } from "../../src/learn/random.ts";
import { openTextSearch, textIndexBuilder, wordsOf } from "../../src/learn/retrieval/full-text.ts";
import { buildHnsw, searchHnsw } from "../../src/learn/retrieval/hnsw.ts";
import {
  type Metric,
  makeVectors,
  queryWith,
  restoreVectors,
  searchExact,
  similarity,
} from "../../src/learn/retrieval/nearest-vectors.ts";

function clustered(count: number, dimensions: number, seed: number): Float32Array {
  const chance = random(seed);
  const centres = Array.from({ length: 20 * dimensions }, () => chance.normal());
  return Float32Array.from({ length: count * dimensions }, (_, index) => {
    const row = Math.floor(index / dimensions);
    return (centres[(row % 20) * dimensions + (index % dimensions)] as number) + 0.5 * chance.normal();
  });
}

describe("nearest vectors", () => {
  for (const metric of ["cosine", "dot", "l2"] as const satisfies readonly Metric[])
    test(`are found in the graph as by comparing all, by ${metric}, the same every time`, () => {
      const [count, dimensions] = [1_500, 11];
      const vectors = makeVectors(metric, dimensions, clustered(count, dimensions, 3));
      const graph = buildHnsw(vectors);
      assert.deepEqual(buildHnsw(vectors).ground, graph.ground);
      const queries = clustered(40, dimensions, 4);
      let hits = 0;
      for (let query = 0; query < 40; query++) {
        const asked = queryWith(vectors, queries.subarray(query * dimensions, (query + 1) * dimensions));
        const truth = searchExact(vectors, asked, 10);
        const found = searchHnsw(vectors, graph, asked, { top: 10, effort: 100 });
        assert.deepEqual(
          found.scores,
          found.ids.map((id) => similarity(vectors, asked, id)),
          "scores are those of the vectors",
        );
        assert.deepEqual(
          found.scores.toSorted((a, b) => b - a),
          found.scores,
          "the nearest come first",
        );
        hits += found.ids.filter((id) => truth.ids.includes(id)).length;
      }
      assert.ok(hits / 400 > 0.97, `recall@10 is ${hits / 400}`);
    });

  test("are compared as they are defined, among some only when asked, ties in their order", () => {
    const vectors = makeVectors("l2", 2, Float32Array.of(0, 0, 3, 4, 0, 0, 1, 0));
    const origin = queryWith(vectors, [0, 0]);
    assert.deepEqual(searchExact(vectors, origin, 4), { ids: [0, 2, 3, 1], scores: [-0, -0, -1, -25] });
    assert.deepEqual(searchExact(vectors, origin, 2, Uint32Array.of(1, 3)).ids, [3, 1]);
    const kept = restoreVectors("l2", 2, vectors.values.slice());
    assert.deepEqual(searchExact(kept, queryWith(kept, [3, 4]), 1), { ids: [1], scores: [-0] });
    const angles = makeVectors("cosine", 2, Float32Array.of(0, 0, 0, 5, -1, 0));
    assert.deepEqual(searchExact(angles, queryWith(angles, [0, 2]), 3), { ids: [1, 0, 2], scores: [1, 0, 0] });
    assert.deepEqual(
      searchHnsw(makeVectors("dot", 2, new Float32Array(0)), buildHnsw(makeVectors("dot", 2, new Float32Array(0))), 0, {
        top: 3,
        effort: 9,
      }),
      { ids: [], scores: [] },
    );
  });
});

describe("full text", () => {
  test("has words of every script, in lower case, without accents", () => {
    assert.deepEqual(wordsOf("Über 3.5 Σίσυφος' naïve—北京天気 _x_ 🙂"), [
      "uber",
      "3",
      "5",
      "σισυφος",
      "naive",
      "北京天気",
      "x",
    ]);
  });

  test("scores by BM25, as by hand", () => {
    const builder = textIndexBuilder();
    for (const text of ["a b b", "a", null, "b c c c"]) builder.add(text);
    const search = openTextSearch(builder.finish());
    const { ids, scores } = search.search("b", 10);
    const weight = Math.log(1 + (4 - 2 + 0.5) / (2 + 0.5));
    const score = (frequency: number, length: number) =>
      (weight * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * length) / 2));
    assert.deepEqual(ids, [0, 3]);
    for (const [index, expected] of [score(2, 3), score(1, 4)].entries())
      assert.ok(Math.abs((scores[index] as number) - expected) < 1e-6);
    assert.deepEqual(search.search("b b c", 10, (document) => document !== 0).ids, [3]);
    assert.deepEqual(search.search("b", 10).scores, scores, "an earlier search leaves nothing behind");
  });
});

test("packed arrays come back as they were, from any place in a buffer, and nothing else does", () => {
  const arrays = { a: Float32Array.of(1.5, -2), b: Uint16Array.of(1, 2, 3), c: new Uint32Array(0) };
  const bytes = packArrays({ names: ["ü"] }, arrays);
  for (const shift of [0, 1, 8]) {
    const moved = new Uint8Array(bytes.length + shift);
    moved.set(bytes, shift);
    assert.deepEqual(unpackArrays(moved.subarray(shift)), { head: { names: ["ü"] }, arrays });
  }
  assert.equal(unpackArrays(new Uint8Array(4)), undefined);
  assert.equal(unpackArrays(Buffer.from("not an index at all")), undefined);
});
