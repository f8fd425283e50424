// The search behind the join by place, against a plain look through all rows.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { addLastPlaces, isAscending, nothingFound } from "../../src/features/last-places.ts";

const run = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }).map((times) => times.sort((a, b) => a - b));
const file = fc.record({ a: run, b: run });

it("finds the last row of the key at or before every moment, in whichever file it stands", () => {
  fc.assert(
    fc.property(fc.array(file, { maxLength: 3 }), fc.array(fc.integer({ min: -1, max: 10 })), (files, moments) => {
      for (const key of ["a", "b"] as const) {
        const found = nothingFound(moments.length);
        const rows: { time: number; place: number }[] = [];
        let offset = 0;
        for (const { a, b } of files) {
          const times = [...a, ...b];
          const first = key === "a" ? 0 : a.length;
          const own = key === "a" ? a : b;
          for (const [at, time] of own.entries()) rows.push({ time, place: offset + first + at });
          // In whatever order the engine gives the label rows.
          const row = own.length === 0 ? new Float64Array() : Float64Array.from(moments.keys()).reverse();
          const labels = {
            row,
            moment: Float64Array.from(moments),
            first: new Float64Array(row.length).fill(first),
            count: new Float64Array(row.length).fill(own.length),
          };
          addLastPlaces(found, labels, Float64Array.from(times), offset);
          offset += times.length;
        }
        const expected = moments.map((moment) => {
          const before = rows.filter(({ time }) => time <= moment);
          const last = Math.max(...before.map(({ time }) => time));
          return before.findLast(({ time }) => time === last)?.place ?? -1;
        });
        assert.deepEqual([...found.place], expected);
      }
    }),
  );
});

it("trusts no file whose runs do not ascend, nor times that a number cannot hold exactly", () => {
  const times = (...values: number[]) => Float64Array.from(values);
  assert.equal(isAscending(times(1, 2, 2, 0, 5), times(0, 3)), true);
  assert.equal(isAscending(times(1, 2, 2, 0, 5), times(0)), false);
  assert.equal(isAscending(times(1, 2 ** 60), times(0)), false);
  assert.equal(isAscending(times(1, Number.NaN), times(0)), false);
});
