// Splits: what is promised about every part, on many sizes and seeds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import {
  groupSplit,
  kFold,
  randomSplit,
  rollingOrigin,
  type Split,
  stratifiedSplit,
  timeSplit,
} from "../../src/learn/evaluation/splits.ts";
import { random } from "../../src/learn/random.ts";

const tooFew = (error: unknown): boolean => isFailure(error, "TRAINING_TOO_FEW_ROWS");

function checkParts({ train, test: held }: Split, rowCount: number, complete = true): void {
  const all = [...train, ...held];
  assert.equal(new Set(all).size, all.length, "no row is in both parts");
  assert.ok(all.every((row) => row >= 0 && row < rowCount));
  if (complete) assert.equal(all.length, rowCount, "every row is in a part");
  assert.ok(train.length > 0 && held.length > 0, "no part is empty");
  for (const part of [train, held])
    assert.ok(
      part.every((row, i) => i === 0 || row > part[i - 1]!),
      "rows are ascending",
    );
}

test("randomSplit gives both parts rows from 2 rows on, and repeats itself by seed", () => {
  for (const n of [2, 3, 5, 20, 1001])
    for (const share of [0.01, 0.2, 0.99]) {
      const split = randomSplit(n, { test: share, seed: 7 });
      checkParts(split, n);
      assert.equal(split.test.length, Math.min(n - 1, Math.max(1, Math.round(n * share))));
      assert.deepEqual(randomSplit(n, { test: share, seed: 7 }), split);
    }
  assert.notDeepEqual(randomSplit(100, { seed: 1 }).test, randomSplit(100, { seed: 2 }).test);
  assert.throws(() => randomSplit(1, { seed: 1 }), tooFew);
  assert.throws(
    () => randomSplit(10, { seed: 1, test: 0 }),
    (error) => isFailure(error, "DEFINE_INVALID"),
  );
});

test("randomSplit draws every row about equally often", () => {
  const counts = new Int32Array(10);
  for (let seed = 0; seed < 2000; seed++) for (const row of randomSplit(10, { test: 0.3, seed }).test) counts[row]!++;
  for (const count of counts) assert.ok(Math.abs(count - 600) < 90, `${count} of 600`);
});

test("stratifiedSplit puts every class of two rows or more into both parts, in its share", () => {
  for (let seed = 0; seed < 50; seed++) {
    const source = random(seed);
    const n = 10 + source.below(60);
    const codes = Int32Array.from({ length: n }, () => Math.min(source.below(12), 4));
    const split = stratifiedSplit(codes, { test: 0.25, seed });
    checkParts(split, n);
    for (let code = 0; code < 5; code++) {
      const total = codes.filter((value) => value === code).length;
      const held = split.test.filter((row) => codes[row] === code).length;
      if (total >= 2) assert.ok(held >= 1 && held < total, `class ${code}: ${held} of ${total}`);
      else assert.equal(held, 0);
      // Rows of one-row classes cannot be tested; others make up for them.
      assert.ok(Math.abs(held - 0.25 * total) < 2, `class ${code}: ${held} of ${total}`);
    }
  }
});

test("groupSplit keeps groups whole and comes near to the share", () => {
  const groups = Array.from({ length: 200 }, (_, row) => `g${row % 23}`);
  const split = groupSplit(groups, { test: 0.3, seed: 3 });
  checkParts(split, 200);
  const held = new Set(Array.from(split.test, (row) => groups[row]));
  assert.ok(Array.from(split.train).every((row) => !held.has(groups[row])));
  assert.ok(Math.abs(split.test.length - 60) <= 9);
  checkParts(groupSplit(["a", "a", "a", "b"], { seed: 1 }), 4);
  assert.throws(() => groupSplit(["a", "a"], { seed: 1 }), tooFew);
});

test("timeSplit tests on the latest rows, and rows of one instant never straddle the cut", () => {
  for (let seed = 0; seed < 50; seed++) {
    const source = random(seed);
    const n = 5 + source.below(100);
    const times = Float64Array.from({ length: n }, () => source.below(12) * 1000);
    if (new Set(times).size < 2) continue;
    const split = timeSplit(times, { test: 0.2 });
    checkParts(split, n);
    const lastTrained = Math.max(...Array.from(split.train, (row) => times[row]!));
    const firstTested = Math.min(...Array.from(split.test, (row) => times[row]!));
    assert.ok(lastTrained < firstTested);
  }
});

test("timeSplit leaves a gap out, and rows without a time", () => {
  const times = Float64Array.of(5, Number.NaN, 1, 2, 3, 4, 6, 7, 8, 9, 10);
  const split = timeSplit(times, { test: 0.2, gapMs: 3 });
  assert.deepEqual(
    Array.from(split.test, (row) => times[row]),
    [9, 10],
  );
  assert.deepEqual(
    Array.from(split.train, (row) => times[row]),
    [5, 1, 2, 3, 4, 6],
  );
  assert.throws(() => timeSplit(Float64Array.of(1, 1, 1)), tooFew);
  assert.throws(() => timeSplit(Float64Array.of(1, 2, 3), { gapMs: 100 }), tooFew);
});

test("kFold tests every row once; classes and groups are respected", () => {
  for (const [n, k] of [
    [2, 5],
    [10, 3],
    [101, 5],
  ] as const) {
    const folds = kFold(n, k, { seed: 1 });
    assert.equal(folds.length, Math.min(n, k));
    for (const fold of folds) checkParts(fold, n);
    assert.deepEqual(
      folds.flatMap((fold) => [...fold.test]).sort((a, b) => a - b),
      Array.from({ length: n }, (_, row) => row),
    );
  }
  const classes = Int32Array.from({ length: 60 }, (_, row) => (row < 10 ? 1 : 0));
  for (const fold of kFold(60, 5, { seed: 2, classes }))
    assert.equal(fold.test.filter((row) => classes[row] === 1).length, 2);
  const groups = Int32Array.from({ length: 60 }, (_, row) => Math.floor(row / 7));
  for (const fold of kFold(60, 4, { seed: 3, groups })) {
    const held = new Set(Array.from(fold.test, (row) => groups[row]));
    assert.ok(Array.from(fold.train).every((row) => !held.has(groups[row])));
  }
});

test("rollingOrigin trains on the past only, and its windows follow each other to the end", () => {
  const times = Float64Array.from({ length: 100 }, (_, row) => ((row * 37) % 100) * 60_000);
  const folds = rollingOrigin(times, 4, { test: 0.1 });
  assert.equal(folds.length, 4);
  for (const [i, fold] of folds.entries()) {
    checkParts(fold, 100, false);
    assert.deepEqual(
      Array.from(fold.test, (row) => times[row]! / 60_000).sort((a, b) => a - b),
      Array.from({ length: 10 }, (_, j) => 60 + i * 10 + j),
    );
    assert.ok(Array.from(fold.train).every((row) => times[row]! < (60 + i * 10) * 60_000));
    assert.equal(fold.train.length, 60 + i * 10);
  }
});
