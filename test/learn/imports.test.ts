// Imported LightGBM and XGBoost models answer as their own libraries do; damaged and hostile files are errors. Models: imports/make.py.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Column, categoryColumn, type Table, type Value } from "../../src/base/table.ts";
import { importLightgbm } from "../../src/learn/imports/lightgbm.ts";
import { importXgboost } from "../../src/learn/imports/xgboost.ts";
import type { Artifact, Predictor } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { tableOf } from "./data.ts";

const folder = new URL("./imports/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".model"));
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const towns = ["Aarau", "Bern", "Chur", "Genève"];
const imported = (name: string, text = read(name)): Artifact =>
  name.startsWith("lightgbm")
    ? importLightgbm(text)
    : importXgboost(text, name.includes("pandas") ? { categories: { town: towns } } : {});

interface Expected {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly predicted: readonly (number | readonly number[])[];
}

function tableFrom({ columns, rows }: Expected): Table {
  const made = columns.map((name, c): [string, Column] => {
    const values = rows.map((row) => row[c] ?? null);
    if (values.some((value) => typeof value === "string"))
      return [name, categoryColumn(values as readonly (string | null)[])];
    return [
      name,
      { type: "number", values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) },
    ];
  });
  return tableOf(Object.fromEntries(made));
}

/** What the library would call the prediction of one row. */
function answerOf(model: Predictor, row: readonly Value[]): readonly number[] {
  const answer = model.predictRow(row);
  return typeof answer === "number" ? [answer] : model.task === "binary" ? [answer[1]!] : answer;
}

test("there are models of both libraries to import", () => {
  assert.equal(files.filter((name) => name.startsWith("lightgbm")).length, 7);
  assert.equal(files.filter((name) => name.startsWith("xgboost")).length, 7);
});

for (const name of files)
  test(`${name} answers as its library does, missing values and categories included`, () => {
    const model = openModel(imported(name));
    const expected = JSON.parse(read(name.replace(/\.\w+$/, ".expected"))) as Expected;
    const prediction = model.predict(tableFrom(expected));
    const width = model.task === "regression" ? 1 : model.classes.length;
    const values = "values" in prediction ? prediction.values : prediction.probabilities;
    for (const [i, row] of expected.rows.entries()) {
      const wanted = [expected.predicted[i]!].flat() as number[];
      for (const [k, value] of wanted.entries()) {
        const found = answerOf(model, row)[k]!;
        assert.ok(
          Math.abs(found - value) <= 1e-6 * Math.max(1, Math.abs(value)),
          `row ${i}: expected ${value}, got ${found}`,
        );
        assert.equal(values[i * width + (model.task === "binary" ? 1 : k)], found);
      }
    }
  });

test("imported trees explain themselves: contributions and base sum to the margin", () => {
  const model = openModel(imported("lightgbm-regression.model"));
  const { rows } = JSON.parse(read("lightgbm-regression.expected")) as Expected;
  for (const row of rows.slice(0, 20)) {
    const { base, contributions } = model.explainRow(row);
    const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
    assert.ok(Math.abs(sum - (model.predictRow(row) as number)) < 1e-9);
  }
});

