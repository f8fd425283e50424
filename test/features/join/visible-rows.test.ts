// From when on rows may be the answer, against the definition: at every moment the last row of those that were known.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { visibleRows } from "../../../src/features/join/visible-rows.ts";

const row = fc.record({
  event: fc.integer({ min: 0, max: 9 }),
  created: fc.option(fc.integer({ min: 0, max: 12 }), { nil: Number.NaN }),
});

it("ascends, and finds by its last moment the last row that was known", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 9 }), fc.nat({ max: 9 }), (given, cut) => {
      const rows = given.toSorted((a, b) => a.event - b.event);
      const column = (name: "event" | "created") => Float64Array.from(rows, (one) => one[name]);
      const take = visibleRows();
      const part = (start: number, end: number) =>
        take(
          [{ key: 0, first: 0, stop: end - start }],
          column("event").slice(start, end),
          column("created").slice(start, end),
        );
      const at = Math.min(cut, rows.length);
      const later = part(at, rows.length) as Float64Array;
      const from = Float64Array.of(...(part(0, at) as Float64Array), ...later);
      assert.deepEqual(
        [...from],
        [...from].sort((a, b) => a - b),
      );
      for (let moment = -1; moment < 14; moment++)
        assert.equal(
          from.findLastIndex((since) => since <= moment),
          rows.findLastIndex(({ event, created }) => event <= moment && !(created > moment)),
        );
    }),
  );
});

it("trusts no rows whose event times do not ascend", () => {
  const runs = [{ key: 0, first: 0, stop: 2 }];
  const none = Float64Array.of(Number.NaN, Number.NaN);
  assert.equal(visibleRows()(runs, Float64Array.of(2, 1), none), undefined);
  assert.equal(visibleRows()(runs, Float64Array.of(1, Number.NaN), none), undefined);
});
