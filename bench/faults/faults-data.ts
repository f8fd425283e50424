// Faults of the second step: sources, their shape, rows, and the user's own code over them.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault, Place } from "./fault.ts";
import { visitsCsv } from "./shop.ts";

const weather = "data/weather.ts";

/** A transform with this body, under tight limits, at line 8 of the component's file. */
function transforming(body: string, limits = '{ time: "4s", memoryMb: 300 }') {
  return (place: Place) =>
    place.edit(weather, "  schedule:", `  transform(row) {\n    ${body}\n  },\n  limits: ${limits},\n  schedule:`);
}

function userCode(
  name: string,
  body: string,
  expected: { code: string | readonly string[]; message: RegExp; hint: RegExp; at?: string | null },
  options: Partial<Fault> = {},
): Fault {
  const { at = body.split("\n")[0] as string, ...rest } = expected;
  return {
    name,
    kind: "data",
    project: "rain",
    inject: transforming(body),
    act: { run: "data/weather" },
    expected: {
      component: "data/weather",
      step: "read",
      ...rest,
      ...(at === null ? {} : { at: { file: weather, text: at } }),
    },
    ...options,
  };
}

/** The file of the first project as its lines. */
async function changeRows(place: Place, change: (line: string, index: number) => string): Promise<void> {
  const lines = (await place.read("weather.csv")).trim().split("\n");
  await place.write(
    "weather.csv",
    `${lines.map((line, index) => (index === 0 ? line : change(line, index))).join("\n")}\n`,
  );
}

function weatherFile(
  name: string,
  inject: Fault["inject"],
  expected: { code: string | readonly string[]; message: RegExp; hint: RegExp },
  options: Partial<Fault> = {},
): Fault {
  return {
    name,
    kind: "data",
    project: "rain",
    inject,
    act: { run: "data/weather" },
    expected: { component: "data/weather", step: "read", ...expected },
    ...options,
  };
}

const files: readonly Fault[] = [
  weatherFile(
    "the source file vanished",
    (place) => rm(join(place.folder, "weather.csv")),
    {
      code: "SOURCES_FILE_MISSING",
      message: /weather\.csv/,
      hint: /path|file/,
    },
    { quick: true },
  ),
  weatherFile("the source file became empty", (place) => place.write("weather.csv", ""), {
    code: "SOURCES_EMPTY",
    message: /weather\.csv/,
    hint: /header|row/,
  }),
  weatherFile(
    "the source file holds its header only",
    async (place) => place.write("weather.csv", `${(await place.read("weather.csv")).split("\n")[0]}\n`),
    { code: ["SOURCES_EMPTY", "DATA_NO_ROWS"], message: /weather\.csv/, hint: /row/ },
  ),
  weatherFile(
    "the source file became a folder",
    async (place) => {
      await rm(join(place.folder, "weather.csv"));
      await mkdir(join(place.folder, "weather.csv"));
    },
    {
      code: ["SOURCES_FILE_MISSING", "SOURCES_NOT_TABULAR", "SOURCES_NOT_READABLE"],
      message: /weather\.csv.*folder|folder.*weather\.csv/,
      hint: /file|path/,
    },
  ),
  weatherFile(
    "the source file became something binary",
    (place) =>
      writeFile(
        join(place.folder, "weather.csv"),
        Buffer.from(Array.from({ length: 9_000 }, (_, i) => (i * 37) % 256)),
      ),
    { code: ["SOURCES_NOT_TABULAR", "SOURCES_ENCODING"], message: /weather\.csv/, hint: /CSV|UTF-8|Parquet/ },
  ),
  weatherFile(
    "a column was renamed",
    async (place) => place.edit("weather.csv", "precipitation", "precip"),
    { code: "DATA_COLUMN_MISSING", message: /"precipitation".*precip/, hint: /precip|from/ },
    { quick: true },
  ),
  weatherFile(
    "two columns went away",
    async (place) => {
      const lines = (await place.read("weather.csv")).trim().split("\n");
      await place.write("weather.csv", lines.map((line) => line.split(",").slice(0, 4).join(",")).join("\n"));
    },
    { code: "DATA_COLUMN_MISSING", message: /"wind"|"weather"/, hint: /feature|from/ },
  ),
  weatherFile("two columns have one name", async (place) => place.edit("weather.csv", "temp_min", "temp_max"), {
    code: ["SOURCES_DUPLICATE_COLUMN", "DATA_COLUMN_MISSING"],
    message: /temp_max/,
    hint: /header|ename/,
  }),
  weatherFile(
    "every number of a column became a text",
    (place) => changeRows(place, (line) => line.replace(/^([^,]*),[^,]*/, "$1,heavy")),
    { code: "DATA_ALL_REJECTED", message: /precipitation.*heavy/, hint: /quarantine/ },
  ),
  weatherFile(
    "every time became unreadable",
    (place) => changeRows(place, (line) => line.replace(/^[^,]*/, "the day after")),
    { code: "DATA_ALL_REJECTED", message: /date/, hint: /quarantine/ },
  ),
  weatherFile(
    "more rows are bad than the budget allows",
    (place) => changeRows(place, (line, index) => (index % 4 === 0 ? line.replace(/^([^,]*),[^,]*/, "$1,-3") : line)),
    { code: "DATA_BUDGET_EXCEEDED", message: /25 %.*precipitation/, hint: /quarantineBudget|quarantine/ },
  ),
  weatherFile(
    "a fifth of the rows is infinite",
    (place) =>
      changeRows(place, (line, index) => (index % 5 === 0 ? line.replace(/^([^,]*),[^,]*/, "$1,Infinity") : line)),
    { code: "DATA_BUDGET_EXCEEDED", message: /precipitation/, hint: /quarantineBudget|quarantine/ },
  ),
  weatherFile(
    "a few rows are bad, within the budget",
    (place) => changeRows(place, (line, index) => (index % 100 === 0 ? line.replace(/^([^,]*),[^,]*/, "$1,-3") : line)),
    { code: "none", message: /./, hint: /./ },
    {
      expected: { component: null, code: "none", message: /./, hint: /./ },
      also: async (place) => {
        const newest = (await place.runs()).find(({ component }) => component === "data/weather");
        return newest?.rows?.quarantined === 14 ? null : `quarantined: ${newest?.rows?.quarantined}`;
      },
    },
  ),
];

