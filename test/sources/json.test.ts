// JSON in the shapes that people have it: arrays, lines, documents around an array, nested values, broken lines.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isFailure } from "../../src/base/failure.ts";
import { json } from "../../src/sources/json.ts";
import { type Bench, openBench } from "./reading.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

let files = 0;
async function read(content: string | Uint8Array) {
  return bench.read(json(await bench.write(`${++files}.json`, content)));
}

async function refused(content: string | Uint8Array, code: string, pattern: RegExp): Promise<void> {
  await assert.rejects(read(content), (error) => {
    assert.ok(isFailure(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  });
}

test("an array of objects gives a column for every key that occurs, in order of appearance", async () => {
  const { columns, cells, numbers } = await read('[{"a": 1, "b": "x"}, {"b": null, "c": true}, {"a": 2.50}]');
  assert.deepEqual(columns, ["a", "b", "c"]);
  assert.deepEqual(cells, [
    ["1", "x", null],
    [null, null, "true"],
    ["2.5", null, null],
  ]);
  assert.deepEqual(numbers, [1, 2, 3]);
});

test("one object a line, gzipped or not, in UTF-8 or UTF-16, with blank lines and Windows line ends", async () => {
  const text = '{"a": 1, "b": "é"}\r\n\r\n{"a": 2}\r\n';
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), gzipSync(text), utf16]) {
    const { columns, cells, unreadable } = await read(bytes);
    assert.deepEqual(
      [columns, cells, unreadable],
      [
        ["a", "b"],
        [
          ["1", "é"],
          ["2", null],
        ],
        [],
      ],
    );
  }
  assert.deepEqual((await read('{"a": 1}')).cells, [["1"]]);
});

test("nested objects become dotted columns, arrays stay JSON, odd keys survive", async () => {
  const { columns, cells } = await read(
    '[{"id": 7, "at": {"city": "Oslo", "geo": {"lat": 59.9}}, "tags": ["x", {"y": 1}], "a/b~c": 1, "say \\"hi\\"": 2, "\'; --": 3, "__proto__": 4}]',
  );
  assert.deepEqual(columns, ["id", "at.city", "at.geo.lat", "tags", "a/b~c", 'say "hi"', "'; --", "__proto__"]);
  assert.deepEqual(cells, [["7", "Oslo", "59.9", '["x",{"y":1}]', "1", "2", "3", "4"]]);
});

test("a key that is an object here and a number there stays one column", async () => {
  assert.deepEqual((await read('[{"a": {"x": 1}}, {"a": 5}]')).cells, [['{"x":1}'], ["5"]]);
});

test("a document around an array gives the array's objects, on one line or many", async () => {
  const document = { type: "list", count: 2, items: [{ a: 1 }, { a: 2 }], other: [1, 2, 3] };
  for (const text of [JSON.stringify(document), JSON.stringify(document, null, 2)])
    assert.deepEqual((await read(text)).cells, [["1"], ["2"]]);
  assert.deepEqual((await read('{\n "a": 1\n}\n{\n "a": 2\n}\n')).cells, [["1"], ["2"]]);
});

test("broken lines are listed with their line, and values that are no objects with their number", async () => {
  const lines = await read('{"a": 1}\n\n{broken\n[1, 2]\n{"a": 2}\n');
  assert.deepEqual(
    [lines.cells, lines.numbers],
    [
      [["1"], ["2"]],
      [1, 4],
    ],
  );
  assert.deepEqual(lines.unreadable, [
    { row: 2, reason: "Line 3: not valid JSON", text: "{broken" },
    { row: 3, reason: "Line 4: expected an object, got an array", text: "[1, 2]" },
  ]);
  const values = await read('[{"a": 1}, 5, null, {"a": 2}]');
  assert.deepEqual(
    values.unreadable.map(({ row, reason }) => [row, reason]),
    [
      [2, "Value 2: expected an object, got a number"],
      [3, "Value 3: expected an object, got null"],
    ],
  );
});

test("what is no table of objects is named", async () => {
  await refused("[]", "SOURCES_EMPTY", /empty array/);
  await refused("[{}, {}]", "SOURCES_EMPTY", /no objects with values/);
  await refused("[1, 2, 3]", "SOURCES_NOT_TABULAR", /Expected .* to hold JSON/);
  await refused("[[1, 2], [3, 4]]", "SOURCES_NOT_TABULAR", /to hold objects, got arrays/);
  await refused('[{"a": 1}, {"a": 2}, {"a":}]', "SOURCES_NOT_TABULAR", /cannot be read as JSON/);
  await refused('[{"a": 1}, {"a": 2}, {"a": 3', "SOURCES_NOT_TABULAR", /cannot be read as JSON/);
  await refused('{"a": 1, "b": {"c"', "SOURCES_NOT_TABULAR", /JSON/);
  await refused("a,b\n1,2\n", "SOURCES_NOT_TABULAR", /Expected .* to hold JSON/);
  await refused('[{"a": 1, "A": 2}]', "SOURCES_DUPLICATE_COLUMN", /"a" and "A"/);
  const wide = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`k${i}`, i]));
  await refused(JSON.stringify([wide]), "SOURCES_TOO_WIDE", /2,500 columns/);
});

test("an object used as a dictionary of thousands of entries stays one column", async () => {
  const many = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`k${i}`, i]));
  const { columns, cells } = await read(JSON.stringify([{ id: 1, counts: many }]));
  assert.deepEqual(columns, ["id", "counts"]);
  assert.match(cells[0]?.[1] ?? "", /^\{"k0":0,"k1":1/);
});

test("long lists of numbers come whole, beside keys and texts that look like them", async () => {
  const list = Array.from({ length: 500 }, (_, i) => i / 8 - 3);
  const text = JSON.stringify(list);
  const rows = [
    { id: "a", v: list, deep: { w: list, [text]: 1 } },
    { id: text, later: "x", v: [...list, { not: "a number" }] },
  ];
  const { columns, cells } = await read(rows.map((row) => JSON.stringify(row)).join("\n"));
  assert.deepEqual(columns, ["id", "v", "deep.w", `deep.${text}`, "later"]);
  assert.deepEqual(JSON.parse(cells[0]?.[1] ?? ""), list);
  assert.deepEqual(JSON.parse(cells[0]?.[2] ?? ""), list);
  assert.deepEqual([cells[0]?.[3], cells[1]?.[0], cells[1]?.[4]], ["1", text, "x"]);
});
