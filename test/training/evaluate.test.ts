// What is measured of a model: fair comparison with what is live, thresholds, calibration, and what looks too good to be true.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Column, categoryColumn, numberColumn, type Table } from "../../src/base/table.ts";
import type { Success } from "../../src/define/success.ts";
import { fit } from "../../src/learn/fit.ts";
import type { Label } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { decodeModel, encodeModel } from "../../src/models/model-file.ts";
import { openServed, partsOf, withCalibration } from "../../src/models/served-model.ts";
import { chooseCalibration, chooseThreshold, throughCalibration } from "../../src/training/decide.ts";
import { compareWithLive, evaluate, type Judged, type TestRows } from "../../src/training/evaluate.ts";
import { importanceOf, suspicionsOf } from "../../src/training/insight.ts";

const success: Success = { metric: "rocAuc", beats: "majority" };

/** Yes is likelier where x is large; noise and a city that say nothing. */
function world(count: number, seed: number, extra: (row: number, code: number) => number = (row) => row): TestRows {
  const source = random(seed);
  const x = Array.from({ length: count }, () => source.normal());
  const codes = Int32Array.from(x, (value) => (source.next() < 1 / (1 + Math.exp(-2 * value)) ? 1 : 0));
  const columns = new Map<string, Column>([
    ["x", numberColumn(x)],
    ["noise", numberColumn(x.map(() => source.normal()))],
    ["extra", numberColumn(x.map((_, row) => extra(row, codes[row]!)))],
    ["city", categoryColumn(x.map((_, row) => (row % 3 === 0 ? "Oslo" : "Rome")))],
  ]);
  return { table: { rowCount: count, columns } as Table, label: { task: "binary", classes: ["no", "yes"], codes } };
}

const without = ({ table, label }: TestRows, name: string): TestRows => ({
  table: { rowCount: table.rowCount, columns: new Map([...table.columns].filter(([own]) => own !== name)) },
  label,
});

const train = without(world(600, 1), "extra");
const test = without(world(400, 2), "extra");
const judgedBy = async (rows: TestRows): Promise<Judged> => {
  const model = openModel(await fit({ algorithm: "logistic" }, rows.table, rows.label, { seed: 1 }));
  return { model, prediction: model.predict(test.table), threshold: undefined };
};

describe("an evaluation", () => {
  it("holds every metric with an interval around it, and every baseline", async () => {
    const found = evaluate(await judgedBy(train), train.label, test, success, 1);
    assert.ok(Object.keys(found.metrics).length >= 9);
    for (const [name, value] of Object.entries(found.metrics)) {
      const { low, high } = found.intervals[name]!;
      assert.ok(low! <= value! && value! <= high!, `${name}: ${low} ${value} ${high}`);
    }
    assert.deepEqual(Object.keys(found.baselines), ["majority", "prior"]);
    assert.equal(found.baselines.majority?.rocAuc, 0.5);
    assert.deepEqual(
      found.slices.map(({ value, rows }) => [value, rows]),
      [
        ["Rome", 266],
        ["Oslo", 134],
      ],
    );
    assert.equal(
      found.confusion?.counts.flat().reduce((a, b) => a + b),
      400,
    );
    assert.ok(found.latency.medianMs > 0);
  });

  it("finds what the model leans on by shuffling", async () => {
    const { model } = await judgedBy(train);
    const { method, features } = importanceOf(model, test, "rocAuc", 1);
    assert.deepEqual([method, features[0]?.feature], ["permutation", "x"]);
    assert.ok(features[0]!.value > 10 * Math.abs(features[1]!.value));
  });
});

describe("a comparison with what is live", () => {
  const all = Array.from({ length: 400 }, (_, row) => row);
  const live = (judged: Judged) => ({
    version: 2,
    id: "b",
    model: judged.model,
    threshold: undefined,
    nothingNew: false,
    same: false,
  });

  it("tells a clearly worse model from one as good", async () => {
    const good = await judgedBy(train);
    const twin = await judgedBy(without(world(600, 9), "extra"));
    const shuffled: Label = {
      ...train.label,
      codes: Int32Array.from(train.label.task === "binary" ? train.label.codes : []).reverse(),
    } as Label;
    const bad = await judgedBy({ table: train.table, label: shuffled });
    const worse = compareWithLive(live(good), bad, test, all, 1).differences.rocAuc!;
    assert.ok(worse.high! < 0, JSON.stringify(worse));
    const alike = compareWithLive(live(good), twin, test, all, 1).differences.rocAuc!;
    assert.ok(alike.low! <= 0.01 && alike.high! >= -0.01, JSON.stringify(alike));
  });

  it("rests only on rows that the live model has not seen, and says when there are too few", async () => {
    const judged = await judgedBy(train);
    assert.equal(compareWithLive(live(judged), judged, test, all.slice(0, 100), 1).rows, 100);
    assert.match(
      compareWithLive(live(judged), judged, test, all.slice(0, 5), 1).incomparable ?? "",
      /trained on all but 5/,
    );
    assert.match(
      compareWithLive(live(judged), judged, test, null, 1).incomparable ?? "",
      /may have been trained on these/,
    );
  });

  it("is not made with a model of other features or classes", async () => {
    const judged = await judgedBy(train);
    assert.match(
      compareWithLive(live(judged), judged, without(test, "x"), all, 1).incomparable ?? "",
      /needs x, which the training no longer has/,
    );
    const renamed = { ...test, label: { ...test.label, classes: ["off", "on"] } as Label };
    assert.match(
      compareWithLive(live(judged), judged, renamed, all, 1).incomparable ?? "",
      /knows the classes no, yes/,
    );
  });
});

