// Forecasts, odd rows and groups from five files to answers: trained, gated, served over HTTP, on a page and in batches.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { AppDocument, PredictionDocument } from "../../src/http/api.ts";
import type { Evaluation } from "../../src/models/evaluation.ts";
import { emptyFolder, pentad, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

interface Shown {
  readonly algorithm: string;
  readonly candidates: readonly { algorithm: string; value: number | null; failure: string | null }[];
  readonly evaluation: Evaluation;
  readonly gate: { readonly passed: boolean; readonly checks: readonly { name: string; passed: boolean }[] };
}

const inference = `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, explain: true, batch: { schedule: "@yearly" } });
`;
const app = `import { defineApp } from "pentad";
import inference from "./inference.ts";
export default defineApp({ inference, title: "The page", feedback: true });
`;

async function projectOf(name: string, files: Readonly<Record<string, string>>): Promise<TestProject> {
  const project = emptyFolder(name);
  mkdirSync(join(project.folder, "data"), { recursive: true });
  for (const [file, text] of Object.entries({ "inference.ts": inference, "app.ts": app, ...files }))
    await project.write(file, text);
  return project;
}

/** Runs everything, and gives what became of it: the page, and the version as it is shown. */
async function trained(project: TestProject, name: string) {
  const { code, document } = await pentadJson<{ failure: unknown }>("run", "--all", "--project", project.folder);
  assert.deepEqual([code, document.failure], [0, null]);
  return (await pentadJson<Shown>("models", "show", name, "1", "--project", project.folder)).document;
}

function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe("a forecast", () => {
  const day = 86_400_000;
  const start = Date.UTC(2025, 0, 1);
  let project: TestProject;
  let shown: Shown;
  let server: Server;
  const sales = (days: number): string => {
    const random = draws(7);
    const lines = ["store,day,sold"];
    for (const [store, base] of [
      ["Oslo", 40],
      ["Bergen", 25],
    ] as const)
      for (let i = 0; i < days; i++) {
        const noise = 4 * (random() + random() - 1);
        // Bergen is closed on some days: whole steps may be missing.
        if (store === "Bergen" && i % 40 === 9) continue;
        const wave = 0.3 * Math.sin((2 * Math.PI * i) / 7);
        lines.push(
          `${store},${new Date(start + i * day).toISOString().slice(0, 10)},${Math.round(base * (1 + wave) + 0.05 * i + noise)}`,
        );
      }
    return `${lines.join("\n")}\n`;
  };
  before(async () => {
    project = await projectOf("shop", {
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "How many are sold on each of the next 10 days?",
  predict: "sold", task: "forecast", horizon: 10,
  success: { metric: "mase", atMost: 1, beats: "seasonalNaive" },
});
`,
      "data/sales.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("sales.csv"), key: "store", eventTime: "day",
  features: { store: category() }, labels: { sold: number({ unit: "pieces" }) },
});
`,
      "training.ts": `import { defineTraining } from "pentad";
import sales from "./data/sales.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, label: sales.labels.sold });
`,
      "sales.csv": sales(150),
    });
    shown = await trained(project, "shop");
    server = await serve(project.folder, "start");
  });
  after(async () => {
    await server.stop();
    project.remove();
  });

  it("tries naive, smoothing and boosting from past origins, and takes the best", () => {
    assert.deepEqual(
      shown.candidates.map(({ algorithm, failure }) => [algorithm, failure]),
      [
        ["seasonalNaive", null],
        ["ets", null],
        ["mstl", null],
        ["gradientBoosting", null],
      ],
    );
    const best = Math.min(...shown.candidates.map(({ value }) => value ?? Number.POSITIVE_INFINITY));
    assert.equal(shown.candidates.find(({ algorithm }) => algorithm === shown.algorithm)?.value, best);
  });

  it("is judged on the newest steps, against repeating the last season", () => {
    const { metrics, baselines, parts, series } = shown.evaluation;
    assert.ok((metrics.mase ?? 9) < 0.95, String(metrics.mase));
    assert.ok((metrics.mae ?? 9) < (baselines?.seasonalNaive?.mae ?? 0));
    assert.ok((metrics.intervalCoverage ?? 0) > 0.5);
    assert.equal(parts?.by, "time");
    assert.ok((parts?.train.to ?? "") < (parts?.test.from ?? ""));
    assert.deepEqual([series?.horizon, series?.season, series?.series], [10, 7, 2]);
    assert.deepEqual(
      shown.gate.checks.map(({ name, passed }) => [name, passed]),
      [
        ["atMost", true],
        ["beats", true],
      ],
    );
  });

  it("answers with every step, its interval and its day, for the series that is asked for", async () => {
    const { status, body } = await server.post("/predict/shop", { store: "Bergen" });
    assert.equal(status, 200);
    const { prediction, forecast, features, id } = body as PredictionDocument;
    assert.equal(forecast?.steps.length, 10);
    assert.equal(forecast?.coverage, 0.8);
    assert.equal(forecast?.steps[0]?.at, new Date(start + 150 * day).toISOString());
    assert.equal(forecast?.steps[0]?.value, prediction);
    assert.deepEqual(features, { store: "Bergen" });
    assert.ok(
      forecast?.steps.every(({ lower, value, upper }) => lower <= value && value <= upper && value > 10 && value < 60),
    );
    assert.equal((await server.post(`/feedback/${id}`, { actual: 31 })).status, 200);
    const many = (await server.post("/predict/shop", [{ store: "Oslo" }, { store: "Bergen" }])).body as unknown[];
    assert.equal(many.length, 2);
  });

  it("refuses a series that it does not know, and says which there are", async () => {
    for (const [input, got] of [
      [{ store: "Rome" }, /got the text "Rome"/],
      [{}, /got nothing/],
    ] as const) {
      const { status, body } = await server.post("/predict/shop", input);
      const { error } = body as { error: { code: string; message: string } };
      assert.deepEqual([status, error.code], [400, "INFERENCE_INPUT_INVALID"]);
      assert.match(error.message, /store: expected a series that the model knows: "Bergen", "Oslo"/);
      assert.match(error.message, got);
    }
  });

  it("has a page with its series, an operation in OpenAPI, and tensors", async () => {
    const page = (await server.get("/api/apps/shop")).body as AppDocument;
    assert.deepEqual([page.task, page.fields.length, page.label.unit], ["forecast", 0, "pieces"]);
    assert.deepEqual(page.stored?.examples, [{ store: "Bergen" }, { store: "Oslo" }]);
    assert.match(
      page.model?.quality ?? "",
      /^off by .* pieces on average in past forecasts of 10 steps, where repeating/,
    );
    const { components } = (await server.get("/openapi.json")).body as never as {
      components: { schemas: Record<string, { properties: Record<string, unknown>; required: string[] }> };
    };
    assert.deepEqual(components.schemas.shopInput?.required, ["store"]);
    assert.ok("forecast" in (components.schemas.shopAnswer?.properties ?? {}));
    const tensors = await server.post("/v2/models/shop/infer", {
      inputs: [{ name: "store", shape: [2], datatype: "BYTES", data: ["Oslo", "Bergen"] }],
    });
    const { outputs } = tensors.body as { outputs: { name: string; shape: number[] }[] };
    assert.deepEqual(
      outputs.map(({ name, shape }) => [name, shape]),
      [
        ["prediction", [2]],
        ["forecast", [2, 10]],
        ["lower", [2, 10]],
        ["upper", [2, 10]],
      ],
    );
  });

  it("is told by the command line, and reported", async () => {
    const { stdout } = await pentad("predict", "shop", "--input", '{"store":"Oslo"}', "--project", project.folder);
    assert.match(stdout, /WHEN +EXPECTED +IN 80 OF 100 CASES\n2025-05-31T00:00/);
    const report = join(project.folder, "report.html");
    const { code } = await pentad("models", "report", "shop", "1", "--out", report, "--project", project.folder);
    assert.equal(code, 0);
    assert.match(await project.read("report.html"), /How the error grows with the steps ahead/);
  });

  it("is fitted again when new days come, and goes on from them", async () => {
    await server.stop();
    await project.write("sales.csv", sales(155));
    await pentadJson("run", "data/sales", "--project", project.folder);
    const { stdout } = await pentad("predict", "shop", "--input", '{"store":"Oslo"}', "--project", project.folder);
    assert.match(
      stdout,
      /the forecast continues from 2025-05-30; values up to 2025-06-04 count from the next training on/,
    );
    const { code, stderr } = await pentadJson("run", "--all", "--project", project.folder);
    assert.equal(code, 0, stderr);
    const { document } = await pentadJson<PredictionDocument>(
      "predict",
      "shop",
      "--input",
      '{"store":"Oslo"}',
      "--project",
      project.folder,
    );
    assert.equal(document.forecast?.steps[0]?.at, new Date(start + 155 * day).toISOString());
  });
});

