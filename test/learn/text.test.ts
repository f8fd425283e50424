// Text features: hashed words in linear models.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import type { TextColumn } from "../../src/base/table.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { rarityOf, termsOf, visitTerms } from "../../src/learn/text-terms.ts";
import { numbers, tableOf } from "./data.ts";

function reviews(count: number, seed: number) {
  const source = random(seed);
  const pick = (words: string[]): string => words[source.below(words.length)]!;
  const good = Int32Array.from({ length: count }, () => source.below(2));
  const values = Array.from(good, (isGood) => {
    const filler = Array.from({ length: 6 }, () =>
      pick(["the", "hotel", "room", "we", "was", "staff", "Zürich", "night"]),
    );
    // "not good" is bad: single words cannot tell it apart, pairs can.
    const verdict =
      isGood === 1
        ? pick(["really good", "lovely", "great", "not bad"])
        : pick(["not good", "awful", "dirty", "really bad"]);
    return [...filler.slice(0, 3), verdict, ...filler.slice(3)].join(" ");
  });
  return {
    table: tableOf({ text: { type: "text", values }, nights: numbers(...values.map(() => source.below(5))) }),
    label: { task: "binary", codes: good, classes: ["bad", "good"] } as const,
  };
}

test("terms ignore case and punctuation, read any script, and weigh to length 1", () => {
  assert.deepEqual(termsOf("Très BON, très bon!"), termsOf("très bon très bon"));
  assert.ok(termsOf("東京 タワー").buckets.length > 0);
  assert.deepEqual(termsOf(" …! ").buckets, []);
  const rarity = rarityOf(["a b", "a c", null, "a"], 1);
  let squares = 0;
  visitTerms("a b c", rarity, 0, (_bucket, weight) => {
    squares += weight ** 2;
  });
  assert.ok(Math.abs(squares - 1) < 1e-12);
});

test("logistic regression learns from texts, pairs of words included, and predicts rows and tables alike", async () => {
  const train = reviews(400, 1);
  const fresh = reviews(400, 2);
  const model = openModel(await fit({ algorithm: "logistic" }, train.table, train.label, { seed: 1 }));
  const prediction = model.predict(fresh.table) as { probabilities: Float64Array };
  assert.ok(score("accuracy", fresh.label, prediction) > 0.97);
  const text = (fresh.table.columns.get("text") as TextColumn).values[3]!;
  const nights = (fresh.table.columns.get("nights") as { values: Float64Array }).values[3]!;
  assert.deepEqual(model.predictRow({ text, nights }), Array.from(prediction.probabilities.subarray(6, 8)));
  assert.equal(model.importance()[0]!.feature, "text");
  const { base, contributions } = model.explainRow({ text, nights });
  const [bad, good] = model.predictRow({ text, nights }) as number[];
  assert.ok(
    Math.abs(contributions.reduce((sum, { contribution }) => sum + contribution, base) - Math.log(good! / bad!)) < 1e-9,
  );
});

test("ridge learns from texts, and a missing text answers with the average", async () => {
  const { table, label } = reviews(300, 3);
  const values = Float64Array.from(label.codes, (code) => 2 + 3 * code);
  const model = openModel(
    await fit({ algorithm: "ridge", params: { l2: 0.1 } }, table, { task: "regression", values }, { seed: 1 }),
  );
  assert.ok((model.predictRow({ text: "a lovely great hotel", nights: 2 }) as number) > 4);
  const missing = model.predictRow({ nights: 2 }) as number;
  assert.ok(missing > 3 && missing < 4, `${missing}`);
});

test("models that cannot read texts say so when there is nothing else, and texts are not exported to ONNX", async () => {
  const { table, label } = reviews(100, 4);
  const onlyText = { ...table, columns: new Map([["text", table.columns.get("text")!]]) };
  assert.throws(
    () => fit({ algorithm: "gradientBoosting" }, onlyText, label, { seed: 1 }),
    (error) => isFailure(error, "TRAINING_NO_FEATURES") && /logistic/.test(error.hint),
  );
  const artifact = await fit({ algorithm: "logistic" }, onlyText, label, { seed: 1 });
  assert.throws(() => toOnnx(artifact), /text feature/);
});
