// The statistics of a commit are right for columns that are odd: nothing in them, one value, huge, tiny or foreign ones.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { defineData } from "../../src/define/data.ts";
import { boolean, category, number, text, time } from "../../src/define/feature.ts";
import { findHead } from "../../src/features/commits.ts";
import type { ColumnStatistics } from "../../src/features/statistics.ts";
import { type Cells, type Group, given, openGroup } from "../data/group.ts";

describe("the statistics of a commit", () => {
  let group: Group;
  afterEach(() => group.close());

  async function statistics(features: object, rows: readonly Cells[]): Promise<Record<string, ColumnStatistics>> {
    group = await openGroup();
    const key = rows.map((row, index) => ({ id: String(index), ...row }));
    await group.run(defineData({ name: "odd", source: given(key), key: "id", features } as never), 0);
    const head = await findHead(group.parts.database, "odd");
    assert.equal(head?.statistics.rows, rows.length);
    return Object.fromEntries((head?.statistics.columns ?? []).map((column) => [column.name, column]));
  }

  it("say that there is nothing where everything is missing", async () => {
    const features = { x: number({ optional: true }), c: category({ optional: true }), t: time({ optional: true }) };
    const { x, c, t } = await statistics(features, [
      { x: null, c: null, t: null },
      { x: "NA", c: "", t: null },
    ]);
    const nothing = {
      missing: 2,
      distinct: 0,
      min: null,
      max: null,
      mean: null,
      std: null,
      quantiles: null,
      histogram: null,
    };
    assert.deepEqual(x, { name: "x", ...nothing, top: null });
    assert.deepEqual(c, { name: "c", ...nothing, top: [] });
    assert.deepEqual(t, { name: "t", ...nothing, top: null });
  });

  it("put every row of a constant into one bar, and of a single row too", async () => {
    const { x } = await statistics({ x: number() }, [{ x: "7" }, { x: "7" }, { x: "7.0" }]);
    assert.deepEqual([x?.min, x?.max, x?.mean, x?.std, x?.distinct], [7, 7, 7, 0, 1]);
    assert.deepEqual(x?.quantiles, [7, 7, 7, 7, 7]);
    assert.equal(
      x?.histogram?.reduce((a, b) => a + b, 0),
      3,
    );
    await group.close();
    const { x: one } = await statistics({ x: number() }, [{ x: "-3" }]);
    assert.deepEqual([one?.mean, one?.std, one?.histogram?.[0]], [-3, null, 1]);
  });

  it("count huge, tiny and equal-looking numbers without overflow", async () => {
    const huge = ["9007199254740993", "9007199254740991", "-9007199254740991", "1e308", "-1e308", "5e-324", "0"];
    const { x } = await statistics(
      { x: number() },
      huge.map((cell) => ({ x: cell })),
    );
    assert.deepEqual([x?.min, x?.max, x?.missing], [-1e308, 1e308, 0]);
    assert.equal(x?.distinct, new Set(huge.map(Number)).size);
    assert.equal(
      x?.histogram?.reduce((a, b) => a + b, 0),
      huge.length,
    );
    assert.ok(x?.histogram?.every((count) => count >= 0));
    assert.equal(x?.quantiles?.length, 5);
    assert.ok(x?.quantiles?.every(Number.isFinite), String(x?.quantiles));
  });

  it("keep foreign texts as they are, the most frequent first", async () => {
    const words = ["北京", "北京", "naïve", "nai\u0308ve", "🙂", "a'b\"c;--", "ـ", " 北京 "];
    const { c, w, b } = await statistics(
      { c: category(), w: text(), b: boolean() },
      words.map((word, index) => ({ c: word, w: word, b: index % 4 === 0 ? "yes" : "no" })),
    );
    assert.deepEqual(c?.top?.[0], { value: "北京", count: 3 });
    assert.deepEqual(new Set(c?.top?.map(({ value }) => value)), new Set(words.map((word) => word.trim())));
    assert.deepEqual([c?.distinct, w?.distinct, w?.top], [6, 7, null]);
    assert.deepEqual(b?.top, [
      { value: "false", count: 6 },
      { value: "true", count: 2 },
    ]);
  });

  it("hold of numbers the quantiles and bars that a sorted list gives", async () => {
    const values = Array.from({ length: 101 }, (_, index) => (index * 37) % 101);
    const { x } = await statistics({ x: number({ optional: true }) }, [
      ...values.map((cell) => ({ x: String(cell) })),
      { x: null },
    ]);
    assert.deepEqual(x?.quantiles, [1, 25, 50, 75, 99]);
    assert.deepEqual([x?.mean, x?.missing, x?.distinct], [50, 1, 101]);
    assert.deepEqual(x?.histogram, [...new Array(19).fill(5), 6]);
  });
});
