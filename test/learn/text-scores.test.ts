// Texts in models that read numbers: what a linear model makes of each text, without telling the label, and one feature to everybody.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import {
  type CategoryColumn,
  type Column,
  categoryColumn,
  type NumericColumn,
  type Table,
  type TextColumn,
  takeRows,
  valueAt,
} from "../../src/base/table.ts";
import { onnxruntimeSessions } from "../../src/drivers/onnxruntime-session.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { featuresOf } from "../../src/learn/features.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import type { FitInput } from "../../src/learn/fit-input.ts";
import { takeLabel } from "../../src/learn/label.ts";
import type { Artifact, Label } from "../../src/learn/model.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { withTextScores } from "../../src/learn/text-scores.ts";
import { numbers, tableOf } from "./data.ts";

/** The answer needs the words and the number together: a refund is bad from a large order on, praise from a small one. */
function orders(count: number, seed: number) {
  const source = random(seed);
  const pick = (words: readonly string[]): string => words[source.below(words.length)]!;
  const amount = Array.from({ length: count }, () => source.below(100));
  const isPraise = amount.map(() => source.below(2) === 1);
  const texts = isPraise.map((praise, row) =>
    row % 17 === 0
      ? null
      : `${pick(["hello", "hi", "dear"])} ${pick(praise ? ["great", "lovely", "thanks"] : ["refund", "broken", "late"])} ${pick(["order", "parcel"])}`,
  );
  const codes = Int32Array.from(amount, (size, row) => (size > 50 !== isPraise[row] ? 1 : 0));
  const table = tableOf({
    message: { type: "text", values: texts },
    amount: numbers(...amount),
    kind: categoryColumn(amount.map(() => pick(["a", "b"]))),
  });
  const labels = {
    binary: {
      task: "binary",
      codes: Int32Array.from(isPraise, (praise, row) => (praise && amount[row]! > 30 ? 1 : 0)),
      classes: ["no", "yes"],
    },
    multiclass: {
      task: "multiclass",
      codes: codes.map((code, row) => code + (isPraise[row] ? 1 : 0)),
      classes: ["x", "y", "z"],
    },
    regression: {
      task: "regression",
      values: Float64Array.from(amount, (size, row) => size * (isPraise[row] ? 1 : 0.2)),
    },
  } satisfies Record<string, Label>;
  return { table, labels };
}

const train = orders(600, 1);
const fresh = orders(300, 2);
const algorithms: [CandidateSpec, number][] = [
  [{ algorithm: "gradientBoosting" }, 0.9],
  [{ algorithm: "randomForest", params: { trees: 40 } }, 0.9],
  [{ algorithm: "extraTrees", params: { trees: 40 } }, 0.85],
  [{ algorithm: "neuralNetwork" }, 0.9],
  [{ algorithm: "nearestNeighbours" }, 0.85],
  [{ algorithm: "naiveBayes" }, 0.8],
];