const code: readonly Fault[] = [
  userCode(
    "transform throws",
    'if (row.date === "2013-01-01") throw new Error("boom");\n    return row;',
    {
      code: "RUNS_STEP_THROWS",
      message: /boom/,
      hint: /line/,
    },
    { quick: true },
  ),
  userCode(
    "transform throws something that is no error",
    'if (row.date !== "") throw { reason: "a bad day" };\n    return row;',
    {
      code: "RUNS_STEP_THROWS",
      message: /a bad day|not an error/,
      hint: /line|transform|Error/,
      at: null,
    },
  ),
  userCode(
    "transform reads a property of nothing",
    "return { ...row, wind: (row as never as { deep: { wind: string } }).deep.wind };",
    {
      code: "RUNS_STEP_THROWS",
      message: /undefined/,
      hint: /line/,
    },
  ),
  userCode(
    "transform calls itself without end",
    "const again = (deep: number): number => again(deep + 1) + 1;\n    again(0);\n    return row;",
    {
      code: "RUNS_STEP_THROWS",
      message: /call stack/i,
      hint: /line/,
    },
  ),
  userCode(
    "transform never ends",
    "while (row.date !== null) {}\n    return row;",
    {
      code: "RUNS_STEP_TIMEOUT",
      message: /4 s/,
      hint: /loop|limits\.time/,
    },
    { quick: true },
  ),
  userCode("transform eats memory", "for (const all: number[][] = []; ; ) all.push(new Array(1e6).fill(1));", {
    code: "RUNS_STEP_MEMORY",
    message: /300 MB/,
    hint: /memoryMb/,
  }),
  userCode(
    "transform eats memory outside the heap",
    "for (const all: Buffer[] = []; ; ) all.push(Buffer.alloc(2e7, 1));",
    {
      code: "RUNS_STEP_MEMORY",
      message: /300 MB/,
      hint: /memoryMb/,
    },
    {
      inject: async (place) => {
        await place.edit(weather, "// Step 2", 'import { Buffer } from "node:buffer";\n// Step 2');
        await transforming("for (const all: Buffer[] = []; ; ) all.push(Buffer.alloc(2e7, 1));")(place);
      },
    },
  ),
  userCode("transform ends its process", "process.exit(0);", {
    code: "RUNS_STEP_EXITED",
    message: /process\.exit\(0\)/,
    hint: /eturn/,
  }),
  userCode("transform kills its process", 'process.kill(process.pid, "SIGKILL");\n    return row;', {
    code: "RUNS_STEP_EXITED",
    message: /process\.kill.*SIGKILL/,
    hint: /eturn/,
  }),
  userCode("transform aborts its process", "process.abort();", {
    code: ["RUNS_STEP_KILLED", "RUNS_STEP_EXITED"],
    message: /SIGABRT|abort/i,
    hint: /log|again|eturn/,
    at: null,
  }),
  userCode("transform returns a number", "return 5 as never;", {
    code: "RUNS_RESULT_UNSTORABLE",
    message: /transform.*row.*number/,
    hint: /./,
    at: null,
  }),
  userCode("transform is asynchronous", "return Promise.resolve(row) as never;", {
    code: "RUNS_RESULT_UNSTORABLE",
    message: /transform.*(promise|Promise)/,
    hint: /./,
    at: null,
  }),
  userCode("transform leaves every row out", "return row.date === null ? row : null;", {
    code: "DATA_NO_ROWS",
    message: /transform/,
    hint: /transform/,
    at: null,
  }),
  userCode("transform forgets a column", "return { date: row.date ?? null, wind: row.wind ?? null };", {
    code: ["DATA_ALL_REJECTED", "DATA_COLUMN_MISSING"],
    message: /precipitation|temp_m/,
    hint: /./,
    at: null,
  }),
  userCode(
    "transform is a fork bomb",
    'for (let i = 0; i < 200; i++) spawn("sleep", ["20"]);\n    return row;',
    {
      code: "RUNS_STEP_PROCESSES",
      message: /process/,
      hint: /process/,
      at: null,
    },
    {
      inject: async (place) => {
        await place.edit(weather, 'from "pentad";', 'from "pentad";\nimport { spawn } from "node:child_process";');
        await transforming('for (let i = 0; i < 200; i++) spawn("sleep", ["20"]);\n    return row;')(place);
      },
    },
  ),
  userCode(
    "transform prints a gigabyte",
    'for (let i = 0; i < 700; i++) console.log("x".repeat(1000));\n    return row;',
    {
      code: "none",
      message: /./,
      hint: /./,
      at: null,
    },
    {
      inject: transforming(
        'for (let i = 0; i < 700; i++) console.log("x".repeat(1000));\n    return row;',
        '{ time: "120s", memoryMb: 600 }',
      ),
      expected: { component: null, code: "none", message: /./, hint: /./ },
    },
  ),
  {
    name: "a function in a file beside the component throws",
    kind: "data",
    project: "shop",
    inject: (place) =>
      place.edit(
        "lib/profiles.ts",
        "  return JSON",
        '  if (file !== "") throw new RangeError("no profiles today");\n  return JSON',
      ),
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: "RUNS_STEP_THROWS",
      step: "read",
      message: /no profiles today/,
      hint: /line/,
      at: { file: "lib/profiles.ts", text: "no profiles today" },
    },
    quick: true,
  },
  {
    name: "a function's file is damaged JSON",
    kind: "data",
    project: "shop",
    inject: async (place) => {
      await place.edit("profiles.json", '"age"', '"age');
      await place.edit("lib/profiles.ts", "// Reads", "// Now reads");
    },
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: "RUNS_STEP_THROWS",
      step: "read",
      message: /JSON/,
      hint: /line/,
      at: { file: "lib/profiles.ts", text: "return JSON.parse" },
    },
  },
  {
    name: "a source function returns nothing that can be read",
    kind: "data",
    project: "shop",
    inject: (place) => place.edit("data/profiles.ts", 'readProfiles("profiles.json")', "42 as never"),
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: "SOURCES_FAILED",
      step: "read",
      message: /rows\(\).*number/,
      hint: /array/,
    },
  },
  {
    name: "a source function throws later, in a timer",
    kind: "data",
    project: "shop",
    inject: (place) =>
      place.edit(
        "data/profiles.ts",
        'readProfiles("profiles.json")',
        'new Promise<never>(() => void setTimeout(() => {\n    throw new Error("too late");\n  }, 50))',
      ),
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: "RUNS_STEP_THROWS",
      step: "read",
      message: /too late/,
      hint: /line/,
      at: { file: "data/profiles.ts", text: "too late" },
    },
  },
  {
    name: "a source function waits for ever",
    kind: "data",
    project: "shop",
    inject: async (place) => {
      await place.edit("data/profiles.ts", '"30s"', '"2s"');
      await place.edit(
        "data/profiles.ts",
        'readProfiles("profiles.json")',
        "new Promise<never>((_, no) => void setTimeout(no, 1e8))",
      );
    },
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: ["RUNS_STEP_TIMEOUT", "RUNS_STEP_EXITED"],
      step: "read",
      message: /2 s/,
      hint: /limits\.time/,
    },
  },
  {
    name: "a source function wants a secret that is not there",
    kind: "data",
    project: "shop",
    inject: (place) =>
      place.edit(
        "data/profiles.ts",
        'readProfiles("profiles.json")',
        '{\n    if (process.env.SHOP_TOKEN === undefined) throw new Error("SHOP_TOKEN is not set");\n    return [];\n  }',
      ),
    act: { run: "data/profiles" },
    expected: {
      component: "data/profiles",
      code: "RUNS_STEP_THROWS",
      step: "read",
      message: /SHOP_TOKEN/,
      hint: /line/,
      at: { file: "data/profiles.ts", text: "SHOP_TOKEN is not set" },
    },
  },
];