describe("answers from probabilities", () => {
  const source = random(4);
  const truth = Array.from({ length: 1500 }, () => source.next());
  const codes = Int32Array.from(truth, (p) => (source.next() < p ? 1 : 0));
  const label = { task: "binary", classes: ["no", "yes"], codes } as const;
  const held = (of: (p: number) => number) => ({
    label,
    probabilities: Float64Array.from(truth.flatMap((p) => [1 - of(p), of(p)])),
  });
  const certain = (p: number) => 1 / (1 + (1 / p - 1) ** 4);

  it("are calibrated when that helps rows they were not learnt on, and left alone when it does not", () => {
    const found = chooseCalibration(held(certain), success);
    assert.equal(found.choice.method, "platt");
    assert.ok(found.choice.after! < 0.9 * found.choice.before!);
    const mended = throughCalibration(found.artifact!, label, held(certain).probabilities);
    const off = truth.reduce((sum, p, row) => sum + Math.abs(p - mended[2 * row + 1]!), 0) / truth.length;
    assert.ok(off < 0.03, String(off));
    assert.deepEqual(
      chooseCalibration(
        held((p) => p),
        success,
      ).artifact,
      null,
    );
  });

  it("say yes sooner when a missed yes costs more", () => {
    const from = (falsePositive: number, falseNegative: number) =>
      chooseThreshold(
        { ...success, costs: { falsePositive, falseNegative } },
        held((p) => p),
      )!.value;
    assert.ok(Math.abs(from(1, 4) - 0.2) < 0.08, String(from(1, 4)));
    assert.ok(Math.abs(from(4, 1) - 0.8) < 0.08, String(from(4, 1)));
    assert.equal(
      chooseThreshold({ ...success, costs: { falsePositive: 1, falseNegative: 3 } }, undefined)?.value,
      0.25,
    );
    assert.equal(
      chooseThreshold(
        success,
        held((p) => p),
      ),
      null,
    );
  });

  it("travel with the model in one file, and come out as they went in", async () => {
    const artifact = await fit({ algorithm: "logistic" }, train.table, train.label, { seed: 1 });
    const { artifact: curve } = chooseCalibration(held(certain), success);
    const both = withCalibration(artifact, curve!);
    const opened = openServed(decodeModel(encodeModel(both)));
    const plain = openModel(artifact).predict(test.table);
    assert.ok("probabilities" in plain);
    const expected = throughCalibration(curve!, test.label as typeof label, plain.probabilities);
    assert.deepEqual(opened.predict(test.table), { probabilities: expected });
    assert.deepEqual(encodeModel(partsOf(both).model), encodeModel(artifact));
    assert.throws(() => openServed({ ...both, meta: {} }), { code: "MODELS_ARTIFACT_CORRUPT" });
    assert.throws(() => openServed({ ...both, arrays: {} }), { code: "MODELS_ARTIFACT_CORRUPT" });
  });
});

describe("suspicions", () => {
  it("name a feature that gives the answer away, and no other", async () => {
    const leaking = (seed: number) => world(500, seed, (row, code) => code * 10 + (row % 7) / 7);
    const found = await suspicionsOf(leaking(1), leaking(2), 1);
    assert.equal(found.length, 1);
    assert.match(found[0]?.message ?? "", /"extra" alone reaches a ROC AUC of 1: make sure that it is known before/);
    assert.deepEqual(await suspicionsOf(train, test, 1), []);
  });

  it("name held-out rows that repeat training rows", async () => {
    const found = await suspicionsOf(train, train, 1);
    assert.match(found[0]?.message ?? "", /100 % of the held-out rows repeat a training row exactly/);
  });
});