describe("a text in a model that reads numbers", () => {
  for (const [spec, least] of algorithms)
    it(`counts beside the others, and is one feature: ${spec.algorithm}`, async () => {
      for (const task of ["binary", "multiclass", "regression"] as const) {
        if (spec.algorithm === "naiveBayes" && task !== "binary") continue;
        const model = openModel(await fit(spec, train.table, train.labels[task], { seed: 1 }));
        const prediction = model.predict(fresh.table);
        const metric = task === "regression" ? "r2" : "accuracy";
        const reached = score(metric, fresh.labels[task], prediction);
        assert.ok(reached > (task === "binary" ? least : least - 0.2), `${task}: ${reached}`);
        assert.deepEqual(
          model.features.map(({ name, type }) => [name, type]),
          [
            ["message", "text"],
            ["amount", "number"],
            ["kind", "category"],
          ],
        );
        assert.deepEqual(
          model
            .importance()
            .map(({ feature }) => feature)
            .sort(),
          ["amount", "kind", "message"],
        );
        for (const at of [0, 5]) {
          const row = Object.fromEntries([...fresh.table.columns].map(([name, column]) => [name, valueAt(column, at)]));
          const answer = model.predictRow(row);
          const own =
            "values" in prediction
              ? prediction.values[at]!
              : Array.from(
                  prediction.probabilities.subarray(at * model.classes.length, (at + 1) * model.classes.length),
                );
          assert.deepEqual(answer, own);
          assert.deepEqual(model.predictRow([row.message!, row.amount!, row.kind!]), own);
          const { contributions } = model.explainRow(row);
          assert.equal(contributions.length, 3);
          const text = contributions.find(({ feature }) => feature === "message")!;
          if (row.message === null) assert.equal(text.terms, undefined);
          else for (const { term } of text.terms ?? []) assert.ok(String(row.message).includes(term));
        }
        const effects = model.termEffects!("message", task === "multiclass" ? { class: "z" } : {});
        assert.ok(effects.slice(0, 8).some(({ term }) => ["great", "lovely", "thanks"].includes(term)));
      }
    });

  it("scores training rows by models that have not seen them: noise stays noise", () => {
    const source = random(4);
    const values = Array.from({ length: 300 }, (_, row) => `unlike ${row % 150} word${source.below(100)}`);
    const codes = Int32Array.from(values, () => source.below(2));
    const table = tableOf({ text: { type: "text", values } });
    const label: Label = { task: "binary", codes, classes: ["no", "yes"] };
    const input = { table, features: featuresOf(table, { text: true }), label, options: { seed: 1 } } as FitInput;
    const { input: made } = withTextScores(input);
    const [name] = made.features.map((feature) => feature.name);
    const scores = (made.table.columns.get(name!) as { values: Float64Array }).values;
    const auc = score("rocAuc", label, {
      probabilities: Float64Array.from(scores, (one) => one).reduce((all, one, row) => {
        all[row * 2 + 1] = 1 / (1 + Math.exp(-one));
        return all;
      }, new Float64Array(600)),
    });
    assert.ok(auc > 0.35 && auc < 0.65, `${auc}`);
  });

  it("is enough by itself, and an error when its texts share no word", async () => {
    const message = train.table.columns.get("message")!;
    const only: Table = { rowCount: 600, columns: new Map([["message", message]]) };
    const model = openModel(await fit({ algorithm: "gradientBoosting" }, only, train.labels.binary, { seed: 1 }));
    assert.ok(score("rocAuc", train.labels.binary, model.predict(only)) > 0.8);
    const strange: Column = { type: "text", values: Array.from({ length: 600 }, (_, row) => `word${row}`) };
    assert.throws(
      () => fit({ algorithm: "gradientBoosting" }, tableOf({ strange }), train.labels.binary, { seed: 1 }),
      (error) => isFailure(error, "TRAINING_NO_FEATURES") && /share words/.test(error.message),
    );
    const beside = { rowCount: 600, columns: new Map([...train.table.columns, ["strange", strange]]) };
    const other = openModel(await fit({ algorithm: "gradientBoosting" }, beside, train.labels.binary, { seed: 1 }));
    assert.deepEqual(
      other.features.map(({ name }) => name),
      ["message", "amount", "kind"],
    );
  });

  it("stands beside a class of a single row, two texts, weights and rows for validation", async () => {
    const { table } = train;
    const codes = train.labels.multiclass.codes.map((code, row) => (row === 9 ? 3 : code));
    const label: Label = { task: "multiclass", codes, classes: ["x", "y", "z", "rare"] };
    const both = { rowCount: 600, columns: new Map([...table.columns, ["again", table.columns.get("message")!]]) };
    const rows = Int32Array.from({ length: 100 }, (_, row) => row);
    const artifact = await fit({ algorithm: "gradientBoosting", params: { trees: 20 } }, both, label, {
      seed: 1,
      weights: Float64Array.from(codes, (code) => 1 + code),
      validation: { features: takeRows(both, rows), label: takeLabel(label, rows) },
    });
    const model = openModel(artifact);
    assert.deepEqual(
      model.features.map(({ name }) => name),
      ["message", "amount", "kind", "again"],
    );
    assert.ok(score("accuracy", label, model.predict(both)) > 0.75);
  });

  it("is refused when what scores it is damaged", async () => {
    const artifact = await fit(
      { algorithm: "gradientBoosting", params: { trees: 5 } },
      train.table,
      train.labels.binary,
      { seed: 1 },
    );
    const [own] = artifact.meta.textScores as { meta: object }[];
    const changed = (textScores: unknown): Artifact => ({
      ...artifact,
      meta: { ...artifact.meta, textScores: textScores as never },
    });
    for (const textScores of [
      "none",
      [null],
      [{ ...own, at: 0.5 }],
      [{ ...own, name: "other" }],
      [{ ...own, name: "amount" }],
      [{ ...own, format: "pentad.trees/1" }],
      [{ ...own, meta: { ...own!.meta, classes: ["a", "b"] } }],
      [{ ...own, meta: {} }],
      [own, own],
    ])
      assert.throws(
        () => openModel(changed(textScores)),
        (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
        JSON.stringify(textScores).slice(0, 80),
      );
  });

  const runtime = (() => {
    try {
      return createRequire(import.meta.url).resolve("onnxruntime-node");
    } catch {
      return undefined;
    }
  })();

  it("gets the same answers from onnxruntime", {
    skip: runtime === undefined && "onnxruntime-node is not installed",
  }, async () => {
    const open = onnxruntimeSessions(process.cwd());
    for (const algorithm of ["gradientBoosting", "nearestNeighbours"] as const)
      for (const task of ["binary", "multiclass", "regression"] as const) {
        const artifact = await fit({ algorithm }, train.table, train.labels[task], { seed: 1 });
        const { columns } = fresh.table;
        const amount = (columns.get("amount") as NumericColumn).values;
        const kind = columns.get("kind") as CategoryColumn;
        const known = (train.table.columns.get("kind") as CategoryColumn).dictionary;
        const [said] = open(toOnnx(artifact)).run([
          {
            name: "X",
            type: "float64",
            dims: [300, 2],
            data: Float64Array.from({ length: 600 }, (_, i) =>
              i % 2 === 0 ? amount[i >> 1]! : known.indexOf(kind.dictionary[kind.codes[i >> 1]!]!),
            ),
          },
          {
            name: "texts",
            type: "string",
            dims: [300, 1],
            data: (columns.get("message") as TextColumn).values.map((text) => text ?? ""),
          },
        ]);
        const prediction = openModel(artifact).predict(fresh.table);
        for (const [i, value] of ("values" in prediction ? prediction.values : prediction.probabilities).entries())
          assert.ok(
            Math.abs(Number(said!.data[i]) - value) <= 1e-5 * Math.max(1, Math.abs(value)),
            `${algorithm}: ${said!.data[i]} and ${value}`,
          );
      }
  });
});
