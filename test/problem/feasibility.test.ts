// Whether a problem is learnable: verdicts, words and goals on tables with known answers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Column, categoryColumn, numberColumn, type Table } from "../../src/base/table.ts";
import type { Label } from "../../src/learn/model.ts";
import { random } from "../../src/learn/random.ts";
import { assessFeasibility, usualMetric } from "../../src/problem/feasibility.ts";
import { suggestSuccess } from "../../src/problem/success.ts";

interface Made {
  readonly features: Table;
  readonly label: Label;
  readonly score: Float64Array;
}

/** Rows whose answer follows from x, c and noise of the given strength. */
function make(rows: number, task: Label["task"], noise: number, seed = 7): Made {
  const source = random(seed);
  const x = Float64Array.from({ length: rows }, () => source.normal());
  const other = Float64Array.from({ length: rows }, () => source.normal());
  const c = Array.from({ length: rows }, () => ["red", "green", "blue"][source.below(3)] as string);
  const score = Float64Array.from(x, (value, row) => value + (c[row] === "red" ? 1 : 0) + noise * source.normal());
  const columns = new Map<string, Column>([
    ["x", { type: "number", values: x }],
    ["other", { type: "number", values: other }],
    ["c", categoryColumn(c)],
  ]);
  const label: Label =
    task === "regression"
      ? { task, values: score }
      : task === "binary"
        ? { task, classes: ["no", "yes"], codes: Int32Array.from(score, (value) => (value > 0.3 ? 1 : 0)) }
        : {
            task,
            classes: ["low", "mid", "high"],
            codes: Int32Array.from(score, (value) => (value < -0.3 ? 0 : value < 0.8 ? 1 : 2)),
          };
  return { features: { rowCount: rows, columns }, label, score };
}

const assess = (made: Made, times: Float64Array | null = null) =>
  assessFeasibility({ features: made.features, label: made.label, times, labelName: "y", labelUnit: "kg" });

describe("what can be learned", () => {
  for (const task of ["binary", "multiclass", "regression"] as const) {
    test(`is feasible, with a goal between the guess and the quick model: ${task}`, async () => {
      const found = await assess(make(3000, task, 0.5));
      assert.equal(found.verdict, "feasible");
      assert.match(found.sentence, /^A quick model .*: this looks feasible$/);
      const { success, model, baseline } = found;
      assert.ok(model !== null && model.low <= model.value && model.value <= model.high);
      if (task === "regression") {
        assert.deepEqual([success.metric, success.beats], ["rmse", "mean"]);
        assert.ok(success.atMost !== undefined && success.atMost < baseline.value && success.atMost > model.high);
        assert.match(found.sentence, /kg \(RMSE\)/);
      } else {
        assert.deepEqual([success.metric, success.beats], [task === "binary" ? "rocAuc" : "accuracy", "majority"]);
        assert.ok(success.atLeast !== undefined && success.atLeast > baseline.value && success.atLeast < model.low);
      }
      assert.ok(["x", "c"].includes(found.importance[0]?.feature ?? ""));
      assert.deepEqual(found.rows, { train: 2400, test: 600 });
    });
  }

  test("by the newest rows when there are times", async () => {
    const made = make(1000, "binary", 0.5);
    const found = await assess(
      made,
      Float64Array.from({ length: 1000 }, (_, row) => row * 1000),
    );
    assert.equal(found.verdict, "feasible");
    assert.match(found.sentence, /on the newest rows, which it had not seen/);
    assert.equal((await assess(made, new Float64Array(1000))).verdict, "feasible");
  });

  test("gives the same answer each time", async () => {
    assert.deepEqual(await assess(make(500, "multiclass", 1)), await assess(make(500, "multiclass", 1)));
  });
});

