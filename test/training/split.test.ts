// Which rows are held out: stable as the table grows, whole groups together, and never within a fold.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import type { Label } from "../../src/learn/model.ts";
import { random } from "../../src/learn/random.ts";
import type { LabelledRows } from "../../src/training/rows.ts";
import { foldsOf, holdOut } from "../../src/training/split.ts";

function definition(split: Partial<TrainingDefinition["split"]>, seed = 1): TrainingDefinition {
  return { split: { by: null, test: 0.2, gapMs: 0, ...split }, seed } as TrainingDefinition;
}

/** Rows whose draws depend on their number alone, as a hash of their identity would. */
function rows(count: number, given: Partial<LabelledRows> = {}): LabelledRows {
  const draws = Float64Array.from({ length: count }, (_, row) => random(7, row).next());
  const label: Label = { task: "regression", values: Float64Array.from({ length: count }, (_, row) => row) };
  return {
    table: { rowCount: count, columns: new Map() },
    label,
    times: null,
    groups: null,
    identities: draws,
    draws,
    ...given,
  };
}

const classes = (codes: readonly number[]): Label => ({
  task: "binary",
  classes: ["no", "yes"],
  codes: Int32Array.from(codes),
});

describe("rows held out", () => {
  it("keep a row in its part while the table grows, but for a few at the border", () => {
    const before = holdOut(rows(1000), definition({ by: "random" }));
    const after = holdOut(rows(1200), definition({ by: "random" }));
    const held = new Set(before.test);
    const moved = [...after.test].filter((row) => row < 1000 && !held.has(row)).length;
    assert.equal(before.test.length, 200);
    assert.equal(after.test.length, 240);
    assert.ok(moved < 15, `${moved} rows changed sides`);
  });

  it("say by their border which rows another split held out", () => {
    const before = holdOut(rows(1000), definition({ by: "random" }));
    const { draws } = rows(1000);
    const border = before.border[""] as number;
    assert.deepEqual(
      [...draws.keys()].filter((row) => draws[row]! <= border),
      [...before.test],
    );
  });

  it("hold each class in proportion, a rare one too", () => {
    const codes = Array.from({ length: 1000 }, (_, row) => (row % 50 === 0 ? 1 : 0));
    const { kind, test } = holdOut(rows(1000, { label: classes(codes) }), definition({}));
    assert.equal(kind, "stratified");
    assert.equal([...test].filter((row) => codes[row] === 1).length, 4);
    assert.equal(test.length, 200);
  });

  it("never part copies of a row: equal identities draw the same", () => {
    const draws = Float64Array.from({ length: 400 }, (_, row) => random(3, row >> 2).next());
    const { train, test } = holdOut(rows(400, { draws }), definition({ by: "random" }));
    const held = new Set([...test].map((row) => row >> 2));
    assert.ok([...train].every((row) => !held.has(row >> 2)));
  });

  it("hold whole groups, in every fold too", () => {
    const groups = Array.from({ length: 600 }, (_, row) => `g${row % 30}`);
    const draws = Float64Array.from(groups, (name) => random(3, Number(name.slice(1))).next());
    const given = rows(600, { groups, draws });
    const split = holdOut(given, definition({ by: "group", group: "g" }));
    const parts = [split, ...foldsOf(given, split.train, split.kind, definition({ by: "group", group: "g" })).folds];
    assert.equal(parts.length, 6);
    for (const { train, test } of parts) {
      const held = new Set([...test].map((row) => groups[row]));
      assert.ok(test.length > 0 && [...train].every((row) => !held.has(groups[row])));
    }
  });

  it("are the newest by time, with the gap before them left out", () => {
    const times = Float64Array.from({ length: 100 }, (_, row) => row * 1000);
    const { kind, train, test } = holdOut(rows(100, { times }), definition({ gapMs: 5000 }));
    assert.equal(kind, "time");
    assert.deepEqual([test[0], test.length, train.length], [80, 20, 76]);
  });

  it("need rows that differ, a second group, and a time to split by one", () => {
    const same = rows(20, { draws: new Float64Array(20).fill(0.5) });
    assert.throws(() => holdOut(same, definition({ by: "random" })), /at least 2 different rows to split, got one/);
    assert.throws(() => holdOut(same, definition({ by: "group", group: "shop" })), /at least 2 values of "shop"/);
    assert.throws(() => holdOut(rows(20), definition({ by: "time" })), /no event time, got "time"/);
  });
});

describe("folds", () => {
  it("hold no test row, and together every training row once", () => {
    const codes = Array.from({ length: 300 }, (_, row) => (row % 3 === 0 ? 1 : 0));
    const given = rows(300, { label: classes(codes) });
    const split = holdOut(given, definition({}));
    const { folds } = foldsOf(given, split.train, split.kind, definition({}));
    assert.deepEqual(
      folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b),
      [...split.train],
    );
    const held = new Set(split.test);
    for (const { train, test } of folds) assert.ok([...train, ...test].every((row) => !held.has(row)));
  });

  it("never learn from what came later, where time counts", () => {
    const times = Float64Array.from({ length: 200 }, (_, row) => row * 1000);
    const given = rows(200, { times });
    const split = holdOut(given, definition({}));
    const { folds } = foldsOf(given, split.train, split.kind, definition({ gapMs: 2000 }));
    assert.equal(folds.length, 5);
    for (const { train, test } of folds) assert.ok(Math.max(...train) + 2 <= Math.min(...test));
  });

  it("give way to one held-back part on many rows", () => {
    const given = rows(8000);
    const split = holdOut(given, definition({}));
    const { folds, method } = foldsOf(given, split.train, split.kind, definition({}));
    assert.deepEqual([folds.length, method], [1, "20 % of the training rows, at random"]);
    assert.equal(foldsOf(given, split.train, split.kind, definition({ folds: 3 })).folds.length, 3);
  });
});
