// What a user's file declares, as the data that the rest of the house works with.

import assert from "node:assert/strict";
import { describe as group, it } from "node:test";
import type { DataDefinition } from "../../src/define/definition.ts";
import { describe } from "../../src/define/describe.ts";
import {
  ahead,
  boolean,
  defineData,
  defineProblem,
  defineTraining,
  gradientBoosting,
  number,
  onDemand,
  rows,
  vector,
} from "../../src/index.ts";

group("the definition of a label ahead", () => {
  const component = defineData({
    source: rows(() => [{ day: "2025-01-01", sales: 3 }]),
    eventTime: "day",
    features: { sales: number({ unit: "€" }) },
    labels: {
      plain: ahead("sales", { by: "1d" }),
      own: ahead("sales", { by: "1d", unit: "EUR" }),
      doubled: ahead("sales * 2", { by: "1d" }),
    },
  });
  const { labels } = describe(component, () => "shop") as DataDefinition;

  it("has the type and unit of the column whose later value it is, unless it names its own", () => {
    assert.deepEqual(
      labels.map(({ name, type, unit }) => [name, type, unit]),
      [
        ["plain", "number", "€"],
        ["own", "number", "EUR"],
        ["doubled", "number", undefined],
      ],
    );
  });
});

group("vectors among the features of a training", () => {
  const papers = defineData({
    source: rows(() => []),
    features: { year: number(), place: vector({ dimensions: 3 }) },
    labels: { good: boolean() },
  });
  const problem = defineProblem({
    question: "Good?",
    predict: "good",
    task: "binary",
    success: { metric: "rocAuc", atLeast: 0.6 },
  });
  const train = (more: object) => defineTraining({ problem, label: papers.labels.good, ...more } as never);

  it("are taken by name, and left out of all()", () => {
    assert.deepEqual(papers.all().names, ["year"]);
    assert.deepEqual(papers.pick("place").names, ["place"]);
    train({ features: [papers.all(), papers.features.place] });
  });

  it("are given by a request as long as the label's rows have them", () => {
    const asked = (dimensions: number) =>
      onDemand({
        request: { place: vector({ dimensions }) },
        features: { far: number() },
        compute: ({ place }) => ({ far: Math.hypot(...place) }),
      });
    train({ features: [papers.pick("year"), asked(3)] });
    assert.throws(
      () => train({ features: [papers.pick("year"), asked(2)] }),
      /request\.place\.dimensions: expected 3, as "place" has in the label's rows, got 2/,
    );
  });

  it("have no direction, and one function that computes them", () => {
    const candidates = (name: string) => [gradientBoosting({ monotone: { [name]: "increasing" } })];
    train({ features: [papers.pick("year", "place")], candidates: candidates("year") });
    assert.throws(
      () => train({ features: [papers.pick("year", "place")], candidates: candidates("place") }),
      /candidates\[0\]\.monotone\.place: expected a number: a vector knows no more and less, got "vector\(\)"/,
    );
    const compute = { request: { year: number() }, features: { v: vector({ dimensions: 2 }) } };
    const both = { ...compute, compute: () => ({ v: [1, 2] }), computeBatch: () => [] };
    assert.throws(() => onDemand(both as never), /compute: expected one of compute and computeBatch, got "both"/);
    assert.throws(() => onDemand(compute as never), /compute: expected a function of one row/);
    assert.throws(
      () => onDemand({ ...compute, computeBatch: 3 } as never),
      /computeBatch: expected a function of a list of rows, got 3/,
    );
  });
});
