// Models that people bring: a fit and a predict of their own, judged, served beside the server and explained; and what goes wrong with them.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument, StatusDocument } from "../../src/http/api.ts";
import { emptyFolder, pentad, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

interface Shown {
  readonly algorithm: string;
  readonly params: { readonly name?: string; readonly code?: string };
  readonly aliases: readonly string[];
  readonly candidates: readonly { algorithm: string; failure: string | null; value: number | null }[];
  readonly evaluation: { readonly importance?: { readonly method: string; readonly features: { feature: string }[] } };
}

const training = (candidates: string) => `import { customModel, defineTraining, ridge } from "pentad";
import flats from "./data/flats.ts";
import problem from "./problem.ts";
import { mean } from "./mean.ts";
export default defineTraining({
  problem, label: flats.labels.rent, features: [flats.pick("size", "city")],
  candidates: [${candidates}],
  limits: { time: "6s" },
});
`;

/** The mean rent per square metre in each city: what nobody has built in. */
const perMetre = `customModel({
    name: "rent per metre",
    fit: ({ rows, labels }) => {
      const cities = [...new Set(rows.map((row) => String(row.city)))].sort();
      const of = (city: string) => mean(rows.flatMap((row, i) => (row.city === city ? [Number(labels[i]) / Number(row.size)] : [])));
      return { cities, rates: Float64Array.from(cities, of) };
    },
    predict: ({ cities, rates }, rows) => rows.map(({ city, size }) => {
      if (size === 666) for (;;);
      if (size === 667) throw new Error("no such flat");
      return Number(size) * (rates[cities.indexOf(String(city))] ?? mean([...rates]));
    }),
  })`;

function flats(count: number): string {
  let seed = 5;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const rates = { Oslo: 30, Bergen: 20, Narvik: 11 };
  const rows = Array.from({ length: count }, (_, id) => {
    const city = (["Oslo", "Bergen", "Narvik"] as const)[Math.floor(random() * 3)]!;
    const size = 20 + Math.floor(random() * 100);
    return `f${id},${city},${size},${Math.round(rates[city] * size * (0.95 + 0.1 * random()))}`;
  });
  return `id,city,size,rent\n${rows.join("\n")}\n`;
}

describe("a model of one's own", () => {
  let project: TestProject;
  let server: Server;
  const show = async (version: number) =>
    (await pentadJson<Shown>("models", "show", "flats", String(version), "--project", project.folder)).document;
  before(async () => {
    project = emptyFolder("flats");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    const files = {
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "What is the rent?", predict: "rent", task: "regression", success: { metric: "mae", beats: "mean" },
});
`,
      "mean.ts": "export const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;\n",
      "data/flats.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("flats.csv"), key: "id",
  features: { id: category(), city: category(), size: number() }, labels: { rent: number() },
});
`,
      "training.ts": training(`ridge(), ${perMetre}`),
      "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, batch: { schedule: "@yearly" } });
`,
      "flats.csv": flats(400),
    };
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "--all",
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.failure], [0, null]);
    server = await serve(project.folder, "start");
  });
  after(async () => {
    await server.stop();
    project.remove();
  });

  it("is tried beside the others, wins, and is registered with the hash of its code", async () => {
    const { algorithm, params, aliases, candidates } = await show(1);
    assert.deepEqual([algorithm, params.name, aliases], ["custom", "rent per metre", ["live"]]);
    assert.match(params.code ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(
      candidates.map((one) => [one.algorithm, one.failure]),
      [
        ["ridge", null],
        ["custom", null],
      ],
    );
  });

  it("answers from a process beside the server, the same as in training, with reasons", async () => {
    const { status, body } = await server.post("/predict/flats?explain=true", { size: 50, city: "Oslo" });
    const { prediction, explanation } = body as PredictionDocument;
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(Math.abs(Number(prediction) - 1500) < 60, String(prediction));
    const sum =
      (explanation?.base ?? 0) + (explanation?.contributions ?? []).reduce((all, one) => all + one.contribution, 0);
    assert.ok(Math.abs(sum - Number(prediction)) < 1e-6);
    assert.equal((await show(1)).evaluation.importance?.method, "permutation");
    const many = (
      await server.post("/predict/flats", [
        { size: 50, city: "Oslo" },
        { size: 50, city: "Narvik" },
      ])
    ).body;
    assert.equal((many as unknown[]).length, 2);
  });

  it("is ended when it hangs, told with its line when it throws, and answers on", async () => {
    const hang = await server.post("/predict/flats", { size: 666, city: "Oslo" });
    const { error } = hang.body as { error: { code: string; message: string } };
    assert.deepEqual([hang.status, error.code], [504, "RUNS_STEP_TIMEOUT"]);
    const thrown = await server.post("/predict/flats", { size: 667, city: "Oslo" });
    const told = thrown.body as { error: { code: string; message: string; details?: { at?: string } } };
    assert.equal(told.error.code, "MODELS_CUSTOM_FAILED");
    assert.match(told.error.message, /predict of "rent per metre" threw: no such flat/);
    assert.match(told.error.details?.at ?? "", /^training\.ts:\d+$/);
    assert.equal((await server.post("/predict/flats", { size: 50, city: "Oslo" })).status, 200);
  });

  it("goes on with the code it was trained with until a new version is live", async () => {
    await project.edit("training.ts", "Number(size) * (rates", "2 * Number(size) * (rates");
    const { body } = await server.post("/predict/flats", { size: 50, city: "Oslo" });
    assert.ok(Number((body as PredictionDocument).prediction) < 1600);
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "training/flats",
      "--project",
      project.folder,
    );
    // Twice too much is clearly worse than ridge, so that one wins now; the changed code alone made it due.
    assert.deepEqual([code, (await show(2)).algorithm], [code, "ridge"], JSON.stringify(document));
  });

  for (const [what, from, to, words] of [
    [
      "hangs in its fit",
      "const cities = [",
      "if (rows.length > 0) for (;;); const cities = [",
      /took longer than its limit/,
    ],
    [
      "throws in its fit",
      "const cities = [",
      'throw new Error("out of luck"); const cities = [',
      /fit of "rent per metre" threw: out of luck/,
    ],
    [
      "leaves what is no JSON",
      "return { cities, rates",
      "return { cities, odd: Number.NaN, rates",
      /JSON and typed arrays, got NaN at odd/,
    ],
    [
      "gives too few answers",
      "rows.map(({ city, size })",
      "rows.slice(1).map(({ city, size })",
      /Expected \d+ answers, got \d+ from predict/,
    ],
    [
      "gives what is no number",
      "return Number(size) *",
      "return Number(undefined) *",
      /Expected a finite number for row 0, got null|Expected a finite number for row 0/,
    ],
  ] as const)
    it(`fails alone when it ${what}, and says so`, async () => {
      await project.write("training.ts", training(`ridge(), ${perMetre.replace(from, to)}`));
      const run = await pentadJson<{ failure: Failure | null }>("run", "training/flats", "--project", project.folder);
      assert.equal(run.document.failure?.code ?? "MODELS_GATE_REFUSED", "MODELS_GATE_REFUSED", run.stderr);
      const list = (
        await pentadJson<{ models: { version: number }[] }>("models", "list", "flats", "--project", project.folder)
      ).document;
      const newest = await show(list.models[0]?.version ?? 0);
      assert.equal(newest.algorithm, "ridge");
      assert.match(newest.candidates.find(({ algorithm }) => algorithm === "custom")?.failure ?? "", words);
    });
});

const hasRuntime = (() => {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-node") !== "";
  } catch {
    return false;
  }
})();

describe("an ONNX file", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("lent");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    const files = {
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "What is the rent?", predict: "rent", task: "regression", success: { metric: "mae", beats: "mean" },
});
`,
      "data/flats.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("flats.csv"), key: "id",
  features: { id: category(), city: category(), size: number() }, labels: { rent: number() },
});
`,
      "training.ts": `import { defineTraining, gradientBoosting } from "pentad";
import flats from "./data/flats.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem, label: flats.labels.rent, features: [flats.pick("size", "city")], candidates: [gradientBoosting({ trees: 40 })],
});
`,
      "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, batch: { schedule: "@yearly" } });
`,
      "flats.csv": flats(400),
    };
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    assert.equal((await pentad("run", "--all", "--project", project.folder)).code, 0);
    const out = join(project.folder, "rent.onnx");
    assert.equal((await pentad("models", "export", "lent", "1", "--out", out, "--project", project.folder)).code, 0);
  });
  after(() => project.remove());

  const ask = async () =>
    (
      await pentadJson<PredictionDocument>(
        "predict",
        "lent",
        "--input",
        '{"size":50,"city":"Oslo"}',
        "--explain",
        "--project",
        project.folder,
      )
    ).document;

  it("needs its runtime, and says how to install it", { skip: hasRuntime && "the runtime is here" }, async () => {
    await project.edit("training.ts", "gradientBoosting({ trees: 40 })", 'importedModel("rent.onnx")');
    await project.edit("training.ts", "gradientBoosting }", "importedModel }");
    const { document } = await pentadJson<{ failure: Failure }>("run", "training/lent", "--project", project.folder);
    assert.equal(document.failure.code, "RUNTIME_NOT_AVAILABLE");
    assert.match(document.failure.hint, /npm install onnxruntime-node/);
  });

  it("is judged, served and explained like any model", {
    skip: !hasRuntime && "onnxruntime-node is not installed",
  }, async () => {
    const before = await ask();
    await project.edit("training.ts", "gradientBoosting({ trees: 40 })", 'importedModel("rent.onnx")');
    await project.edit("training.ts", "gradientBoosting }", "importedModel }");
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "--all",
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.failure], [0, null]);
    const after = await ask();
    assert.equal(after.model.version, 2);
    assert.ok(Math.abs(Number(after.prediction) - Number(before.prediction)) < 1e-3 * Number(before.prediction));
    assert.equal(after.explanation?.contributions.length, 2);
  });

  it("that is none is refused", { skip: !hasRuntime && "onnxruntime-node is not installed" }, async () => {
    await project.write("rent.onnx", "no model at all");
    // Another file is another model: nobody has to ask for the run. The one that is live stays.
    await pentad("run", "--all", "--project", project.folder);
    const { document } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    const failure = document.components.find(({ id }) => id === "training/lent")?.failure;
    assert.equal(failure?.code, "MODELS_ARTIFACT_CORRUPT");
    assert.match(failure?.message ?? "", /Expected an ONNX file that onnxruntime runs/);
    assert.equal((await ask()).model.version, 2);
  });
});
