// `pentad new` from the file to the five files: what it writes compiles, is formatted, loads, and nothing is ever half written.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isFailure } from "../../src/base/failure.ts";
import { silentLog } from "../../src/base/log.ts";
import { newProject } from "../../src/runtime/new-project/new-project.ts";
import { csv, type Desk, type Given, type Made, openDesk } from "./making.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(repository, "node_modules", "vega-datasets", "data");

let place: Desk;
let desk: string;
before(async () => {
  place = await openDesk();
  desk = place.folder;
});
after(() => place.remove());

const make: Desk["make"] = (...given) => place.make(...given);
const table: Desk["table"] = (...given) => place.table(...given);

const hostileNames = [
  '"; drop table x; --',
  "__proto__",
  "constructor",
  "_hidden",
  "hidden",
  "🙂 mood",
  "two\nlines",
  "it's",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must stay a text wherever it is written
  "${process.exit(1)}",
  "*/ alert(1) //",
  "toString",
  "`tick`",
  "class",
  "2012",
  "back\\slash",
  "long ".repeat(80),
];

describe("real files become projects", () => {
  const made: readonly (readonly [string, string | undefined, string, Given])[] = [
    ["penguins.json", "Species", "penguins", {}],
    ["cars.json", "Miles_per_Gallon", "cars", {}],
    ["movies.json", "IMDB Rating", "movies", {}],
    ["birdstrikes.csv", "Effect Amount of damage", "birdstrikes", {}],
    ["flights-5k.json", "delay", "flights", {}],
    ["weather.csv", "weather", "weather", { key: "location", time: "date" }],
    ["gapminder.json", "life_expect", "gapminder", { key: "country", time: "year" }],
    ["income.json", "group", "income", {}],
    ["stocks.csv", "price", "stocks", {}],
    ["unemployment-across-industries.json", "count", "unemployment", { task: "forecast", horizon: 6 }],
    ["wheat.json", "wheat", "wheat", { task: "forecast" }],
    ["penguins.json", undefined, "odd-penguins", { task: "anomaly" }],
    ["penguins.json", undefined, "kinds-of-penguins", { task: "clustering" }],
  ];
  const results = new Map<string, Made>();

  for (const [file, predict, name, options] of made) {
    test(`${file}, ${predict === undefined ? `for ${options.task}` : `predicting ${predict}`}`, async () => {
      const result = await make(join(examples, file), predict, name, options);
      results.set(name, result);
      assert.deepEqual(
        [...result.files].sort(),
        [
          ".gitignore",
          "README.md",
          "app.ts",
          "inference.ts",
          "package.json",
          "problem.ts",
          "training.ts",
          "tsconfig.json",
          `data/${file}`,
          `data/${file.replace(/\..*/, "")}.ts`,
        ].sort(),
      );
      assert.notEqual(result.feasibility.verdict, "unknown");
      assert.deepEqual(await readFile(join(result.folder, "data", file)), await readFile(join(examples, file)));
    });
  }

  test("hostile column names survive in all of them", async () => {
    const quoted = hostileNames.map((name) => `"${name.replaceAll('"', '""')}"`);
    const content = csv(`${quoted.join(",")},label`, 200, (_row, chance) => {
      const yes = chance() < 0.5;
      const cells = hostileNames.map((_name, index) =>
        index % 2 === 0
          ? (chance() * 4 + (yes ? 1 : 0)).toFixed(2)
          : (["red", "it's", 'say "x"'][Math.floor(chance() * 3)] as string),
      );
      return [...cells, yes ? "yes, it's" : 'no "way"'].map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
    });
    const result = await make(await table("hostile.csv", content), "label", "hostile");
    results.set("hostile", result);
    const data = await result.read("data/hostile.ts");
    assert.match(data, /hidden_2: |hidden: /);
    assert.match(data, /from: "__proto__"/);
    assert.match(data, /from: "_hidden"/);
    assert.match(data, /values: \['no "way"', "yes, it's"\]/);
  });

  test("times that are rewritten survive hostile names, too", async () => {
    const years = csv(
      '"time of ""x""`it`",*/ sold',
      60,
      (row, chance) => `${(1990 + row / 12).toFixed(3)},${chance()}`,
    );
    results.set(
      "decimal",
      await make(await table("decimal.csv", years), "*/ sold", "decimal", {
        task: "forecast",
        time: 'time of "x"`it`',
      }),
    );
    const months = csv(
      "year,month,sold",
      60,
      (row, chance) => `${1990 + Math.floor(row / 12)},${(row % 12) + 1},${chance()}`,
    );
    results.set("months", await make(await table("months.csv", months), "sold", "months"));
    const quarters = csv(
      "quarter,sold",
      60,
      (row, chance) => `${1990 + Math.floor(row / 4)}-Q${(row % 4) + 1},${chance()}`,
    );
    results.set("quarters", await make(await table("quarters.csv", quarters), "sold", "quarters"));
  });

  test("they type-check", async () => {
    const config = join(desk, "tsconfig.json");
    const own = JSON.parse(
      await (results.get("penguins") as Made & { read(file: string): Promise<string> }).read("tsconfig.json"),
    );
    const compilerOptions = {
      ...own.compilerOptions,
      paths: { pentad: [join(repository, "src/index.ts")] },
      types: ["node"],
      typeRoots: [join(repository, "node_modules/@types")],
    };
    await writeFile(config, JSON.stringify({ compilerOptions, include: ["made/*/*.ts", "made/*/data/*.ts"] }));
    const { stdout } = await run(process.execPath, [
      join(repository, "node_modules/typescript/bin/tsc"),
      "-p",
      config,
    ]).catch((error: { stdout: string }) => error);
    assert.equal(stdout, "");
  });

  test("they are formatted as our own code is", async () => {
    const { files: _files, vcs: _vcs, ...config } = JSON.parse(await readFile(join(repository, "biome.json"), "utf8"));
    await writeFile(
      join(desk, "biome.json"),
      JSON.stringify({
        ...config,
        root: true,
        files: { includes: ["made/**/*.ts", "made/*/package.json", "made/*/tsconfig.json"] },
      }),
    );
    const biome = join(repository, "node_modules/@biomejs/biome/bin/biome");
    const { stdout, stderr } = await run(process.execPath, [biome, "check", "--diagnostic-level=error", "made"], {
      cwd: desk,
    }).catch((error: { stdout: string; stderr: string }) => error);
    assert.match(`${stdout}${stderr}`, /Checked \d+ files[^\n]*\n(?!Found)/);
  });

  test("they read as a person would write them", async () => {
    const penguins = results.get("penguins") as Made;
    assert.equal(
      await penguins.read("data/penguins.ts"),
      `// Step 2: where the rows of penguins.json come from, and what a row must look like.

import { category, defineData, json, number } from "pentad";

export default defineData({
  source: json("data/penguins.json"),
  features: {
    Island: category({ values: ["Biscoe", "Dream", "Torgersen"] }),
    "Beak Length (mm)": number({ unit: "mm", min: 0, optional: true }),
    "Beak Depth (mm)": number({ unit: "mm", min: 0, optional: true }),
    "Flipper Length (mm)": number({ unit: "mm", min: 0, optional: true }),
    "Body Mass (g)": number({ unit: "g", min: 0, optional: true }),
    Sex: category({ optional: true }),
  },
  labels: { Species: category({ values: ["Adelie", "Chinstrap", "Gentoo"] }) },
});
`,
    );
    const flights = results.get("flights") as Made;
    assert.match(
      await flights.read("data/flights-5k.ts"),
      /eventTime: "date",\n {2}\/\/ The hour .*\n {2}transform: \(row\) => \(\{ \.\.\.row, hour: \/\(\\d\{1,2\}\):\\d\\d\/\.exec\(row\.date \?\? ""\)\?\.\[1\] \?\? null \}\),/,
    );
    assert.match(await flights.read("training.ts"), /split: \{ by: "time", test: 0\.2 \}/);
    assert.match(
      await (results.get("movies") as Made).read("data/movies.ts"),
      /eventTime: \{ column: "Release Date", format: "%b %d %Y" \}[\s\S]*\/\/ Left out of the features:\n\/\/ - "Title": /,
    );
    assert.match(
      await (results.get("gapminder") as Made).read("data/gapminder.ts"),
      /key: "country",\n {2}eventTime: \{ column: "year", format: "%Y" \}/,
    );
    assert.match(
      await (results.get("birdstrikes") as Made).read("data/birdstrikes.ts"),
      /"None" is a value in this file/,
    );
    assert.match(await (results.get("income") as Made).read("data/income.ts"), /"id": goes with "name" value by value/);
  });

  test("their package says what they need", async () => {
    const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
    const manifest = JSON.parse(await (results.get("cars") as Made).read("package.json"));
    assert.deepEqual(
      [manifest.name, manifest.type, manifest.dependencies, manifest.scripts.dev],
      ["cars", "module", { pentad: `^${version}` }, "pentad dev"],
    );
  });
});

