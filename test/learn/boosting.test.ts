// Gradient boosting against a slow reference, and on data that breaks careless implementations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type CategoryColumn, categoryColumn, type Table, takeRows } from "../../src/base/table.ts";
import type { BoostingParams } from "../../src/learn/boosting/fit-boosting.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import type { FitOptions } from "../../src/learn/fit-input.ts";
import type { Artifact, Label, Predictor } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, sample, tableOf } from "./data.ts";

async function grown(
  params: BoostingParams,
  table: Table,
  label: Label,
  options: Partial<FitOptions> = {},
): Promise<Artifact> {
  return fit({ algorithm: "gradientBoosting", params }, table, label, { seed: 1, ...options });
}

async function fitted(
  params: BoostingParams,
  table: Table,
  label: Label,
  options: Partial<FitOptions> = {},
): Promise<Predictor> {
  return openModel(await grown(params, table, label, options));
}

function valuesOf(model: Predictor, table: Table): Float64Array {
  return (model.predict(table) as { values: Float64Array }).values;
}

/** Plain least-squares boosting by trying every threshold of every feature on exact numbers; no missing values, no categories. */
function slowBoosting(
  columns: Float64Array[],
  y: Float64Array,
  { trees, leaves, rate, minRows, l2 }: { trees: number; leaves: number; rate: number; minRows: number; l2: number },
) {
  const n = y.length;
  const mean = y.reduce((a, b) => a + b) / n;
  const scores = new Float64Array(n).fill(mean);
  const saved = (rows: number[]): number =>
    rows.reduce((sum, row) => sum + y[row]! - scores[row]!, 0) ** 2 / (rows.length + l2);
  const bestSplit = (rows: number[]) => {
    let best = { gain: 1e-9, left: [] as number[], right: [] as number[] };
    for (const column of columns) {
      const order = rows.toSorted((a, b) => column[a]! - column[b]!);
      for (let cut = minRows; cut <= order.length - minRows; cut++) {
        if (column[order[cut - 1]!] === column[order[cut]!]) continue;
        const left = order.slice(0, cut);
        const right = order.slice(cut);
        const gain = saved(left) + saved(right) - saved(rows);
        if (gain > best.gain * (1 + 1e-12)) best = { gain, left, right };
      }
    }
    return best;
  };
  for (let t = 0; t < trees; t++) {
    const open = [
      {
        rows: Array.from({ length: n }, (_, row) => row),
        split: bestSplit(Array.from({ length: n }, (_, row) => row)),
      },
    ];
    while (open.length < leaves) {
      const next = open.reduce((best, leaf, i) => (leaf.split.gain > open[best]!.split.gain ? i : best), 0);
      const { split } = open[next]!;
      if (split.left.length === 0) break;
      open.splice(
        next,
        1,
        { rows: split.left, split: bestSplit(split.left) },
        { rows: split.right, split: bestSplit(split.right) },
      );
    }
    for (const { rows } of open) {
      const step = (rate * rows.reduce((sum, row) => sum + y[row]! - scores[row]!, 0)) / (rows.length + l2);
      for (const row of rows) scores[row]! += step;
    }
  }
  return scores;
}

test("boosting agrees with a slow reference that tries every threshold on exact numbers", async () => {
  const source = random(3);
  const n = 120;
  const columns = Array.from({ length: 3 }, () => Float64Array.from({ length: n }, () => source.normal()));
  const y = Float64Array.from(
    { length: n },
    (_, i) => 2 * columns[0]![i]! + Math.sin(3 * columns[1]![i]!) + 0.3 * source.normal(),
  );
  const table = tableOf({
    a: { type: "number", values: columns[0]! },
    b: { type: "number", values: columns[1]! },
    c: { type: "number", values: columns[2]! },
  });
  const model = await fitted({ trees: 10, leaves: 6, learningRate: 0.3, minRowsInLeaf: 5, l2: 0.5 }, table, {
    task: "regression",
    values: y,
  });
  const expected = slowBoosting(columns, y, { trees: 10, leaves: 6, rate: 0.3, minRows: 5, l2: 0.5 });
  const actual = valuesOf(model, table);
  for (let i = 0; i < n; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) < 1e-5, `row ${i}: ${actual[i]} instead of ${expected[i]}`);
});

