// Problem to gate: only a model that meets the goal and beats the baseline goes live; a refused one is kept with its reason.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { ModelsDocument, PredictionDocument, RunSummary, StatusDocument } from "../../src/http/api.ts";
import { copyExample, pentad, pentadJson, type TestProject } from "../support/project.ts";

interface AllDocument {
  state: string;
  runs: RunSummary[];
  failure: Failure | null;
}

describe("the gate", () => {
  let project: TestProject;
  before(async () => {
    project = copyExample("rain");
    await project.edit("problem.ts", "atLeast: 0.7", "atLeast: 0.99");
  });
  after(() => project.remove());
  const all = () => pentadJson<AllDocument>("run", "--all", "--project", project.folder);
  const models = async () =>
    (await pentadJson<ModelsDocument>("models", "list", "--project", project.folder)).document.models;

  it("refuses a model that misses the goal: none is live, the failure says why", async () => {
    const { code, document } = await all();
    assert.equal(code, 1);
    assert.equal(document.failure?.code, "MODELS_GATE_REFUSED");
    assert.equal(document.failure?.component, "training/rain");
    assert.match(document.failure?.message ?? "", /ROC AUC is 0\.\d+.*the goal is at least 0\.99/);
    const [refused] = await models();
    assert.deepEqual(refused?.aliases, ["candidate"]);
    assert.equal(refused?.gate.passed, false);
    const { code: asked, document: answer } = await pentadJson<{ error: { code: string } }>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(asked, 1);
    assert.equal(answer.error.code, "MODELS_NO_LIVE_VERSION");
  });

  it("says what waits for what while nothing is live", async () => {
    const { document } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    const state = (id: string) => document.components.find((one) => one.id === id);
    assert.equal(state("training/rain")?.state, "failed");
    assert.equal(state("inference/rain")?.state, "idle");
    assert.match(state("inference/rain")?.waitingFor ?? "", /training\/rain/);
    assert.equal(state("data/weather")?.state, "ok");
  });

  it("brings the refused model live without training again once the goal is lowered", async () => {
    await project.edit("problem.ts", "atLeast: 0.99", "atLeast: 0.7");
    const { code, document } = await all();
    assert.equal(code, 0);
    assert.ok(document.runs.some((run) => run.component === "problem/rain" && run.reason === "changed"));
    const versions = await models();
    assert.equal(versions[0]?.aliases.includes("live"), true);
    const { document: answer } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(answer.model.version, versions[0]?.version);
  });

  it("keeps the old model live when a new one is refused", async () => {
    const before = (await models()).find((one) => one.aliases.includes("live"));
    await project.edit("problem.ts", "atLeast: 0.7", "atLeast: 0.98");
    await pentad("run", "training/rain", "--project", project.folder);
    const versions = await models();
    assert.equal(versions.find((one) => one.aliases.includes("live"))?.version, before?.version);
    assert.deepEqual(versions[0]?.aliases, ["candidate"]);
    assert.ok((versions[0]?.version ?? 0) > (before?.version ?? 0));
  });

  it("refuses a promotion by hand, unless it is overridden with a reason that is kept", async () => {
    const [newest] = await models();
    const version = String(newest?.version);
    const refused = await pentadJson<{ error: { code: string } }>(
      "models",
      "promote",
      "rain",
      version,
      "--reason",
      "because",
      "--project",
      project.folder,
    );
    assert.equal(refused.code, 1);
    assert.equal(refused.document.error.code, "MODELS_GATE_REFUSED");
    assert.equal((await pentad("models", "promote", "rain", version, "--project", project.folder)).code, 2);
    assert.equal(
      (
        await pentad(
          "models",
          "promote",
          "rain",
          version,
          "--override",
          "--reason",
          "the board decided",
          "--project",
          project.folder,
        )
      ).code,
      0,
    );
    const { document } = await pentadJson<{ aliases: string[]; moves: { reason: string }[] }>(
      "models",
      "show",
      "rain",
      version,
      "--project",
      project.folder,
    );
    assert.ok(document.aliases.includes("live"));
    assert.match(
      document.moves[0]?.reason ?? "",
      /^the board decided \(over its gate: ROC AUC is .*the goal is at least 0.98\)$/,
    );
  });

  it("goes back to the version before", async () => {
    assert.equal(
      (await pentad("models", "rollback", "rain", "--reason", "it was wrong", "--project", project.folder)).code,
      0,
    );
    const live = (await models()).find((one) => one.aliases.includes("live"));
    assert.deepEqual(
      live?.gate.checks.slice(0, 2).map(({ name }) => name),
      ["atLeast", "beats"],
    );
    assert.notEqual(live?.version, (await models())[0]?.version);
  });

  it("refuses a model that is no better than the baseline", async () => {
    const noise = copyExample("rain", "noise");
    try {
      const header = "date,precipitation,temp_max,temp_min,wind,weather";
      let seed = 7;
      const random = () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const rows = Array.from(
        { length: 400 },
        (_, day) =>
          `${new Date(Date.UTC(2012, 0, 1 + day)).toISOString().slice(0, 10)},${random() < 0.5 ? 0 : 1},${random()},${random()},${random()},sun`,
      );
      await noise.write("weather.csv", `${[header, ...rows].join("\n")}\n`);
      await noise.edit(
        "problem.ts",
        /success: \{[^}]*\}/,
        'success: { metric: "accuracy", beats: "majority", atLeast: 0.75 }',
      );
      const { code, document } = await pentadJson<AllDocument>("run", "--all", "--project", noise.folder);
      assert.equal(code, 1);
      assert.equal(document.failure?.code, "MODELS_GATE_REFUSED");
    } finally {
      noise.remove();
    }
  });
});
