// The ten best of a hundred thousand texts for three words: our index beside SQLite's FTS5 on the same corpus.

import { DatabaseSync } from "node:sqlite";
import { random } from "../../src/learn/random.ts";
import { openTextSearch, textIndexBuilder } from "../../src/learn/retrieval/full-text.ts";
import type { Bench, Sample } from "../harness.ts";

const [count, words, vocabulary, queries, top] = [100_000, 40, 30_000, 500, 10];

export function bench(): Bench {
  const chance = random(5);
  const word = () => `w${Math.floor(vocabulary ** chance.next()) - 1}`;
  const texts = Array.from({ length: count }, () => Array.from({ length: words }, word).join(" "));
  const asked = Array.from({ length: queries }, () => [word(), word(), word()]);

  let start = cpuMs();
  const builder = textIndexBuilder();
  for (const text of texts) builder.add(text);
  const search = openTextSearch(builder.finish());
  const ownBuildMs = cpuMs() - start;

  start = cpuMs();
  const database = new DatabaseSync(":memory:");
  database.exec("create virtual table texts using fts5(body, tokenize = 'unicode61')");
  const insert = database.prepare("insert into texts (rowid, body) values (?, ?)");
  database.exec("begin");
  for (const [row, text] of texts.entries()) insert.run(row, text);
  database.exec("commit; insert into texts (texts) values ('optimize')");
  const best = database.prepare(`select rowid, rank from texts where texts match ? order by rank limit ${top}`);
  const peerBuildMs = cpuMs() - start;

  const own = (query: readonly string[]) => search.search(query.join(" "), top).ids;
  const peer = (query: readonly string[]) => best.all(query.join(" OR ")).map((row) => Number(row.rowid));
  const truth = asked.map((query) => new Set(peer(query)));
  const timed = (find: (query: readonly string[]) => readonly number[], built: number): Promise<Sample> => {
    const from = cpuMs();
    const found = asked.map(find);
    const ms = cpuMs() - from;
    const same = found.reduce((sum, ids, index) => sum + ids.filter((id) => truth[index]?.has(id)).length, 0);
    const all = truth.reduce((sum, ids) => sum + ids.size, 0);
    const parts = {
      "queries, 1/s": Math.round((queries * 1_000) / ms),
      "found by FTS5 too, %": (100 * same) / all,
      "building, processor ms": built,
    };
    return Promise.resolve({ ms, parts });
  };
  return {
    title: `The ${top} best of ${count.toLocaleString("en")} texts`,
    method: `${queries} queries of three words each, any of which counts, over texts of ${words} words whose frequencies fall as their rank (${vocabulary.toLocaleString("en")} different ones); BM25 with k1 = 1.2 and b = 0.75 on both sides, in memory, one thread, time of the processor. FTS5 weighs words that most texts hold a little otherwise, so that among nearly equal texts the two may choose others.`,
    rounds: 3,
    variants: [
      { name: "Pentad", run: () => timed(own, ownBuildMs) },
      { name: "SQLite FTS5", run: () => timed(peer, peerBuildMs) },
    ],
    close: () => Promise.resolve(database.close()),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
