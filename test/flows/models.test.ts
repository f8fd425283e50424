// The registry as people use it: what a version was judged by, the live model defended, versions compared, exported and reported.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { ModelsDocument, PredictionDocument } from "../../src/http/api.ts";
import type { Evaluation } from "../../src/models/evaluation.ts";
import { modelId } from "../../src/models/model-file.ts";
import { emptyFolder, pentad, pentadJson, serve, type TestProject } from "../support/project.ts";

interface Shown {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly candidates: readonly { algorithm: string; failure: string | null; folds: unknown[] }[];
  readonly evaluation: Evaluation;
}

const files: Readonly<Record<string, string>> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Will <this> customer leave?",
  predict: "left",
  task: "binary",
  success: {
    metric: "rocAuc", atLeast: 0.6, beats: "majority",
    costs: { falsePositive: 1, falseNegative: 4 },
    slices: [{ by: "plan", atLeast: 0.55 }],
    limits: { latencyMs: 50, sizeMb: 5 },
  },
});
`,
  "data/customers.ts": `import { boolean, category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("customers.csv"),
  key: "id",
  features: { id: category(), household: category(), months: number(), calls: number(), plan: category() },
  labels: { left: boolean() },
});
`,
  "training.ts": `import { defineTraining, logistic, neuralNetwork } from "pentad";
