// Delimited text in every shape that people have it, good and bad.

import assert from "node:assert/strict";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isFailure } from "../../src/base/failure.ts";
import { type CsvOptions, csv } from "../../src/sources/csv.ts";
import { type Bench, openBench } from "./reading.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

let files = 0;
async function read(content: string | Uint8Array, options?: CsvOptions) {
  return bench.read(csv(await bench.write(`${++files}.csv`, content), options));
}

async function refused(
  content: string | Uint8Array,
  code: string,
  pattern: RegExp,
  options?: CsvOptions,
): Promise<void> {
  await assert.rejects(read(content, options), (error) => {
    assert.ok(isFailure(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  });
}

describe("a well-formed file", () => {
  for (const [name, delimiter] of [
    ["comma", ","],
    ["semicolon", ";"],
    ["tab", "\t"],
    ["pipe", "|"],
  ] as const) {
    test(`is read with the delimiter ${name}`, async () => {
      const { columns, cells, numbers, unreadable } = await read(
        ["a,b,c", "1,x,2.5", "2,,3"].join("\n").replaceAll(",", delimiter),
      );
      assert.deepEqual(columns, ["a", "b", "c"]);
      assert.deepEqual(cells, [
        ["1", "x", "2.5"],
        ["2", null, "3"],
      ]);
      assert.deepEqual(numbers, [1, 2]);
      assert.deepEqual(unreadable, []);
    });
  }

  test("keeps decimal commas apart from semicolons", async () => {
    assert.deepEqual((await read("a;b;c\n1,5;2,25;x\n4,1;5;y\n")).cells, [
      ["1,5", "2,25", "x"],
      ["4,1", "5", "y"],
    ]);
  });

  test("is not misled by another delimiter inside its texts", async () => {
    const { columns, cells } = await read("id,genres\n1,Action;Drama\n2,Comedy;Drama\n");
    assert.deepEqual(columns, ["id", "genres"]);
    assert.deepEqual(cells[0], ["1", "Action;Drama"]);
  });

  for (const [name, end] of [
    ["\\n", "\n"],
    ["\\r\\n", "\r\n"],
    ["\\r", "\r"],
  ] as const) {
    test(`may end its lines in ${name}, the last one or not`, async () => {
      for (const last of ["", end])
        assert.deepEqual((await read(["a,b", "1,2", "3,4"].join(end) + last)).cells, [
          ["1", "2"],
          ["3", "4"],
        ]);
    });
  }

  test("may mix line ends", async () => {
    const { cells, unreadable } = await read('a,b,c\r\n1,2,3\n4,"5\n5",6\r\n7,8,9\n');
    assert.deepEqual(cells, [
      ["1", "2", "3"],
      ["4", "5\n5", "6"],
      ["7", "8", "9"],
    ]);
    assert.deepEqual(unreadable, []);
  });

  test("may hold delimiters, quotes and line ends inside quotes", async () => {
    assert.deepEqual((await read('a,b\n"x, y","say ""hi"""\n"two\nlines",z\n')).cells, [
      ["x, y", 'say "hi"'],
      ["two\nlines", "z"],
    ]);
    assert.deepEqual((await read('a,b\n"say \\"hi\\"",2\n"p",3\n')).cells, [
      ['say "hi"', "2"],
      ["p", "3"],
    ]);
    assert.deepEqual((await read("a,b\n'x, y',2\n'p',3\n")).cells, [
      ["x, y", "2"],
      ["p", "3"],
    ]);
  });

  test("may have one column, one row, blank lines, and delimiters at the end of its lines", async () => {
    assert.deepEqual((await read("a\n1\n2\n")).cells, [["1"], ["2"]]);
    assert.deepEqual((await read("a,b\n1,2")).cells, [["1", "2"]]);
    assert.deepEqual((await read("\n\na,b\n\n1,2\n\n3,4\n\n")).cells, [
      ["1", "2"],
      ["3", "4"],
    ]);
    const trailing = await read("a,b,\n1,2,\n3,4,\n");
    assert.deepEqual(trailing.columns, ["a", "b"]);
    assert.deepEqual(trailing.cells, [
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  test("keeps texts as they stand: zeros in front, spaces, NA, 1e5", async () => {
    assert.deepEqual((await read("a,b,c,d\n007, x ,NA,1e5\n")).cells, [["007", " x ", "NA", "1e5"]]);
  });
});

describe("the header", () => {
  test("is found when there is one, and its absence too", async () => {
    assert.deepEqual((await read("1,2,x\n4,5,y\n")).columns, ["column_1", "column_2", "column_3"]);
    assert.deepEqual((await read("red,x\nblue,x\nred,y\nblue,y\n")).columns, ["column_1", "column_2"]);
    assert.deepEqual((await read("city,colour\nOslo,red\nRome,blue\n")).columns, ["city", "colour"]);
    assert.deepEqual((await read("name,2012,2013\nfoo,1,2\nbar,3,4\n")).columns, ["name", "2012", "2013"]);
    assert.deepEqual((await read("2020-01-01,1\n2020-01-02,2\n")).columns, ["column_1", "column_2"]);
  });

  test("is what the option says", async () => {
    const given = await read("1,2\n3,4\n", { header: true });
    assert.deepEqual([given.columns, given.cells], [["1", "2"], [["3", "4"]]]);
    const none = await read("a,b\n3,4\n", { header: false });
    assert.deepEqual(
      [none.columns, none.cells],
      [
        ["column_1", "column_2"],
        [
          ["a", "b"],
          ["3", "4"],
        ],
      ],
    );
  });

  test("may stand below notes and a title", async () => {
    assert.deepEqual((await read("Report 2024\n\na,b,c\n1,2,3\n4,5,6\n")).columns, ["a", "b", "c"]);
    const noted = await read("# made by a tool\n#id,b,c\n1,2,3\n4,5,6\n");
    assert.deepEqual(noted.columns, ["id", "b", "c"]);
    assert.deepEqual(noted.numbers, [1, 2]);
  });

  test("may stand below a line that counts rows and columns", async () => {
    const { columns, cells } = await read("3,6,,,,,,,\na,b,c,d,e,f,g,h,i\n1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,9\n");
    assert.deepEqual(columns, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    assert.equal(cells.length, 2);
    const nameless = await read("3,6,no,yes\n1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,8\n1,2,3,4,5,6,7,8,7\n");
    assert.deepEqual([nameless.columns.length, nameless.columns[0], nameless.cells.length], [9, "column_1", 3]);
  });

  test("may lack the name of the row names, as R writes it", async () => {
    const { columns, cells } = await read("mpg,cyl\nMazda,21,6\nFiat,22,4\n");
    assert.deepEqual(columns, ["column_1", "mpg", "cyl"]);
    assert.deepEqual(cells[0], ["Mazda", "21", "6"]);
  });

  test("gets names for blank ones, trims them, and keeps odd and hostile ones", async () => {
    assert.deepEqual((await read(", b ,,_row\n1,2,3,4\n")).columns, ["column_1", "b", "column_3", "row_"]);
    const hostile = [
      '"; drop table x; --',
      "b",
      "🙂",
      "__proto__",
      "constructor",
      "x".repeat(2000),
      "a'b",
      "$1",
      "select",
    ];
    const { columns, cells } = await read(
      `${hostile.map((name) => `"${name.replaceAll('"', '""')}"`).join(",")}\n1,2,3,4,5,6,7,8,9\n`,
    );
    assert.deepEqual(columns, hostile);
    assert.deepEqual(cells, [["1", "2", "3", "4", "5", "6", "7", "8", "9"]]);
  });

  test("must not name a column twice, in whatever case", async () => {
    await refused(
      "a,b,A,c,c\n1,2,3,4,5\n",
      "SOURCES_DUPLICATE_COLUMN",
      /"a" and "A" \(columns 1, 3\); "c" \(columns 4, 5\)/,
    );
  });

  test("must not be wider than 2,000 columns", async () => {
    const wide = (count: number) =>
      [0, 1].map((row) => Array.from({ length: count }, (_, i) => (row === 0 ? `c${i}` : i)).join(",")).join("\n");
    await refused(wide(10_000), "SOURCES_TOO_WIDE", /10,000 columns; at most 2,000/);
    const { relation, columns } = await bench.open(csv(await bench.write("wide.csv", wide(2000))));
    assert.equal(columns.length, 2000);
    assert.deepEqual(await bench.query.rows(`select c0, c1999, _row from "${relation}"`), [
      { c0: "0", c1999: "1999", _row: 1 },
    ]);
  });
});

describe("blanks", () => {
  test("part the fields where nothing else does and every line has as many", async () => {
    const { columns, cells } = await read("Chins Situps Jumps\n5 162 60\n2 110 60\n12 101 101\n");
    assert.deepEqual(columns, ["Chins", "Situps", "Jumps"]);
    assert.deepEqual(cells[1], ["2", "110", "60"]);
  });

  test("stand inside the cells of a table with one column", async () => {
    const { columns } = await read("what\na cat\nthe grey dog\nno\n");
    assert.deepEqual(columns, ["what"]);
  });
});

describe("the encoding", () => {
  const text = "name,ville\nJosé,Orléans\nÅsa,Malmö\n";
  const expected = [
    ["José", "Orléans"],
    ["Åsa", "Malmö"],
  ];
  const utf16 = Buffer.from(text, "utf16le");

  test("is found: UTF-8, UTF-16 and Windows-1252, with and without a byte order mark, gzipped or not", async () => {
    const encodings = [
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
      utf16,
      Buffer.from(utf16).swap16(),
      Buffer.from(text, "latin1"),
    ];
    for (const bytes of encodings) {
      assert.deepEqual((await read(bytes)).cells, expected);
      assert.deepEqual((await read(gzipSync(bytes))).cells, expected);
    }
  });

  test("is read as Windows-1252 when that shows only far behind the beginning", async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i},plain text of some length`).join("\n");
    const { cells } = await read(Buffer.from(`n,t\n${lines}\n60000,café\n`, "latin1"));
    assert.deepEqual(cells.at(-1), ["60000", "café"]);
    assert.match(bench.lines.join("\n"), /is read as windows-1252/);
  });

  test("stays UTF-8 when one line is broken, and that line is reported", async () => {
    const bytes = Buffer.concat([
      Buffer.from("name,v\nJosé,1\nÅsa,2\n"),
      Buffer.from([0x42, 0xe9]),
      Buffer.from(",3\nZoë,4\n"),
    ]);
    const { cells, numbers, unreadable } = await read(bytes);
    assert.deepEqual(cells, [
      ["José", "1"],
      ["Åsa", "2"],
      ["Zoë", "4"],
    ]);
    assert.deepEqual(numbers, [1, 2, 4]);
    assert.deepEqual(
      unreadable.map(({ row, reason }) => [row, reason]),
      [[3, "Line 4: not valid UTF-8"]],
    );
  });

  test("is not guessed for other alphabets: the text would be read wrongly, and nobody would be told", async () => {
    const cyrillic = (text: string) =>
      Buffer.from(
        [...text].map((one) => (one >= "а" && one <= "я" ? one.charCodeAt(0) - 0x430 + 0xe0 : one.charCodeAt(0))),
      );
    await refused(cyrillic("город,да\nмосква,нет\n"), "SOURCES_ENCODING", /is neither UTF-8 nor Windows-1252/);
    const tree = [0x96, 0xd8, 0x8d, 0x4c, 0x97, 0x74, 0x8e, 0xf7];
    const japanese = Buffer.from([...Buffer.from("a,b\n"), ...tree, ...Buffer.from(",1\n"), ...tree]);
    await refused(japanese, "SOURCES_ENCODING", /is neither UTF-8 nor Windows-1252/);
  });

  test("may be named, and a wrong name is an error", async () => {
    const bytes = Buffer.from([...Buffer.from("a,b\n"), 0x83, 0x65, 0x83, 0x58, 0x83, 0x67, ...Buffer.from(",1\n")]);
    assert.deepEqual((await read(bytes, { encoding: "shift_jis" })).cells, [["テスト", "1"]]);
    await refused(bytes, "SOURCES_ENCODING", /got "klingon"/, { encoding: "klingon" });
  });
});

describe("lines that are no rows", () => {
  test("are listed with line, reason and text, and the other rows pass with their own numbers", async () => {
    const { cells, numbers, unreadable } = await read(
      'a,b,c\n1,2,3\n1,2\n\n4,5,6\n1,2,3,4,5\n7,"8\n8",9\n10,11\n12,13,14\n',
    );
    assert.deepEqual(cells, [
      ["1", "2", "3"],
      ["4", "5", "6"],
      ["7", "8\n8", "9"],
      ["12", "13", "14"],
    ]);
    assert.deepEqual(numbers, [1, 3, 5, 7]);
    assert.deepEqual(unreadable, [
      { row: 2, reason: "Line 3: expected 3 fields, got 2", text: "1,2" },
      { row: 4, reason: "Line 6: expected 3 fields, got 5", text: "1,2,3,4,5" },
      { row: 6, reason: "Line 9: expected 3 fields, got 2", text: "10,11" },
    ]);
  });

  test("a quote that is never closed costs its own line only, however long the file is", async () => {
    const lines = Array.from({ length: 400_000 }, (_, i) => (i === 200_000 ? `${i},"oops,3` : `${i},x${i},3`));
    const { columns, relation, unreadable } = await bench.read(
      csv(await bench.write("quote.csv", `a,b,c\n${lines.join("\n")}\n`)),
    );
    const [found] = await bench.query.rows(
      `select count(*) n, count(*) filter (a::bigint <> _row - 1) wrong from "${relation}"`,
    );
    assert.deepEqual([columns, found], [["a", "b", "c"], { n: 399_999, wrong: 0 }]);
    assert.deepEqual(unreadable, [
      { row: 200_001, reason: "Line 200002: a quote is opened and not closed", text: '200000,"oops,3' },
    ]);
  });

  test("text behind a closing quote is an error of that line", async () => {
    const { cells, unreadable } = await read('a,b,c\n1,"x"y,3\n4,5"5,6\n7,8,9\n');
    assert.deepEqual(cells, [
      ["4", '5"5', "6"],
      ["7", "8", "9"],
    ]);
    assert.deepEqual(
      unreadable.map(({ reason }) => reason),
      ['Line 2: a closing quote is followed by "y"'],
    );
  });

  test("a line longer than 2 MB is refused, and the next one is read", async () => {
    const { cells, unreadable } = await read(`a,b\n1,${"x".repeat(9_000_000)}\n2,y\n`);
    assert.deepEqual(cells, [["2", "y"]]);
    assert.deepEqual(
      unreadable.map(({ row, reason, text }) => [row, reason, text.length]),
      [[1, "Line 2: the line is too long", 500]],
    );
  });

  test("are an error of the file when no line is a row", async () => {
    await refused(
      'a,b,c\n1,"x"y,3\n"2"x,2,3\n',
      "SOURCES_NOT_TABULAR",
      /No line of .* can be read as a row; the first: Line 2: a closing quote/,
    );
  });

  test("a file of more than 64 MB keeps its order, its numbers and its good rows", async () => {
    const lines: string[] = ["id,text,note"];
    const filler = "a text of some length ".repeat(6);
    for (let i = 0; i < 400_000; i++)
      lines.push(
        i % 100_000 === 1000 ? `${i},short` : `${i},"${filler} quoted ${i}",and a note to make the row longer`,
      );
    const { relation, unreadable } = await bench.open(csv(await bench.write("large.csv", lines.join("\n"))));
    const [found] = await bench.query.rows(
      `select count(*) n, count(*) filter (id::bigint <> _row - 1) wrong, max(_row) most from "${relation}"`,
    );
    assert.deepEqual(found, { n: 399_996, wrong: 0, most: 400_000 });
    assert.deepEqual(
      unreadable.map(({ row }) => row),
      [1001, 101_001, 201_001, 301_001],
    );
    const clean = lines.filter((line) => !line.endsWith(",short"));
    const good = await bench.open(csv(await bench.write("large.csv", clean.join("\n"))));
    const [second] = await bench.query.rows(
      `select count(*) n, min(_row) least, max(_row) most, count(distinct _row) numbers from "${good.relation}"`,
    );
    assert.deepEqual(second, { n: 399_996, least: 1, most: 399_996, numbers: 399_996 });
    assert.deepEqual(await bench.query.rows(`select id from "${good.relation}" where _row = 200000`), [
      { id: "200001" },
    ]);
  });
});

describe("what is no table", () => {
  test("is told apart: nothing, blanks, a header alone", async () => {
    await refused("", "SOURCES_EMPTY", /is empty \(0 bytes\)/);
    await refused("\n \n", "SOURCES_EMPTY", /nothing but blanks/);
    await refused("a,b,c\n", "SOURCES_EMPTY", /has a header \(a, b, c\) but no rows/);
    await refused("a,b,c", "SOURCES_EMPTY", /has a header/);
  });

  test("is named: pictures, workbooks, web pages, JSON, Parquet, damaged gzip, noise", async () => {
    await refused(
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0]),
      "SOURCES_NOT_TABULAR",
      /looks like a picture/,
    );
    await refused(Buffer.from("PK\u0003\u0004rest"), "SOURCES_NOT_TABULAR", /an Excel workbook or a zip archive/);
    await refused("<!DOCTYPE html><html></html>", "SOURCES_NOT_TABULAR", /a web page/);
    await refused('[{"a": 1}]', "SOURCES_NOT_TABULAR", /holds JSON/);
    await refused("PAR1....PAR1", "SOURCES_NOT_TABULAR", /is a Parquet file/);
    await refused(gzipSync("a,b\n1,2\n".repeat(1000)).subarray(0, 30), "SOURCES_NOT_TABULAR", /damaged gzip file/);
    const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + 13 * i * i) % 256));
    await refused(noise, "SOURCES_NOT_TABULAR", /binary data/);
  });

  test("paths that lead nowhere are named", async () => {
    const failing = async (path: string, code: string, pattern: RegExp) =>
      assert.rejects(
        bench.read(csv(path)),
        (error) => isFailure(error) && error.code === code && pattern.test(`${error.message} ${error.hint}`),
      );
    await failing("nowhere.csv", "SOURCES_FILE_MISSING", /There is no file nowhere.csv .*relative to/);
    await mkdir(join(bench.folder, "sub"), { recursive: true });
    await failing("sub", "SOURCES_NOT_TABULAR", /the folder sub/);
    await failing("/dev/zero", "SOURCES_NOT_TABULAR", /a device or a pipe/);
    await failing("ftp://example.org/a.csv", "SOURCES_UNREACHABLE", /a path or an http\(s\) address/);
  });

  test("a file without permission is named", {
    skip: process.getuid?.() === 0 ? "root may read everything" : false,
  }, async () => {
    await bench.write("secret.csv", "a\n1\n");
    await chmod(join(bench.folder, "secret.csv"), 0);
    await assert.rejects(bench.read(csv("secret.csv")), (error) => isFailure(error, "SOURCES_NOT_READABLE"));
  });

  test("wrong options are refused when the component is defined", () => {
    assert.throws(
      () => csv(""),
      (error) => isFailure(error, "DEFINE_INVALID"),
    );
    assert.throws(
      () => csv("a.csv", { delimiter: ";;" }),
      (error) => isFailure(error, "DEFINE_INVALID"),
    );
  });
});