function address(
  name: string,
  inject: Fault["inject"],
  expected: { code: string | readonly string[]; message: RegExp; hint: RegExp },
  options: Partial<Fault> = {},
): Fault {
  return {
    name,
    kind: "data",
    project: "shop",
    inject,
    act: { run: "data/visits" },
    expected: { component: "data/visits", step: "read", ...expected },
    ...options,
  };
}
const answering =
  (status: number, body: string, type = "text/plain") =>
  (place: Place) =>
    Promise.resolve(
      place.shop.answer((_request, response) => {
        response.writeHead(status, { "content-type": type }).end(body);
      }),
    );

const addresses: readonly Fault[] = [
  address(
    "the web address is down",
    (place) => place.edit("data/visits.ts", /127\.0\.0\.1:\d+/, "127.0.0.1:1"),
    {
      code: "SOURCES_UNREACHABLE",
      message: /127\.0\.0\.1/,
      hint: /address|network/,
    },
    { quick: true },
  ),
  address("the web address answers 500", answering(500, "sorry"), {
    code: "SOURCES_UNREACHABLE",
    message: /500/,
    hint: /address/,
  }),
  address("the web address answers 404", answering(404, "gone"), {
    code: "SOURCES_UNREACHABLE",
    message: /404/,
    hint: /address/,
  }),
  address("the web address wants a password", answering(401, "who?"), {
    code: "SOURCES_UNREACHABLE",
    message: /401/,
    hint: /sign/,
  }),
  address(
    "the web address answers an HTML page",
    answering(200, "<!doctype html><html><body>Maintenance</body></html>", "text/html"),
    {
      code: ["SOURCES_NOT_TABULAR", "SOURCES_FAILED"],
      message: /web page/,
      hint: /./,
    },
  ),
  address(
    "the web address is slow for ever",
    async (place) => {
      await place.edit("data/visits.ts", '"30s"', '"2s"');
      place.shop.answer((_request, response) => {
        response.writeHead(200, { "content-type": "text/csv" }).write("customer,week");
      });
    },
    { code: ["RUNS_STEP_TIMEOUT", "SOURCES_UNREACHABLE"], message: /2 s/, hint: /limits\.time|address/ },
  ),
  address(
    "the web address breaks off in the middle",
    (place) =>
      Promise.resolve(
        place.shop.answer((_request, response) => {
          const text = visitsCsv();
          response.writeHead(200, { "content-type": "text/csv", "content-length": String(text.length) });
          response.write(text.slice(0, 20_000), () => response.destroy());
        }),
      ),
    { code: ["SOURCES_UNREACHABLE", "SOURCES_FAILED"], message: /./, hint: /address|network/ },
  ),
  address(
    "the web address redirects for ever",
    (place) =>
      Promise.resolve(
        place.shop.answer((_request, response) => {
          response.writeHead(302, { location: "/visits.csv" }).end();
        }),
      ),
    { code: ["SOURCES_UNREACHABLE", "SOURCES_FAILED"], message: /./, hint: /address|network/ },
  ),
  address(
    "the web address has a name that nobody knows",
    (place) => place.edit("data/visits.ts", /127\.0\.0\.1:\d+/, "no-such-host.invalid"),
    {
      code: "SOURCES_UNREACHABLE",
      message: /no-such-host\.invalid/,
      hint: /address|network/,
    },
  ),
  address("the web address renamed a column", answering(200, visitsCsv().replace("spent", "revenue"), "text/csv"), {
    code: "DATA_COLUMN_MISSING",
    message: /"spent".*revenue/,
    hint: /from|ename/,
  }),
  address(
    "the web address gives bad rows only",
    answering(
      200,
      visitsCsv()
        .replaceAll(/,(free|basic|pro),/g, ",,")
        .replaceAll(/^(c\d+,[^,]+),\d+/gm, "$1,many"),
      "text/csv",
    ),
    {
      code: "DATA_ALL_REJECTED",
      message: /visits.*many/,
      hint: /quarantine/,
    },
  ),
  address(
    "the web address fails once and is well again",
    (place) => {
      let asked = 0;
      return Promise.resolve(
        place.shop.answer((_request, response) => {
          if (++asked === 1) response.writeHead(503).end("busy");
          else response.writeHead(200, { "content-type": "text/csv" }).end(visitsCsv());
        }),
      );
    },
    { code: "none", message: /./, hint: /./ },
    {
      expected: { component: null, code: "none", message: /./, hint: /./ },
      also: async (place) => {
        const newest = (await place.runs()).find(({ component }) => component === "data/visits");
        const { steps } = await place.run(newest?.run ?? "");
        return steps.map(({ attempt, state }) => `${attempt} ${state}`).join() === "1 failed,2 done"
          ? null
          : `steps: ${JSON.stringify(steps)}`;
      },
    },
  ),
];

export const dataFaults: readonly Fault[] = [...files, ...code, ...addresses];
