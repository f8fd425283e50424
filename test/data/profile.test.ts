// The profile of files: types, times, units, roles, and what is odd about a column.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { numberColumn } from "../../src/base/table.ts";
import { profileRelation, type TableProfile } from "../../src/data/profile.ts";
import { planLabel } from "../../src/data/profile-label.ts";
import { findLeaks } from "../../src/data/profile-leaks.ts";
import { soundsLikeEventTime, soundsLikeKey, wordsOf } from "../../src/data/profile-names.ts";
import { planRoles } from "../../src/data/profile-roles.ts";
import { possibleFormats } from "../../src/data/profile-times.ts";
import { boundsOf, unitOf } from "../../src/data/profile-units.ts";
import type { ProfiledColumn } from "../../src/data/profiled-column.ts";
import { missingTexts } from "../../src/define/definition.ts";
import { csv } from "../../src/sources/csv.ts";
import { type Bench, openBench } from "../sources/reading.ts";

let bench: Bench;
before(async () => {
  bench = await openBench(512);
});
after(() => bench.close());

let files = 0;
type Cells = Readonly<Record<string, (row: number) => string | number>>;

/** Profiles a file made of one function per column. */
async function profile(rows: number, cells: Cells): Promise<TableProfile> {
  const quoted = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`;
  const lines = [Object.keys(cells).map(quoted).join(",")];
  for (let row = 0; row < rows; row++)
    lines.push(
      Object.values(cells)
        .map((cell) => quoted(cell(row)))
        .join(","),
    );
  const { relation, columns } = await bench.open(csv(await bench.write(`p${++files}.csv`, lines.join("\n"))));
  return profileRelation(bench.query, relation, columns, { missing: missingTexts });
}

function column(table: TableProfile, name: string): ProfiledColumn {
  const found = table.columns.find((one) => one.name === name);
  assert.ok(found !== undefined, `no column ${name}`);
  return found;
}

const days = (row: number) => new Date(Date.UTC(2020, 0, 1) + row * 86_400_000);

describe("types", () => {
  test("numbers, categories, yes and no, free text and empty columns are told apart", async () => {
    const words = "the quick brown fox jumps over the lazy dog again and again".split(" ");
    const table = await profile(200, {
      whole: (row) => row * 3,
      fraction: (row) => (row / 7).toFixed(3),
      science: (row) => `${row}e-3`,
      negative: (row) => 50 - row,
      colour: (row) => ["red", "green", "blue"][row % 3] as string,
      flag: (row) => (row % 2 === 0 ? "Yes" : "no"),
      bit: (row) => row % 2,
      prose: (row) => `${words.slice(row % 5).join(" ")} ${row} and ${words.slice(row % 3).join(" ")}`,
      nothing: () => "",
    });
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    assert.deepEqual(types, {
      whole: "number",
      fraction: "number",
      science: "number",
      negative: "number",
      colour: "category",
      flag: "boolean",
      bit: "boolean",
      prose: "text",
      nothing: "empty",
    });
  });

  test("decimal commas and thousands are numbers, by what all rows say", async () => {
    const table = await profile(100, {
      comma: (row) => `${row},${row % 10}5`,
      german: (row) => `${1 + (row % 9)}.${String(100 + row).padStart(3, "0")},50`,
      english: (row) => `${1 + (row % 9)},${String(100 + row).padStart(3, "0")}`,
      either: (row) => (row === 99 ? "12,34" : `${1 + row},${String(100 + row).padStart(3, "0")}`),
    });
    const writing = Object.fromEntries(table.columns.map(({ name, type, writing: how }) => [name, [type, how]]));
    assert.deepEqual(writing, {
      comma: ["number", ","],
      german: ["number", ","],
      english: ["number", "thousands"],
      either: ["number", ","],
    });
    assert.equal(column(table, "german").spread?.min, 1100.5);
    assert.equal(column(table, "english").spread?.max, 9198);
  });

  test("digits that name things stay texts: zip codes with zeros, codes that repeat", async () => {
    const table = await profile(300, {
      zip: (row) => String(row % 40).padStart(5, "0"),
      store_id: (row) => 1 + (row % 12),
      year: (row) => 1990 + (row % 20),
      age: (row) => 20 + (row % 50),
    });
    assert.deepEqual(
      table.columns.map(({ type }) => type),
      ["category", "category", "number", "number"],
    );
  });

  test("a few strays do not change the type, many do", async () => {
    const table = await profile(200, {
      few: (row) => (row < 3 ? "broken" : row),
      many: (row) => (row < 60 ? `t${row % 4}` : row % 9),
    });
    assert.deepEqual(
      [column(table, "few").type, column(table, "few").misfits, column(table, "many").type],
      ["number", 3, "category"],
    );
    assert.match(
      table.findings.map(({ message }) => message).join("\n"),
      /"few" holds numbers except in 3 rows, e.g. "broken"/,
    );
  });

  test("missing texts count as missing, and None is a value where it stands among words", async () => {
    const table = await profile(100, {
      amount: (row) => (row % 4 === 0 ? "NA" : row),
      damage: (row) => ["None", "None", "Minor", "Severe"][row % 4] as string,
      note: (row) => (row % 2 === 0 ? "?" : "x"),
    });
    assert.deepEqual(
      table.columns.map(({ missing }) => missing),
      [25, 0, 50],
    );
    assert.equal(table.missing.includes("None"), false);
    const used = await profile(100, {
      a: (row) => (row % 3 === 0 ? "None" : row),
      b: (row) => (row % 3 === 0 ? "None" : "word"),
    });
    assert.deepEqual(
      used.columns.map(({ missing }) => missing),
      [34, 34],
    );
  });

  test("constant, empty, repeated and paired columns are found", async () => {
    const codes = ["de", "fr", "it", "es"];
    const names = ["Germany", "France", "Italy", "Spain"];
    const table = await profile(80, {
      a: (row) => row * row,
      same: () => "x",
      again: (row) => row * row,
      country: (row) => names[row % 4] as string,
      code: (row) => codes[row % 4] as string,
    });
    assert.equal(column(table, "again").duplicateOf, "a");
    assert.equal(column(table, "code").sameAs, "country");
    const said = table.findings.map(({ message }) => message).join("\n");
    assert.match(said, /"same" is "x" in every row/);
    assert.match(said, /"again" repeats "a" in every row/);
  });

  test("a table of copies is named", async () => {
    const table = await profile(300, { a: (row) => row % 50, b: (row) => (row % 50) * 2 + 1 });
    assert.match(table.findings.map(({ message }) => message).join("\n"), /83 % of the rows are exact copies/);
  });

  test("a large table is judged by a sample, the same one each time", async () => {
    await bench.query.run(
      "create or replace table large as select (i % 1000)::varchar a, case when i % 2 = 0 then 'x' else 'y' end b, i + 1 as _row from range(600000) t(i)",
    );
    const table = await profileRelation(bench.query, "large", ["a", "b"], { missing: missingTexts });
    assert.equal(table.rows, 600_000);
    assert.ok(table.profiledRows > 195_000 && table.profiledRows < 205_000, String(table.profiledRows));
    assert.deepEqual(
      table.columns.map(({ type, facts }) => [type, facts.distinct]),
      [
        ["number", 1000],
        ["category", 2],
      ],
    );
    assert.match(table.findings[0]?.message ?? "", /rests on .* of 600,000 rows/);
  });

  test("a thousand columns need no more than their share of memory", async () => {
    const columns = Array.from({ length: 1000 }, (_, index) => `c ${index}`);
    const lines = [
      columns.join(","),
      ...Array.from({ length: 30 }, (_, row) => columns.map((_name, index) => (row * 7 + index) % 11).join(",")),
    ];
    const { relation } = await bench.open(csv(await bench.write("thousand.csv", lines.join("\n"))));
    const table = await profileRelation(bench.query, relation, columns.slice(0, 300), { missing: missingTexts });
    assert.ok(table.columns.every(({ type }) => type === "number"));
  });
});

describe("times", () => {
  const pad = (value: number) => String(value).padStart(2, "0");
  const written: readonly (readonly [string, (day: Date) => string, string | undefined])[] = [
    ["ISO days", (day) => day.toISOString().slice(0, 10), undefined],
    ["ISO moments", (day) => day.toISOString(), undefined],
    [
      "slashes, year first",
      (day) => `${day.getUTCFullYear()}/${pad(day.getUTCMonth() + 1)}/${pad(day.getUTCDate())} 06:55`,
      undefined,
    ],
    [
      "day first",
      (day) => `${pad(day.getUTCDate())}/${pad(day.getUTCMonth() + 1)}/${day.getUTCFullYear()}`,
      "%d/%m/%Y",
    ],
    ["month first", (day) => `${day.getUTCMonth() + 1}/${day.getUTCDate()}/${day.getUTCFullYear()}`, "%m/%d/%Y"],
    ["dots", (day) => `${day.getUTCDate()}.${day.getUTCMonth() + 1}.${day.getUTCFullYear()} 14:30`, "%d.%m.%Y %H:%M"],
    [
      "American clock",
      (day) => `${day.getUTCMonth() + 1}/${day.getUTCDate()}/${day.getUTCFullYear()} 2:30 PM`,
      "%m/%d/%Y %I:%M %p",
    ],
    [
      "named months",
      (day) => `${day.toUTCString().slice(8, 11)} ${day.getUTCDate()} ${day.getUTCFullYear()}`,
      "%b %d %Y",
    ],
    ["compact", (day) => day.toISOString().slice(0, 10).replaceAll("-", ""), "%Y%m%d"],
    ["seconds", (day) => String(day.getTime() / 1000), "epochSeconds"],
    ["milliseconds", (day) => String(day.getTime()), "epochMilliseconds"],
  ];
  for (const [name, write, format] of written) {
    test(`${name} are read`, async () => {
      const { type, time } = column(await profile(120, { date: (row) => write(days(row)), y: (row) => row }), "date");
      assert.deepEqual([type, time?.format, time?.rows, time?.ambiguous], ["time", format, 120, false]);
      assert.equal(
        time?.minMs === undefined ? 0 : Math.floor(time.minMs / 86_400_000),
        Date.UTC(2020, 0, 1) / 86_400_000,
      );
    });
  }

  test("day and month that cannot be told apart are said to be so", async () => {
    const table = await profile(60, { date: (row) => `${1 + (row % 12)}/${1 + ((row * 5) % 12)}/2020` });
    assert.equal(column(table, "date").time?.ambiguous, true);
    assert.match(
      table.findings.map(({ message }) => message).join("\n"),
      /"date" is read as %d\/%m\/%Y; day and month cannot be told apart/,
    );
  });

  test("numbers and words that are no times are none", async () => {
    const table = await profile(60, {
      year: (row) => 1960 + row,
      time: (row) => row,
      month: (row) => ["May", "June"][row % 2] as string,
    });
    assert.deepEqual(
      table.columns.map(({ type }) => type),
      ["number", "number", "category"],
    );
    assert.deepEqual(possibleFormats(["hello", "12", "1.5"]), []);
  });
});

describe("names", () => {
  test("give units, in brackets or as their last word", () => {
    const units = [
      "Beak Length (mm)",
      "temp (°C)",
      "price_usd",
      "speed [km/h]",
      "body_mass_g",
      "Running Time min",
      "wind",
      "temp_min",
      "check_in",
      "growth (new)",
      "Cost Total $",
      "humidity_pct",
    ].map(unitOf);
    assert.deepEqual(units, [
      "mm",
      "°C",
      "USD",
      "km/h",
      "g",
      "min",
      undefined,
      undefined,
      undefined,
      undefined,
      "USD",
      "%",
    ]);
  });

  test("give bounds only where nature does", () => {
    assert.deepEqual(boundsOf("Beak Length (mm)", "mm", 32, 60), { min: 0 });
    assert.deepEqual(boundsOf("humidity", "%", 3, 99), { min: 0, max: 100 });
    assert.deepEqual(boundsOf("latitude", undefined, 10, 60), { min: -90, max: 90 });
    assert.deepEqual(boundsOf("temperature", "°C", 3, 30), {});
    assert.deepEqual(boundsOf("net profit", "USD", 3, 30), {});
    assert.deepEqual(boundsOf("length", "mm", -3, 30), {});
  });

  test("sound like keys and times, or do not", () => {
    assert.deepEqual(["customer_id", "userId", "ID", "zip", "paid", "valid", "iata", "key"].map(soundsLikeKey), [
      true,
      true,
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
    assert.deepEqual(
      ["date", "Flight Date", "created_at", "birth_date", "end date", "update", "timestamp", "Weight"].map(
        soundsLikeEventTime,
      ),
      [true, true, true, false, false, false, true, false],
    );
    assert.deepEqual(wordsOf("meanTempC_2020 (°C)"), ["mean", "temp", "c", "2020", "°c"]);
  });
});

describe("roles", () => {
  const plan = (table: TableProfile, predict: string, options: Parameters<typeof planRoles>[2] = {}) =>
    planRoles(table, planLabel(table, predict, "file.csv"), options, "file.csv");

  test("a complete date of the row is its time, other dates and half-empty ones are not", async () => {
    const table = await profile(100, {
      date: (row) => days(row).toISOString().slice(0, 10),
      birth_date: (row) =>
        days(row * 3)
          .toISOString()
          .slice(0, 10),
      holes_at: (row) => (row % 3 === 0 ? "" : days(row).toISOString()),
      x: (row) => row % 7,
      y: (row) => (row % 2 === 0 ? "a" : "b"),
    });
    const roles = plan(table, "y");
    assert.equal(roles.time?.column.name, "date");
    assert.deepEqual(
      roles.left.map(({ column: one }) => one.name),
      ["birth_date", "holes_at"],
    );
    assert.deepEqual(plan(table, "y", { time: "birth_date" }).time?.column.name, "birth_date");
    assert.equal(plan(table, "y", { time: "none" }).time, null);
  });

  test("few different dates are a property, not the row's time", async () => {
    const table = await profile(200, {
      "Model Year": (row) => `${1970 + (row % 12)}-01-01`,
      x: (row) => row % 9,
      y: (row) => row % 2,
    });
    const roles = plan(table, "y");
    assert.equal(roles.time, null);
    assert.deepEqual(
      roles.features.map(({ name }) => name),
      ["Model Year", "x"],
    );
  });

  test("a key is guessed only when its name says so and it names the rows", async () => {
    const table = await profile(100, {
      customer_id: (row) => `C${row}`,
      name: (row) => `n${row}`,
      visits: (row) => row % 5,
      y: (row) => row % 2,
    });
    const roles = plan(table, "y");
    assert.deepEqual(
      roles.key.map(({ name }) => name),
      ["customer_id"],
    );
    assert.match(
      roles.left.map(({ column: one, reason }) => `${one.name}: ${reason}`).join(),
      /name: a different text in nearly every row/,
    );
    const panel = await profile(100, {
      store_id: (row) => 1 + (row % 5),
      date: (row) => days(Math.floor(row / 5)).toISOString(),
      x: (row) => row % 3,
      y: (row) => row % 2,
    });
    assert.deepEqual(
      [plan(panel, "y").key.map(({ name }) => name), plan(panel, "y").time?.column.name],
      [["store_id"], "date"],
    );
  });

  test("a guessed key gives way when nothing else could be learned from", async () => {
    const table = await profile(100, {
      symbol: (row) => ["A", "B", "C", "D", "E"][row % 5] as string,
      date: (row) => days(Math.floor(row / 5)).toISOString(),
      price: (row) => row * 1.5,
    });
    const roles = plan(table, "price");
    assert.deepEqual([roles.key, roles.features.map(({ name }) => name)], [[], ["symbol"]]);
  });

  test("running numbers, repeated, paired, constant and empty columns are left out with the reason", async () => {
    const table = await profile(100, {
      index: (row) => row + 1,
      same: () => "k",
      none: () => "",
      x: (row) => row % 7,
      x2: (row) => row % 7,
      y: (row) => (row % 2 === 0 ? "a" : "b"),
    });
    assert.deepEqual(
      plan(table, "y").left.map(({ column: one, reason }) => [one.name, reason]),
      [
        ["index", "numbers the rows"],
        ["same", '"k" in every row'],
        ["none", "empty in every row"],
        ["x2", 'repeats "x"'],
      ],
    );
  });

  test("a time or a key that cannot be one is refused with what there is", async () => {
    const table = await profile(50, {
      when: (row) => days(row).toISOString(),
      x: (row) => row % 7,
      y: (row) => row % 2,
      gaps: (row) => (row % 2 === 0 ? "" : "g"),
    });
    const refused = (options: Parameters<typeof planRoles>[2], code: string, pattern: RegExp) =>
      assert.throws(
        () => plan(table, "y", options),
        (error) => isFailure(error) && error.code === code && pattern.test(`${error.message} ${error.hint}`),
      );
    refused({ time: "x" }, "DEFINE_INVALID", /got "x", which holds numbers such as .* Columns with times: "when"/);
    refused({ time: "whenn" }, "DATA_COLUMN_MISSING", /Did you mean --time "when"/);
    refused({ key: ["gaps"] }, "DEFINE_INVALID", /a value in nearly every row, got none in 50 %/);
    refused({ key: ["y"] }, "DEFINE_INVALID", /another column than the one to predict/);
  });
});

describe("labels", () => {
  test("are classes or numbers, by their values", async () => {
    const table = await profile(400, {
      bit: (row) => row % 2,
      stars: (row) => 1 + (row % 5),
      rooms_count: (row) => 1 + (row % 6),
      price: (row) => row * 1.5,
      kind: (row) => ["c", "a", "b"][row % 3] as string,
      answer: (row) => (row % 2 === 0 ? "yes" : "no"),
      truth: (row) => String(row % 2 === 0),
    });
    const tasks = table.columns.map(({ name }) => {
      const { task, classes } = planLabel(table, name, "f");
      return [name, task, classes.join()];
    });
    assert.deepEqual(tasks, [
      ["bit", "binary", "0,1"],
      ["stars", "multiclass", "1,2,3,4,5"],
      ["rooms_count", "regression", ""],
      ["price", "regression", ""],
      ["kind", "multiclass", "a,b,c"],
      ["answer", "binary", "no,yes"],
      ["truth", "binary", "false,true"],
    ]);
    assert.equal(planLabel(table, "PRICE", "f").column.name, "price");
  });

  test("that cannot be predicted are refused with the reason", async () => {
    const table = await profile(60, {
      same: () => "x",
      none: () => "",
      each: (row) => `text ${row}`,
      date: (row) => days(row).toISOString(),
      rare: (row) => (row === 7 ? "b" : "a"),
      most: (row) => (row < 5 ? row : ""),
    });
    const refused = (name: string, code: string, pattern: RegExp) =>
      assert.throws(
        () => planLabel(table, name, "f.csv"),
        (error) => isFailure(error) && error.code === code && pattern.test(`${error.message} ${error.hint}`),
      );
    refused("same", "TRAINING_LABEL_CONSTANT", /"same" is "x" in every row of f.csv/);
    refused("none", "TRAINING_LABEL_MISSING", /empty in all 60 rows/);
    refused("each", "TRAINING_LABEL_INVALID", /a different text in nearly every row/);
    refused("date", "TRAINING_LABEL_INVALID", /holds times/);
    refused("rare", "TRAINING_LABEL_INVALID", /at most one row per class beside the first \("a": 59, "b": 1\)/);
    refused("most", "TRAINING_TOO_FEW_ROWS", /at least 10 rows with "most", got 5/);
    refused(
      "sam",
      "DATA_COLUMN_MISSING",
      /f.csv has no column "sam" Did you mean --predict "same"\? The columns are "same", "none"/,
    );
  });
});

describe("leaks", () => {
  const codes = Int32Array.from({ length: 400 }, (_, row) => (row * 7919) % 2);
  const noise = (row: number) => ((row * 104_729) % 997) / 997;

  test("a column that alone tells the class is found, strong ones that err are not", () => {
    const columns = new Map([
      ["telling", numberColumn(Array.from(codes, (code, row) => code * 10 + noise(row)))],
      ["strong", numberColumn(Array.from(codes, (code, row) => (row % 20 === 0 ? 1 - code : code) * 10 + noise(row)))],
      ["random", numberColumn(Array.from(codes, (_, row) => noise(row)))],
      ["few", numberColumn(Array.from(codes, (_, row) => Math.floor(row / 2) % 4))],
      ["missing", numberColumn(Array.from(codes, (code) => (code === 0 ? null : 5)))],
    ]);
    assert.deepEqual(
      findLeaks({ rowCount: 400, columns }, { codes, classCount: 2 }).map((leak) => leak.column),
      ["telling", "missing"],
    );
  });

  test("a rare class does not make every column look telling", () => {
    const rare = Int32Array.from({ length: 2000 }, (_, row) => (row % 500 === 3 ? 1 : 0));
    const columns = new Map([
      ["random", numberColumn(Array.from(rare, (_, row) => noise(row)))],
      ["few", numberColumn(Array.from(rare, (_, row) => row % 3))],
    ]);
    assert.deepEqual(findLeaks({ rowCount: 2000, columns }, { codes: rare, classCount: 2 }), []);
  });

  test("the answer in another unit is found", () => {
    const values = Float64Array.from({ length: 300 }, (_, row) => noise(row) * 100);
    const columns = new Map([
      ["cents", numberColumn(Array.from(values, (value) => Math.round(value * 100)))],
      ["related", numberColumn(Array.from(values, (value, row) => value + noise(row * 3) * 30))],
    ]);
    assert.deepEqual(
      findLeaks({ rowCount: 300, columns }, { values }).map((leak) => leak.column),
      ["cents"],
    );
  });
});