for (const features of [1, 2, 3, 4, 5, 7, 8, 9, 12, 33, 40])
  test(`boosting learns from ${features} number features`, async () => {
    const source = random(features);
    // Fewer rows than bins, so that the threshold can be met exactly.
    const n = 250;
    const columns: Record<string, ReturnType<typeof numbers>> = {};
    const target = new Float64Array(n);
    for (let f = 0; f < features; f++) {
      const values = Array.from({ length: n }, () => source.normal());
      columns[`x${f}`] = numbers(...values);
      // Only the last feature matters, so that none is lost at the end of a block.
      if (f === features - 1) for (let i = 0; i < n; i++) target[i] = values[i]! > 0.3 ? 5 : -5;
    }
    const model = await fitted({ trees: 20, learningRate: 0.5 }, tableOf(columns), {
      task: "regression",
      values: target,
    });
    assert.equal(model.importance()[0]!.feature, `x${features - 1}`);
    assert.ok(score("rmse", { task: "regression", values: target }, model.predict(tableOf(columns))) < 0.01);
  });

test("all three tasks beat their baseline clearly on new rows", async () => {
  const train = sample(1500, 6, 20);
  const fresh = sample(1500, 6, 21);
  const binary = await fitted({}, train.table, train.binary);
  assert.ok(score("rocAuc", fresh.binary, binary.predict(fresh.table)) > 0.88);
  const multiclass = await fitted({}, train.table, train.multiclass);
  assert.ok(score("logLoss", fresh.multiclass, multiclass.predict(fresh.table)) < 0.65);
  const regression = await fitted({}, train.table, train.regression);
  assert.ok(score("r2", fresh.regression, regression.predict(fresh.table)) > 0.75);
});

test("20 rows with the default parameters give a sensible model", async () => {
  const x = Array.from({ length: 20 }, (_, i) => i);
  const table = tableOf({ x: numbers(...x) });
  const model = await fitted({}, table, {
    task: "binary",
    codes: Int32Array.from(x, (value) => (value >= 12 ? 1 : 0)),
    classes: ["no", "yes"],
  });
  assert.ok((model.predictRow({ x: 2 }) as number[])[1]! < 0.2);
  assert.ok((model.predictRow({ x: 17 }) as number[])[1]! > 0.8);
  const line = await fitted({}, table, { task: "regression", values: Float64Array.from(x) });
  assert.ok(Math.abs((line.predictRow({ x: 3 }) as number) - 3) < 2.5);
});

test("too few rows to split give the prior, not a crash", async () => {
  const model = await fitted({}, tableOf({ x: numbers(1, 2, 3) }), {
    task: "binary",
    codes: Int32Array.of(0, 1, 1),
    classes: ["a", "b"],
  });
  assert.ok(Math.abs((model.predictRow({ x: 1 }) as number[])[1]! - 2 / 3) < 1e-6);
  assert.deepEqual(model.importance(), [{ feature: "x", share: 0 }]);
});

test("the same seed gives the same bytes, another seed others when rows are sampled", async () => {
  const { table, multiclass } = sample(300, 5, 30);
  const params: BoostingParams = { trees: 8, rowSample: 0.7, featureSample: 0.5 };
  const first = await grown(params, table, multiclass);
  const second = await grown(params, table, multiclass);
  assert.deepEqual(second, first);
  const other = await grown(params, table, multiclass, { seed: 2 });
  assert.notDeepEqual(other.arrays.value, first.arrays.value);
});

test("row and feature sampling still learn, and rows left out of a tree are scored by it", async () => {
  const train = sample(800, 4, 31);
  const fresh = sample(800, 4, 32);
  const model = await fitted({ trees: 60, rowSample: 0.5, featureSample: 0.6 }, train.table, train.regression);
  assert.ok(score("r2", fresh.regression, model.predict(fresh.table)) > 0.7);
});

test("sampling by gradient learns nearly as well as from all rows", async () => {
  const train = sample(4000, 5, 44);
  const fresh = sample(4000, 5, 45);
  const rmse = async (params: BoostingParams): Promise<number> =>
    score(
      "rmse",
      fresh.regression,
      (await fitted({ trees: 60, ...params }, train.table, train.regression)).predict(fresh.table),
    );
  const whole = await rmse({});
  const byGradient = await rmse({ gradientTop: 0.2, gradientOther: 0.1 });
  assert.ok(byGradient < whole * 1.06, `${byGradient} and ${whole}`);
  await assert.rejects(rmse({ gradientTop: 0.2, rowSample: 0.5 }), /gradientTop/);
});

test("balanced weights make a rare class count as much as a common one", async () => {
  const { balancedWeights } = await import("../../src/learn/label.ts");
  const label = { task: "binary", codes: Int32Array.of(0, 0, 0, 1), classes: ["a", "b"] } as const;
  assert.deepEqual(Array.from(balancedWeights(label)), [2 / 3, 2 / 3, 2 / 3, 2]);
});