function machines(): string {
  const random = draws(11);
  const normal = () => random() + random() + random() + random() - 2;
  const lines = Array.from({ length: 600 }, (_, i) => {
    const kind = i % 3;
    const temperature = i % 97 === 0 ? 120 : ([40, 60, 75][kind] as number) + 3 * normal();
    const vibration = ([1, 3, 2][kind] as number) + 0.3 * normal();
    return `m${i},${temperature.toFixed(1)},${vibration.toFixed(2)},${["north", "south", "east"][kind]}`;
  });
  return `id,temperature,vibration,plant\n${lines.join("\n")}\n`;
}

const machineFiles = {
  "data/machines.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("machines.csv"), key: "id",
  features: { id: category(), temperature: number({ unit: "°C" }), vibration: number(), plant: category() },
});
`,
  "training.ts": `import { defineTraining } from "pentad";
import machines from "./data/machines.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, features: [machines.pick("temperature", "vibration", "plant")] });
`,
  "machines.csv": machines(),
};

describe("odd rows", () => {
  let project: TestProject;
  let shown: Shown;
  before(async () => {
    project = await projectOf("watch", {
      ...machineFiles,
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Which machines behave oddly?", task: "anomaly", success: { metric: "flaggedShare", atMost: 0.1 },
});
`,
    });
    shown = await trained(project, "watch");
  });
  after(() => project.remove());

  const ask = async (input: object) =>
    (
      await pentadJson<PredictionDocument>(
        "predict",
        "watch",
        "--input",
        JSON.stringify(input),
        "--project",
        project.folder,
      )
    ).document;

  it("are flagged without a label, each with what makes it odd", async () => {
    const odd = await ask({ temperature: 120, vibration: 1, plant: "north" });
    assert.equal(odd.prediction, true);
    assert.ok((odd.score ?? 0) >= (odd.flagFrom ?? 1));
    assert.equal(odd.explanation?.contributions[0]?.feature, "temperature");
    assert.ok((odd.explanation?.contributions[0]?.contribution ?? 0) > 0);
    const plain = await ask({ temperature: 60, vibration: 3, plant: "south" });
    assert.equal(plain.prediction, false);
    assert.ok((plain.score ?? 1) < (plain.flagFrom ?? 0));
  });

  it("keep the oddest held-out rows and the scores for the report", async () => {
    const { oddness, metrics } = shown.evaluation;
    assert.ok((metrics.flaggedShare ?? 1) <= 0.1);
    assert.ok((oddness?.oddest.length ?? 0) > 0);
    assert.equal(
      oddness?.histogram.counts.reduce((sum, count) => sum + count, 0),
      shown.evaluation.rows.test,
    );
    await pentad(
      "models",
      "report",
      "watch",
      "1",
      "--out",
      join(project.folder, "r.html"),
      "--project",
      project.folder,
    );
    assert.match(await project.read("r.html"), /The oddest of the held-out rows/);
  });

  it("are refused a goal that they miss", async () => {
    await project.edit(
      "training.ts",
      "problem, features",
      "problem, candidates: [isolationForest({ contamination: 0.3 })], features",
    );
    await project.edit("training.ts", "{ defineTraining }", "{ defineTraining, isolationForest }");
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "training/watch",
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.failure?.code], [1, "MODELS_GATE_REFUSED"]);
    assert.match(document.failure?.message ?? "", /share of rows flagged is .*; the goal is at most 0\.1/);
    assert.equal((await ask({ temperature: 60, vibration: 3, plant: "south" })).model.version, 1);
  });
});

