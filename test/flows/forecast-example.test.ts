// The example of a forecast: many series, a goal that a crisis leaves reachable, and an answer a month ahead and more.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PredictionDocument } from "../../src/http/api.ts";
import { copyExample, pentad, pentadJson, type TestProject } from "../support/project.ts";

describe("examples/unemployment", () => {
  let project: TestProject;
  before(async () => {
    project = copyExample("unemployment");
    const { code, stderr } = await pentad("run", "--all", "--project", project.folder);
    assert.equal(code, 0, stderr);
  });
  after(() => project.remove());

  it("answers with the six months that follow the last one, each within its range", async () => {
    const { document } = await pentadJson<PredictionDocument>(
      "predict",
      "unemployment",
      "--input",
      '{"industry":"Construction"}',
      "--project",
      project.folder,
    );
    const steps = document.forecast?.steps ?? [];
    assert.deepEqual(
      steps.map(({ at }) => at.slice(0, 10)),
      ["2010-03-01", "2010-04-01", "2010-05-01", "2010-06-01", "2010-07-01", "2010-08-01"],
    );
    assert.ok(steps.every(({ value, lower, upper }) => lower <= value && value <= upper));
    // 2.4 million were without work in February 2010.
    assert.ok(Number(document.prediction) > 1000 && Number(document.prediction) < 4000, String(document.prediction));
  });

  it("beats repeating the last season by far", async () => {
    const { document } = await pentadJson("models", "list", "--project", project.folder);
    assert.match(JSON.stringify(document), /seasonalNaive baseline reaches 3\.\d/);
  });
});