describe("what a file holds decides what is written", () => {
  test("decimal commas, other encodings and gzip", async () => {
    const content = csv("größe;gewicht (kg);klasse", 200, (_row, chance) => {
      const size = chance() * 100;
      return `${(size + chance() * 40).toFixed(2).replace(".", ",")};${(size * 2 + chance() * 90).toFixed(1).replace(".", ",")};${size > 50 ? "groß" : "klein"}`;
    });
    const result = await make(await table("german.csv", Buffer.from(content, "latin1")), "klasse", "german");
    assert.match(
      await result.read("data/german.ts"),
      /"größe": number\(\{ decimal: "," \}\),\s+"gewicht \(kg\)": number\(\{ unit: "kg", min: 0, decimal: "," \}\)/,
    );
  });

  test("free texts are taken where a quick model is better with them, and left out where it is not", async () => {
    const fillers = [
      "please help me with",
      "since this morning there is",
      "again and again we see",
      "a customer tells of",
    ];
    const subjects = ["a refund and an invoice", "a password and an account"];
    const tickets = (name: string, tells: boolean) =>
      table(
        name,
        csv("body,stars,topic", 300, (_row, chance) => {
          const topic = chance() < 0.5 ? 0 : 1;
          const subject = tells ? topic : chance() < 0.5 ? 0 : 1;
          const filler = fillers[Math.floor(chance() * fillers.length)];
          return `${filler} ${subjects[subject]} number ${Math.floor(chance() * 1e6)},${Math.floor(chance() * 5)},${topic === 0 ? "billing" : "login"}`;
        }),
      );
    const telling = await make(await tickets("telling.csv", true), "topic", "telling");
    assert.match(await telling.read("data/telling.ts"), /body: text\(\)/);
    assert.ok((telling.feasibility.model?.value ?? 0) > 0.95);
    const mute = await make(await tickets("mute.csv", false), "topic", "mute");
    assert.doesNotMatch(await mute.read("data/mute.ts"), /text\(\)/);
    assert.ok(
      mute.findings.some(
        ({ message }) => message === '"body" is left out: free text, with which a quick model was no better',
      ),
    );
  });

  test("a file without a header is read with one when that names the label", async () => {
    const path = await table(
      "bare.csv",
      csv("1,2,3", 60, (_row, chance) => `${chance().toFixed(2)},${chance().toFixed(2)},${chance() < 0.5 ? 0 : 1}`),
    );
    assert.match(
      await (await make(path, "3", "bare")).read("data/bare.ts"),
      /csv\("data\/bare.csv", \{ header: true \}\)/,
    );
    const other = await table(
      "bare2.csv",
      csv("0.1,0.2,1", 60, (_row, chance) => `${chance().toFixed(2)},${chance().toFixed(2)},${chance() < 0.5 ? 0 : 1}`),
    );
    assert.match(
      await (await make(other, "column_3", "bare2")).read("data/bare2.ts"),
      /csv\("data\/bare2.csv"\)[\s\S]*column_1: number\(\)/,
    );
  });

  test("a column that gives the answer away is left out, unless nothing else tells anything", async () => {
    const told = await table(
      "told.csv",
      csv("x,code,churn", 400, (_row, chance) => {
        const yes = chance() < 0.4;
        return `${((yes ? 1 : 0) + chance() * 2).toFixed(3)},${yes ? "CD"[Math.floor(chance() * 2)] : "AB"[Math.floor(chance() * 2)]},${yes ? "Yes" : "No"}`;
      }),
    );
    const left = await make(told, "churn", "told");
    assert.match(
      await left.read("data/told.ts"),
      /features: \{ x: number\(\) \}[\s\S]*- "code": alone tells the answer/,
    );
    const only = await table(
      "only.csv",
      csv("x,noise,y", 400, (_row, chance) => {
        const x = chance();
        return `${x.toFixed(4)},${chance().toFixed(4)},${x > 0.5 ? 1 : 0}`;
      }),
    );
    const kept = await make(only, "y", "only");
    assert.match(await kept.read("data/only.ts"), /x: number\(\), noise: number\(\)/);
    assert.match(
      kept.findings.map(({ message }) => message).join("\n"),
      /"x" alone tells the answer in .* it is kept, since nothing else tells much/,
    );
  });

  test("strays go to quarantine, and a column of many strays is a category or left out", async () => {
    const path = await table(
      "strays.csv",
      csv(
        "a,b,y",
        300,
        (row, chance) =>
          `${row === 5 ? "oops" : chance().toFixed(2)},${row % 3 === 0 ? "n/k" : chance().toFixed(2)},${chance() < 0.5 ? "u" : "v"}`,
      ),
    );
    const result = await make(path, "y", "strays");
    assert.match(await result.read("data/strays.ts"), /a: number\(/);
    assert.match(result.findings.map(({ message }) => message).join("\n"), /1 row of 300 will go to quarantine/);
  });

  test("the project's name, names of files and variables are safe ones", async () => {
    const path = await table(
      "class.data v2!.csv",
      csv("x,y", 40, (_row, chance) => `${chance().toFixed(2)},${chance() < 0.5 ? "a" : "b"}`),
    );
    const result = await make(path, "y", "Größter Test", { name: "Ünïque Näme" });
    assert.deepEqual(
      result.files.filter((file) => file.startsWith("data/")),
      ["data/class-data-v2.ts", "data/class.data v2!.csv"],
    );
    assert.match(await result.read("training.ts"), /import classDataV2 from "\.\/data\/class-data-v2\.ts";/);
    assert.equal(JSON.parse(await result.read("package.json")).name, "unique-name");
    const script = await table(
      "training.js",
      csv("x,y", 40, (_row, chance) => `${chance().toFixed(2)},${chance() < 0.5 ? "a" : "b"}`),
    );
    const renamed = await make(script, "y", "script");
    assert.ok(renamed.files.includes("data/training.js.csv"));
    assert.match(await renamed.read("training.ts"), /import trainingData from|import trainingJs from/);
  });

  test("a web address is downloaded once, and said where it came from", async () => {
    const body = await readFile(join(examples, "penguins.json"));
    const server = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/penguins.json?token=secret`;
      const result = await make(address, "species", "web");
      const data = await result.read("data/penguins.ts");
      assert.match(data, /\/\/ Downloaded once; json\("http:\/\/127\.0\.0\.1:\d+\/files\/penguins\.json"\)/);
      assert.doesNotMatch(`${data}${await result.read("README.md")}`, /secret/);
      assert.deepEqual(await readFile(join(result.folder, "data/penguins.json")), body);
    } finally {
      server.close();
    }
  });
});

describe("what cannot become a project", () => {
  let rows: string;
  before(async () => {
    rows = await table(
      "good.csv",
      csv(
        "id,when,x,y",
        60,
        (row, chance) =>
          `${row + 1},2020-01-${String((row % 28) + 1).padStart(2, "0")},${chance().toFixed(3)},${chance() < 0.5 ? "a" : "b"}`,
      ),
    );
  });

  async function refused(
    from: string,
    predict: string,
    code: string,
    pattern: RegExp,
    options: Given = {},
  ): Promise<void> {
    const before = await readdir(join(desk, "made"));
    await assert.rejects(make(from, predict, "refused", options), (error) => {
      assert.ok(isFailure(error), String(error));
      assert.equal(error.code, code);
      assert.match(`${error.message} → ${error.hint}`, pattern);
      return true;
    });
    assert.deepEqual(await readdir(join(desk, "made")), before);
  }

  test("says so of the file: missing, empty, header only, one row, binary, a folder, too wide", async () => {
    await refused(join(desk, "nowhere.csv"), "y", "SOURCES_FILE_MISSING", /There is no file .*nowhere\.csv/);
    await refused(await table("none.csv", ""), "y", "SOURCES_EMPTY", /is empty/);
    await refused(await table("head.csv", "x,y\n"), "y", "SOURCES_EMPTY", /has a header \(x, y\) but no rows/);
    await refused(await table("one.csv", "x,y\n1,2\n"), "y", "TRAINING_TOO_FEW_ROWS", /one\.csv has one row/);
    await refused(
      await table("noise.csv", Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919 + 13 * i * i) % 256))),
      "y",
      "SOURCES_NOT_TABULAR",
      /binary data/,
    );
    await refused(desk, "y", "SOURCES_NOT_TABULAR", /the folder/);
    await refused(
      await table(
        "wide.csv",
        `${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(",")}\n${Array.from({ length: 10_000 }, () => 1).join(",")}\n`,
      ),
      "c1",
      "SOURCES_TOO_WIDE",
      /10,000 columns/,
    );
    await refused(await table("twice.csv", "x,y,x\n1,2,3\n"), "y", "SOURCES_DUPLICATE_COLUMN", /"x" \(columns 1, 3\)/);
  });

  test("says so of the label: absent, constant, missing, a different text in every row", async () => {
    await refused(
      rows,
      "yy",
      "DATA_COLUMN_MISSING",
      /good\.csv has no column "yy" → Did you mean --predict "y"\? The columns are "id", "when", "x", "y"/,
    );
    const odd = await table(
      "odd.csv",
      csv("x,same,none,each,when", 60, (row, chance) => `${chance()},k,,t${row},2020-01-01`),
    );
    await refused(odd, "same", "TRAINING_LABEL_CONSTANT", /"same" is "k" in every row/);
    await refused(odd, "none", "TRAINING_LABEL_MISSING", /"none" is empty in all 60 rows/);
    await refused(odd, "each", "TRAINING_LABEL_INVALID", /a different text in nearly every row/);
  });

  test("says so of key and time", async () => {
    await refused(
      rows,
      "y",
      "DEFINE_INVALID",
      /--time: expected a column of dates or times, got "x".* → Columns with times: "when"/,
      { time: "x" },
    );
    await refused(rows, "y", "DATA_COLUMN_MISSING", /--key: good\.csv has no column "idd" → Did you mean --key "id"/, {
      key: "idd",
    });
  });

  test("says so when nothing is left to learn from", async () => {
    await refused(
      await table(
        "bare-id.csv",
        csv("id,y", 60, (row, chance) => `${row + 1},${chance() < 0.5 ? "a" : "b"}`),
      ),
      "y",
      "TRAINING_NO_FEATURES",
      /No column beside "y" can be learned from/,
    );
  });

  test("leaves a folder alone that holds files, and fills an empty one", async () => {
    const folder = join(desk, "made", "taken");
    await mkdir(folder);
    await writeFile(join(folder, "mine.txt"), "mine");
    await assert.rejects(make(rows, "y", "taken"), (error) => isFailure(error, "RUNTIME_TARGET_EXISTS"));
    assert.deepEqual(await readdir(folder), ["mine.txt"]);
    await rm(join(folder, "mine.txt"));
    assert.equal((await make(rows, "y", "taken")).folder, folder);
    assert.ok(existsSync(join(folder, "problem.ts")));
    await assert.rejects(
      newProject({ from: rows, predict: "y", folder: rows, log: silentLog }),
      (error) => isFailure(error, "RUNTIME_TARGET_EXISTS") && /is a file/.test(error.message),
    );
    await assert.rejects(
      newProject({ from: rows, predict: "y", folder: join(rows, "inside"), log: silentLog }),
      (error) => isFailure(error, "RUNTIME_NOT_WRITABLE"),
    );
  });

  test("without permission nothing is tried", {
    skip: process.getuid?.() === 0 ? "root may write everywhere" : false,
  }, async () => {
    const closed = join(desk, "closed");
    await mkdir(closed);
    await chmod(closed, 0o500);
    await assert.rejects(
      newProject({ from: rows, predict: "y", folder: join(closed, "new"), log: silentLog }),
      (error) => isFailure(error, "RUNTIME_NOT_WRITABLE"),
    );
  });

  test("parents of the folder are made when needed", async () => {
    const folder = join(desk, "made", "deep", "er", "project");
    await newProject({ from: rows, predict: "y", folder, log: silentLog });
    assert.ok(existsSync(join(folder, "app.ts")));
  });

  test("a stopped command leaves nothing behind, at whatever moment it is stopped", async () => {
    const from = join(desk, "birds.csv");
    await copyFile(join(examples, "birdstrikes.csv"), from);
    const before = await readdir(join(desk, "made"));
    for (const delay of [0, 30, 100, 200, 350]) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), delay);
      const folder = join(desk, "made", "stopped");
      const ended = await make(from, "Wildlife Size", "stopped", { signal: stop.signal }).then(
        () => "made",
        (error: unknown) => (isFailure(error, "RUNTIME_INTERRUPTED") ? "stopped" : String(error)),
      );
      if (ended === "made") {
        assert.ok(existsSync(join(folder, "README.md")));
        await rm(folder, { recursive: true });
      } else assert.equal(ended, "stopped");
      assert.deepEqual(await readdir(join(desk, "made")), before);
    }
  });
});

test("a project made by the command line runs until a model is live", async () => {
  const folder = join(desk, "whole", "penguins");
  const pentad = (...args: string[]) =>
    run(process.execPath, [join(repository, "bin/pentad.mjs"), ...args], { cwd: desk });
  await cp(join(examples, "penguins.json"), join(desk, "penguins.json"));
  const { stdout } = await pentad(
    "new",
    "whole/penguins",
    "--from",
    "penguins.json",
    "--predict",
    "Species",
    "--yes",
    "--json",
  );
  assert.equal(JSON.parse(stdout).folder, folder);
  const ran = JSON.parse((await pentad("run", "--all", "--json", "--project", folder)).stdout);
  assert.equal(ran.state, "done");
});