describe("what cannot be learned", () => {
  for (const task of ["binary", "multiclass", "regression"] as const) {
    test(`is doubtful, and the goal is to beat the guess: ${task}`, async () => {
      const { features } = make(800, task, 0.5, 1);
      const { label } = make(800, task, 0.5, 5);
      const found = await assessFeasibility({ features, label, times: null, labelName: "y" });
      assert.equal(found.verdict, "doubtful");
      assert.match(found.sentence, /no better than guessing/);
      assert.deepEqual([found.success.atLeast, found.success.atMost], [undefined, undefined]);
      assert.ok(found.success.beats !== undefined);
    });
  }

  test("a perfect answer is called suspicious, naming the column", async () => {
    const made = make(600, "binary", 0.5);
    const codes = (made.label as Extract<Label, { codes: Int32Array }>).codes;
    const columns = new Map<string, Column>([...made.features.columns, ["outcome", numberColumn([...codes])]]);
    const found = await assess({ ...made, features: { rowCount: 600, columns } });
    assert.equal(found.verdict, "suspicious");
    assert.match(found.sentence, /known only together with the answer \(it leans on "outcome" most\)/);
  });

  test("few held-out rows are said to be few", async () => {
    assert.match((await assess(make(100, "binary", 0.3))).sentence, /only 20 held-out rows, so take it with care/);
    const tiny = await assess(make(30, "binary", 0.3));
    assert.deepEqual([tiny.verdict, tiny.success.atLeast], ["unknown", undefined]);
    assert.match(tiny.sentence, /too few held-out rows to say anything/);
  });

  test("no usable column is an answer, not a crash", async () => {
    const { label } = make(100, "binary", 0.5);
    const columns = new Map<string, Column>([["t", { type: "text", values: Array.from({ length: 100 }, () => "x") }]]);
    const found = await assessFeasibility({ features: { rowCount: 100, columns }, label, times: null, labelName: "y" });
    assert.deepEqual([found.verdict, found.model], ["unknown", null]);
    assert.match(found.sentence, /No quick model could be fitted/);
  });
});

test("the metric follows the label: rare classes are averaged by class", () => {
  const codes = (share: number) => Int32Array.from({ length: 100 }, (_, row) => (row < share ? 0 : 1 + (row % 2)));
  const classes = ["a", "b", "c"];
  assert.equal(usualMetric({ task: "multiclass", classes, codes: codes(50) }), "accuracy");
  assert.equal(usualMetric({ task: "multiclass", classes, codes: codes(90) }), "balancedAccuracy");
  assert.equal(usualMetric({ task: "regression", values: new Float64Array(3) }), "rmse");
});

test("goals are round numbers on the right side of the guess", () => {
  const interval = (value: number, low: number, high: number) => ({ value, low, high, rounds: 100 });
  const majority = (value: number) => ({ name: "majority", value }) as const;
  const mean = (value: number) => ({ name: "mean", value }) as const;
  assert.deepEqual(suggestSuccess("accuracy", interval(0.81, 0.78, 0.84), majority(0.44)), {
    metric: "accuracy",
    atLeast: 0.61,
    beats: "majority",
  });
  assert.deepEqual(suggestSuccess("accuracy", interval(0.99, 0.986, 0.995), majority(0.985)), {
    metric: "accuracy",
    atLeast: 0.9855,
    beats: "majority",
  });
  assert.deepEqual(suggestSuccess("rmse", interval(2.55, 2.1, 3.15), mean(8.18)), {
    metric: "rmse",
    atMost: 5.7,
    beats: "mean",
  });
  assert.deepEqual(suggestSuccess("rmse", interval(123_400, 120_000, 130_000), mean(200_000)), {
    metric: "rmse",
    atMost: 170_000,
    beats: "mean",
  });
  assert.deepEqual(suggestSuccess("rmse", interval(0.0123, 0.011, 0.013), mean(0.02)), {
    metric: "rmse",
    atMost: 0.017,
    beats: "mean",
  });
  assert.deepEqual(suggestSuccess("rocAuc", interval(0.52, 0.45, 0.6), majority(0.5)), {
    metric: "rocAuc",
    beats: "majority",
  });
});
