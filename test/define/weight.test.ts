// What says how much a row counts: a column of numbers, no input of the model, and only where rows have labels.

import assert from "node:assert/strict";
import { describe as group, it } from "node:test";
import { messageOf } from "../../src/base/failure.ts";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import { dependenciesOf } from "../../src/define/dependencies.ts";
import { describe } from "../../src/define/describe.ts";
import {
  category,
  count,
  csv,
  defineData,
  defineProblem,
  defineTraining,
  isolationForest,
  last,
  number,
} from "../../src/index.ts";

const orders = defineData({
  name: "orders",
  source: csv("orders.csv"),
  key: "id",
  eventTime: "at",
  features: { amount: number(), channel: category() },
  windows: { seen: count({ over: "7d" }), lastChannel: last("channel", { over: "7d" }) },
  labels: { late: category(), days: number() },
});
const customers = defineData({
  name: "customers",
  source: csv("customers.csv"),
  key: "customer",
  features: { worth: number() },
});
const late = defineProblem({
  question: "?",
  predict: "late",
  task: "binary",
  success: { metric: "rocAuc", beats: "majority" },
});
const train = (options: object) =>
  defineTraining({
    name: "t",
    problem: late,
    label: orders.labels.late,
    features: [orders.all()],
    ...options,
  } as never);
const described = (options: object) => describe(train(options), (one) => one.name ?? "problem") as TrainingDefinition;

group("a training's weight", () => {
  it("is named by group and column, and is no feature even where all() names it", () => {
    const { weight, features } = described({ weight: orders.features.amount });
    assert.deepEqual(weight, { data: "orders", name: "amount" });
    assert.deepEqual(features, [{ data: "orders", names: ["channel", "seen", "lastChannel"] }]);
    assert.equal("weight" in described({}), false);
  });

  it("may be a window, or of a group of which no feature is taken, which the training then waits for", () => {
    assert.deepEqual(described({ weight: orders.features.seen }).weight, { data: "orders", name: "seen" });
    const definition = described({ weight: customers.features.worth });
    assert.deepEqual(
      definition.features.map(({ data }) => data),
      ["orders"],
    );
    assert.deepEqual(dependenciesOf(definition), ["problem/problem", "data/orders", "data/customers"]);
  });

  for (const [what, options, message] of [
    [
      "a category",
      { weight: orders.features.channel },
      /^weight: expected a column of numbers, got the feature channel$/,
    ],
    ["a window that is none", { weight: orders.features.lastChannel }, /got the feature lastChannel$/],
    ["a number", { weight: 2 }, /^weight: expected a column of numbers of a data component, .* got 2$/],
    ["a misspelt column", { weight: undefined }, /^weight: expected a column .* got nothing$/],
    ["a label", { weight: orders.labels.days }, /^weight: expected a column .* got the label days$/],
    ["several columns", { weight: orders.all() }, /^weight: expected a column/],
    [
      "all that the model would look at",
      { weight: orders.features.amount, features: [orders.pick("amount")] },
      /^features: expected a feature beside the weight, got "amount"$/,
    ],
  ] as const)
    it(`is refused when it is ${what}`, () => {
      assert.throws(
        () => train(options),
        (error) => message.test(messageOf(error)) || assert.fail(messageOf(error)),
      );
    });

  it("is refused where rows have no label, and for a forecast", () => {
    const odd = defineProblem({ question: "?", task: "anomaly", success: { metric: "flaggedShare", atMost: 0.1 } });
    assert.throws(
      () =>
        defineTraining({
          problem: odd,
          features: [orders.all()],
          weight: orders.features.amount,
          candidates: [isolationForest()],
        } as never),
      /weight: expected nothing, since all rows count the same in the task anomaly, got the feature amount/,
    );
    const ahead = defineProblem({
      question: "?",
      predict: "days",
      task: "forecast",
      horizon: 7,
      success: { metric: "mase", atMost: 1 },
    });
    assert.throws(
      () => defineTraining({ problem: ahead, label: orders.labels.days, weight: orders.features.amount } as never),
      /weight: expected nothing/,
    );
  });
});
