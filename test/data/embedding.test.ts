// Embeddings in a feature group: made in batches of texts that are new, held to their shape, and made anew when their embedder changes.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { waitingVectors } from "../../src/features/embedding.ts";
import { keepPosts } from "../../src/features/posts.ts";
import { category, defineData, type Embedder, embedding, number, push, text } from "../../src/index.ts";
import { type Cells, definitionOf, type Group, given, openGroup } from "./group.ts";

const day = 86_400_000;
const at = (n: number) => Date.parse("2024-01-01T00:00:00Z") + n * day;

/** Counts of a and e, and the length: enough to tell texts apart. */
function counting(text: string): number[] {
  const count = (letter: string) => text.split(letter).length - 1;
  return [count("a"), count("e"), text.length];
}

describe("an embedding", () => {
  let group: Group;
  /** Every batch that the embedder was given. */
  let batches: string[][];
  beforeEach(async () => {
    group = await openGroup();
    batches = [];
  });
  afterEach(() => group.close());

  function embedder(options: Partial<Embedder> = {}): Embedder {
    return {
      dimensions: 3,
      version: "1",
      embed: async (texts) => {
        batches.push([...texts]);
        return texts.map(counting);
      },
      ...options,
    };
  }
  interface PaperOptions {
    readonly rows: readonly Cells[];
    readonly with?: Embedder;
    readonly of?: readonly ("title" | "body")[];
    readonly feed?: string;
    readonly optional?: boolean;
    readonly budget?: number;
  }
  const papers = ({ rows, feed, of = ["title", "body"], optional = false, budget = 0.9, ...rest }: PaperOptions) =>
    defineData({
      name: "papers",
      source: given(rows, feed ?? null),
      key: "id",
      eventTime: "day",
      quarantineBudget: budget,
      features: {
        title: text({ optional: true }),
        body: text({ optional: true }),
        meaning: embedding({ of, with: rest.with ?? embedder(), optional }),
      },
    });
  const row = (id: string, title: string | null, body: string | null = null, n = 0): Cells => ({
    id,
    day: new Date(at(n)).toISOString(),
    title,
    body,
  });
  const stored = async (component: unknown) =>
    Object.fromEntries(
      (await group.rows(definitionOf(component))).map((one) => [one._key_id, JSON.parse(String(one.meaning))]),
    );
  const texts = () => batches.flat().sort();

  it("is made of each text once, of several features one a line, in batches of the embedder's size", async () => {
    const rows = [row("1", "a"), row("2", "a"), row("3", "ab", "e"), row("4", " ", "ee"), row("5", "x")];
    const component = papers({ rows, with: embedder({ batchSize: 3 }) });
    const { rows: counts } = await group.run(component);
    assert.deepEqual([counts.read, counts.quarantined], [5, 0]);
    assert.deepEqual(texts(), ["a", "ab\ne", "ee", "x"]);
    assert.deepEqual(
      batches.map((one) => one.length),
      [3, 1],
    );
    assert.deepEqual(await stored(component), { 1: [1, 0, 1], 2: [1, 0, 1], 3: [1, 1, 4], 4: [0, 2, 2], 5: [0, 0, 1] });
  });

  it("is taken from the last commit for texts that are known, whatever else changed, and made for others", async () => {
    await group.run(papers({ rows: [row("1", "a"), row("2", "b"), row("3", "gone")] }), at(1));
    batches = [];
    const changed = papers({ rows: [row("1", "a", null, 2), row("2", "new"), row("4", "b")] });
    await group.run(changed, at(2));
    assert.deepEqual(texts(), ["new"]);
    assert.deepEqual(await stored(changed), { 1: [1, 0, 1], 2: [0, 1, 3], 4: [0, 0, 1] });
    batches = [];
    assert.equal((await group.run(changed, at(3))).rows.written, 0);
    assert.deepEqual(batches, []);
  });

  it("is told that its texts are documents, and may return typed arrays without a promise", async () => {
    const asked: string[] = [];
    const component = papers({
      rows: [row("1", "aé")],
      with: embedder({
        embed: (list, as) => {
          asked.push(as);
          return list.map((one) => Float32Array.from([0.1, one.length, -1e-20]));
        },
      }),
    });
    await group.run(component);
    assert.deepEqual(asked, ["document"]);
    const vector = ((await stored(component)) as Record<string, number[]>)[1] as number[];
    assert.deepEqual(vector.map(Math.fround), [Math.fround(0.1), 2, Math.fround(-1e-20)]);
  });

  it("puts a row whose vector is none into quarantine, alone, with the reason", async () => {
    const bad: Record<string, unknown> = {
      short: [1, 2],
      nan: [1, Number.NaN, 3],
      huge: [1, 1e300, 3],
      none: null,
      word: "abc",
      texts: ["1", "2", "3"],
      big: [1n, 2n, 3n],
    };
    const rows = [row("ok", "fine"), ...Object.keys(bad).map((name) => row(name, name)), row("empty", null, " ")];
    const component = papers({
      rows,
      budget: 1,
      with: embedder({
        embed: (list) => list.map((one) => (bad[one] === undefined ? counting(one) : bad[one])) as never,
      }),
    });
    const { rows: counts } = await group.run(component);
    assert.equal(counts.quarantined, 8);
    assert.deepEqual(Object.keys(await stored(component)), ["ok"]);
    const again = papers({ rows, budget: 0.5, with: embedder({ embed: (list) => list.map(() => [1]) }) });
    await assert.rejects(group.run({ ...again, options: { ...again.options, name: "others" }, name: "others" }), {
      code: "DATA_ALL_REJECTED",
      message: /meaning: expected 3 numbers from embed, got 1/,
    });
  });

  it("is missing without a text where it is optional, and rejects the row where it is not", async () => {
    const rows = [row("1", "a"), row("2", null, ""), row("3", "  ")];
    const optional = papers({ rows, optional: true });
    assert.equal((await group.run(optional)).rows.quarantined, 0);
    assert.deepEqual(await stored(optional), { 1: [1, 0, 1], 2: null, 3: null });
    assert.equal((await group.run(papers({ rows }))).rows.quarantined, 2);
  });

  it("fails the run with the line of its embedding when there is not one vector for each text", async () => {
    for (const [given, got] of [
      [(list: readonly string[]) => list.slice(1).map(counting), "1"],
      [() => [1, 2, 3], "one list of 3 numbers"],
      [() => undefined, "nothing"],
      [() => "abc", "string"],
    ] as const) {
      const component = papers({ rows: [row("1", "a"), row("2", "b")], with: embedder({ embed: given as never }) });
      const error = await group.run(component).then(
        () => assert.fail("the run passed"),
        (thrown: unknown) => thrown,
      );
      assert.ok(isFailure(error, "FEATURES_EMBEDDING_FAILED"), String(error));
      assert.match(error.message, new RegExp(`one vector for each of 2 texts, got ${got}$`));
      assert.equal(error.location?.file, "embedding.test.ts");
      assert.equal(error.retry, "never");
    }
  });

  it("throws on what its embedder throws, and the next attempt goes on where it stopped", async () => {
    let failing = true;
    const rows = Array.from({ length: 5000 }, (_, index) => row(String(index), `text ${index}`));
    const component = papers({
      rows,
      with: embedder({
        embed: (list) => {
          if (failing && batches.length >= 60) throw new TypeError("no more for today");
          batches.push([...list]);
          return list.map(counting);
        },
      }),
    });
    const seen = new Set<string>();
    await group.run(component, at(1), {
      afterFailure: (error) => {
        assert.match(String(error), /no more for today/);
        for (const one of batches.flat()) seen.add(one);
        failing = false;
        batches = [];
      },
    });
    assert.equal(seen.size, 3840);
    assert.equal(texts().length, 5000 - 3840);
    assert.equal(Object.keys(await stored(component)).length, 5000);
    assert.equal(existsSync(waitingVectors(join(group.folder, "tmp"), "papers")), false);
  });

  it("goes on where an earlier run failed for good, unless its embedder has changed since", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => row(String(index), `text ${index}`));
    const failing = (version: string) =>
      papers({
        rows,
        with: embedder({
          version,
          embed: (list) => {
            if (batches.length === 3) throw new Error("no more for today");
            batches.push([...list]);
            return list.map(counting);
          },
        }),
      });
    await assert.rejects(group.run(failing("1")), /no more for today/);
    assert.equal(texts().length, 192);
    batches = [];
    await assert.rejects(group.run(failing("2")), /no more for today/);
    assert.equal(texts().length, 192);
    batches = [];
    const component = papers({ rows });
    await group.run(component);
    assert.equal(texts().length, 300 - 192);
    assert.equal(Object.keys(await stored(component)).length, 300);
  });

  it("starts the group of a mirrored source anew when its embedder or its texts change", async () => {
    const rows = [row("1", "a", "e"), row("2", "b")];
    await group.run(papers({ rows }), at(1));
    batches = [];
    const doubled = embedder({ version: "2", embed: (list) => list.map((one) => counting(one).map((n) => 2 * n)) });
    const second = papers({ rows, with: doubled });
    await group.run(second, at(2));
    assert.deepEqual(await stored(second), { 1: [2, 2, 6], 2: [0, 0, 2] });
    const third = papers({ rows, with: doubled, of: ["title"] });
    await group.run(third, at(3));
    assert.deepEqual(await stored(third), { 1: [2, 0, 2], 2: [0, 0, 2] });
  });

  it("is made of the texts that a feed's group holds when it is new there, or its embedder changes", async () => {
    const plain = defineData({
      name: "papers",
      source: given([row("1", "a"), row("2", "b"), row("3", null)], "1"),
      key: "id",
      eventTime: "day",
      features: { title: text({ optional: true }), body: text({ optional: true }) },
    });
    await group.run(plain, at(1));
    const first = papers({ rows: [row("4", "e"), row("2", "be", null)], feed: "2" });
    const { rows: counts } = await group.run(first, at(2));
    assert.deepEqual(texts(), ["a", "b", "be", "e"]);
    assert.deepEqual(await stored(first), { 1: [1, 0, 1], 2: [0, 1, 2], 3: null, 4: [0, 1, 1] });
    assert.equal(counts.written, 3);
    batches = [];
    const negative = embedder({ version: "2", embed: (list) => list.map((one) => counting(one).map((n) => -n)) });
    const second = papers({ rows: [], feed: "3", with: negative });
    await group.run(second, at(3));
    assert.deepEqual(await stored(second), { 1: [-1, 0, -1], 2: [0, -1, -2], 3: null, 4: [0, -1, -1] });
    assert.equal((await group.run(second, at(4))).rows.written, 0);
  });

  it("is made of posted rows by their run, and of those that were there before it", async () => {
    const post = (rows: readonly object[]) =>
      group.parts.database.transaction((tx) =>
        keepPosts(tx, "notes", [{ atMs: at(1), rows, idempotencyKey: null, answer: null }]),
      );
    const before = defineData({ name: "notes", source: push(), features: { note: category() } });
    await post([{ note: "a" }, { note: "b" }]);
    await group.run(before, at(1));
    const component = defineData({
      name: "notes",
      source: push(),
      features: { note: category(), meaning: embedding({ of: "note", with: embedder() }) },
    });
    await post([{ note: "a" }, { note: "e", meaning: [1, 2, 3] }]);
    await group.run(component, at(2));
    assert.deepEqual(texts(), ["a", "b", "e"]);
    assert.deepEqual(
      (await group.rows(definitionOf(component))).map(({ note, meaning }) => [note, JSON.parse(String(meaning))]),
      [
        ["a", [1, 0, 1]],
        ["b", [0, 0, 1]],
        ["a", [1, 0, 1]],
        ["e", [0, 1, 1]],
      ],
    );
  });

  it("is taken again in a backfill, and made for texts of the range that are new", async () => {
    const rows = [row("1", "a", null, 0), row("2", "b", null, 1)];
    await group.run(papers({ rows }), at(9));
    batches = [];
    const more = papers({ rows: [...rows, row("3", "e", null, 1), row("4", "far", null, 20)] });
    const range = { fromMs: at(0), toMs: at(2), partitionMs: day, known: null };
    assert.equal((await group.backfill(more, range, at(10))).rows.written, 1);
    assert.deepEqual(texts(), ["e"]);
    assert.deepEqual(await stored(more), { 1: [1, 0, 1], 2: [0, 0, 1], 3: [0, 1, 1] });
  });

  it("keeps its column under a new name, and two embeddings stand side by side", async () => {
    const rows = [row("1", "a", "e"), row("2", "b")];
    await group.run(papers({ rows }), at(1));
    batches = [];
    const renamed = defineData({
      ...papers({ rows }).options,
      features: {
        title: text({ optional: true }),
        body: text({ optional: true }),
        sense: embedding({ of: ["title", "body"], with: embedder() }),
        headline: embedding({ of: "title", with: embedder(), similarity: "l2" }),
        length: number({ optional: true, from: "id" }),
      },
    });
    await group.run(renamed, at(2));
    assert.deepEqual(texts(), ["a", "b"]);
    assert.deepEqual(
      (await group.rows(definitionOf(renamed))).map((one) =>
        [one.sense, one.headline].map((v) => JSON.parse(String(v))),
      ),
      [
        [
          [1, 1, 3],
          [1, 0, 1],
        ],
        [
          [0, 0, 1],
          [0, 0, 1],
        ],
      ],
    );
  });
});