test("missing values go where they belong, in numbers and in categories", async () => {
  const n = 200;
  const x = Array.from({ length: n }, (_, i) => (i % 4 === 0 ? Number.NaN : (i * 37) % 100));
  const y = Float64Array.from(x, (value) => (Number.isNaN(value) ? 100 : value < 50 ? 0 : 10));
  const number = await fitted({ trees: 40, learningRate: 0.3 }, tableOf({ x: numbers(...x) }), {
    task: "regression",
    values: y,
  });
  assert.ok(Math.abs((number.predictRow({ x: null }) as number) - 100) < 1);
  assert.ok(Math.abs((number.predictRow({ x: 20 }) as number) - 0) < 1);
  assert.ok(Math.abs((number.predictRow({ x: 80 }) as number) - 10) < 1);
  const texts = x.map((value) => (Number.isNaN(value) ? null : value < 50 ? "low" : "high"));
  const category = await fitted(
    { trees: 60, learningRate: 0.3, categoryL2: 0 },
    tableOf({ x: categoryColumn(texts) }),
    { task: "regression", values: y },
  );
  assert.ok(Math.abs((category.predictRow({ x: null }) as number) - 100) < 1);
  assert.ok(Math.abs((category.predictRow({ x: "low" }) as number) - 0) < 1);
  assert.ok(Math.abs((category.predictRow({ x: "high" }) as number) - 10) < 1);
  assert.equal(category.predictRow({ x: "never seen" }), category.predictRow({ x: null }));
});

test("missing values that training never saw go with the majority", async () => {
  const x = Array.from({ length: 100 }, (_, i) => i);
  const model = await fitted({ trees: 1, leaves: 2, learningRate: 1, l2: 0 }, tableOf({ x: numbers(...x) }), {
    task: "regression",
    values: Float64Array.from(x, (value) => (value < 70 ? 0 : 1)),
  });
  assert.equal(model.predictRow({ x: null }), model.predictRow({ x: 0 }));
});

test("a table with another order of its dictionary predicts the same", async () => {
  const { table, regression } = sample(300, 2, 33);
  const model = await fitted({ trees: 20 }, table, regression);
  const { codes, dictionary } = table.columns.get("city") as CategoryColumn;
  const texts = Array.from(codes, (code) => (code < 0 ? null : dictionary[code]!));
  const columns = new Map(table.columns).set("city", categoryColumn(texts, ["unknown", ...dictionary.toReversed()]));
  assert.deepEqual(model.predict({ ...table, columns }), model.predict(table));
});

test("more than 255 categories are folded, and the frequent ones still tell", async () => {
  const source = random(34);
  const n = 3000;
  const texts = Array.from({ length: n }, () =>
    source.next() < 0.5 ? `big${source.below(4)}` : `small${source.below(900)}`,
  );
  const y = Float64Array.from(texts, (text) => (text === "big1" ? 10 : 0));
  const model = await fitted({ trees: 30, learningRate: 0.3 }, tableOf({ c: categoryColumn(texts) }), {
    task: "regression",
    values: y,
  });
  assert.ok((model.predictRow({ c: "big1" }) as number) > 9);
  assert.ok((model.predictRow({ c: "big2" }) as number) < 1);
  assert.ok((model.predictRow({ c: "small77" }) as number) < 1);
});

test("many categories that do not matter are hardly split on, those that do are", async () => {
  const source = random(41);
  const n = 4000;
  const effects = Array.from({ length: 60 }, () => source.normal());
  const x = Float64Array.from({ length: n }, () => source.normal());
  const idle = Array.from({ length: n }, () => `i${source.below(120)}`);
  const codes = Array.from({ length: n }, () => source.below(60));
  const noise = Float64Array.from({ length: n }, () => source.normal());
  const gainsOf = async (share: number): Promise<{ idle: number; telling: number }> => {
    const columns = {
      x: numbers(...x),
      idle: categoryColumn(idle),
      telling: categoryColumn(codes.map((c) => `t${c}`)),
    };
    const values = noise.map((own, row) => own + Math.sin(2 * x[row]!) + share * effects[codes[row]!]!);
    const model = await fitted({ trees: 60, earlyStopping: false }, tableOf(columns), { task: "regression", values });
    const importance = new Map(model.importance().map(({ feature, share: own }) => [feature, own]));
    return { idle: importance.get("idle") ?? 0, telling: importance.get("telling") ?? 0 };
  };
  const found = await gainsOf(1);
  assert.ok(found.telling > 0.4 && found.idle < 0.06, JSON.stringify(found));
  const nothing = await gainsOf(0);
  assert.ok(nothing.telling < 0.2 && nothing.idle < 0.2, JSON.stringify(nothing));
});