import customers from "./data/customers.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem,
  label: customers.labels.left,
  features: [customers.pick("household", "months", "calls", "plan")],
  split: { by: "group", group: "household", test: 0.3 },
  candidates: [neuralNetwork({ hidden: 4096, hidden2: 4096 }), logistic()],
  limits: { memoryMb: 400, time: "1m" },
});
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training });
`,
};

function customers(count: number): string {
  let seed = 11;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const rows = Array.from({ length: count }, (_, id) => {
    const months = Math.floor(random() * 60);
    const calls = Math.floor(random() * 10);
    const plan = ["basic", "plus"][Math.floor(random() * 2)];
    const left = random() < 1 / (1 + Math.exp(0.06 * months - 0.5 * calls + 1.5));
    return `c${id},h${id % 25},${months},${calls},${plan},${left}`;
  });
  return `id,household,months,calls,plan,left\n${rows.join("\n")}\n`;
}

describe("models", () => {
  let project: TestProject;
  const show = async (version: number) =>
    (await pentadJson<Shown>("models", "show", "shop", String(version), "--project", project.folder)).document;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [name, text] of Object.entries(files)) await project.write(name, text);
    await project.write("customers.csv", customers(700));
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "--all",
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.failure], [0, null]);
  });
  after(() => project.remove());

  it("go on without a candidate that eats too much memory, and keep what became of it", async () => {
    const { candidates, aliases } = await show(1);
    assert.deepEqual(
      candidates.map(({ algorithm }) => algorithm),
      ["neuralNetwork", "logistic"],
    );
    assert.match(candidates[0]?.failure ?? "", /memory/);
    assert.deepEqual([candidates[1]?.failure, candidates[1]?.folds.length], [null, 5]);
    assert.deepEqual(aliases, ["live"]);
  });

  it("prove which rows went where: whole households, and no row twice", async () => {
    const { parts } = (await show(1)).evaluation;
    assert.equal(parts?.by, "group");
    assert.equal((parts?.train.rows ?? 0) + (parts?.test.rows ?? 0), 700);
    assert.equal((parts?.test.rows ?? 0) % 28, 0);
    assert.match(parts?.train.hash ?? "", /^[0-9a-f]{64}$/);
    assert.notEqual(parts?.train.hash, parts?.test.hash);
    assert.equal(parts?.selection, "5 folds of whole groups");
  });

  it("say yes from the probability that costs least", async () => {
    const { threshold } = (await show(1)).evaluation;
    const value = threshold?.value ?? 1;
    assert.ok(value > 0.05 && value < 0.4, String(value));
    const inputs = Array.from({ length: 12 }, (_, index) => ({
      household: "h1",
      months: index * 5,
      calls: 4,
      plan: "basic",
    }));
    const { document: answers } = await pentadJson<PredictionDocument[]>(
      ...["predict", "shop", "--project", project.folder, "--input"],
      JSON.stringify(inputs),
    );
    for (const { prediction, probabilities } of answers)
      assert.equal(prediction, (probabilities?.true ?? Number.NaN) >= value);
    assert.ok(answers.some(({ prediction, probabilities }) => prediction === true && (probabilities?.true ?? 1) < 0.5));
  });

  it("are reported on one page that loads and runs nothing, the same from the command line and over HTTP", async () => {
    const out = join(project.folder, "report.html");
    assert.equal((await pentad("models", "report", "shop", "1", "--out", out, "--project", project.folder)).code, 0);
    const page = readFileSync(out, "utf8");
    assert.match(page, /Will &lt;this&gt; customer leave\?/);
    assert.doesNotMatch(page, /<script|<link|<img|https?:|NaN|undefined/);
    for (const part of [
      "In short",
      "Where it errs",
      "What it leans on",
      "Why it may answer",
      "How it was chosen",
      "What happened to it",
    ])
      assert.ok(page.includes(`<h2>${part}</h2>`), part);
    const server = await serve(project.folder, "start");
    try {
      const response = await fetch(`${server.url}/api/models/shop/1/report`);
      assert.match(response.headers.get("content-type") ?? "", /text\/html/);
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.ok((await response.text()) === page, "the page differs");
      assert.equal((await server.get("/api/models/shop/99/report")).status, 404);
      assert.equal((await server.get("/api/models/shop/x/report")).status, 404);
    } finally {
      await server.stop();
    }
  });

  it("are defended: one that is clearly worse on the same rows is refused, although it meets the goal", async () => {
    await project.edit("problem.ts", "atLeast: 0.6,", "atLeast: 0.5,");
    await project.edit("problem.ts", 'slices: [{ by: "plan", atLeast: 0.55 }],', "");
    await project.edit("training.ts", /candidates: .*/, "candidates: [gradientBoosting({ trees: 1, leaves: 2 })],");
    await project.edit("training.ts", "logistic, neuralNetwork", "gradientBoosting");
    const { document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "training/shop",
      "--project",
      project.folder,
    );
    assert.equal(document.failure?.code, "MODELS_GATE_REFUSED");
    assert.match(
      document.failure?.message ?? "",
      /from version 1, which was live, on the same \d+ rows: clearly worse/,
    );
    assert.deepEqual((await show(2)).aliases, ["candidate"]);
    assert.deepEqual((await show(1)).aliases, ["live"]);
  });

  it("are asked what they were trained on, while a version with other features is not live", async () => {
    await project.edit("training.ts", '"months", "calls", "plan"', '"months", "plan"');
    await project.edit("problem.ts", "atLeast: 0.5,", "atLeast: 0.95,");
    const { document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "training/shop",
      "--project",
      project.folder,
    );
    assert.equal(document.failure?.code, "MODELS_GATE_REFUSED");
    const { evaluation } = await show(3);
    assert.match(evaluation.champion?.incomparable ?? "", /needs calls, which the training no longer has/);
    const ask = (input: object) =>
      pentadJson<PredictionDocument & { error?: { message: string } }>(
        ...["predict", "shop", "--project", project.folder, "--input"],
        JSON.stringify(input),
      );
    const { document: answer } = await ask({ household: "h1", months: 3, calls: 9, plan: "basic" });
    assert.deepEqual([answer.model.version, answer.features.calls], [1, 9]);
    const { code, document: short } = await ask({ household: "h1", months: 3, plan: "basic" });
    assert.equal(code, 1);
    assert.match(short.error?.message ?? "", /calls/);
  });

  it("are not made live over HTTP against their gate, unless somebody says so and why", async () => {
    const server = await serve(project.folder, "start");
    try {
      const promote = (body: object) => server.post("/api/models/shop/promote", { version: 2, ...body });
      const refused = await promote({ reason: "because" });
      assert.deepEqual(
        [refused.status, (refused.body as { error: { code: string } }).error.code],
        [409, "MODELS_GATE_REFUSED"],
      );
      assert.equal((await promote({ override: true })).status, 400);
      assert.equal((await promote({ reason: "a test", override: true })).status, 200);
      assert.equal((await promote({ version: 1, reason: "back again", override: true })).status, 200);
    } finally {
      await server.stop();
    }
    assert.deepEqual((await show(1)).aliases, ["live"]);
  });

  it("are compared side by side", async () => {
    const { stdout } = await pentad("models", "compare", "shop", "1", "2", "--project", project.folder);
    assert.match(stdout, /rocAuc\s+0\.\d+\s+0\.\d+\s+-0\.\d+\s+version 1/);
    assert.match(stdout, /clearly worse/);
  });

  it("are exported in our own format and as ONNX", async () => {
    const own = join(project.folder, "model.pentad");
    const onnx = join(project.folder, "model.onnx");
    assert.equal((await pentad("models", "export", "shop", "1", "--out", own, "--project", project.folder)).code, 0);
    assert.equal(modelId(readFileSync(own)), (await show(1)).id);
    const { document } = await pentadJson<{ as: string; bytes: number }>(
      ...["models", "export", "shop", "2", "--out", onnx, "--project", project.folder],
    );
    assert.equal(document.as, "onnx");
    assert.equal(readFileSync(onnx).length, document.bytes);
    const wrong = await pentad(
      "models",
      "export",
      "shop",
      "1",
      "--as",
      "pickle",
      "--out",
      own,
      "--project",
      project.folder,
    );
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /expected onnx or pentad, got "pickle"/);
    assert.equal((await pentad("models", "export", "shop", "9", "--out", own, "--project", project.folder)).code, 1);
  });

  it("keep every version as it was registered", async () => {
    const { document } = await pentadJson<ModelsDocument>("models", "list", "shop", "--project", project.folder);
    assert.deepEqual(
      document.models.map(({ version }) => version),
      [3, 2, 1],
    );
    assert.equal((await pentad("models", "delete", "shop", "1", "--project", project.folder)).code, 2);
  });
});
