// The merge behind the join by place, against a plain look through all rows, in pieces of any size.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { KeyRun } from "../../../src/features/join/key-runs.ts";
import { labelsByKey, mergePlaces, nothingFound, type Settled } from "../../../src/features/join/last-places.ts";

const run = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }).map((times) => times.sort((a, b) => a - b));
const file = fc.record({ runs: fc.tuple(run, run, run), pieces: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }) });
const label = fc.record({ key: fc.integer({ min: -1, max: 2 }), moment: fc.integer({ min: -1, max: 10 }) });

it("finds the last row of the key at or before every moment, in whichever file and piece it stands", () => {
  fc.assert(
    fc.property(
      fc.array(file, { maxLength: 3 }),
      fc.array(label),
      fc.option(fc.nat({ max: 4 }), { nil: Number.POSITIVE_INFINITY }),
      (files, labels, oldest) => {
        const sorted = labels.toSorted((a, b) => a.moment - b.moment);
        const keys = Int32Array.from(sorted, ({ key }) => key);
        const byKey = labelsByKey(
          keys,
          3,
          Float64Array.from(sorted, ({ moment }) => moment),
        );
        const found = nothingFound(byKey.rows.length);
        const places = sorted.map(() => -1);
        const rows: { key: number; time: number }[] = [];
        for (const { runs, pieces } of files) {
          const merge = mergePlaces(byKey, { found, oldest });
          const own = runs.flatMap((times, key) => times.map((time) => ({ key, time })));
          const cuts = [0];
          for (let piece = 0; (cuts.at(-1) as number) < own.length; piece++)
            cuts.push(Math.min(own.length, (cuts.at(-1) as number) + 1 + (pieces[piece] ?? 3)));
          for (let piece = cuts.length - 2; piece >= 0; piece--) {
            const start = cuts[piece] as number;
            const part = own.slice(start, cuts[piece + 1]);
            const moments = Float64Array.from(part, ({ time }) => time);
            const { count, row, at } = merge(runsOf(part.map(({ key }) => key)), plain(moments)) as Settled;
            for (let index = 0; index < count; index++)
              places[row[index] as number] = rows.length + start + (at[index] as number);
          }
          rows.push(...own);
        }
        const expected = sorted.map(({ key, moment }) => {
          const before = [...rows.entries()].filter(([, row]) => row.key === key && row.time <= moment);
          const time = Math.max(...before.map(([, row]) => row.time));
          return moment - time > oldest ? -1 : (before.findLast(([, row]) => row.time === time)?.[0] ?? -1);
        });
        assert.deepEqual(places, expected);
      },
    ),
  );
});

it("trusts no file whose times do not ascend, nor times that a number cannot hold exactly", () => {
  const takes = (...moments: number[]) => {
    const labels = labelsByKey(Int32Array.of(0), 1, Float64Array.of(3));
    const merge = mergePlaces(labels, { found: nothingFound(1), oldest: 9 });
    return merge([{ key: 0, first: 0, stop: moments.length }], plain(Float64Array.from(moments))) !== undefined;
  };
  assert.equal(takes(1, 2, 2, 5), true);
  assert.equal(takes(1, 2, 1, 5), false);
  assert.equal(takes(1, 5, 4), false);
  assert.equal(takes(1, 2 ** 60), false);
  assert.equal(takes(-(2 ** 60), 2), false);
  assert.equal(takes(1, Number.NaN), false);
});

function plain(moments: Float64Array) {
  return { from: moments, event: moments, ordinal: null };
}

function runsOf(keys: readonly number[]): KeyRun[] {
  const runs: KeyRun[] = [];
  for (const [row, key] of keys.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.key === key) runs[runs.length - 1] = { ...last, stop: row + 1 };
    else runs.push({ key, first: row, stop: row + 1 });
  }
  return runs;
}
