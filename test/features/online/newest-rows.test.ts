// The online record gives back what was put in, whatever it holds, and reads what earlier versions wrote.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Value } from "../../../src/base/table.ts";
import type { DataDefinition } from "../../../src/define/definition.ts";
import { expiredMs } from "../../../src/features/online/newest-rows.ts";
import {
  decodeJsonRecord,
  decodeRecord,
  encodeRecord,
  type RecordSchema,
  schemaOf,
  vectorText,
} from "../../../src/features/online/record.ts";
import { onlineKey, readOnlineKey } from "../../../src/features/online/writes.ts";

const cell: Record<RecordSchema[number]["type"], fc.Arbitrary<Value>> = {
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  boolean: fc.boolean(),
  time: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  category: fc.string({ unit: "grapheme" }),
  text: fc.string({ unit: "grapheme" }),
  vector: fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }))
    .map((values): Value => values.map((value) => value + 0)),
};

const record = fc
  .uniqueArray(
    fc.record({ name: fc.string(), type: fc.constantFrom(...(Object.keys(cell) as (keyof typeof cell)[])) }),
    {
      selector: ({ name }) => name,
      maxLength: 40,
    },
  )
  .filter((schema) => schema.every(({ name }) => name !== "__proto__"))
  .chain((schema) =>
    fc.record({
      schema: fc.constant(schema),
      values: fc.record(
        Object.fromEntries(schema.map(({ name, type }) => [name, fc.option(cell[type], { nil: null })])),
        { noNullPrototype: true },
      ) as fc.Arbitrary<Record<string, Value>>,
      eventMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    }),
  );

describe("the online record", () => {
  it("gives back every value and the event time", () => {
    fc.assert(
      fc.property(record, ({ schema, values, eventMs, id }) => {
        const bytes = encodeRecord(id, schema, { values, eventMs });
        assert.equal(schemaOf(bytes), id);
        // The store hands out bytes in the middle of a larger buffer.
        const inside = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]).subarray(3, 3 + bytes.length);
        assert.deepEqual(decodeRecord(inside, schema), { values, eventMs });
      }),
      { numRuns: 300 },
    );
  });

  it("reads a record in JSON, as the first version wrote them", () => {
    const row = { values: { x: 1, c: "é" }, eventMs: 5 };
    const bytes = Buffer.from(JSON.stringify(row));
    assert.equal(schemaOf(bytes), undefined);
    assert.deepEqual(decodeJsonRecord(bytes), row);
  });

  it("takes a vector as numbers, as JSON and as an online file has it, in four bytes a number, and reads those of before", () => {
    const schema: RecordSchema = [{ name: "v", type: "vector" }];
    const vector = [0.5, -2, Math.fround(0.1)];
    for (const v of [vector, JSON.stringify(vector), vectorText(vector)]) {
      const bytes = encodeRecord(1, schema, { values: { v }, eventMs: 0 });
      assert.deepEqual(decodeRecord(bytes, schema).values, { v: vector });
      assert.equal(bytes.length, 13 + 1 + 4 + 1 + 12);
    }
    const before = encodeRecord(1, [{ name: "v", type: "text" }], { values: { v: "[0.5, -2]" }, eventMs: 0 });
    assert.deepEqual(decodeRecord(before, schema).values, { v: [0.5, -2] });
  });

  it("refuses a record of a version that it does not know", () => {
    assert.throws(() => schemaOf(Buffer.from([9, 0, 0, 0, 0])), /version 1, got 9/);
  });

  it("keeps keys apart that would join to the same text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
        fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
        (a, b) => {
          fc.pre(a.length === b.length);
          assert.equal(onlineKey(a) === onlineKey(b), JSON.stringify(a) === JSON.stringify(b));
        },
      ),
    );
  });

  it("reads the values of a key back from its text", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (values) => {
        assert.deepEqual(readOnlineKey(onlineKey(values)), values);
      }),
    );
  });

  it("counts a row until its time to live is over, and not a millisecond longer", () => {
    const row = { values: {}, eventMs: 1000 };
    const definition = { ttlMs: 500 } as DataDefinition;
    assert.equal(expiredMs(row, definition, 1500), 0);
    assert.equal(expiredMs(row, definition, 1501), 1);
    assert.equal(expiredMs(row, {} as DataDefinition, 1e12), 0);
  });
});
