// On-demand features: the same function in training and in serving, told apart when it is not, kept with its model.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AppDocument, PredictionDocument, StatusDocument } from "../../src/http/api.ts";
import { emptyFolder, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

const files: Readonly<Record<string, string>> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Will the delivery be late?", predict: "late", task: "binary", success: { metric: "rocAuc", atLeast: 0.6 },
});
`,
  "data/orders.ts": `import { boolean, category, defineData, number, csv } from "pentad";
export default defineData({
  source: csv("orders.csv"),
  key: "order", eventTime: "at",
  features: { shop: category(), x: number({ unit: "km" }), "y\\"__proto__": number({ from: "y" }), note: category({ optional: true }) },
  labels: { late: boolean() },
});
`,
  "data/shops.ts": `import { defineData, number, csv } from "pentad";
export default defineData({
  source: csv("shops.csv"),
  key: "shop", eventTime: "since",
  features: { shopX: number(), rating: number({ optional: true }) },
});
`,
  "features/distance.ts": `import { category, number, onDemand, time } from "pentad";
import shops from "../data/shops.ts";
function forever(): object { for (;;); }
export default onDemand({
  request: {
    x: number({ unit: "km" }),
    north: number({ from: 'y"__proto__' }),
    at: time(),
    shop: category(),
  },
  stored: [shops.pick("shopX")],
  features: { distance: number({ optional: true, unit: "km" }), hour: number({ min: 0, max: 23 }), day: category() },
  compute: ({ x, north, shopX, at }) => ({
    ...(x === -1 ? forever() : {}),
    distance: shopX === null ? null : (x === -2 ? Infinity : 0) + Math.hypot(x - shopX, north) / 3,
    hour: new Date(at).getHours(),
    day: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"][new Date(at).getUTCDay()] ?? "",
  }),
});
`,
  "training.ts": `import { defineTraining, logistic } from "pentad";
import orders from "./data/orders.ts";
import shops from "./data/shops.ts";
import distance from "./features/distance.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem, label: orders.labels.late, features: [shops.pick("rating"), distance], candidates: [logistic()],
});
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, batch: { schedule: "@daily" } });
`,
  "app.ts": `import { defineApp } from "pentad";