test("sample weights count like repeated rows", async () => {
  const { table, regression } = sample(150, 3, 35);
  const weights = Float64Array.from({ length: 150 }, (_, row) => 1 + (row % 3));
  const rows = Array.from({ length: 150 }, (_, row) => Array<number>(1 + (row % 3)).fill(row)).flat();
  const params: BoostingParams = {
    trees: 10,
    minRowsInLeaf: 1,
    minCurvature: 12,
    earlyStopping: false,
    categorySmoothing: 0,
  };
  const weighted = await fitted(params, table, regression, { weights });
  const repeated = await fitted(params, takeRows(table, rows), {
    task: "regression",
    values: Float64Array.from(rows, (row) => regression.values[row]!),
  });
  const a = valuesOf(weighted, table);
  const b = valuesOf(repeated, table);
  for (let row = 0; row < 150; row++)
    assert.ok(Math.abs(a[row]! - b[row]!) < 1e-3, `row ${row}: ${a[row]} and ${b[row]}`);
});

test("early stopping keeps the iterations up to the best validation loss", async () => {
  const train = sample(300, 4, 36);
  const held = sample(300, 4, 37);
  const losses: number[] = [];
  const artifact = await grown({ learningRate: 0.3, trees: 300, earlyStopping: 10 }, train.table, train.binary, {
    validation: { features: held.table, label: held.binary },
    onProgress: ({ validationLoss }) => losses.push(validationLoss!),
  });
  const best = losses.indexOf(Math.min(...losses)) + 1;
  assert.equal(artifact.meta.iterations, best);
  assert.ok(losses.length <= best + 10 && losses.length < 300);
  const model = openModel(artifact);
  assert.ok(Math.abs(score("logLoss", held.binary, model.predict(held.table)) - Math.min(...losses)) < 1e-5);
});

test("an inner split stops early without validation rows, and then uses every row", async () => {
  const { table, binary } = sample(600, 4, 38);
  const artifact = await grown({ learningRate: 0.3 }, table, binary);
  assert.ok((artifact.meta.iterations as number) < 200);
  // The root of the first tree covers all rows.
  assert.equal((artifact.arrays.cover as Float64Array)[0], 600);
});

test("an abort stops the fit with the signal's reason", async () => {
  const { table, binary } = sample(300, 4, 39);
  const stop = new AbortController();
  const reason = new Error("enough");
  const fitting = grown({ trees: 100_000, earlyStopping: false }, table, binary, {
    signal: stop.signal,
    onProgress: ({ iteration }) => {
      if (iteration === 3) stop.abort(reason);
    },
  });
  await assert.rejects(fitting, reason);
});

test("monotone constraints hold everywhere, and cost little where the truth is monotone", async () => {
  const source = random(40);
  const n = 500;
  const x = Array.from({ length: n }, () => 4 * source.next());
  const z = Array.from({ length: n }, () => source.normal());
  const y = Float64Array.from(x, (value, i) => Math.sqrt(value) + z[i]! + 0.5 * source.normal());
  const table = tableOf({ x: numbers(...x), z: numbers(...z) });
  const free = await fitted({ trees: 100 }, table, { task: "regression", values: y });
  const bound = await fitted({ trees: 100, monotone: { x: "increasing" } }, table, { task: "regression", values: y });
  const falls = (model: Predictor): number => {
    let count = 0;
    for (const other of [-1, 0, 1])
      for (let i = 1; i <= 200; i++)
        if (
          (model.predictRow({ x: (4 * i) / 200, z: other }) as number) <
          (model.predictRow({ x: (4 * (i - 1)) / 200, z: other }) as number) - 1e-12
        )
          count++;
    return count;
  };
  assert.ok(falls(free) > 0, "the free model is noisy enough for the test to mean something");
  assert.equal(falls(bound), 0);
  assert.ok(score("r2", { task: "regression", values: y }, bound.predict(table)) > 0.7);
});

test("quantile boosting leaves the wanted share of labels below", async () => {
  const source = random(41);
  const n = 2000;
  const x = Array.from({ length: n }, () => source.next());
  const y = Float64Array.from(x, (value) => 3 * value + (0.2 + value) * source.normal());
  for (const level of [0.1, 0.5, 0.9]) {
    const model = await fitted({ objective: "quantile", level, trees: 60 }, tableOf({ x: numbers(...x) }), {
      task: "regression",
      values: y,
    });
    const predicted = valuesOf(model, tableOf({ x: numbers(...x) }));
    const below = y.filter((value, i) => value <= predicted[i]!).length / n;
    assert.ok(Math.abs(below - level) < 0.03, `${level}: ${below}`);
  }
});

