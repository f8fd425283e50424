// A feature is dropped from its file while the live model takes it: answers go on until another model is live, and people are told.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { DataDocument, PredictionDocument, StatusDocument } from "../../src/http/api.ts";
import { emptyFolder, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

const files: Record<string, string> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({ question: "Will they come back?", predict: "back", task: "binary", success: { metric: "rocAuc", atLeast: 0.8 } });
`,
  "data/visits.ts": `import { boolean, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("visits.csv"),
  key: "customer",
  eventTime: "at",
  features: {
    spent: number({ min: 0 }),
    noise: number(),
  },
  labels: { back: boolean() },
});
`,
  "training.ts": `import { defineTraining, logistic } from "pentad";
import visits from "./data/visits.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, label: visits.labels.back, features: [visits.all()], candidates: [logistic()], when: { every: "365d" } });
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training });
`,
};

describe("a feature that is dropped while a live model takes it", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    const rows = Array.from({ length: 240 }, (_, index) => {
      const at = new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString();
      return `c${index % 12},${at},${(index * 7) % 50},${(index * 13) % 17},${(index * 7) % 50 > 25}`;
    });
    await project.write("visits.csv", `customer,at,spent,noise,back\n${rows.join("\n")}\n`);
    assert.equal((await pentadJson<{ state: string }>("run", "--all", ...at())).document.state, "done");
  });
  after(async () => {
    await server?.stop();
    project.remove();
  });

  const at = () => ["--project", project.folder];
  const ask = async () => {
    const { status, body } = await server.post("/predict/shop", { customer: "c3" });
    assert.equal(status, 200, JSON.stringify(body));
    return body as PredictionDocument;
  };
  const dropped = async () => {
    const { document } = await pentadJson<StatusDocument>("status", ...at());
    return document.components.find(({ id }) => id === "data/visits")?.facts.find(({ label }) => label === "dropped")
      ?.text;
  };

  it("is kept for it while no model without it passes the gate, and its users are named", async () => {
    await project.edit("data/visits.ts", "    spent: number({ min: 0 }),\n", "");
    const { document } = await pentadJson<{ state: string; failure: { code: string } }>("run", "--all", ...at());
    assert.deepEqual([document.state, document.failure?.code ?? null], ["done", null]);
    assert.equal(await dropped(), "spent, kept for training/shop version 1");
    server = await serve(project.folder, "start");
    const answer = await ask();
    assert.equal(answer.model.version, 1);
    assert.equal(answer.features.spent, (231 * 7) % 50);
    const { body } = await server.get("/api/data/visits");
    const column = (body as DataDocument).columns.find(({ name }) => name === "spent");
    assert.equal(column?.description, "dropped from its file, kept for training/shop version 1");
    await server.stop();
  });

  it("goes with the model that took it", async () => {
    await project.edit("problem.ts", "atLeast: 0.8", "atLeast: 0");
    await pentadJson("run", "--all", ...at());
    await pentadJson("run", "data/visits", ...at());
    assert.equal(await dropped(), undefined);
    server = await serve(project.folder, "start");
    const answer = await ask();
    assert.deepEqual(Object.keys(answer.features), ["noise"]);
  });
});