describe("the source itself", () => {
  test("names with patterns in them are plain names", async () => {
    await bench.write("a[1]*.csv", "a,b\n1,2\n");
    await bench.write("a1.csv", "a,b\n9,9\n");
    assert.deepEqual((await bench.read(csv("a[1]*.csv"))).cells, [["1", "2"]]);
    await bench.write("it's.csv", "a,b\n1,2\n");
    assert.deepEqual((await bench.read(csv("it's.csv"))).cells, [["1", "2"]]);
  });

  test("writes nothing beside the file", async () => {
    const before = await bench.files();
    await bench.read(csv("a1.csv"));
    assert.deepEqual(await bench.files(), before);
  });

  test("its fingerprint follows the content", async () => {
    const source = csv(await bench.write("print.csv", "a\n1\n"));
    const first = await source.fingerprint(bench.folder);
    assert.equal(await source.fingerprint(bench.folder), first);
    await bench.write("print.csv", "a\n2\n");
    assert.notEqual(await source.fingerprint(bench.folder), first);
    assert.equal(await csv("nowhere.csv").fingerprint(bench.folder), null);
  });

  test("it says what to watch, and never shows secrets of an address", () => {
    assert.equal(csv("data/a.csv").watch, "data/a.csv");
    const web = csv("https://user:word@example.org/a.csv?token=secret");
    assert.equal(web.description, "https://example.org/a.csv");
    assert.equal(web.watch, undefined);
  });
});