describe("groups", () => {
  let project: TestProject;
  let shown: Shown;
  before(async () => {
    project = await projectOf("kinds", {
      ...machineFiles,
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Which kinds of machines are there?", task: "clustering", success: { metric: "silhouette", atLeast: 0.2 },
});
`,
    });
    shown = await trained(project, "kinds");
  });
  after(() => project.remove());

  it("are as many as keep apart best, each with what sets it apart", () => {
    const { clusters, metrics } = shown.evaluation;
    assert.ok((metrics.silhouette ?? 0) > 0.6, String(metrics.silhouette));
    assert.ok((clusters?.length ?? 0) >= 3);
    const shares = clusters?.map(({ share }) => share) ?? [];
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-3);
    assert.deepEqual(
      shares.toSorted((a, b) => b - a),
      shares,
    );
    assert.ok(clusters?.every(({ traits }) => traits.length > 0));
  });

  it("answer with the number of a group, the distance from its middle, and why", async () => {
    const server = await serve(project.folder, "start");
    const rows = [
      { temperature: 40, vibration: 1, plant: "north" },
      { temperature: 60, vibration: 3, plant: "south" },
      { temperature: 41, vibration: 1.1, plant: "north" },
    ];
    const answers = (await server.post("/predict/kinds", rows)).body as PredictionDocument[];
    assert.equal(answers[0]?.prediction, answers[2]?.prediction);
    assert.notEqual(answers[0]?.prediction, answers[1]?.prediction);
    assert.ok(answers.every(({ distance }) => (distance ?? 99) < 2));
    assert.equal(answers[0]?.explanation?.contributions.length, 3);
    const page = (await server.get("/api/apps/kinds")).body as AppDocument;
    assert.equal(page.groups.length, shown.evaluation.clusters?.length);
    assert.match(page.groups[0]?.traits.join() ?? "", /of all\)|over all\)/);
    await server.stop();
  });
});