test("features, classes and categories can be given names", () => {
  const model = openModel(
    importLightgbm(read("lightgbm-binary.model"), {
      features: ["age", "weight", "height", "place"],
      classes: ["no", "yes"],
      categories: { place: Array.from({ length: 40 }, (_, code) => `place ${code}`) },
    }),
  );
  const plain = openModel(imported("lightgbm-binary.model"));
  assert.deepEqual(model.classes, ["no", "yes"]);
  assert.deepEqual(
    model.predictRow({ age: 0.3, weight: 1, height: -2, place: "place 17" }),
    plain.predictRow({ a: 0.3, b: 1, rounded: -2, code: "17" }),
  );
  assert.deepEqual(openModel(imported("lightgbm-pandas.model")).features[1]!.dictionary, towns);
  // XGBoost cut "Genève" when it wrote the file; texts of plain letters are taken from there.
  const cut = read("xgboost-pandas.model");
  assert.throws(
    () => importXgboost(cut),
    (error) => isFailure(error, "DEFINE_INVALID") && /XGBoost cuts/.test(error.message),
  );
  const ascii = openModel(importXgboost(cut.replace("-61,-88,118]", "101,118,101]")));
  assert.deepEqual(ascii.features[1]!.dictionary, ["Aarau", "Bern", "Chur", "Geneve"]);
  for (const wrong of [
    { features: ["a"] },
    { classes: ["a"] },
    { categories: { code: ["a"] } },
    { categories: { a: ["a"] } },
  ])
    assert.throws(
      () => importLightgbm(read("lightgbm-binary.model"), wrong),
      (error) => isFailure(error, "DEFINE_INVALID"),
    );
});

for (const [what, name, from, to] of [
  ["linear leaves", "lightgbm-binary.model", /is_linear=0/, "is_linear=1"],
  ["one-vs-all classes", "lightgbm-multiclass.model", /objective=multiclass /, "objective=multiclassova "],
  ["an objective of the user's own", "lightgbm-regression.model", /objective=regression/, "objective=custom"],
  ["a child that is its own parent", "lightgbm-binary.model", /left_child=\S+/, "left_child=0"],
  ["two parents of one leaf", "lightgbm-binary.model", /(left_child=.*) -?\d+\n/, "$1 -1\n"],
  ["four billion leaves", "lightgbm-binary.model", /num_leaves=\d+/, "num_leaves=4000000000"],
  ["a linear booster", "xgboost-binary.model", /"name":"gbtree"/, '"name":"gblinear"'],
  ["a survival objective", "xgboost-regression.model", /reg:squarederror/g, "survival:cox"],
  ["a base score of 1 for probabilities", "xgboost-binary.model", /"base_score":"[^"]*"/, '"base_score":"1E0"'],
  ["a category of a billion", "xgboost-binary.model", /"categories":\[\d+/, '"categories":[1000000000'],
  ["more categories than anyone has", "xgboost-binary.model", /"categories":\[\d+/, '"categories":[16000000'],
  ["a loop", "xgboost-binary.model", /"left_children":\[1/, '"left_children":[0'],
] as const)
  test(`${what} in ${name} is an error`, () => {
    const text = read(name);
    const changed = text.replace(from, to);
    assert.notEqual(changed, text);
    assert.throws(
      () => imported(name, changed),
      (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
    );
  });

test("files that are something else are errors", () => {
  for (const text of ["", "tree", "{}", "[]", "null", '{"learner":{}}', "tree\nversion=v4\n", "\u0000".repeat(100)]) {
    assert.throws(
      () => importLightgbm(text),
      (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
      text,
    );
    assert.throws(
      () => importXgboost(text),
      (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
      text,
    );
  }
});

test("a file with any damage is an error or a sound model, never a crash or a hang", () => {
  const source = random(5);
  for (const name of ["lightgbm-binary.model", "lightgbm-pandas.model", "xgboost-binary.model", "xgboost-dart.model"]) {
    const text = read(name);
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const at = source.below(text.length);
      const length = i % 3 === 0 ? text.length - at : source.below(3);
      const put = i % 3 === 0 ? "" : ["9", "-", "0", " ", "1e999", ",", "NaN", "="][source.below(8)]!;
      try {
        openModel(imported(name, text.slice(0, at) + put + text.slice(at + length))).predictRow([0.1, 0.2, 0.3, "4"]);
      } catch (error) {
        assert.ok(isFailure(error, "MODELS_ARTIFACT_CORRUPT"), `${name}: ${String(error)}`);
        refused++;
      }
    }
    assert.ok(refused > 40, `${name}: ${refused} refused`);
  }
});
