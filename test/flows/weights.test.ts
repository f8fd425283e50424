// A product whose rows do not all count the same: from the word in training.ts to the fit, the figures, the report and the answers.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import { emptyFolder, pentad, pentadJson, type TestProject } from "../support/project.ts";

interface Shown {
  readonly algorithm: string;
  readonly aliases: readonly string[];
  readonly weight: { readonly data: string; readonly name: string } | null;
  readonly candidates: readonly { algorithm: string; failure: string | null; value: number | null }[];
  readonly evaluation: {
    readonly metrics: Record<string, number>;
    readonly baselines: Record<string, { mae: number }>;
  };
}

const training = (weight: string) => `import { customModel, defineTraining, ridge } from "pentad";
import customers from "./data/customers.ts";
import orders from "./data/orders.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem, label: orders.labels.days, features: [orders.all()], ${weight}
  candidates: [ridge(), customModel({
    name: "mean by weight",
    fit: ({ labels, weights }) => {
      const total = weights.reduce((sum, one) => sum + one, 0);
      return { total, mean: labels.reduce((sum: number, one, i) => sum + Number(one) * weights[i]! / total, 0) };
    },
    predict: ({ mean }, rows) => rows.map(() => mean),
  })],
});
`;

/** Large orders take two days and one more for every fifty kilometres; small ones a day for every ten. */
const files: Record<string, string> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "How many days will the order take?", predict: "days", task: "regression", success: { metric: "mae", beats: "median" },
});
`,
  "data/orders.ts": `import { csv, defineData, number } from "pentad";
export default defineData({
  source: csv("orders.csv"), key: "order",
  features: { distance: number(), items: number(), customer: number(), amount: number({ optional: true }) }, labels: { days: number() },
});
`,
  "data/customers.ts": `import { csv, defineData, number } from "pentad";
export default defineData({ source: csv("customers.csv"), key: "customer", features: { worth: number() } });
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training });
`,
  "customers.csv": `customer,worth\n${Array.from({ length: 10 }, (_, id) => `${id},${1 + id}`).join("\n")}\n`,
};

function orders(oddAmount: string): string {
  const rows = Array.from({ length: 300 }, (_, id) => {
    const large = id % 3 === 0;
    const distance = (id * 37) % 100;
    const days = large ? 2 + distance / 50 + ((id * 7) % 5) / 10 : distance / 10 + ((id * 11) % 7) / 10;
    const amount = id === 41 ? oddAmount : large ? "100" : "1";
    return `o${id},${distance},${(id * 13) % 9},${id % 10},${amount},${days.toFixed(1)}`;
  });
  return `order,distance,items,customer,amount,days\n${rows.join("\n")}\n`;
}

describe("weights of rows", () => {
  let project: TestProject;
  const run = async () =>
    (await pentadJson<{ failure: Failure | null }>("run", "--all", "--project", project.folder)).document.failure;
  const train = async () =>
    (await pentadJson<{ failure: Failure | null }>("run", "training/shop", "--project", project.folder)).document
      .failure;
  const show = async (version: number) =>
    (await pentadJson<Shown>("models", "show", "shop", String(version), "--project", project.folder)).document;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    await project.write("training.ts", training(""));
    await project.write("orders.csv", orders("1"));
    assert.equal(await run(), null);
    await project.write("training.ts", training("weight: orders.features.amount,"));
    await run();
  });
  after(() => project.remove());

  it("move the fit and every figure, and stand with the version", async () => {
    const [plain, weighed] = [await show(1), await show(2)];
    assert.equal(plain.weight, null);
    assert.deepEqual(weighed.aliases, ["live"]);
    assert.deepEqual(weighed.weight, { data: "orders", name: "amount" });
    assert.deepEqual(
      weighed.candidates.map(({ failure }) => failure),
      [null, null],
    );
    // Nearly all the weight is on orders that take two to four days.
    assert.ok(weighed.evaluation.baselines.median!.mae < 0.5 * plain.evaluation.baselines.median!.mae);
    assert.ok(weighed.evaluation.metrics.mae! < 0.5 * plain.evaluation.metrics.mae!);
    const { stdout } = await pentad("models", "show", "shop", "2", "--project", project.folder);
    assert.match(stdout, /rows counted by amount of data\/orders/);
  });

  it("stand in the report", async () => {
    await pentad(
      "models",
      "report",
      "shop",
      "2",
      "--out",
      join(project.folder, "report.html"),
      "--project",
      project.folder,
    );
    const report = await project.read("report.html");
    assert.match(report, /Counts rows by<\/dt><dd>amount/);
    assert.match(report, /each counted by its amount/);
    assert.ok(!/Looks at<\/dt><dd>[^<]*amount/.test(report));
  });

  it("are no input of the model, although all() names them", async () => {
    const ask = (input: object) =>
      pentadJson<{ prediction: number; features: object; code?: string; message?: string }>(
        "predict",
        "shop",
        "--input",
        JSON.stringify(input),
        "--project",
        project.folder,
      );
    const { code, document } = await ask({ distance: 90, items: 3, customer: 4 });
    assert.equal(code, 0, JSON.stringify(document));
    assert.ok(Math.abs(document.prediction - 4) < 0.5, String(document.prediction));
    assert.ok(!("amount" in document.features));
  });

  it("are in the exported training set", async () => {
    const out = join(project.folder, "set.csv");
    const { code, stderr } = await pentad(
      "export",
      "training/shop",
      "--as",
      "csv",
      "--out",
      out,
      "--project",
      project.folder,
    );
    assert.equal(code, 0, stderr);
    const [head, first] = (await project.read("set.csv")).split("\n");
    assert.match(head!, /distance,items,customer,amount,days$/);
    assert.match(first!, /,100(\.0)?,[\d.]+$/);
    const before = join(project.folder, "before.csv");
    await pentad("export", "training/shop@1", "--as", "csv", "--out", before, "--project", project.folder);
    assert.match((await project.read("before.csv")).split("\n")[0]!, /distance,items,customer,amount,days$/);
  });

  it("may come from another group, joined as it was known", async () => {
    await project.write("training.ts", training("weight: customers.features.worth,"));
    await run();
    const { weight } = await show(3);
    assert.deepEqual(weight, { data: "customers", name: "worth" });
  });

  it("that are missing are an error that names the row", async () => {
    await project.write("training.ts", training("weight: orders.features.amount,"));
    await project.write("orders.csv", orders(""));
    await pentad("run", "data/orders", "--project", project.folder);
    const failure = await train();
    assert.equal(failure?.code, "TRAINING_WEIGHT_INVALID");
    assert.match(failure?.message ?? "", /weight amount of 0 or more in every row, got none for order o41$/);
    assert.equal(failure?.component, "training/shop");
  });

  for (const [what, weight, message] of [
    [
      "a misspelt column",
      "weight: (orders.features as any).amonut,",
      /weight: expected a column of numbers of a data component/,
    ],
    ["a label", "weight: orders.labels.days as any,", /weight: expected a column of numbers of a data component/],
  ] as const)
    it(`refuse ${what}`, async () => {
      await project.write("training.ts", training(weight));
      const failure = await train();
      assert.equal(failure?.code, "DEFINE_INVALID");
      assert.match(failure?.message ?? "", message);
    });
});