import inference from "./inference.ts";
export default defineApp({ inference, title: "Late?" });
`,
};

function rows(): { orders: string; shops: string } {
  const orders = ["order,at,shop,x,y,note,late"];
  for (let index = 0; index < 240; index++) {
    const x = (index * 37) % 50;
    const at = new Date(Date.UTC(2024, 0, 1, index % 24) + index * 86_400_000).toISOString();
    // The newest shop's row moves it; earlier orders must not see that.
    orders.push([`o${index}`, at, index % 3 === 0 ? "b" : "a", x, index % 7, "", Math.abs(x - 10) > 20].join(","));
  }
  return {
    orders: `${orders.join("\n")}\n`,
    shops: "shop,since,shopX,rating\na,2023-01-01,10,4\nb,2023-01-01,10,\na,2030-01-01,1000,4\n",
  };
}

describe("on-demand features", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = emptyFolder("deliveries");
    for (const folder of ["data", "features"]) mkdirSync(join(project.folder, folder), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    const { orders, shops } = rows();
    await project.write("orders.csv", orders);
    await project.write("shops.csv", shops);
    const { code, document } = await pentadJson<{ failure: unknown }>("run", "--all", "--project", project.folder);
    assert.equal(code, 0, JSON.stringify(document));
    server = await serve(project.folder, "start");
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const ask = async (input: unknown) => {
    const { status, body } = await server.post("/predict/deliveries", input);
    return {
      status,
      body: body as PredictionDocument & { error: { code: string; message: string; details: unknown } },
    };
  };
  const request = { shop: "b", x: 13, north: 4, at: "2024-05-04T01:30:00+02:00" };

  it("are computed from the request and the stored row, in UTC, and shown with the answer", async () => {
    const { status, body } = await ask(request);
    assert.equal(status, 200, JSON.stringify(body));
    const { distance, hour, day, shopX, rating } = body.features;
    assert.deepEqual(
      { distance, hour, day, shopX, rating },
      { distance: 5 / 3, hour: 23, day: "fri", shopX: 10, rating: null },
    );
    const far = await ask({ ...request, x: 49 });
    assert.ok((far.body.probabilities?.true ?? 0) > (body.probabilities?.true ?? 1), "what is far is late");
  });

  it("are computed for the command too, which has no warm process and waits for one", async () => {
    const { code, document } = await pentadJson<PredictionDocument>(
      "predict",
      "deliveries",
      "--input",
      JSON.stringify(request),
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.features.distance, document.features.day], [0, 5 / 3, "fri"]);
  });

  it("take many rows at once, and give the same as one by one", async () => {
    const many = await server.post("/predict/deliveries", [request, { ...request, x: 20 }]);
    const answers = many.body as PredictionDocument[];
    assert.deepEqual(
      answers.map((one) => one.features.distance),
      [5 / 3, Math.hypot(10, 4) / 3],
    );
  });

  it("refuse a request without a field of its own, or with a computed one", async () => {
    const { x: _, ...without } = request;
    const missing = await ask(without);
    assert.deepEqual([missing.status, missing.body.error.code], [400, "INFERENCE_INPUT_INVALID"]);
    assert.match(missing.body.error.message, /^x: expected a number in km, got nothing$/);
    assert.match((await ask({ ...request, distance: 1 })).body.error.message, /distance: expected one of the inputs/);
  });

  it("become fields of the page and of the API's document", async () => {
    const { body } = await server.get("/api/apps/deliveries");
    const fields = (body as AppDocument).fields;
    assert.deepEqual(
      fields.map(({ name }) => name),
      ["x", "north", "at", "shop", "rating", "shopX"],
    );
    assert.deepEqual(
      fields.filter(({ required }) => required).map(({ name }) => name),
      ["x", "north", "at", "shop", "shopX"],
    );
    assert.ok(
      fields.every((field) => field.required === false || field.default !== null),
      JSON.stringify(fields),
    );
    const openapi = (await server.get("/openapi.json")).body as {
      paths: Record<
        string,
        { post: { requestBody: { content: { "application/json": { schema: unknown; example: unknown } } } } }
      >;
      components: { schemas: Record<string, { required?: string[] }> };
    };
    const schema = Object.entries(openapi.components.schemas).find(([name]) => /input/i.test(name))?.[1];
    assert.deepEqual(schema?.required, ["x", "north", "at", "shop"]);
    const example = openapi.paths["/predict/deliveries"]?.post.requestBody.content["application/json"].example;
    assert.equal((await ask(example)).status, 200);
  });

  it("are columns of the exported training set, as known then, and of batches", async () => {
    const out = join(project.folder, "set.csv");
    const { code } = await pentadJson("export", "training/deliveries", "--project", project.folder, "--out", out);
    assert.equal(code, 0);
    const [head = "", first = ""] = (await project.read("set.csv")).split("\n");
    const row = Object.fromEntries(head.split(",").map((name, index) => [name, first.split(",")[index]]));
    assert.deepEqual([row.hour, row.day, row.distance], ["0.0", "mon", String(10 / 3)]);
    const batch = join(project.folder, "batch.csv");
    assert.equal(
      (await pentadJson("export", "predictions/deliveries", "--project", project.folder, "--out", batch)).code,
      0,
    );
    assert.equal((await project.read("batch.csv")).trim().split("\n").length, 241);
  });

  it("tell which line failed for which row, and answer the next request", async () => {
    const beyond = await ask({ ...request, at: "2024-05-04", x: -2 });
    assert.deepEqual([beyond.status, beyond.body.error.code], [500, "FEATURES_ON_DEMAND_FAILED"]);
    assert.match(
      beyond.body.error.message,
      /Expected compute to give a number for distance, got Infinity for \{"x":-2,/,
    );
    assert.deepEqual(beyond.body.error.details, { at: "features/distance.ts:4" });
    assert.equal((await ask(request)).status, 200);
  });

  it("end a request that takes too long, with the line, and answer those beside it", async () => {
    const [stuck, beside] = await Promise.all([ask({ ...request, x: -1 }), ask(request)]);
    assert.deepEqual([stuck.status, stuck.body.error.code], [500, "FEATURES_ON_DEMAND_FAILED"]);
    assert.match(stuck.body.error.message, /took longer than its limit of 2 s: it was still running/);
    assert.deepEqual(stuck.body.error.details, { at: "features/distance.ts:3" });
    assert.equal(beside.status, 200, JSON.stringify(beside.body));
  });

  const train = async () => {
    const { document } = await pentadJson<{
      state: string;
      failure: { code: string; message: string; hint: string; location: { file: string; line: number } } | null;
    }>("run", "training/deliveries", "--project", project.folder);
    return document;
  };

  it("fail the training when they look at the clock, at chance, or at earlier rows", async () => {
    for (const [impure, feature] of [
      ["Date.now()", "distance"],
      ["Math.random()", "distance"],
      ["calls++", "distance"],
    ] as const) {
      const whole = files["features/distance.ts"] as string;
      await project.write(
        "features/distance.ts",
        whole.replace("north) / 3", `north) / 3 + ${impure}`).replace("export", "let calls = 0;\nexport"),
      );
      const { state, failure } = await train();
      assert.deepEqual([state, failure?.code], ["failed", "TRAINING_SERVING_SKEW"], impure);
      assert.match(
        failure?.message ?? "",
        new RegExp(
          `^The on-demand feature ${feature} is [\\d.e+]+ in training and [\\d.e+]+ in serving, for row \\d+: \\{`,
        ),
      );
      assert.deepEqual(failure?.location?.file, "features/distance.ts");
    }
  });

  it("fail the training, with the line, when they change their row, throw, or give what was not declared", async () => {
    const whole = files["features/distance.ts"] as string;
    const cases = [
      ["(row as { x: number }).x = 1;", /read only/, 14],
      ["if (row.x > 40) throw new Error('x is ' + row.x);", /threw: x is 4\d/, 14],
      ["return { ...given, hours: 3 } as never;", /got "hours" too/, 4],
      ["return { ...given, hour: 24 };", /a number from 0 to 23 for hour, got 24/, 4],
      ["return { ...given, day: null } as never;", /a text for day, got null/, 4],
    ] as const;
    for (const [statement, message, line] of cases) {
      await project.write(
        "features/distance.ts",
        whole
          .replace(
            "compute: ({ x, north, shopX, at }) => ({",
            `compute: (row) => { const { x, north, shopX, at } = row;\n${statement.startsWith("return") ? "" : statement} const given = ({`,
          )
          .replace(
            '?? "",\n  }),',
            `?? "",\n  }); ${statement.startsWith("return") ? statement : ""} return given; },`,
          ),
      );
      const { failure } = await train();
      assert.equal(failure?.code, "FEATURES_ON_DEMAND_FAILED", JSON.stringify(failure));
      assert.match(failure?.message ?? "", message);
      assert.deepEqual(failure?.location?.file, "features/distance.ts");
      assert.equal(failure?.location?.line, line, statement);
    }
  });

  it("stay as they were trained while their file says something else, also after a restart", async () => {
    await server.stop();
    server = await serve(project.folder, "start");
    const { status, body } = await ask(request);
    assert.deepEqual([status, body.features.distance], [200, 5 / 3]);
  });

  it("are trained again when their code changes, and answer by it then", async () => {
    await project.write("features/distance.ts", (files["features/distance.ts"] as string).replace("/ 3", "/ 4"));
    const status = await pentadJson<StatusDocument>("run", "--all", "--project", project.folder);
    assert.equal(status.code, 0, status.stderr);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal((await ask(request)).body.features.distance, 5 / 4);
    assert.ok(readdirSync(join(project.folder, ".pentad", "code")).length >= 2);
  });
});
