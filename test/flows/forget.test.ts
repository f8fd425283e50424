// A customer asks to be forgotten: `pentad forget` removes rows, history, rejected rows and answers, and says what that costs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import type { ForgetDocument } from "../../src/runtime/forget-entity.ts";
import { emptyFolder, pentad, pentadJson, type TestProject } from "../support/project.ts";
import { smallProject } from "../support/small-project.ts";

const files: Record<string, string> = {
  "data/orders.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({ source: csv("orders.csv"), key: "order", features: { customer: category(), amount: number() } });
`,
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({ question: "Will they come back?", predict: "back", task: "binary", success: { metric: "rocAuc", atLeast: 0.5 } });
`,
  "data/visits.ts": `import { csv, defineData, boolean, number, sum } from "pentad";
export default defineData({
  source: csv("visits.csv"),
  key: "customer",
  eventTime: "at",
  features: { spent: number({ min: 0 }) },
  windows: { week: sum("spent", { over: "7d" }) },
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
export default defineInference({ training, batch: { schedule: "@yearly" } });
`,
};

describe("a customer who asks to be forgotten", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    const rows = Array.from({ length: 240 }, (_, index) => {
      const at = new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString();
      // Every twelfth customer's rows are wrong now and then.
      const spent = index === 31 ? -1 : (index * 7) % 50;
      return `c${index % 12},${at},${spent},${(index * 7) % 50 > 25}`;
    });
    await project.write("visits.csv", `customer,at,spent,back\n${rows.join("\n")}\n`);
    await project.write("orders.csv", "order,customer,amount\no1,c7,1\no2,c7,2\no3,c1,3\n");
    const { document } = await pentadJson<{ state: string; failure: unknown }>(
      "run",
      "--all",
      "--project",
      project.folder,
    );
    assert.equal(document.state, "done", JSON.stringify(document.failure));
    for (const customer of ["c7", "c7", "c8"])
      await pentad("predict", "shop", "--input", JSON.stringify({ customer }), "--project", project.folder);
  });
  after(() => project.remove());

  function count(sql: string): number {
    const database = new DatabaseSync(join(project.folder, ".pentad/catalog.sqlite"), { timeout: 5_000 });
    try {
      return (database.prepare(sql).get() as { n: number }).n;
    } finally {
      database.close();
    }
  }

  const exported = async (what: string, file = "out.csv") => {
    const out = join(project.folder, file);
    const done = await pentad("export", what, "--out", out, "--project", project.folder, "--json");
    return { ...done, text: done.code === 0 ? readFileSync(out) : Buffer.from("") };
  };

  it("keeps what was pinned while history is kept: the training set is made again, byte for byte", async () => {
    const { document } = await pentadJson<ForgetDocument>(
      ...["forget", "customer=c3", "--keep-history", "--project", project.folder],
    );
    assert.deepEqual(document.groups, [
      { data: "visits", rows: 20, commit: 2, posted: 0, files: 0, commits: [], quarantined: 0 },
    ]);
    const { text } = await exported("training/shop@1", "set.parquet");
    assert.equal(createHash("sha256").update(text).digest("hex"), trainingSetHash());
    assert.ok(!(await exported("features/visits")).text.includes("c3,"));
  });

  function trainingSetHash(): string {
    const database = new DatabaseSync(join(project.folder, ".pentad/catalog.sqlite"), { timeout: 5_000 });
    try {
      return (database.prepare("select training_set as hash from models_versions").get() as { hash: string }).hash;
    } finally {
      database.close();
    }
  }

  it("is gone from rows, history, rejected rows, answers and batches, and what cannot be made again is named", async () => {
    assert.equal(count('select count(*) as n from inference_predictions where entity = \'{"customer":"c7"}\''), 2);
    const { code, document } = await pentadJson<ForgetDocument>("forget", "customer=c7", "--project", project.folder);
    assert.equal(code, 0);
    assert.deepEqual(document.entity, { customer: "c7" });
    assert.deepEqual(document.groups, [
      { data: "visits", rows: 19, commit: 3, posted: 0, files: 2, commits: [1, 2], quarantined: 1 },
    ]);
    assert.deepEqual(document.answers, { predictions: 2, feedback: 0, scored: 1 });
    assert.deepEqual(document.mentions, [{ data: "orders", key: ["order"], rows: 2 }]);
    assert.deepEqual(document.trainingSets, [{ training: "shop", version: 1, set: trainingSetHash() }]);
    assert.equal(count("select count(*) as n from inference_predictions"), 1);
    assert.ok(!(await exported("features/visits")).text.includes("c7,"));
    assert.ok(!(await exported("predictions/shop")).text.includes("c7,"));
    const again = await exported("training/shop@1", "set.parquet");
    assert.equal(again.code, 1);
    assert.match(again.stdout, /"code":"FEATURES_PURGED".*commit 1 of the feature group visits/);
    // The source still has the rows: they stay out.
    await pentad("run", "data/visits", "--project", project.folder);
    assert.ok(!(await exported("features/visits")).text.includes("c7,"));
  });

  it("is said plainly on the command line, and done again finds nothing", async () => {
    const told =
      "customer=c7 is forgotten\ndata/visits: no rows\ndata/orders: 2 rows name it as a feature and were left; forget them by order";
    const { code, stdout } = await pentad("forget", "customer=c7", "--project", project.folder);
    assert.deepEqual([code, stdout.trim()], [0, told]);
  });

  it("is asked for with a column of the key and a time that is one", async () => {
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await pentad("forget", ...args, "--project", project.folder);
      return `${code} ${stderr.split("\n")[0]}`;
    };
    assert.match(await wrong(), /^2 error: Expected a key, or COLUMN=VALUE for each of its columns, got none/);
    assert.match(
      await wrong("a", "b"),
      /^2 error: Expected COLUMN=VALUE with one of the columns order, customer, got "a"/,
    );
    assert.match(await wrong("customer=c1", "--from", "soon"), /^2 error: --from: expected a time such as 2024-01-31/);
    assert.match(
      await wrong("customer=c1", "--from", "2024-02-01", "--to", "2024-01-01"),
      /^2 error: --to: expected a time after --from/,
    );
    assert.match(
      await wrong("customer=c1", "--data", "orders"),
      /^1 error: Expected a feature group with rows that is keyed by customer/,
    );
  });
});

describe("a project that knows one key only", () => {
  it("takes a value alone for it, odd ones too, and tells when it holds nothing of it", async () => {
    const project = smallProject();
    try {
      project.write("rows.csv", `id,size\na,1\n"o'b=%_",2\nid=3,3\n`);
      project.data("things");
      const at = ["--project", project.folder];
      assert.equal((await pentad("run", "data/things", ...at)).code, 0);
      for (const [asked, key, rows] of [
        ["o'b=%_", "o'b=%_", 1],
        ["id=id=3", "id=3", 1],
        ["nobody", "nobody", 0],
      ] as const) {
        const { code, document } = await pentadJson<ForgetDocument>("forget", asked, ...at);
        assert.deepEqual([code, document.entity, document.groups[0]?.rows], [0, { id: key }, rows]);
      }
      assert.equal((await pentad("run", "data/things", ...at)).code, 0);
      const { document } = await pentadJson<{ rows: number }>(
        "export",
        "features/things",
        "--out",
        `${project.folder}/out.csv`,
        ...at,
      );
      assert.equal(document.rows, 1);
    } finally {
      project.remove();
    }
  });
});
