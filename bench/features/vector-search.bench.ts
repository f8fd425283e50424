// The nearest ten of a hundred thousand vectors of 128 numbers: our graph and our exact search beside hnswlib and faiss.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../../src/learn/random.ts";
import { buildHnsw, searchHnsw } from "../../src/learn/retrieval/hnsw.ts";
import { makeVectors, queryWith, searchExact } from "../../src/learn/retrieval/nearest-vectors.ts";
import type { Bench, Sample } from "../harness.ts";

const [count, dimensions, queries, top, effort] = [100_000, 128, 1_000, 10, 48];
const python = process.env.PENTAD_BENCH_PYTHON;

export function bench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const values = clustered();
  const own = values.subarray(0, count * dimensions);
  const asked = Array.from({ length: queries }, (_, index) =>
    values.subarray((count + index) * dimensions, (count + index + 1) * dimensions),
  );
  const before = cpuMs();
  const vectors = makeVectors("cosine", dimensions, own);
  const graph = buildHnsw(vectors);
  const buildMs = cpuMs() - before;
  const truth = asked.map((query) => searchExact(vectors, queryWith(vectors, query), top).ids);
  writeFileSync(join(folder, "vectors.f32"), own);
  writeFileSync(join(folder, "queries.f32"), values.subarray(count * dimensions));
  writeFileSync(join(folder, "truth.u32"), Uint32Array.from(truth.flat()));

  const timed = (search: (query: Float32Array) => readonly number[], built: number): Promise<Sample> => {
    let hits = 0;
    const start = cpuMs();
    const found = asked.map(search);
    const ms = cpuMs() - start;
    for (const [index, ids] of found.entries()) hits += ids.filter((id) => truth[index]?.includes(id)).length;
    return Promise.resolve({ ms, parts: facts(ms, hits / (queries * top), built) });
  };
  const peer = (library: string): Promise<Sample> => {
    const script = join(import.meta.dirname, "vector-search.py");
    const args = [script, library, folder, String(dimensions), String(top), String(effort)];
    const { ms, recall, built } = JSON.parse(
      execFileSync(python as string, args, { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1" } }),
    ) as { ms: number; recall: number; built: number };
    return Promise.resolve({ ms, parts: facts(ms, recall, built) });
  };
  return {
    title: `The ${top} nearest of ${count.toLocaleString("en")} vectors`,
    method: `${queries.toLocaleString("en")} queries, one after another on one thread, for the ${top} nearest by the cosine of ${dimensions} 32-bit numbers that lie around 1,000 centres; time of the processor, without the start of the process. All graphs have 16 neighbours, 100 candidates while building and ${effort} while searching. Recall is the share of the true nearest. ${python === undefined ? "hnswlib and faiss were not there." : "hnswlib and faiss are asked from Python, one query a call, with the same numbers."}`,
    rounds: 3,
    variants: [
      {
        name: "Pentad, graph",
        run: () =>
          timed((query) => searchHnsw(vectors, graph, queryWith(vectors, query), { top, effort }).ids, buildMs),
      },
      {
        name: "Pentad, exact",
        run: () => timed((query) => searchExact(vectors, queryWith(vectors, query), top).ids, 0),
      },
      ...(python === undefined
        ? []
        : [
            { name: "hnswlib", run: () => peer("hnswlib") },
            { name: "faiss, graph", run: () => peer("faiss") },
            { name: "faiss, exact", run: () => peer("faiss-exact") },
          ]),
    ],
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

function facts(ms: number, recall: number, built: number) {
  return {
    "queries, 1/s": Math.round((queries * 1_000) / ms),
    "recall@10, %": recall * 100,
    "building, processor ms": built,
  };
}

function clustered(): Float32Array {
  const chance = random(11);
  const centres = Float32Array.from({ length: 1_000 * dimensions }, () => chance.normal());
  const values = new Float32Array((count + queries) * dimensions);
  for (let row = 0; row < count + queries; row++) {
    const centre = chance.below(1_000) * dimensions;
    for (let index = 0; index < dimensions; index++)
      values[row * dimensions + index] = (centres[centre + index] as number) + 0.7 * chance.normal();
  }
  return values;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
