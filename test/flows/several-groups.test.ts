// A product of three groups joined by key: one row's value is the key of the next group, in training and in a single answer alike.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { emptyFolder, pentad, pentadJson, type TestProject } from "../support/project.ts";

const files: Record<string, string> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "How much will the store sell tomorrow?",
  predict: "salesTomorrow",
  task: "regression",
  success: { metric: "rmse", atMost: 60, beats: "mean" },
});
`,
  "data/sales.ts": `import { ahead, boolean, category, csv, defineData, mean, number } from "pentad";
export default defineData({
  source: csv("sales.csv"),
  key: "store",
  eventTime: "date",
  features: { region: category(), promo: boolean(), sales: number({ min: 0 }) },
  windows: { meanWeek: mean("sales", { over: "7d" }) },
  labels: { salesTomorrow: ahead("sales", { by: "1d" }) },
});
`,
  "data/stores.ts": `import { csv, defineData, number } from "pentad";
export default defineData({ source: csv("stores.csv"), key: "store", features: { size: number({ unit: "m²" }) } });
`,
  "data/weather.ts": `import { defineData, json, number } from "pentad";
export default defineData({
  source: json("weather.ndjson"),
  key: "region",
  eventTime: "day",
  features: { temp: number({ unit: "°C" }), rain: number({ unit: "mm", min: 0 }) },
});
`,
  "training.ts": `import { defineTraining, ridge } from "pentad";
import sales from "./data/sales.ts";
import stores from "./data/stores.ts";
import weather from "./data/weather.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem,
  label: sales.labels.salesTomorrow,
  features: [sales.all(), stores.all(), weather.all()],
  split: { by: "time", test: 0.2 },
  candidates: [ridge()],
});
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, online: true, batch: { schedule: "0 6 * * *" } });
`,
  "app.ts": `import { defineApp } from "pentad";
import inference from "./inference.ts";
export default defineApp({ inference, title: "Shop" });
`,
};

const stores = Array.from({ length: 8 }, (_, index) => ({ store: `S${index}`, size: 200 + 70 * index }));
const days = Array.from({ length: 80 }, (_, day) => new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10));
const tomorrow = new Date(Date.UTC(2025, 0, 1 + days.length)).toISOString().slice(0, 10);
const regionOf = (index: number) => (index % 2 === 0 ? "north" : "south");
const rainOf = (region: string, day: number) => (region === "north" ? (day * 7) % 11 : (day * 3) % 5);

function dataFiles(): Record<string, string> {
  const sales = days.flatMap((date, day) =>
    stores.map(({ store, size }, index) => {
      const region = regionOf(index);
      const sold = size * 0.5 - rainOf(region, day) * 2 + ((day * 13 + index * 29) % 17);
      return `${store},${region},${date},${day % 3 === 0},${sold.toFixed(1)}`;
    }),
  );
  // The weather is known for a day more than the sales.
  const weather = [...days, tomorrow].flatMap((day, index) =>
    ["north", "south"].map((region) =>
      JSON.stringify({ region, day, temp: 10 + (index % 9), rain: rainOf(region, index) }),
    ),
  );
  return {
    "sales.csv": `store,region,date,promo,sales\n${sales.join("\n")}\n`,
    "stores.csv": `store,size\n${stores.map(({ store, size }) => `${store},${size}`).join("\n")}\n`,
    "weather.ndjson": `${weather.join("\n")}\n`,
  };
}

describe("a product of several groups", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [name, text] of Object.entries({ ...files, ...dataFiles() })) await project.write(name, text);
    const { code, stderr } = await pentad("run", "--all", "--project", project.folder);
    assert.equal(code, 0, stderr);
  });
  after(() => project.remove());

  const predict = (input: object) =>
    pentadJson<{ features: Record<string, unknown>; prediction: number; error?: { message: string; hint: string } }>(
      "predict",
      "shop",
      "--input",
      JSON.stringify(input),
      "--project",
      project.folder,
    );

  it("finds by a store's name its row, its size, and the weather of the region that its row names", async () => {
    const { document } = await predict({ store: "S3" });
    const { features } = document;
    assert.deepEqual([features.region, features.size], ["south", 410]);
    assert.deepEqual([features.rain, features.temp], [rainOf("south", 80), 10 + (80 % 9)]);
  });

  it("takes what the request says over what is stored, as a value and as the key of the next group", async () => {
    const { document } = await predict({ store: "S3", region: "north", size: 300 });
    assert.deepEqual(
      [document.features.region, document.features.size, document.features.rain],
      ["north", 300, rainOf("north", 80)],
    );
  });

  it("scores every store in the batch as a single question now does", async () => {
    const out = join(project.folder, "predictions.csv");
    const { code, stderr } = await pentad("export", "predictions/shop", "--out", out, "--project", project.folder);
    assert.equal(code, 0, stderr);
    const [, ...lines] = (await project.read("predictions.csv")).trim().split("\n");
    assert.equal(lines.length, stores.length);
    for (const line of lines.slice(0, 4)) {
      const [store, , prediction] = line.split(",");
      const { document } = await predict({ store });
      assert.ok(Math.abs(document.prediction - Number(prediction)) < 1e-6, `${store}: ${prediction}`);
    }
  });

  it("says which key has no stored row when values are missing for it", async () => {
    const { document } = await predict({ store: "S99" });
    assert.match(document.error?.message ?? "", /region: expected a text, got nothing/);
    assert.match(document.error?.hint ?? "", /No row is stored for store "S99"/);
  });
});