test("Poisson boosting predicts positive rates whose mean is the labels' mean", async () => {
  const source = random(42);
  const n = 1000;
  const x = Array.from({ length: n }, () => source.next());
  const y = Float64Array.from(x, (value) => {
    let count = 0;
    for (let product = source.next(); product > Math.exp(-4 * value); product *= source.next()) count++;
    return count;
  });
  const model = await fitted({ objective: "poisson", trees: 100 }, tableOf({ x: numbers(...x) }), {
    task: "regression",
    values: y,
  });
  const predicted = valuesOf(model, tableOf({ x: numbers(...x) }));
  assert.ok(predicted.every((value) => value > 0));
  const mean = (values: Float64Array): number => values.reduce((a, b) => a + b) / n;
  assert.ok(Math.abs(mean(predicted) / mean(y) - 1) < 0.02);
  assert.ok((model.predictRow({ x: 0.95 }) as number) > 2.5 * (model.predictRow({ x: 0.2 }) as number));
});

test("labels of any size and offset are fitted alike", async () => {
  const x = Array.from({ length: 100 }, (_, i) => i);
  const table = tableOf({ x: numbers(...x) });
  const shape = (scale: number, offset: number) =>
    fitted({ trees: 30 }, table, {
      task: "regression",
      values: Float64Array.from(x, (value) => offset + scale * Math.sin(value / 10)),
    });
  const plain = valuesOf(await shape(1, 0), table);
  for (const [scale, offset] of [
    [1e-150, 0],
    [1e150, 0],
    [1, 1e6],
  ] as const) {
    const values = valuesOf(await shape(scale, offset), table);
    for (let i = 0; i < 100; i++)
      assert.ok(Math.abs((values[i]! - offset) / scale - plain[i]!) < 1e-4, `${scale}, ${offset}, row ${i}`);
  }
});

test("infinite numbers count as missing, huge and tiny ones are kept apart", async () => {
  const table = tableOf({
    x: numbers(...Array.from({ length: 60 }, (_, i) => [Number.POSITIVE_INFINITY, 1e308, -1e308][i % 3]!)),
  });
  const model = await fitted({ trees: 30, learningRate: 0.5 }, table, {
    task: "regression",
    values: Float64Array.from({ length: 60 }, (_, i) => [7, 1, -1][i % 3]!),
  });
  assert.ok(Math.abs((model.predictRow({ x: 1e308 }) as number) - 1) < 0.1);
  assert.ok(Math.abs((model.predictRow({ x: -1e308 }) as number) + 1) < 0.1);
  assert.ok(Math.abs((model.predictRow({ x: null }) as number) - 7) < 0.1);
});

test("features that are all constant or missing are an error for trees, too", () => {
  const table = tableOf({
    k: numbers(4, 4, 4),
    m: numbers(Number.NaN, Number.NaN, Number.NaN),
    c: categoryColumn(["a", "a", "a"]),
  });
  const label: Label = { task: "regression", values: Float64Array.of(1, 2, 3) };
  assert.throws(
    () => fit({ algorithm: "gradientBoosting" }, table, label, { seed: 1 }),
    (error) => isFailure(error, "TRAINING_NO_FEATURES"),
  );
});

test("parameters out of range, unknown features and misfit objectives are named", async () => {
  const { table, binary, regression } = sample(50, 2, 43);
  const cases: [BoostingParams, Label, RegExp][] = [
    [{ trees: 0 }, binary, /trees: expected a whole number/],
    [{ learningRate: Number.NaN }, binary, /learningRate/],
    [{ leaves: 1.5 }, binary, /leaves/],
    [{ objective: "poisson" }, binary, /objective/],
    [{ objective: "poisson" }, regression, /at least 0 for poisson/],
    [{ monotone: { nope: "increasing" } }, binary, /monotone/],
    [{ monotone: { city: "increasing" } }, binary, /monotone/],
  ];
  for (const [params, label, message] of cases) await assert.rejects(grown(params, table, label), message);
});

test("more memory than WebAssembly has is a clear error before anything is allocated", async () => {
  const { boostingLayout } = await import("../../src/learn/boosting/memory.ts");
  assert.throws(
    () =>
      boostingLayout({ rowCount: 50_000_000, heldRows: 0, outputs: 1, featureCount: 100, leaves: 31, weighted: false }),
    (error) => isFailure(error, "RUNS_STEP_MEMORY") && /at most 4 GB/.test(error.message),
  );
});
