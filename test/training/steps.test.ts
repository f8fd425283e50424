// The steps of a training run on real rows: the same again gives the same bytes, and odd rows give an error that names what is odd.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Candidate } from "../../src/define/candidate.ts";
import type { ProblemDefinition, TrainingDefinition } from "../../src/define/definition.ts";
import type { GroupColumn } from "../../src/features/columns.ts";
import { gradientBoosting, importedModel, logistic, naiveBayes, randomForest, ridge } from "../../src/index.ts";
import type { Query } from "../../src/ports/query.ts";
import { openQuery } from "../../src/runtime/drivers.ts";
import { type FinalInput, fitFinal } from "../../src/training/fit-final.ts";
import type { SetOutput } from "../../src/training/training-set.ts";
import { tryCandidate } from "../../src/training/trial.ts";

let folder: string;
let query: Query;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pentad-steps-"));
  query = await openQuery({ memoryMb: 256, temporaryFolder: folder, threads: 1 });
});
after(async () => {
  await query.close();
  rmSync(folder, { recursive: true, force: true });
});

let sets = 0;
const column = (name: string, type: GroupColumn["type"], role: GroupColumn["role"] = "feature"): GroupColumn => ({
  name,
  type,
  role,
  unit: null,
  description: null,
});

/** A training set of one row per number `i` from 0, with these columns as SQL. */
async function setOf(
  rows: number,
  columns: Record<string, string>,
  types: Record<string, GroupColumn["type"]> = {},
): Promise<SetOutput> {
  const path = join(folder, `set-${sets++}.parquet`);
  const selected = Object.entries(columns).map(([name, sql]) => `${sql} AS "${name}"`);
  await query.run(
    `COPY (SELECT TIMESTAMP '2026-01-01' AS _event, i AS "_key_id", ${selected.join(", ")} FROM range(${rows}) t(i)) TO '${path}' (FORMAT parquet)`,
  );
  const named = Object.keys(columns).map((name) => column(name, types[name] ?? "number"));
  const label = named.pop() as GroupColumn;
  return { path, rows, hash: "", features: named, weight: null, label, keys: ["id"], timed: false, sample: [] };
}

const training = (given: Partial<TrainingDefinition["split"]> = {}): TrainingDefinition =>
  ({ split: { by: null, test: 0.25, gapMs: 0, ...given }, seed: 3, candidates: [] }) as unknown as TrainingDefinition;
const problem = (task: ProblemDefinition["task"]): ProblemDefinition =>
  ({
    task,
    success: task === "regression" ? { metric: "rmse", beats: "mean" } : { metric: "accuracy", beats: "majority" },
  }) as ProblemDefinition;

function inputOf(set: SetOutput, candidate: Candidate, task: ProblemDefinition["task"], split = {}): FinalInput {
  return {
    training: training(split),
    problem: problem(task),
    set,
    candidate,
    held: null,
    live: null,
    temporaryFolder: folder,
  };
}
const attempt = (
  set: SetOutput,
  candidate: Candidate,
  task: ProblemDefinition["task"],
  split = {},
  cutAtMs: number | null = null,
) =>
  tryCandidate(
    { ...inputOf(set, candidate, task, split), trial: 0, resource: 1, atOnce: 1, cutAtMs },
    query,
    () => undefined,
  );
const final = (set: SetOutput, candidate: Candidate, task: ProblemDefinition["task"]) =>
  fitFinal(inputOf(set, candidate, task), query, () => undefined);

const noise = (salt: number) => `(md5_number_lower('${salt}:' || i) >> 12) / 4503599627370496.0`;
const number = { x: `${noise(1)}`, z: `${noise(2)}`, y: `3 * ${noise(1)} + 0.1 * ${noise(3)}` };
const yesNo = {
  x: noise(1),
  c: `CASE WHEN i % 3 = 0 THEN 'a' ELSE 'b' END`,
  y: `CASE WHEN ${noise(1)} + 0.4 * ${noise(3)} > 0.7 THEN 'yes' ELSE 'no' END`,
};
const types = { c: "category", y: "category" } as const;

