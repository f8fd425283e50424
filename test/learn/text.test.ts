// Text features: words and pairs of words in linear models, by name.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import type { TextColumn } from "../../src/base/table.ts";
import { onnxruntimeSessions } from "../../src/drivers/onnxruntime-session.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { termReader, vocabularyOf } from "../../src/learn/text-terms.ts";
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

const visited = (texts: (string | null)[], text: string) => {
  const vocabulary = vocabularyOf(texts, 1);
  const found: [term: string, weight: number][] = [];
  termReader(vocabulary)(text, (term, weight) => found.push([vocabulary.terms[term]!, weight]));
  return found;
};

test("terms are words and pairs, whatever their case and script, and weigh to length 1", () => {
  const texts = ["Très BON, très bon!", "東京 タワー", "हिन्दी में", "ΣΟΦΟΣ İstanbul", "snake_case x2", null, ""];
  const { terms } = vocabularyOf(texts, 1);
  assert.deepEqual(
    terms.toSorted(),
    [
      ...["bon", "bon très", "istanbul", "snake", "snake case", "très", "très bon", "x2", "case", "case x2"],
      ...["σοφοσ", "σοφοσ istanbul", "हिन्दी", "हिन्दी में", "में", "東京", "東京 タワー", "タワー"],
    ].toSorted(),
  );
  assert.ok(terms.findIndex((term) => term.includes(" ")) > terms.findLastIndex((term) => !term.includes(" ")));
  assert.deepEqual(visited(texts, "TRÈS, bon"), visited(texts, "très…bon"));
  assert.deepEqual(visited(texts, " …! unheard of"), []);
  const squares = visited(["a b", "a c", null, "a"], "a b c a").reduce((sum, [, weight]) => sum + weight ** 2, 0);
  assert.ok(Math.abs(squares - 1) < 1e-12);
});

test("a vocabulary holds what enough texts have, the commonest first, and no more than it may", () => {
  const texts = ["a b", "a b", "a c", "a d", null];
  assert.deepEqual(vocabularyOf(texts, 2).terms, ["a", "b", "a b"]);
  assert.deepEqual(vocabularyOf(texts, 1, 2).terms, ["a", "b"]);
  assert.deepEqual(Array.from(vocabularyOf(texts, 2).rarity), [1, 1 + Math.log(5 / 3), 1 + Math.log(5 / 3)]);
  assert.deepEqual(vocabularyOf([null, "", "…"], 1).terms, []);
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

test("an explanation names the words, which add up to what the text adds", async () => {
  const { table, label } = reviews(400, 1);
  const model = openModel(await fit({ algorithm: "logistic" }, table, label, { seed: 1 }));
  const text = "we was lovely, not good unheardof";
  for (const name of ["good", "bad"]) {
    const { contributions } = model.explainRow({ text, nights: 2 }, { class: name });
    const own = contributions.find(({ feature }) => feature === "text")!;
    const terms = new Map(own.terms!.map(({ term, contribution }) => [term, contribution]));
    assert.ok(!terms.has("unheardof"));
    const sign = name === "good" ? 1 : -1;
    assert.ok(sign * terms.get("lovely")! > 0.5);
    assert.ok(sign * terms.get("not good")! < 0);
    assert.deepEqual(
      own.terms!.map(({ contribution }) => Math.abs(contribution)),
      own.terms!.map(({ contribution }) => Math.abs(contribution)).toSorted((a, b) => b - a),
    );
    const empty = model.explainRow({ text: "!", nights: 2 }, { class: name });
    const before = empty.contributions.find(({ feature }) => feature === "text")!.contribution;
    const sum = [...terms.values()].reduce((all, one) => all + one, 0);
    assert.ok(Math.abs(own.contribution - before - sum) < 1e-9);
    assert.equal(contributions.find(({ feature }) => feature === "nights")!.terms, undefined);
  }
  assert.equal(
    model.explainRow({ nights: 2 }).contributions.find(({ feature }) => feature === "text")!.terms,
    undefined,
  );
});

test("the words that matter are told for the whole model, for each class", async () => {
  const { table, label } = reviews(400, 1);
  const model = openModel(await fit({ algorithm: "logistic" }, table, label, { seed: 1 }));
  const effects = model.termEffects!("text");
  const strongest = effects.slice(0, 12).map(({ term }) => term);
  for (const word of ["lovely", "great", "awful", "dirty"]) assert.ok(strongest.includes(word), word);
  const lovely = effects.find(({ term }) => term === "lovely")!;
  assert.ok(lovely.contribution > 0.5 && lovely.share > 0.08 && lovely.share < 0.18, JSON.stringify(lovely));
  assert.equal(model.termEffects!("text", { class: "bad" })[0]!.contribution, -effects[0]!.contribution);
  assert.deepEqual(model.termEffects!("nights"), []);
});

test("a model of an earlier version, which hashed its words, says that it must be trained again", async () => {
  const { table, label } = reviews(100, 4);
  const { format, meta, arrays } = await fit({ algorithm: "logistic" }, table, label, { seed: 1 });
  const { vocabulary: _, ...older } = meta;
  assert.throws(
    () => openModel({ format, meta: older, arrays }),
    (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT") && /Train again/.test(error.hint),
  );
  for (const vocabulary of [[], [["lovely", "lovely"]], [[1]], "lovely"])
    assert.throws(
      () => openModel({ format, meta: { ...meta, vocabulary }, arrays }),
      (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
    );
});

const runtime = (() => {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-node");
  } catch {
    return undefined;
  }
})();

test("exported to ONNX, texts of any script and shape get the same answers from onnxruntime", {
  skip: runtime === undefined && "onnxruntime-node is not installed",
}, async () => {
  const open = onnxruntimeSessions(process.cwd());
  const asked = [
    ...["", null, " ", "…!", "a", "LOVELY, Not GOOD", "the the the", "Zürich ZÜRICH zürich", "ΣΟΦΟΣ", "İstanbul K ſ"],
    ...["東京 タワー", "हिन्दी में", "e\u0301te\u0301", "x\ud800y", "𐐀𐐁", "ﬁne", "great ".repeat(3000)],
  ];
  for (const letters of ["Zürich", "Zurich"]) {
    const made = reviews(400, 1);
    const column = made.table.columns.get("text") as TextColumn;
    const values = column.values.map((text, row) => (row % 9 === 0 ? null : text!.replace("Zürich", letters)));
    const table = tableOf({ nights: made.table.columns.get("nights")!, text: { type: "text", values } });
    const model = await fit({ algorithm: "logistic" }, table, made.label, { seed: 1 });
    const session = open(toOnnx(model));
    const nights = asked.map((_, row) => (row % 4 === 0 ? Number.NaN : row));
    const prediction = openModel(model).predict(
      tableOf({ nights: numbers(...nights), text: { type: "text", values: asked } }),
    ) as { probabilities: Float64Array };
    const [said] = session.run([
      { name: "X", type: "float64", dims: [asked.length, 1], data: Float64Array.from(nights) },
      {
        name: "texts",
        type: "string",
        dims: [asked.length, 1],
        data: asked.map((text) => (text ?? "").toWellFormed()),
      },
    ]);
    for (const [i, value] of prediction.probabilities.entries())
      assert.ok(Math.abs(Number(said!.data[i]) - value) < 1e-9, `${asked[i >> 1]}: ${said!.data[i]} and ${value}`);
  }
});
