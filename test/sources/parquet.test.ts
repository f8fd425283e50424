// Parquet files: every type as text, structs opened up, damaged files named.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { sqlText } from "../../src/ports/query.ts";
import { parquet } from "../../src/sources/parquet.ts";
import { type Bench, openBench } from "./reading.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

async function write(name: string, select: string): Promise<string> {
  await bench.query.run(`copy (${select}) to ${sqlText(join(bench.folder, name))} (format parquet)`);
  return name;
}

test("every type is given as a text that our checks can read", async () => {
  const name = await write(
    "types.parquet",
    `select 1::tinyint i, 2.50::decimal(9,2) d, 0.1::double f, true b, date '2020-02-29' dy, timestamp '2020-02-29 01:02:03.5' t,
      timestamptz '2020-02-29 01:02:03+02' tz, 'é' s, [1, 2] l, {'x': 1, 'y': {'z': 'q'}} st, map{'k': 1} m, null::varchar n, 'a'::enum('a') e`,
  );
  const { columns, cells } = await bench.read(parquet(name));
  assert.deepEqual(columns, ["i", "d", "f", "b", "dy", "t", "tz", "s", "l", "st.x", "st.y.z", "m", "n", "e"]);
  assert.deepEqual(cells, [
    [
      "1",
      "2.50",
      "0.1",
      "true",
      "2020-02-29",
      "2020-02-29 01:02:03.5",
      "2020-02-28T23:02:03.000Z",
      "é",
      "[1,2]",
      "1",
      "q",
      '{"k":1}',
      null,
      "a",
    ],
  ]);
});

test("rows keep their order and their numbers", async () => {
  const { relation, columns, unreadable } = await bench.open(
    parquet(await write("many.parquet", "select i, i % 7 as w from range(300000) t(i)")),
  );
  assert.deepEqual([columns, unreadable], [["i", "w"], []]);
  assert.deepEqual(
    await bench.query.rows(`select count(*) n, count(*) filter (i::bigint + 1 <> _row) wrong from "${relation}"`),
    [{ n: 300_000, wrong: 0 }],
  );
});

test("a struct that is missing in some rows, or in all, is read", async () => {
  const some = await bench.read(
    parquet(await write("some.parquet", "select case when i > 0 then {'x': i} end st from range(2) t(i)")),
  );
  assert.deepEqual([some.columns, some.cells], [["st.x"], [[null], ["1"]]]);
  const none = await bench.read(parquet(await write("none.parquet", "select null::struct(x integer) st")));
  assert.deepEqual([none.columns, none.cells], [["st"], [[null]]]);
});

test("odd and hostile column names survive", async () => {
  const { columns, cells } = await bench.read(
    parquet(await write("odd.parquet", `select 1 as "a ""b""; drop", 2 as "it's", 3 as "_row"`)),
  );
  assert.deepEqual([columns, cells], [['a "b"; drop', "it's", "row_"], [["1", "2", "3"]]]);
});

test("what is no Parquet, cut off or without rows is named", async () => {
  const refused = async (name: string, code: string, pattern: RegExp) =>
    assert.rejects(
      bench.read(parquet(name)),
      (error) => isFailure(error) && error.code === code && pattern.test(error.message),
    );
  await refused(await bench.write("text.parquet", "a,b\n1,2\n"), "SOURCES_NOT_TABULAR", /is not a Parquet file/);
  const whole = await readFile(join(bench.folder, "many.parquet"));
  await refused(
    await bench.write("cut.parquet", whole.subarray(0, whole.length / 2)),
    "SOURCES_NOT_TABULAR",
    /cut.parquet cannot be read as Parquet/,
  );
  await refused(await write("empty.parquet", "select 1 as a where false"), "SOURCES_EMPTY", /columns but no rows/);
  await refused("nowhere.parquet", "SOURCES_FILE_MISSING", /nowhere.parquet/);
});