describe("a training run's steps", () => {
  it("give the same model and the same figures for the same rows and seed", async () => {
    const set = await setOf(300, yesNo, types);
    for (const candidate of [gradientBoosting(), randomForest({ trees: 20 }), logistic()]) {
      const { latency: _, ...first } = (await final(set, candidate, "binary")).evaluation;
      const again = await final(set, candidate, "binary");
      const { latency: __, ...second } = again.evaluation;
      assert.deepEqual(second, first, candidate.algorithm);
      assert.equal(again.id, (await final(set, candidate, "binary")).id);
    }
  });

  it("prove by hash which rows went where, whatever their order and features", async () => {
    const parts = async (columns: Record<string, string>) =>
      (await final(await setOf(200, columns), ridge(), "regression")).evaluation.parts;
    const first = await parts(number);
    const other = await parts({ x: `${noise(1)} * 2`, y: number.y });
    assert.equal(other?.test.hash, first?.test.hash);
    assert.notEqual(first?.train.hash, first?.test.hash);
    assert.equal((first?.train.rows ?? 0) + (first?.test.rows ?? 0), 200);
  });

  it("cannot see the test part: what it holds does not move a trial", async () => {
    const set = await setOf(240, number);
    const { parts } = (await final(set, ridge(), "regression")).evaluation;
    const border = parts?.border[""] ?? 0;
    const drawn =
      "(md5_number_lower('3:' || concat_ws(chr(2), coalesce(CAST(i AS VARCHAR), chr(1)))) >> 12) / 4503599627370496.0";
    const spoilt = await setOf(240, { ...number, y: `CASE WHEN ${drawn} <= ${border} THEN 1000 ELSE ${number.y} END` });
    const [before, after] = [await attempt(set, ridge(), "regression"), await attempt(spoilt, ridge(), "regression")];
    assert.equal(after.value, before.value);
    assert.ok(((await final(spoilt, ridge(), "regression")).evaluation.metrics.rmse ?? 0) > 500);
  });

  it("take a model of another library for a candidate, when it fits the training", async () => {
    const set = await setOf(
      120,
      {
        a: noise(1),
        b: noise(2),
        rounded: noise(3),
        code: "CAST(i % 30 AS VARCHAR)",
        y: `CASE WHEN ${noise(1)} > 0.5 THEN 'yes' ELSE 'no' END`,
      },
      { code: "category", y: "category" },
    );
    const candidate = importedModel("test/learn/imports/lightgbm-binary.model");
    const { value, held } = await attempt(set, candidate, "binary");
    assert.ok((value ?? 0) > 0 && held !== "");
    const { evaluation } = await final(set, candidate, "binary");
    assert.deepEqual([evaluation.rows.test, evaluation.learning], [30, []]);
    const wrong = (file: string, options: object, expected: object) =>
      assert.rejects(attempt(set, importedModel(file, options), "binary"), expected);
    await wrong(
      "models/none.txt",
      {},
      { code: "DEFINE_INVALID", message: /a file in the project, got "models\/none.txt"/ },
    );
    await wrong("../../etc/passwd", {}, { code: "DEFINE_INVALID", message: /a file in the project/ });
    await wrong("package-lock.json", {}, { code: "MODELS_ARTIFACT_CORRUPT" });
    await wrong(
      "test/learn/imports/xgboost-regression.model",
      {},
      { message: /a model for a binary task, got one for regression/ },
    );
    await wrong(
      "test/learn/imports/lightgbm-binary.model",
      { features: ["a", "b", "c", "d"] },
      { message: /features of the training, got c, d/ },
    );
  });

  it("name what is wrong with the label", async () => {
    const label = async (sql: string, task: ProblemDefinition["task"], type: GroupColumn["type"], expected: object) =>
      assert.rejects(attempt(await setOf(60, { x: noise(1), y: sql }, { y: type }), ridge(), task), expected);
    await label("7.0", "regression", "number", {
      code: "TRAINING_LABEL_CONSTANT",
      message: /varies, got 7 in every row/,
    });
    await label("CASE WHEN i = 3 THEN 'infinity'::DOUBLE ELSE i END", "regression", "number", {
      code: "TRAINING_LABEL_INVALID",
      message: /finite number .* got Infinity/,
    });
    await label("'a'", "binary", "category", { code: "TRAINING_LABEL_CONSTANT", message: /two classes, got "a"/ });
    await label("'c' || (i % 3)", "binary", "category", {
      code: "TRAINING_LABEL_INVALID",
      message: /2 classes for a binary task, got 3: c0, c1, c2/,
    });
    await label("'a' || i % 2", "regression", "category", {
      code: "TRAINING_LABEL_INVALID",
      message: /numbers to regress on, got a category/,
    });
  });

  it("name too few rows, and features that say nothing", async () => {
    await assert.rejects(attempt(await setOf(1, number), ridge(), "regression"), {
      code: "TRAINING_TOO_FEW_ROWS",
      message: "Expected at least 10 rows with a label, got 1",
    });
    const empty = await setOf(60, { x: "NULL::DOUBLE", z: "5.0", y: number.y });
    await assert.rejects(attempt(empty, ridge(), "regression"), { code: "TRAINING_NO_FEATURES" });
    await assert.rejects(attempt(await setOf(60, number), ridge(), "regression", { by: "group", group: "shop" }), {
      message: /split\.group: expected a key or a feature of the training, got "shop"/,
    });
  });

  it("are cut in the middle of a fit when the time of the budget is over", async () => {
    const set = await setOf(2_000, number);
    const endless = gradientBoosting({ trees: 100_000, earlyStopping: false });
    const startedAt = performance.now();
    await assert.rejects(attempt(set, endless, "regression", {}, Date.now() + 400), { code: "TRAINING_CUT" });
    assert.ok(performance.now() - startedAt < 10_000);
    await assert.rejects(attempt(set, ridge(), "regression", {}, Date.now() - 1), { code: "TRAINING_CUT" });
  });

  it("do without columns that are constant or missing, and with a single feature", async () => {
    const odd = await setOf(120, { gone: "NULL::DOUBLE", same: "5.0", x: noise(1), y: number.y });
    for (const candidate of [ridge(), gradientBoosting(), randomForest({ trees: 30, splitFeatures: 1 })]) {
      const { value } = await attempt(odd, candidate, "regression");
      assert.ok((value ?? 9) < 0.5, `${candidate.algorithm}: ${value}`);
    }
    const { evaluation } = await final(await setOf(120, { x: noise(1), y: number.y }), ridge(), "regression");
    assert.ok((evaluation.metrics.r2 ?? 0) > 0.9);
  });

  it("learn in spite of more categories than rows share, and of a class of one row", async () => {
    const many = await setOf(120, { c: "'c' || i", x: noise(1), y: yesNo.y }, types);
    const rare = await setOf(
      120,
      {
        x: noise(1),
        c: "'k' || (i % 4)",
        y: `CASE WHEN i = 5 THEN 'once' WHEN ${noise(1)} > 0.5 THEN 'yes' ELSE 'no' END`,
      },
      types,
    );
    for (const candidate of [logistic(), gradientBoosting(), naiveBayes()]) {
      assert.ok(((await attempt(many, candidate, "binary")).value ?? 0) > 0.6, candidate.algorithm);
      assert.ok(((await attempt(rare, candidate, "multiclass")).value ?? 0) > 0.6, candidate.algorithm);
      assert.equal((await final(rare, candidate, "multiclass")).evaluation.confusion?.classes.length, 3);
    }
  });
});
