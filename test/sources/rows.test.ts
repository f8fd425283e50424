// Rows from the user's own function: objects, arrays, batches over time, and what goes wrong in them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { rows } from "../../src/sources/rows.ts";
import { type Bench, openBench } from "./reading.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

test("an array of objects gives texts: dates as ISO, objects as JSON, undefined and NaN as missing", async () => {
  const at = new Date(Date.UTC(2020, 1, 29, 1, 2, 3));
  const { columns, cells, numbers, position } = await bench.read(
    rows(() => [
      { a: 1, b: "x", at, o: { k: [1] }, big: 12345678901234567890n, no: undefined, nan: Number.NaN, yes: true },
    ]),
  );
  assert.deepEqual(columns, ["a", "b", "at", "o", "big", "no", "nan", "yes"]);
  assert.deepEqual(cells, [
    ["1", "x", "2020-02-29T01:02:03.000Z", '{"k":[1]}', "12345678901234567890", null, null, "true"],
  ]);
  assert.deepEqual([numbers, position], [[1], null]);
});

test("batches may come over time, one object or many, and bring new columns", async () => {
  const source = rows(async function* () {
    for (let batch = 0; batch < 3; batch++)
      yield Array.from({ length: 9000 }, (_, i) => ({
        n: batch * 9000 + i,
        ...(batch === 2 ? { late: `l${i}` } : {}),
      }));
    yield { late: "single" };
  });
  const { relation, columns } = await bench.open(source);
  assert.deepEqual(columns, ["n", "late"]);
  const [found] = await bench.query.rows(
    `select count(*) n, count(late) late, count(*) filter (n::bigint + 1 <> _row) wrong, max(_row) most from "${relation}"`,
  );
  assert.deepEqual(found, { n: 27_001, late: 9001, wrong: 0, most: 27_001 });
});

test("the position goes in, and comes out of a generator's return or of the result", async () => {
  const seen: (string | null)[] = [];
  const generator = rows(async function* ({ position }) {
    seen.push(position);
    yield { a: 1 };
    return "page 2";
  });
  assert.equal((await bench.read(generator, { position: "page 1" })).position, "page 2");
  const bundle = rows(({ position, secrets }) => {
    seen.push(position, secrets.TOKEN ?? null);
    return { rows: [{ a: 1 }], position: "17" };
  });
  assert.equal((await bench.read(bundle, { secrets: { TOKEN: "t" } })).position, "17");
  assert.deepEqual(seen, ["page 1", null, "t"]);
});

test("what is no object is listed, the other rows pass", async () => {
  const { cells, numbers, unreadable } = await bench.read(
    rows(() => [{ a: 1 }, 5, null, { a: 2 }] as unknown as { a: number }[]),
  );
  assert.deepEqual(
    [cells, numbers],
    [
      [["1"], ["2"]],
      [1, 4],
    ],
  );
  assert.deepEqual(unreadable, [
    { row: 2, reason: "Row 2: expected an object, got a number", text: "5" },
    { row: 3, reason: "Row 3: expected an object, got null", text: "null" },
  ]);
});

test("no rows are no failure of the source", async () => {
  const { relation, columns } = await bench.open(rows(() => []));
  assert.deepEqual([columns, await bench.query.rows(`select _row from "${relation}"`)], [[], []]);
});

test("a function that throws, gives something else or names a column oddly fails with the reason", async () => {
  const boom = new Error("the service is down");
  await assert.rejects(bench.read(rows(() => Promise.reject(boom))), boom);
  await assert.rejects(
    bench.read(rows(() => 5 as never)),
    (error) => isFailure(error, "SOURCES_FAILED") && /got a number/.test(error.message),
  );
  await assert.rejects(bench.read(rows(() => undefined as never)), (error) => isFailure(error, "SOURCES_FAILED"));
  await assert.rejects(
    bench.read(rows(() => [{ " a": 1 }])),
    (error) => isFailure(error, "SOURCES_FAILED") && /" a"/.test(error.message),
  );
  await assert.rejects(bench.read(rows(() => [{ a: 1, A: 2 }])), (error) =>
    isFailure(error, "SOURCES_DUPLICATE_COLUMN"),
  );
  assert.throws(
    () => rows("a.csv" as never),
    (error) => isFailure(error, "DEFINE_INVALID"),
  );
});

test("an aborted run ends the function between two batches and lets it clean up", async () => {
  const controller = new AbortController();
  let cleaned = false;
  const endless = rows(async function* () {
    try {
      for (let i = 0; ; i++) {
        if (i === 5) controller.abort(new Error("stop"));
        yield { i };
      }
    } finally {
      cleaned = true;
    }
  });
  await assert.rejects(bench.read(endless, { signal: controller.signal }), /stop/);
  assert.equal(cleaned, true);
});