describe("a file that declares an embedding wrongly", () => {
  const declare = (options: object) => () =>
    defineData({
      source: push(),
      features: { title: text(), pages: number(), meaning: embedding({ of: "title", with: good, ...options }) },
    });
  const good: Embedder = { dimensions: 3, embed: (texts) => texts.map(counting) };
  it("is told what stands where something else should", () => {
    for (const [options, message] of [
      [{ of: "titel" }, /features.meaning: expected text\(\) or category\(\) features .*\(title\), got "titel"/],
      [{ of: "pages" }, /got "pages, which is number\(\)"/],
      [{ of: "meaning" }, /got "meaning, which is vector\(\)"/],
      [{ of: [] }, /embedding\(\).of: expected a list of texts/],
      [{ of: ["title", "title"] }, /each feature once/],
      [
        { with: async () => [] },
        /embedding\(\).with: expected \{ dimensions, embed: async \(texts\) => … \}, got a function/,
      ],
      [
        { with: { embed: good.embed } },
        /embedding\(\).with.dimensions: expected a number from 1 to 10000, got nothing/,
      ],
      [{ with: { ...good, dimensions: 2.5 } }, /a whole number/],
      [{ with: { ...good, batchSize: 0 } }, /embedding\(\).with.batchSize/],
      [{ with: { ...good, version: 2 } }, /embedding\(\).with.version: expected a text/],
      [{ dimensions: 3 }, /embedding\(\).dimensions: expected one of/],
    ] as const)
      assert.throws(
        declare(options),
        (error) => isFailure(error, "DEFINE_INVALID") && message.test(error.message),
        String(message),
      );
  });
});
