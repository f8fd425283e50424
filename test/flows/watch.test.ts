// `pentad dev` follows the files: only what a change affects runs again, and a mistake names its line without stopping the rest.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PredictionDocument, RunsDocument, StatusDocument } from "../../src/http/api.ts";
import { copyExample, eventually, type Server, serve, type TestProject } from "../support/project.ts";

describe("pentad dev", () => {
  let project: TestProject;
  let server: Server;
  let known: Set<string>;
  before(async () => {
    project = copyExample("rain");
    server = await serve(project.folder);
    await server.settle();
    known = new Set((await runs()).map((run) => run.run));
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const runs = async () => ((await server.get("/api/runs?limit=100")).body as RunsDocument).runs;
  const status = async () => (await server.get("/api/status")).body as StatusDocument;

  /** The runs since the last call, once all of them ended and these components were among them. */
  async function newRuns(...components: string[]): Promise<string[]> {
    const fresh = await eventually(async () => {
      const all = (await runs()).filter((run) => !known.has(run.run));
      return components.every((id) => all.some((run) => run.component === id)) &&
        all.every((run) => run.endedAt !== null)
        ? all
        : undefined;
    });
    // What is wrongly run again would start within a tick of the loop.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const settled = (await runs()).filter((run) => !known.has(run.run));
    for (const run of [...fresh, ...settled]) known.add(run.run);
    return settled.map((run) => run.component).sort();
  }

  it("runs nothing again for a comment", async () => {
    await project.edit("training.ts", /^/, "// a comment\n");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.deepEqual(await newRuns(), []);
  });

  it("runs only the problem again for another goal", async () => {
    await project.edit("problem.ts", "atLeast: 0.7", "atLeast: 0.65");
    assert.deepEqual(await newRuns("problem/rain"), ["problem/rain"]);
  });

  it("runs only the app again for another title", async () => {
    await project.edit("app.ts", "Seattle rain", "Rain or not");
    assert.deepEqual(await newRuns("app/rain"), ["app/rain"]);
  });

  it("trains again for another candidate, but reads no data", async () => {
    await project.edit("training.ts", /logistic\([^)]*\)/, "logistic({ l2: 30 })");
    assert.deepEqual(await newRuns("training/rain", "inference/rain"), ["inference/rain", "training/rain"]);
    const { body } = await server.post("/predict/rain", {});
    assert.equal((body as PredictionDocument).model.version, 2);
  });

  it("reads and trains again for another window", async () => {
    await project.edit("data/weather.ts", 'over: "2d"', 'over: "3d"');
    const again = await newRuns("data/weather", "training/rain");
    assert.ok(again.includes("data/weather") && again.includes("training/rain"));
    assert.ok(!again.includes("problem/rain"));
  });

  it("names file, line and what was expected for a syntax mistake, while the old model answers on", async () => {
    const sound = await project.read("data/weather.ts");
    await project.edit("data/weather.ts", "  labels: {", "  labels: { ,");
    const failed = await eventually(async () =>
      (await status()).components.find((one) => one.id === "data/weather" && one.failure?.code === "DEFINE_SYNTAX"),
    );
    const line = sound.split("\n").findIndex((text) => text.includes("labels: {")) + 1;
    assert.deepEqual([failed.failure?.location?.file, failed.failure?.location?.line], ["data/weather.ts", line]);
    const { components } = await status();
    assert.deepEqual(
      components.filter(({ state }) => state === "failed").map(({ id }) => id),
      ["data/weather"],
    );
    assert.equal((await server.post("/predict/rain", {})).status, 200);
    await project.write("data/weather.ts", sound);
    await eventually(async () => ((await status()).components.every(({ state }) => state === "ok") ? true : undefined));
  });

  it("names file, line and what was expected for a type mistake", async () => {
    const sound = await project.read("training.ts");
    await project.edit("training.ts", "rainTomorrow", "rainTomorow");
    const failed = await eventually(async () =>
      (await status()).components.find((one) => one.id === "training/rain" && one.state === "failed"),
    );
    assert.equal(failed.failure?.location?.file, "training.ts");
    assert.match(failed.failure?.message ?? "", /rainTomorrow/);
    await project.write("training.ts", sound);
    await eventually(async () => ((await status()).components.every(({ state }) => state === "ok") ? true : undefined));
  });

  it("reads a data file again when it changes", async () => {
    const weather = await project.read("weather.csv");
    await newRuns();
    await project.write("weather.csv", `${weather.trimEnd()}\n2016-01-01,1,2,1,3,rain\n`);
    assert.ok((await newRuns("data/weather")).includes("data/weather"));
    assert.equal((await server.post("/predict/rain", {})).status, 200);
    assert.equal(((await server.post("/predict/rain", {})).body as PredictionDocument).features.temp_max, 2);
  });
});
