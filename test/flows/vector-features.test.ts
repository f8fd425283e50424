// Vectors as inputs of models, from five files to the page: stored ones, and ones that are computed when they are asked for.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AppDocument, PredictionDocument } from "../../src/http/api.ts";
import { emptyFolder, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

const dimensions = 24;

/** A small embedder: three letters at a time, thrown into so many buckets. */
const embed = `export function embed(text: string): Float32Array {
  const vector = new Float32Array(${dimensions});
  const letters = \` \${text.toLowerCase()} \`;
  for (let at = 0; at + 3 <= letters.length; at++) {
    let hash = 2166136261;
    for (const letter of letters.slice(at, at + 3)) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
    vector[(hash >>> 8) % ${dimensions}]! += (hash >>> 4) % 2 === 0 ? 1 : -1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}
export const embedder = {
  dimensions: ${dimensions},
  embed: (texts: readonly string[], as: "document" | "query") => {
    if (as !== "document") throw new RangeError(\`asked for a \${as}\`);
    if (texts.some((text) => text.includes("bomb"))) throw new TypeError("no bombs");
    return texts.map(embed);
  },
};
`;

const problem = (name: string) => `import { defineProblem } from "pentad";
export default defineProblem({
  name: ${JSON.stringify(name)},
  question: "Is the paper about cooking?", predict: "cooking", task: "binary", success: { metric: "rocAuc", atLeast: 0.8 },
});
`;

const files: Readonly<Record<string, string>> = {
  "lib/embed.ts": embed,
  "problem/stored.ts": problem("stored"),
  "problem/asked.ts": problem("asked"),
  "problem/told.ts": problem("told"),
  "problem/plain.ts": problem("plain"),
  "data/papers.ts": `import { boolean, category, defineData, embedding, json, number, text, vector } from "pentad";
import { embedder } from "../lib/embed.ts";
export default defineData({
  source: json("papers.json"),
  key: "paper", eventTime: "at",
  features: {
    title: text(), year: number({ min: 1900 }), venue: category({ optional: true }),
    meaning: vector({ dimensions: ${dimensions}, optional: true, description: "The title's embedding" }),
    told: embedding({ of: ["title", "venue"], with: embedder }),
  },
  labels: { cooking: boolean() },
});
`,
  "training/stored.ts": `import { defineTraining, gradientBoosting, logistic } from "pentad";
import papers from "../data/papers.ts";
import problem from "../problem/stored.ts";
export default defineTraining({
  name: "stored", problem, label: papers.labels.cooking, features: [papers.pick("meaning", "year")],
  candidates: [logistic(), gradientBoosting({ trees: 20 })],
});
`,
  "training/asked.ts": `import { defineTraining, logistic, onDemand, text, vector } from "pentad";
import papers from "../data/papers.ts";
import { embed } from "../lib/embed.ts";
import problem from "../problem/asked.ts";
export default defineTraining({
  name: "asked", problem, label: papers.labels.cooking, candidates: [logistic()],
  features: [
    papers.pick("year"),
    onDemand({
      request: { title: text() },
      features: { titleMeaning: vector({ dimensions: ${dimensions} }) },
      computeBatch: (rows) => rows.map(({ title }) => ({ titleMeaning: embed(title) })),
    }),
  ],
});
`,
  "data/notes.ts": `import { boolean, defineData, embedding, json, number, text } from "pentad";
import { embedder } from "../lib/embed.ts";
export default defineData({
  source: json("papers.json"),
  features: { title: text(), year: number(), told: embedding({ of: "title", with: embedder }) },
  labels: { cooking: boolean() },
});
`,
  "training/told.ts": `import { defineTraining, logistic } from "pentad";
import papers from "../data/papers.ts";
import problem from "../problem/told.ts";
export default defineTraining({
  name: "told", problem, label: papers.labels.cooking, features: [papers.pick("told")], candidates: [logistic()],
});
`,
  "training/plain.ts": `import { defineTraining, logistic } from "pentad";
import notes from "../data/notes.ts";
import problem from "../problem/plain.ts";
export default defineTraining({
  name: "plain", problem, label: notes.labels.cooking, features: [notes.pick("told")], candidates: [logistic()],
});
`,
  "inference/told.ts": `import { defineInference } from "pentad";
import training from "../training/told.ts";
export default defineInference({ name: "told", training, batch: { schedule: "@daily" } });
`,
  "inference/plain.ts": `import { defineInference } from "pentad";
import training from "../training/plain.ts";
export default defineInference({ name: "plain", training });
`,
  "app/told.ts": `import { defineApp } from "pentad";
import inference from "../inference/told.ts";
export default defineApp({ name: "told", inference, title: "Cooking, by its text?" });
`,
  "app/plain.ts": `import { defineApp } from "pentad";
import inference from "../inference/plain.ts";
export default defineApp({ name: "plain", inference, title: "Cooking, by nothing but its text?" });
`,
  "inference/stored.ts": `import { defineInference } from "pentad";
import training from "../training/stored.ts";
export default defineInference({ name: "stored", training, batch: { schedule: "@daily" } });
`,
  "inference/asked.ts": `import { defineInference } from "pentad";
import training from "../training/asked.ts";
export default defineInference({ name: "asked", training, batch: { schedule: "@daily" } });
`,
  "app/stored.ts": `import { defineApp } from "pentad";
import inference from "../inference/stored.ts";
export default defineApp({ name: "stored", inference, title: "Cooking, by the stored vector?" });
`,
  "app/asked.ts": `import { defineApp } from "pentad";
import inference from "../inference/asked.ts";
export default defineApp({ name: "asked", inference, title: "Cooking, by its title?" });
`,
};

const words = {
  cooking: ["soup", "baking bread", "roasting", "sauce", "kitchen", "flavour", "salt", "boiling", "dough", "spices"],
  other: ["graphs", "theorems", "proofs", "lattices", "integers", "groups", "topology", "fields", "matrices", "rings"],
};

interface Paper {
  readonly paper: string;
  readonly title: string;
  readonly meaning: number[] | null;
}

function papers(embedText: (text: string) => Float32Array): (Paper & Record<string, unknown>)[] {
  return Array.from({ length: 300 }, (_, i) => {
    const cooking = (i * 7) % 5 < 2;
    const list = cooking ? words.cooking : words.other;
    const title = `On ${list[Math.floor(i / 5) % 10]} and ${list[(Math.floor(i / 3) + 4) % 10]} of the ${i % 2 === 0 ? "north" : "south"}`;
    return {
      paper: `p${i}`,
      at: new Date(Date.UTC(2020, 0, 1) + i * 86_400_000).toISOString(),
      title,
      year: 1990 + (i % 30),
      venue: null,
      meaning: i % 20 === 19 ? null : Array.from(embedText(title)),
      cooking,
    };
  });
}

interface Answer {
  readonly status: number;
  readonly body: PredictionDocument & { readonly error: { readonly code: string; readonly message: string } };
}

describe("vectors as inputs of a model", () => {
  let project: TestProject;
  let server: Server;
  let rows: ReturnType<typeof papers>;
  let embedText: (text: string) => Float32Array;
  before(async () => {
    project = emptyFolder("papers");
    for (const folder of ["lib", "problem", "data", "training", "inference", "app"])
      mkdirSync(join(project.folder, folder), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    ({ embed: embedText } = (await import(join(project.folder, "lib/embed.ts"))) as { embed: typeof embedText });
    rows = papers(embedText);
    await project.write("papers.json", JSON.stringify(rows));
    const { code, document } = await pentadJson<{ failure: unknown }>("run", "--all", "--project", project.folder);
    assert.equal(code, 0, JSON.stringify(document));
    server = await serve(project.folder, "start");
  });
  after(async () => {
    await server?.stop();
    project.remove();
  });
  const ask = async (name: string, input: unknown, query = ""): Promise<Answer> =>
    (await server.post(`/predict/${name}${query}`, input)) as unknown as Answer;
  const chance = (answer: Answer): number => {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.probabilities?.true ?? Number.NaN;
  };

  it("come from the stored row, or from the request as a list, to the same answer", async () => {
    const { paper, meaning } = rows[0] as (typeof rows)[number];
    const stored = await ask("stored", { paper });
    const given = await ask("stored", { paper, meaning });
    assert.equal(chance(stored), chance(given));
    assert.deepEqual(stored.body.features.meaning, given.body.features.meaning);
    assert.equal((stored.body.features.meaning as number[]).length, dimensions);
    const none = await ask("stored", { paper: "p19" });
    assert.equal(none.body.features.meaning, null);
    assert.ok(chance(none) > 0);
  });

  it("are refused with words when they have another length or hold something else than numbers", async () => {
    const list = new Array<number>(dimensions).fill(0.5);
    const cases: [unknown, RegExp][] = [
      [list.slice(1), /meaning: expected a list of 24 numbers, got a list of 23$/],
      [[], /meaning: expected a list of 24 numbers, got a list of 0$/],
      [[...list.slice(1), "0.5"], /got a list of 24 with the text "0\.5" at 23$/],
      [[null, ...list.slice(1)], /got a list of 24 with null at 0$/],
      [[1e300, ...list.slice(1)], /got a list of 24 with the number 1e\+300 at 0$/],
      [JSON.stringify(list), /meaning: expected a list of 24 numbers, got the text/],
      [{ 0: 1 }, /meaning: expected a list of 24 numbers, got an object$/],
      [7, /meaning: expected a list of 24 numbers, got the number 7$/],
    ];
    for (const [meaning, message] of cases) {
      const { status, body } = await ask("stored", { year: 2000, meaning });
      assert.equal(status, 400);
      assert.equal(body.error.code, "INFERENCE_INPUT_INVALID");
      assert.match(body.error.message, message);
    }
    const { status, body } = await ask("stored", [
      { year: 2000, meaning: list },
      { year: 2000, meaning: [1] },
    ]);
    assert.equal(status, 400);
    assert.match(body.error.message, /^row 1: meaning: /);
  });

  it("are one feature in explanations, in the report and in the ranking", async () => {
    const { body } = await ask("stored", { paper: "p1" }, "?explain=true");
    assert.deepEqual(body.explanation?.contributions.map(({ feature }) => feature).sort(), ["meaning", "year"]);
    const report = await (await fetch(`${server.url}/api/models/stored/1/report`)).text();
    assert.match(report, /[Mm]eaning/);
    assert.doesNotMatch(report, /meaning\[\d/);
  });

  it("are tensors of rows × dimensions in the inference protocol", async () => {
    const { body: metadata } = await server.get("/v2/models/stored");
    const inputs = (metadata as { inputs: { name: string; datatype: string; shape: number[] }[] }).inputs;
    assert.deepEqual(
      inputs.find(({ name }) => name === "meaning"),
      { name: "meaning", datatype: "FP32", shape: [-1, dimensions] },
    );
    const two = [rows[0]!, rows[1]!];
    const tensor = (shape: number[], data: unknown) => ({
      inputs: [
        { name: "meaning", datatype: "FP32", shape, data },
        { name: "year", datatype: "FP64", shape: [2], data: two.map(({ year }) => year) },
      ],
    });
    const asked = await server.post(
      "/v2/models/stored/infer",
      tensor(
        [2, dimensions],
        two.flatMap(({ meaning }) => meaning),
      ),
    );
    assert.equal(asked.status, 200, JSON.stringify(asked.body));
    const { outputs } = asked.body as { outputs: { name: string; data: number[] }[] };
    const chances = outputs.find(({ name }) => name === "probabilities")?.data ?? [];
    assert.equal(chances[1], chance(await ask("stored", { paper: "p0" })));
    assert.equal(chances[3], chance(await ask("stored", { paper: "p1" })));
    const wrong = await server.post("/v2/models/stored/infer", tensor([2, 2], [1, 2, 3, 4]));
    assert.equal(wrong.status, 400);
    assert.match(JSON.stringify(wrong.body), /meaning: expected the shape \[2, 24\], got \[2, 2\]/);
  });

  it("are described to programs as lists of numbers, and kept from the page's form", async () => {
    const { body } = await server.get("/openapi.json");
    assert.match(
      JSON.stringify(body),
      /"meaning":\{"type":\["array","null"\],"items":\{"type":"number"\},"minItems":24,"maxItems":24/,
    );
    const page = (await server.get("/api/apps/stored")).body as AppDocument;
    assert.deepEqual(
      page.fields.map(({ name }) => name),
      ["year"],
    );
    assert.ok(page.stored?.examples.every((example) => !Object.values(example).some(Array.isArray)));
    const asked = (await server.get("/api/apps/asked")).body as AppDocument;
    assert.deepEqual(
      asked.fields.map(({ name }) => name),
      ["title", "year"],
    );
  });

  it("are computed from the request by a function of many rows, the same code that training used", async () => {
    const soup = await ask("asked", { title: "On soup and salt of the north", year: 2000 }, "?explain=true");
    const proofs = await ask("asked", { title: "On proofs and rings of the south", year: 2000 });
    assert.ok(chance(soup) > 0.7, `${chance(soup)}`);
    assert.ok(chance(proofs) < 0.3, `${chance(proofs)}`);
    assert.equal((soup.body.features.titleMeaning as number[]).length, dimensions);
    assert.deepEqual(
      soup.body.explanation?.contributions.map(({ feature }) => feature),
      ["titleMeaning", "year"],
    );
    const many = await server.post(
      "/predict/asked",
      rows.slice(0, 250).map(({ title, year }) => ({ title, year })),
    );
    assert.equal(many.status, 200);
    const answers = many.body as unknown as PredictionDocument[];
    assert.equal(answers.length, 250);
    assert.equal(
      answers[0]?.probabilities?.true,
      chance(await ask("asked", { title: rows[0]!.title, year: rows[0]!.year })),
    );
  });

  it("that are embeddings are made of a request's texts by the code that made the stored ones", async () => {
    const { paper, title } = rows[0]!;
    const stored = await ask("told", { paper });
    const told = await ask("told", { title });
    assert.deepEqual(Object.keys(stored.body.features), ["told"]);
    assert.deepEqual(told.body.features, { ...stored.body.features, title, venue: null });
    assert.equal(chance(told), chance(stored));
    assert.ok(told.body.staleness.dataSeconds === null && stored.body.staleness.dataSeconds !== null);

    const other = await ask("told", { paper, title: "On proofs and rings of the south" });
    assert.notDeepEqual(other.body.features.told, stored.body.features.told);
    assert.ok(chance(other) < chance(stored));
    const both = await ask("told", { title, venue: "Soup Letters" });
    assert.deepEqual(both.body.features.told, Array.from(embedText(`${title}\nSoup Letters`)));
    const given = await ask("told", { title: "bomb", told: stored.body.features.told });
    assert.equal(chance(given), chance(stored));

    const many = await server.post(
      "/predict/told",
      rows.slice(0, 50).map((one) => ({ title: one.title })),
    );
    assert.equal(many.status, 200, JSON.stringify(many.body));
    const answers = many.body as unknown as PredictionDocument[];
    assert.equal(answers[0]?.probabilities?.true, chance(stored));
    assert.equal(new Set(answers.map(({ id }) => id)).size, 50);
  });

  it("that are embeddings say what is missing, and which line of the project's failed", async () => {
    const nothing = await ask("plain", {});
    assert.equal(nothing.status, 400);
    assert.equal(nothing.body.error.message, "told: expected a list of 24 numbers, or its text in title, got nothing");
    for (const title of ["", "  ", null]) assert.equal((await ask("plain", { title })).status, 400);
    assert.equal((await ask("plain", { title: 7 })).status, 400);
    const failed = await ask("plain", { title: "a bomb" });
    assert.ok(failed.status >= 500, String(failed.status));
    assert.deepEqual(
      [failed.body.error.code, failed.body.error.message],
      ["FEATURES_EMBEDDING_FAILED", "embed of told threw: TypeError: no bombs"],
    );
    assert.match(JSON.stringify(failed.body), /lib\/embed\.ts:\d+/);
    assert.ok(chance(await ask("plain", { title: "On soup and salt" })) > 0.5);
  });

  it("that are embeddings have their texts on the page and in the documents", async () => {
    const fieldsOf = async (app: string) => ((await server.get(`/api/apps/${app}`)).body as AppDocument).fields;
    assert.deepEqual(
      (await fieldsOf("told")).map(({ name, required }) => [name, required]),
      [
        ["title", false],
        ["venue", false],
      ],
    );
    assert.deepEqual(
      (await fieldsOf("plain")).map(({ name, required }) => [name, required]),
      [["title", true]],
    );
    const { body } = await server.get("/openapi.json");
    const described = JSON.stringify((body as { components: { schemas: unknown } }).components.schemas);
    assert.match(described, /left out, it is made of title and venue/);
    assert.match(described, /becomes told/);
    const { body: metadata } = await server.get("/v2/models/plain");
    assert.deepEqual((metadata as { inputs: unknown }).inputs, [
      { name: "told", datatype: "FP32", shape: [-1, 24] },
      { name: "title", datatype: "BYTES", shape: [-1] },
    ]);
    const asked = await server.post("/v2/models/plain/infer", {
      inputs: [{ name: "title", datatype: "BYTES", shape: [1], data: ["On soup and salt"] }],
    });
    assert.equal(asked.status, 200, JSON.stringify(asked.body));
  });

  it("are in exported training sets as lists, and a batch scores every row", async () => {
    const out = join(project.folder, "set.csv");
    const { code } = await pentadJson(
      "export",
      "training/asked",
      "--as",
      "csv",
      "--out",
      out,
      "--project",
      project.folder,
    );
    assert.equal(code, 0);
    assert.match((await project.read("set.csv")).split("\n")[1] ?? "", /"\[-?\d/);
    for (const name of ["stored", "asked", "told"]) {
      const batch = await pentadJson<{ state: string }>("run", `inference/${name}`, "--project", project.folder);
      assert.equal(batch.code, 0, JSON.stringify(batch.document));
    }
    const onnx = join(project.folder, "model.onnx");
    const exported = await pentadJson("models", "export", "stored", "1", "--out", onnx, "--project", project.folder);
    assert.equal(exported.code, 0, JSON.stringify(exported.document));
  });
});
