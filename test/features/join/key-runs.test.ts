// The walk along a file's keys, against a plain comparison of every row with every key.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { walkKeys } from "../../../src/features/join/key-runs.ts";
import { UnusualFile } from "../../../src/features/parquet/thrift.ts";
import type { CodedTexts, Texts } from "../../../src/features/parquet/values.ts";

const part = fc.constantFrom("", "a", "aa", "b", "é", "ß", "z");
const key = fc.tuple(part, part);
const keys = fc.array(key, { maxLength: 30 });
const compare = (a: readonly string[], b: readonly string[]) => {
  for (const [index, text] of a.entries()) {
    const order = Buffer.compare(Buffer.from(text), Buffer.from(b[index] as string));
    if (order !== 0) return order;
  }
  return 0;
};

function texts(values: readonly string[]): Texts {
  const starts = new Uint32Array(values.length + 1);
  for (const [index, value] of values.entries())
    starts[index + 1] = (starts[index] as number) + Buffer.byteLength(value);
  return { bytes: Buffer.from(values.join("")), starts };
}

/** Codes as a page gives them: each row its own, or one for each text. */
function coded(values: readonly string[], plain: boolean): CodedTexts {
  const known = plain ? values : [...new Set(values)];
  return { ...texts(known), codes: Uint32Array.from(values, (value, row) => (plain ? row : known.indexOf(value))) };
}

const columns = (rows: readonly (readonly string[])[]) =>
  [0, 1].map((index) => rows.map((row) => row[index] as string));

it("finds the rows of every key, in whatever pieces the file comes", () => {
  fc.assert(
    fc.property(keys, keys, fc.integer({ min: 1, max: 7 }), fc.boolean(), (wanted, rows, size, plain) => {
      const sortedKeys = [...new Map(wanted.map((one) => [one.join("\0"), one])).values()].sort(compare);
      const sorted = rows.toSorted(compare);
      const walk = walkKeys({ count: sortedKeys.length, parts: columns(sortedKeys).map(texts) });
      const found = sorted.map(() => -1);
      for (let from = Math.floor(sorted.length / size) * size; from >= 0; from -= size) {
        const piece = sorted.slice(from, from + size);
        const runs = walk.take(
          columns(piece).map((values) => coded(values, plain)),
          piece.length,
        );
        assert.equal(new Set(runs.map((run) => run.key)).size, runs.length);
        for (const run of runs) found.fill(run.key, from + run.first, from + run.stop);
      }
      assert.deepEqual(
        found,
        sorted.map((row) => sortedKeys.findIndex((one) => compare(one, row) === 0)),
      );
    }),
  );
});

it("refuses rows that are not in the order of their keys", () => {
  const walk = () => walkKeys({ count: 1, parts: [texts(["a"])] });
  assert.throws(() => walk().take([coded(["a", "b", "a"], false)], 3), UnusualFile);
  const pieces = walk();
  pieces.take([coded(["a"], false)], 1);
  assert.throws(() => pieces.take([coded(["b"], false)], 1), UnusualFile);
});

it("tells whether any key lies within bounds", () => {
  const { anyWithin } = walkKeys({ count: 3, parts: [texts(["b", "d", "f"])] });
  const within = (least: string, greatest: string) => anyWithin(Buffer.from(least), Buffer.from(greatest));
  assert.deepEqual(
    [within("a", "a"), within("a", "b"), within("b", "b"), within("c", "cz"), within("c", "d"), within("g", "z")],
    [false, true, true, false, true, false],
  );
  assert.equal(walkKeys({ count: 1, parts: [] }).anyWithin(Buffer.from("a"), Buffer.from("b")), true);
});
