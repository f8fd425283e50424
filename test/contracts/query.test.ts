// The contract of the query port, run on every driver.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Table, valueAt } from "../../src/base/table.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { type Query, type QueryOptions, sqlName, sqlText } from "../../src/ports/query.ts";

const drivers: Record<string, (options: QueryOptions) => Promise<Query>> = { duckdb: duckdbQuery };

for (const [driver, open] of Object.entries(drivers)) {
  describe(`the query port on ${driver}`, () => {
    let folder: string;
    let query: Query;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "pentad-query-"));
      query = await open({ memoryMb: 256, temporaryFolder: join(folder, "spill"), threads: 2 });
    });
    after(async () => {
      await query.close();
      await rm(folder, { recursive: true });
    });

    test("every kind of number arrives as a number, with and without missing values", async () => {
      const types = [
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
      ];
      const decimals = ["decimal(4,2)", "decimal(9,2)", "decimal(18,2)", "decimal(38,2)", "float", "double"];
      for (const type of [...types, ...decimals]) {
        const table = await query.table(
          `select case when i = 1 then null else (i * 7)::${type} end as x from range(3) t(i) order by i`,
        );
        assert.deepEqual(numbers(table, "x"), [0, Number.NaN, 14], type);
        assert.equal(table.columns.get("x")?.type, "number", type);
      }
    });

    test("big and negative integers keep their value as far as a double can", async () => {
      const table = await query.table(
        `select 9007199254740991::bigint a, -9007199254740991::bigint b, 18446744073709551615::ubigint c,
          (-170141183460469231731687303715884105727 - 1)::hugeint d, -5::hugeint e, -1.25::decimal(30,2) f, 12345678901234567890123.5::decimal(38,1) g`,
      );
      const values = [...table.columns.keys()].map((name) => numbers(table, name)[0]);
      assert.deepEqual(values, [
        9007199254740991,
        -9007199254740991,
        2 ** 64,
        -(2 ** 127),
        -5,
        -1.25,
        1.2345678901234568e22,
      ]);
    });

    test("dates and timestamps of every precision arrive as milliseconds in UTC", async () => {
      const moment = Date.UTC(2020, 1, 29, 13, 4, 5);
      for (const type of ["timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamptz"]) {
        const table = await query.table(
          `select '2020-02-29 13:04:05'::${type} a, null::${type} b, '1969-12-31 23:59:59'::${type} c`,
        );
        assert.deepEqual(
          ["a", "b", "c"].map((name) => numbers(table, name)[0]),
          [moment, Number.NaN, -1000],
          type,
        );
        assert.equal(table.columns.get("a")?.type, "time");
      }
      const days = await query.table("select date '2020-02-29' a, date '1900-01-01' b, 'infinity'::date c");
      assert.deepEqual(
        ["a", "b", "c"].map((name) => numbers(days, name)[0]),
        [Date.UTC(2020, 1, 29), Date.UTC(1900, 0, 1), Number.NaN],
      );
      const [row] = await query.rows("select timestamptz '2020-02-29 13:04:05+02' moment");
      assert.deepEqual(row, { moment: "2020-02-29T11:04:05.000Z" });
    });

    test("booleans are 0, 1 or NaN and enums are categories with their own order", async () => {
      const table = await query.table(
        "select b, e::enum('low','mid','high') e from (values (true,'high'), (null,null), (false,'low')) t(b,e)",
      );
      assert.deepEqual(numbers(table, "b"), [1, Number.NaN, 0]);
      const column = table.columns.get("e");
      assert.ok(column?.type === "category");
      assert.deepEqual([...column.codes], [2, -1, 0]);
      assert.deepEqual(column.dictionary, ["low", "mid", "high"]);
    });

    test("an enum of many values keeps its codes", async () => {
      await query.run("create type wide as enum (select 'v' || i from range(70000) t(i))");
      const table = await query.table("select ('v' || i)::wide e from (values (0), (300), (69999)) t(i)");
      const column = table.columns.get("e");
      assert.ok(column?.type === "category");
      assert.deepEqual(
        [...column.codes].map((code) => column.dictionary[code]),
        ["v0", "v300", "v69999"],
      );
    });

    test("everything else arrives as text", async () => {
      const [row] = await query.rows(
        "select 'é🙂' a, time '01:02:03' b, [1, 2] c, {'k': 1} d, '' e, null f, repeat('long ', 50) g",
      );
      assert.deepEqual(row, {
        a: "é🙂",
        b: "01:02:03",
        c: "[1, 2]",
        d: "{'k': 1}",
        e: "",
        f: null,
        g: "long ".repeat(50),
      });
    });

    test("arrays of so many floats arrive as vectors, missing ones as NaN, over many chunks", async () => {
      const { columns } = await query.table(
        "select cast(case when i % 7 = 3 then null else [i, i / 4, i + 1] end as FLOAT[3]) as v from range(5000) t(i) order by i",
      );
      const column = columns.get("v");
      assert.ok(column?.type === "vector");
      assert.deepEqual([column.lanes.length, column.lanes[0]?.length], [3, 5000]);
      for (const row of [0, 1, 2048, 4999])
        assert.deepEqual(valueAt(column, row), row % 7 === 3 ? null : [row, row / 4, row + 1]);
      assert.equal(valueAt(column, 3), null);
      assert.ok(column.lanes.every((lane) => Number.isNaN(lane[3]) && Number.isNaN(lane[2054 - (2054 % 7) + 3])));
      const [row] = await query.rows("select [0.1, 2]::FLOAT[2] as v, null::FLOAT[1] as w, [1.5]::DOUBLE[1] as d");
      assert.deepEqual(row, { v: [Math.fround(0.1), 2], w: null, d: "[1.5]" });
      const none = (await query.table("select [1, 2]::FLOAT[2] as v where false")).columns.get("v");
      assert.ok(none?.type === "vector" && none.lanes.length === 2);
    });

    test("short and long texts, repeated, missing and in any script come back as they are", async () => {
      const texts = [
        "",
        "a",
        "twelve bytes",
        "thirteen byte",
        "äöü€",
        "漢字かな交じり文",
        null,
        "a",
        "a",
        "nul\u0000in",
      ];
      const rows = Array.from({ length: 3000 }, (_, i) => [texts[(i * i) % texts.length] ?? null]);
      await query.run("create or replace table texts (a varchar)");
      await query.append("texts", ["a"], rows);
      const { columns } = await query.table("select a from texts");
      assert.deepEqual((columns.get("a") as { values: unknown }).values, rows.flat());
    });

    test("a result of many chunks keeps its order and its missing values", async () => {
      const table = await query.table(
        "select i::integer i, case when i % 3 = 0 then null else i * 0.5::double end h, 't' || i t from range(100000) r(i) order by i",
      );
      assert.equal(table.rowCount, 100_000);
      const i = numbers(table, "i");
      const h = numbers(table, "h");
      const t = table.columns.get("t");
      assert.ok(t?.type === "text");
      for (let row = 0; row < 100_000; row++) {
        assert.equal(i[row], row);
        assert.ok(row % 3 === 0 ? Number.isNaN(h[row]) : h[row] === row * 0.5);
        assert.equal(t.values[row], `t${row}`);
      }
    });

    test("parameters are bound by position and never read as SQL", async () => {
      const rows = await query.rows("select $1 a, $2 b, $3 c, $4 d", ["'; drop table x; --", 1.5, true, null]);
      assert.deepEqual(rows, [{ a: "'; drop table x; --", b: 1.5, c: true, d: null }]);
    });

    test("hostile and odd names survive quoting", async () => {
      const names = ['"; drop table t; --', "__proto__", "constructor", "a b", "é🙂", "select", "x".repeat(3000)];
      await query.run(
        `create or replace table ${sqlName('odd "t"')} as select ${names.map((name, i) => `${i} as ${sqlName(name)}`).join(", ")}`,
      );
      const [row] = await query.rows(`select * from ${sqlName('odd "t"')}`);
      assert.deepEqual(
        Object.entries(row as object),
        names.map((name, i) => [name, i]),
      );
      assert.deepEqual(await query.rows(`select ${sqlText("it's")} as t`), [{ t: "it's" }]);
    });

    test("append adds text rows, with missing values, to a table", async () => {
      await query.run("create or replace table appended (a varchar, b varchar)");
      const rows = Array.from({ length: 5000 }, (_, i) => [`a${i}`, i % 2 === 0 ? null : `é${i}`] as const);
      await query.append("appended", ["a", "b"], rows);
      await query.append("appended", ["a", "b"], []);
      const [count] = await query.rows(
        "select count(*) n, count(b) b, max(b) filter (a = 'a4999') final from appended",
      );
      assert.deepEqual(count, { n: 5000, b: 2500, final: "é4999" });
      await assert.rejects(query.append("appended", ["a"], [["x"]]), (error) => isFailure(error, "INTERNAL"));
    });

    test("a table of numbers is made column by column, in order, and gives back every number", async () => {
      const odd = [0, -0, 1.5, 2 ** 53 + 2, Number.NaN, Number.POSITIVE_INFINITY];
      const a = Float64Array.from({ length: 5000 }, (_, i) => odd[i] ?? i);
      await query.createTable(
        'of "numbers"',
        new Map([
          ["a", a],
          ["b", a.map((_, i) => -i)],
        ]),
      );
      const table = await query.table('select a, b from "of ""numbers"""');
      const column = (name: string) => table.columns.get(name) as { values: Float64Array };
      assert.deepEqual([...column("a").values], [...a]);
      assert.deepEqual([column("b").values.at(-1), table.rowCount], [-4999, 5000]);
      assert.deepEqual(await query.rows('select count(*) n, count(a) a from "of ""numbers""" where a is null'), [
        { n: 1, a: 0 },
      ]);
      await query.createTable("without rows", new Map([["a", Float64Array.of(1)]]));
      await query.createTable("without rows", new Map([["a", new Float64Array()]]));
      assert.deepEqual(await query.rows('select * from "without rows"'), []);
      const values = Float32Array.from({ length: 15_000 }, (_, i) => i / 7);
      await query.createTable("vectors", new Map([["v", { dimensions: 3, values }]]));
      const [sums] = await query.rows(
        "select count(*) as n, max(len(v::FLOAT[])) as width, sum(v[1]::DOUBLE + v[2]::DOUBLE + v[3]::DOUBLE) as total from vectors",
      );
      assert.deepEqual(sums, { n: 5000, width: 3, total: values.reduce((sum, one) => sum + one, 0) });
    });

    test("a prepared statement sees rows that came after it, whatever the table held when it was planned", async () => {
      await query.run("create or replace table later (a integer, b varchar)");
      const prepared = await query.prepare("select a from later where b is not null and a > 3 order by a");
      assert.deepEqual(await prepared.rows(), []);
      await query.run("insert into later values (5, 'x'), (1, 'y'), (4, null), (9, 'z')");
      assert.deepEqual(await prepared.rows(), [{ a: 5 }, { a: 9 }]);
      await assert.rejects(query.prepare("select nothing from nowhere"), (error) => isFailure(error, "INTERNAL"));
    });

    test("stream gives chunks, may be left early, and lets other statements run meanwhile", async () => {
      await query.run("create or replace table numbers as select i from range(100000) t(i)");
      let seen = 0;
      for await (const rows of query.stream("select i from numbers order by i")) {
        assert.equal(rows[0]?.i, seen);
        seen += rows.length;
        assert.deepEqual(await query.rows("select 1 as one"), [{ one: 1 }]);
        if (seen > 40_000) break;
      }
      assert.ok(seen > 40_000 && seen < 100_000);
      let total = 0;
      for await (const rows of query.stream("select i from numbers where i % $1 = 0", [2])) total += rows.length;
      assert.equal(total, 50_000);
    });

    test("several statements run in one call, and calls at once wait for each other", async () => {
      await query.run("create or replace table a (x integer); insert into a values (1); insert into a values (2)");
      const results = await Promise.all([
        query.rows("select sum(x) s from a"),
        query.run("insert into a values (3)"),
        query.rows("select sum(x) s from a"),
      ]);
      assert.deepEqual([results[0], results[2]], [[{ s: 3 }], [{ s: 6 }]]);
    });

    test("a refused statement names what the engine did not like, and the engine goes on", async () => {
      await assert.rejects(
        query.run("selec 1"),
        (error) => isFailure(error, "INTERNAL") && /refused.*selec/.test(error.message),
      );
      await assert.rejects(
        query.rows("select 'a'::integer"),
        (error) => isFailure(error) && error.details?.engine === "Conversion Error",
      );
      assert.deepEqual(await query.rows("select 1 as one"), [{ one: 1 }]);
    });

    test("a network path fails at once instead of reaching for an extension", async () => {
      const started = performance.now();
      await assert.rejects(query.run("select * from 'https://127.0.0.1:1/file.parquet'"));
      assert.ok(performance.now() - started < 300);
    });

    test("what does not fit into memory spills into the folder, and the folder is clean after close", async () => {
      const spill = join(folder, "small-spill");
      const small = await open({ memoryMb: 64, temporaryFolder: spill, threads: 1 });
      const [row] = await small.rows(
        "select count(*) n, min(i) a from (select i, row_number() over (order by hash(i)) r from range(3000000) t(i)) where r > 0",
      );
      assert.deepEqual(row, { n: 3_000_000, a: 0 });
      await small.close();
      assert.deepEqual(await readdir(spill).catch(() => []), []);
    });

    test("too little memory and a full disk are told apart", async () => {
      const small = await open({ memoryMb: 64, temporaryFolder: join(folder, "full"), threads: 1 });
      await assert.rejects(small.rows("select length(list(i)::varchar) from range(30000000) t(i)"), (error) =>
        isFailure(error, "RUNS_STEP_MEMORY"),
      );
      await small.run("set max_temp_directory_size = '1MB'");
      await assert.rejects(
        small.rows(
          "select count(*) from (select row_number() over (order by hash(i)) r from range(5000000) t(i)) where r > 0",
        ),
        (error) => isFailure(error, "RUNTIME_DISK_FULL"),
      );
      await small.close();
    });

    test("closing stops what runs and refuses what waits", async () => {
      const other = await open({ memoryMb: 64, temporaryFolder: join(folder, "stopped"), threads: 1 });
      const started = performance.now();
      const running = other.rows(
        "select count(*) n from range(4000000) a(i), range(4000000) b(j) where (i * j) % 7 = 3",
      );
      const waiting = other.rows("select 1 as one");
      const outcomes = Promise.allSettled([running, waiting]);
      setTimeout(() => void other.close(), 100);
      const codes = (await outcomes).map((one) =>
        one.status === "rejected" ? (one.reason as { code: string }).code : one.value,
      );
      assert.deepEqual(codes, ["RUNS_CANCELLED", "INTERNAL"]);
      assert.ok(performance.now() - started < 5000);
      await other.close();
    });

    test("a closed engine says so", async () => {
      const other = await open({ memoryMb: 64, temporaryFolder: join(folder, "closed") });
      await other.close();
      await other.close();
      await assert.rejects(other.rows("select 1"), (error) => isFailure(error, "INTERNAL"));
    });
  });
}

function numbers(table: Table, name: string): number[] {
  const column = table.columns.get(name);
  assert.ok(column?.type === "number" || column?.type === "boolean" || column?.type === "time");
  return [...column.values];
}
