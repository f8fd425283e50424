// How features work together, on request: exact for trees, told to be unknown for other models, of one row at a time.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ErrorDocument, PredictionDocument } from "../../src/http/api.ts";
import { copyExample, pentad, type Server, serve, type TestProject } from "../support/project.ts";

describe("a product that answers by trees", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = copyExample("rain");
    const file = join(project.folder, "training.ts");
    const text = readFileSync(file, "utf8");
    const trees = text
      .replace(/candidates: \[.*\]/, "candidates: [gradientBoosting({ trees: 30, leaves: 8 })]")
      .replace("defineTraining, gradientBoosting, logistic", "defineTraining, gradientBoosting");
    assert.notEqual(trees, text);
    writeFileSync(file, trees);
    server = await serve(project.folder);
    await server.settle();
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const input = { precipitation: 3.2, weather: "rain" };

  it("tells how features work together, in pairs that add up to the reasons", async () => {
    const { status, body } = await server.post("/predict/rain?explain=interactions", input);
    assert.equal(status, 200);
    const { explanation } = body as PredictionDocument;
    const pairs = explanation?.interactions ?? [];
    assert.ok(pairs.some(({ features: [one, other] }) => one !== other));
    const sumOf = (all: readonly { readonly contribution: number }[]) =>
      all.reduce((sum, one) => sum + one.contribution, 0);
    assert.ok(Math.abs(sumOf(pairs) - sumOf(explanation?.contributions ?? [])) < 1e-9);
    for (const { feature, contribution } of explanation?.contributions ?? []) {
      const share = pairs.reduce(
        (sum, { features: [one, other], contribution: together }) =>
          sum + (one === feature ? together / 2 : 0) + (other === feature ? together / 2 : 0),
        0,
      );
      assert.ok(Math.abs(share - contribution) < 1e-6, `${feature}: ${share} and ${contribution}`);
    }
  });

  it("says nothing of them unless asked", async () => {
    const { body } = await server.post("/predict/rain?explain=true", input);
    assert.equal((body as PredictionDocument).explanation?.interactions, undefined);
  });

  it("tells them of one row only", async () => {
    const { status, body } = await server.post("/predict/rain?explain=interactions", [input]);
    assert.equal(status, 400);
    assert.match((body as ErrorDocument).error.message, /^Expected one object of inputs .*, got a list$/);
  });

  it("tells them on the command line too", async () => {
    const args = ["predict", "rain", "--input", JSON.stringify(input), "--interactions", "--project", project.folder];
    const { stdout } = await pentad(...args);
    assert.match(stdout, / {2}together:\n {2}[+−][\d.e-]+ {2}\w+ with \w+/);
  });
});
