// The life of versions as people lead it: a shadow beside what is live, where a version came from, and what may be deleted.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument } from "../../src/http/api.ts";
import { emptyFolder, eventually, pentad, pentadJson, serve, type TestProject } from "../support/project.ts";

interface Shown {
  readonly id: string;
  readonly algorithm: string;
  readonly aliases: readonly string[];
  readonly shadow: { readonly answers: number; readonly meanDifference: number | null; readonly failed: number } | null;
  readonly lineage: {
    readonly sources: readonly { data: string; source: string; commit: number; rows: number }[];
    readonly trainingSet: string;
    readonly code: { file: string; hash: string } | null;
    readonly params: Readonly<Record<string, unknown>>;
    readonly model: string;
    readonly predictions: { readonly logged: number; readonly batches: readonly string[] };
  };
}

describe("versions", () => {
  let project: TestProject;
  const models = (...args: readonly string[]) => pentad("models", ...args, "--project", project.folder);
  const show = async (version: number) =>
    (await pentadJson<Shown>("models", "show", "homes", String(version), "--project", project.folder)).document;
  const refused = async (...args: readonly string[]) => {
    const { code, document } = await pentadJson<{ error: Failure }>("models", ...args, "--project", project.folder);
    assert.equal(code, 1, JSON.stringify(document));
    return document.error;
  };
  before(async () => {
    project = emptyFolder("homes");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    const rows = Array.from(
      { length: 300 },
      (_, i) => `h${i},${20 + ((i * 37) % 100)},${(20 + ((i * 37) % 100)) * 21 + (i % 7) * 10}`,
    );
    const files = {
      "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "What is the rent?", predict: "rent", task: "regression", success: { metric: "mae", beats: "mean" },
});
`,
      "data/homes.ts": `import { category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("homes.csv"), key: "id", features: { id: category(), size: number() }, labels: { rent: number() },
});
`,
      "training.ts": `import { defineTraining, ridge } from "pentad";
import homes from "./data/homes.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, label: homes.labels.rent, features: [homes.pick("size")], candidates: [ridge({ l2: 5 })] });
`,
      "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, batch: { schedule: "@yearly" } });
`,
      "homes.csv": `id,size,rent\n${rows.join("\n")}\n`,
    };
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    for (const l2 of ["l2: 5", "l2: 500", "l2: 50"]) {
      await project.edit("training.ts", /l2: \d+/, l2 === "l2: 5" ? "l2: 5 " : l2);
      await pentad("run", "--all", "--project", project.folder);
    }
    assert.deepEqual((await show(1)).algorithm, "ridge");
  });
  after(() => project.remove());

  it("tell where they came from, from the file to the answers", async () => {
    const live = [await show(1), await show(2), await show(3)].find(({ aliases }) => aliases.includes("live"));
    assert.ok(live);
    const { lineage, id } = live;
    assert.deepEqual(
      lineage.sources.map(({ data, commit, rows }) => [data, commit, rows]),
      [["homes", 1, 300]],
    );
    assert.match(lineage.sources[0]?.source ?? "", /homes\.csv/);
    assert.match(lineage.trainingSet, /^[0-9a-f]{64}$/);
    assert.deepEqual(lineage.code?.file, "training.ts");
    assert.match(lineage.code?.hash ?? "", /^[0-9a-f]{32}$/);
    assert.equal(lineage.model, id);
    assert.equal(lineage.predictions.batches.length, 1);
    assert.notEqual((await show(1)).lineage.code?.hash, (await show(2)).lineage.code?.hash);
    const { stdout } = await models("show", "homes", "1");
    assert.match(stdout, /from +homes\.csv → data\/homes@1 \(300 rows\)/);
    assert.match(
      stdout,
      /training set +[0-9a-f]{64}\ncode +training\.ts [0-9a-f]{32}\nsettings +\{"l2":5\}\nmodel +[0-9a-f]{32}\nanswers +/,
    );
  });

  it("answer silently in the shadow: logged beside the live one, and nobody sees it", async () => {
    const versions = [await show(1), await show(2), await show(3)];
    const live = versions.findIndex(({ aliases }) => aliases.includes("live")) + 1;
    const other = live === 2 ? 1 : 2;
    assert.equal(
      (await refused("promote", "homes", String(live), "--as", "shadow", "--reason", "to see")).code,
      "MODELS_SHADOW_LIVE",
    );
    assert.equal((await models("promote", "homes", String(other), "--as", "shadow", "--reason", "to see")).code, 0);
    const server = await serve(project.folder, "start");
    const answers = (await server.post("/predict/homes", [{ size: 30 }, { size: 80 }, { size: 110 }]))
      .body as PredictionDocument[];
    assert.ok(answers.every(({ model }) => model.version === live));
    const { shadow } = await eventually(async () => {
      const shown = await show(other);
      return (shown.shadow?.answers ?? 0) >= 3 ? shown : undefined;
    });
    await server.stop();
    assert.equal(shadow?.failed, 0);
    assert.ok((shadow?.meanDifference ?? 0) > 0);
    assert.match(
      (await models("show", "homes", String(other))).stdout,
      /in the shadow: 3 answers beside the live model, [\d.]+ apart on average/,
    );
    assert.match((await refused("delete", "homes", String(other), "--reason", "done")).message, /the alias shadow/);
    assert.equal((await models("withdraw", "homes", String(other))).code, 0);
    assert.equal((await refused("withdraw", "homes", String(other))).code, "MODELS_UNKNOWN");
  });

  it("are deleted only when nothing refers to them, with a reason, and stay on record", async () => {
    const versions = [await show(1), await show(2), await show(3)];
    const live = versions.findIndex(({ aliases }) => aliases.includes("live")) + 1;
    const { code, message } = await refused("delete", "homes", String(live), "--reason", "tidy");
    assert.equal(code, "MODELS_REFERENCED");
    assert.match(message, /the alias live, 3 logged answers, predictions\/homes\/run_\w+\.parquet refer to it/);
    const unused = versions.findIndex(
      ({ aliases, lineage }) =>
        aliases.length === 0 && lineage.predictions.logged === 0 && lineage.predictions.batches.length === 0,
    );
    assert.ok(unused >= 0, JSON.stringify(versions.map(({ aliases, lineage }) => [aliases, lineage.predictions])));
    assert.equal((await pentad("models", "delete", "homes", String(unused + 1), "--project", project.folder)).code, 2);
    assert.equal((await models("delete", "homes", String(unused + 1), "--reason", "never used")).code, 0);
    assert.equal((await refused("show", "homes", String(unused + 1))).code, "MODELS_UNKNOWN");
  });
});
