// Each user step in a process of its own: what goes wrong in one is pinned to it, and the last good model keeps answering.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument, StatusDocument } from "../../src/http/api.ts";
import { copyExample, pentad, pentadJson, type TestProject } from "../support/project.ts";

interface RunDocument {
  run: string;
  component: string;
  state: string;
  failure: Failure | null;
}

describe("a data component's transform", () => {
  let project: TestProject;
  let sound: string;
  before(async () => {
    project = copyExample("rain");
    sound = await project.read("data/weather.ts");
    assert.equal((await pentad("run", "--all", "--project", project.folder)).code, 0);
  });
  after(() => project.remove());

  /** Puts a transform with this body into line 8, under tight limits, and runs the component. */
  async function runWith(body: string, options = 'limits: { time: "3s", memoryMb: 300 }'): Promise<RunDocument> {
    const transform = `  transform(row) {\n    ${body}\n    return row;\n  },\n  ${options},\n  schedule:`;
    await project.write(
      "data/weather.ts",
      sound.replace("  schedule:", () => transform),
    );
    const { code, document } = await pentadJson<RunDocument>("run", "data/weather", "--project", project.folder);
    assert.equal(code, document.failure === null ? 0 : 1);
    return document;
  }

  async function assertOthersGoOn(): Promise<void> {
    const { document: status } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    assert.deepEqual(
      status.components.filter(({ state }) => state === "failed").map(({ id }) => id),
      ["data/weather"],
    );
    const { code, document } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(code, 0);
    assert.equal(document.model.version, 1);
    assert.match(document.staleness.message ?? "", /data\/weather failed/);
  }

  const cases: { name: string; body: string; options?: string; code: string; message: RegExp; line: number }[] = [
    {
      name: "that throws is named with its line",
      body: 'if (row.date === "2013-01-01") throw new Error("boom");',
      code: "RUNS_STEP_THROWS",
      message: /boom/,
      line: 8,
    },
    {
      name: "that throws something that is no error is named too",
      body: 'throw "just a text";',
      code: "RUNS_STEP_THROWS",
      message: /just a text/,
      line: 0,
    },
    {
      name: "that never ends is stopped at its time limit, with the line where it hung",
      body: "while (row.date) {}",
      code: "RUNS_STEP_TIMEOUT",
      message: /3 s/,
      line: 8,
    },
    {
      name: "that uses too much of the processor is stopped at that limit, with the line where it was",
      body: "while (row.date) {}",
      options: 'limits: { time: "2m", cpu: "2s" }',
      code: "RUNS_STEP_CPU",
      message: /more processor time than its limit of 2 s/,
      line: 8,
    },
    {
      name: "that eats memory is stopped at its limit",
      body: "const all: number[][] = []; for (;;) all.push(new Array(1e6).fill(1));",
      code: "RUNS_STEP_MEMORY",
      message: /300 MB/,
      line: 8,
    },
    {
      name: "that ends its process is found out",
      body: "process.exit(0);",
      code: "RUNS_STEP_EXITED",
      message: /process\.exit\(0\)/,
      line: 8,
    },
    {
      name: "that returns nonsense is told what was expected",
      body: "return 5 as never;",
      code: "RUNS_RESULT_UNSTORABLE",
      message: /Expected transform to return a row/,
      line: 0,
    },
  ];
  for (const { name, body, options, code, message, line } of cases)
    it(name, async () => {
      const document = await runWith(body, options);
      assert.equal(document.state, "failed");
      assert.equal(document.failure?.code, code);
      assert.match(document.failure?.message ?? "", message);
      assert.equal(document.failure?.component, "data/weather");
      assert.equal(document.failure?.run, document.run);
      assert.equal(document.failure?.step, "read");
      if (line > 0)
        assert.deepEqual(
          [document.failure?.location?.file, document.failure?.location?.line],
          ["data/weather.ts", line],
        );
      await assertOthersGoOn();
    });

  it("that uses a secret without declaring it gets none, and one that declares it cannot tell it", async () => {
    process.env.RAIN_TOKEN = "s3cret-value";
    const tell =
      'console.log("with", process.env.RAIN_TOKEN); throw new Error("no answer with " + process.env.RAIN_TOKEN);';
    const undeclared = await runWith(tell);
    assert.equal(undeclared.failure?.message, "no answer with undefined");
    const declared = await runWith(tell, 'secrets: ["RAIN_TOKEN"]');
    assert.equal(declared.failure?.message, "no answer with ‹RAIN_TOKEN›");
    const { stdout } = await pentad("logs", declared.run, "--project", project.folder);
    assert.match(stdout, /with ‹RAIN_TOKEN›/);
    assert.doesNotMatch(stdout, /s3cret/);
    delete process.env.RAIN_TOKEN;
    const missing = await runWith("", 'secrets: ["RAIN_TOKEN"]');
    assert.equal(missing.failure?.code, "RUNTIME_SECRET_MISSING");
    assert.match(missing.failure?.message ?? "", /got no RAIN_TOKEN$/);
    await assertOthersGoOn();
  });

  it("is well again after a correction, and so is everything that rests on it", async () => {
    await project.write("data/weather.ts", sound);
    assert.equal((await pentad("run", "--all", "--project", project.folder)).code, 0);
    const { document } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    assert.deepEqual(
      document.components.map(({ state }) => state),
      ["ok", "ok", "ok", "ok", "ok"],
    );
  });

  it("changes rows, leaves rows out and makes several of one", async () => {
    const document = await runWith(
      'if (row.weather === "snow") return null;\n    if (row.weather === "fog") return [row, { ...row, weather: "mist" }];',
    );
    assert.equal(document.failure, null);
    const { document: exported } = await pentadJson<{ rows: number }>(
      "export",
      "features/weather",
      "--out",
      `${project.folder}/out.csv`,
      "--project",
      project.folder,
    );
    const source = (await project.read("weather.csv")).trim().split("\n").slice(1);
    const count = (weather: string) => source.filter((line) => line.endsWith(`,${weather}`)).length;
    assert.equal(exported.rows, source.length - count("snow") + count("fog"));
  });
});
