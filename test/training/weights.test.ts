// Weights of rows in a training's steps: odd ones are named, 0 leaves a row out, and trials and figures go by them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Candidate } from "../../src/define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../../src/define/definition.ts";
import type { GroupColumn } from "../../src/features/columns.ts";
import { gradientBoosting, logistic } from "../../src/index.ts";
import type { Query } from "../../src/ports/query.ts";
import { openQuery } from "../../src/runtime/drivers.ts";
import { fitFinal } from "../../src/training/fit-final.ts";
import type { SetOutput } from "../../src/training/training-set.ts";
import { tryCandidate } from "../../src/training/trial.ts";
import { checkWeights } from "../../src/training/weights.ts";

let folder: string;
let query: Query;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pentad-weights-"));
  query = await openQuery({ memoryMb: 256, temporaryFolder: folder, threads: 1 });
});
after(async () => {
  await query.close();
  rmSync(folder, { recursive: true, force: true });
});

const column = (name: string, type: GroupColumn["type"]): GroupColumn => ({
  name,
  type,
  role: "feature",
  unit: null,
  description: null,
});
const noise = (salt: number) => `(md5_number_lower('${salt}:' || i) >> 12) / 4503599627370496.0`;

let sets = 0;
/** Rows of x and y, and what each counts; `where` keeps some of them. */
async function setOf(weight: string | null, y: string, where = "true"): Promise<SetOutput> {
  const path = join(folder, `set-${sets++}.parquet`);
  await query.run(
    `COPY (SELECT TIMESTAMP '2026-01-01' + to_hours(i) AS _event, i AS "_key_id", ${noise(1)} AS x, ${noise(2)} AS z, ${weight ?? "1.0"} AS amount, ${y} AS y FROM range(300) t(i) WHERE ${where} ORDER BY i) TO '${path}' (FORMAT parquet)`,
  );
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet('${path}')`);
  return {
    path,
    rows: count?.n ?? 0,
    hash: "",
    features: [column("x", "number"), column("z", "number")],
    weight: weight === null ? null : column("amount", "number"),
    label: column("y", y.startsWith("CASE") ? "category" : "number"),
    keys: ["id"],
    timed: true,
    sample: [],
  };
}
const yes = `CASE WHEN ${noise(1)} + 0.5 * ${noise(3)} > 0.7 THEN 'yes' ELSE 'no' END`;
const amount = `1.0 + i % 4`;

const input = (
  set: SetOutput,
  candidate: Candidate,
  task: ProblemDefinition["task"],
  by: "random" | "time" = "random",
) => ({
  training: { split: { by, test: 0.25, gapMs: 0 }, seed: 3, candidates: [] } as unknown as TrainingDefinition,
  problem: {
    task,
    success: task === "regression" ? { metric: "rmse", beats: "mean" } : { metric: "accuracy", beats: "majority" },
  } as ProblemDefinition,
  set,
  candidate,
  temporaryFolder: folder,
});
const final = (...given: Parameters<typeof input>) =>
  fitFinal({ ...input(...given), held: null, live: null }, query, () => undefined);
const trial = (...given: Parameters<typeof input>) =>
  tryCandidate({ ...input(...given), trial: 0, resource: 1, atOnce: 1, cutAtMs: null }, query, () => undefined);

describe("weights of rows", () => {
  for (const [what, weight, message] of [
    [
      "missing",
      "CASE WHEN i IN (4, 7) THEN NULL ELSE 1.0 END",
      /got none for id 4 at 2026-01-01T04:00:00Z, none for id 7/,
    ],
    ["negative", "CASE WHEN i = 9 THEN -2.0 ELSE 1.0 END", /got -2\.0 for id 9 at 2026-01-01T09:00:00Z$/],
    ["infinite", "CASE WHEN i = 9 THEN 'inf'::DOUBLE ELSE 1.0 END", /got inf for id 9/],
    ["not a number", "CASE WHEN i = 9 THEN 'nan'::DOUBLE ELSE 1.0 END", /got nan for id 9/],
    ["odd in many rows", "-1.0 * i - 1", /id 2 at 2026-01-01T02:00:00Z and 297 more$/],
    ["0 throughout", "0.0", /^Expected a row whose weight amount is above 0, got 0 in all 300$/],
  ] as const)
    it(`are refused when ${what}, with the rows' names`, async () => {
      const { path } = await setOf(weight, yes);
      await assert.rejects(checkWeights(query, path, "amount", { keys: ["id"], timed: true }), {
        code: "TRAINING_WEIGHT_INVALID",
        message,
      });
    });

  it("name rows by their number where nothing else does", async () => {
    const { path } = await setOf("CASE WHEN i = 9 THEN -2.0 ELSE 1.0 END", yes);
    await assert.rejects(checkWeights(query, path, "amount", { keys: [], timed: false }), /got -2\.0 for row 10$/);
  });

  it("leave a row of weight 0 out of every part", async () => {
    const zeros = await setOf("CASE WHEN i % 3 = 0 THEN 0.0 ELSE 1.0 + i % 4 END", yes);
    await checkWeights(query, zeros.path, "amount", { keys: ["id"], timed: true });
    const without = await setOf(amount, yes, "i % 3 <> 0");
    for (const by of ["random", "time"] as const) {
      const [first, second] = [
        await final(zeros, logistic(), "binary", by),
        await final(without, logistic(), "binary", by),
      ];
      assert.equal(first.id, second.id);
      assert.deepEqual(first.evaluation.metrics, second.evaluation.metrics);
      assert.deepEqual(first.evaluation.parts, second.evaluation.parts);
      assert.equal(first.evaluation.rows.train + first.evaluation.rows.test, 200);
    }
  });

  it("change the model, its trials, its figures and its baselines", async () => {
    const plain = await setOf(null, yes);
    const weighed = await setOf(amount, yes);
    for (const candidate of [logistic(), gradientBoosting({ trees: 20 }), logistic({ balanced: true })]) {
      const [first, second] = [await final(plain, candidate, "binary"), await final(weighed, candidate, "binary")];
      assert.notEqual(first.id, second.id, candidate.algorithm);
      assert.notEqual(first.evaluation.metrics.accuracy, second.evaluation.metrics.accuracy);
      assert.notDeepEqual(first.evaluation.baselines, second.evaluation.baselines);
      assert.notDeepEqual(first.evaluation.intervals, second.evaluation.intervals);
      assert.deepEqual(first.evaluation.rows, second.evaluation.rows);
      assert.notEqual(
        (await trial(plain, candidate, "binary")).value,
        (await trial(weighed, candidate, "binary")).value,
      );
    }
  });

  it("that are all the same change nothing", async () => {
    const [plain, ones] = [await setOf(null, yes), await setOf("1.0", yes)];
    const [a, b] = [
      await final(plain, gradientBoosting({ trees: 20 }), "binary"),
      await final(ones, gradientBoosting({ trees: 20 }), "binary"),
    ];
    assert.deepEqual(a.evaluation.metrics, b.evaluation.metrics);
  });
});
