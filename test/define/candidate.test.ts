// What a training may try: every wrong word is named with what was expected, before anything runs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageOf } from "../../src/base/failure.ts";
import {
  auto,
  category,
  csv,
  defineData,
  defineProblem,
  defineTraining,
  elasticNet,
  extraTrees,
  gradientBoosting,
  lasso,
  logistic,
  naiveBayes,
  nearestNeighbours,
  neuralNetwork,
  number,
  randomForest,
  ridge,
} from "../../src/index.ts";

const homes = defineData({
  name: "homes",
  source: csv("homes.csv"),
  features: { area: number(), rooms: number(), city: category() },
  labels: { price: number(), sold: category() },
});
const price = defineProblem({
  question: "?",
  predict: "price",
  task: "regression",
  success: { metric: "rmse", beats: "mean" },
});
const sold = defineProblem({
  question: "?",
  predict: "sold",
  task: "binary",
  success: { metric: "rocAuc", beats: "majority" },
});
const trainPrice = (options: object) =>
  defineTraining({ problem: price, label: homes.labels.price, features: [homes.all()], ...options } as never);
const trainSold = (options: object) =>
  defineTraining({ problem: sold, label: homes.labels.sold, features: [homes.all()], ...options } as never);

function saying(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    const { hint } = error as { hint?: string };
    return `${messageOf(error)} | ${hint}`;
  }
  return "nothing";
}

describe("candidates", () => {
  it("take every setting that fits the task", () => {
    trainSold({
      candidates: [
        auto(),
        logistic({ l2: 0, balanced: true }),
        naiveBayes({ smoothing: 2 }),
        nearestNeighbours({ neighbours: 5 }),
        neuralNetwork({ hidden: 8, hidden2: 0 }),
        randomForest({ trees: 50, splitFeatures: 0.5 }),
        extraTrees({ minRows: 2 }),
        gradientBoosting({ earlyStopping: false, monotone: { area: "increasing" } }),
      ],
    });
    trainPrice({
      candidates: [
        ridge(),
        lasso({ penalty: 0.1 }),
        elasticNet({ l1Share: 0.2 }),
        gradientBoosting({ objective: "quantile", level: 0.9 }),
      ],
    });
    trainPrice({ budget: { trials: 20, time: "5m" } });
  });

  it("give the learner its own words", () => {
    assert.deepEqual(gradientBoosting({ minRows: 7 }).params, { minRowsInLeaf: 7 });
    assert.deepEqual(lasso({ penalty: 0.5 }), { algorithm: "elasticNet", params: { penalty: 0.5, l1Share: 1 } });
    assert.deepEqual(logistic({ balanced: false }), { algorithm: "logistic", params: {} });
  });

  it("are refused, with what to do, where they do not fit", () => {
    const wrong: [() => unknown, RegExp][] = [
      [
        () => trainSold({ candidates: [ridge()] }),
        /candidates\[0\]: expected a candidate for a binary task, got "ridge\(\)" \| Use logistic\(\)/,
      ],
      [
        () => trainPrice({ candidates: [ridge(), naiveBayes()] }),
        /candidates\[1\]: expected a candidate for a regression task/,
      ],
      [() => trainPrice({ candidates: [gradientBoosting({ balanced: true })] }), /balanced: expected classes/],
      [
        () => trainSold({ candidates: [gradientBoosting({ objective: "poisson" })] }),
        /objective: expected a regression task/,
      ],
      [
        () => trainSold({ candidates: [logistic] }),
        /expected a candidate such as logistic\(\), got a function \| Call it/,
      ],
      [() => trainSold({ candidates: [{ algorithm: "magic" }] }), /expected one of auto\(\), logistic\(\)/],
      [() => trainSold({ candidates: [] }), /candidates: expected a list/],
      [
        () => trainPrice({ candidates: [gradientBoosting({ monotone: { areas: "increasing" } })] }),
        /monotone\.areas: expected the name of a feature.*Did you mean "area"\?/,
      ],
      [() => gradientBoosting({ leavs: 3 } as never), /leavs.*Did you mean "leaves"\?/],
      [() => gradientBoosting({ trees: 2.5 }), /trees: expected a whole number, got 2.5/],
      [() => gradientBoosting({ learningRate: 3 }), /learningRate: expected a number from 0.000001 to 1, got 3/],
      [() => gradientBoosting({ level: 0.9 }), /level: expected objective: "quantile" beside it/],
      [() => gradientBoosting({ objective: "quantil" as never }), /Did you mean "quantile"\?/],
      [
        () => gradientBoosting({ monotone: { area: "up" as never } }),
        /monotone\.area: expected one of "increasing", "decreasing"/,
      ],
      [() => gradientBoosting({ gradientTop: 0.2, rowSample: 0.5 }), /gradientTop: expected no rowSample beside it/],
      [() => logistic({ l2: Number.NaN }), /l2: expected a number/],
      [() => logistic({ balanced: "yes" as never }), /balanced: expected true or false, got "yes"/],
      [() => trainPrice({ budget: {} }), /budget: expected time, cpu or trials/],
      [() => trainPrice({ budget: { trials: 0 } }), /trials: expected a number from 1/],
      [() => trainPrice({ split: { by: "group" } }), /split\.group: expected a text, got nothing/],
      [() => trainPrice({ split: { by: "random", gap: "1d" } }), /split\.gap: expected by: "time" beside it/],
      [() => trainPrice({ split: { by: "random", folds: 2.5 } }), /split\.folds: expected a whole number/],
    ];
    for (const [define, expected] of wrong) assert.match(saying(define), expected);
  });
});

describe("guards of a goal", () => {
  const binary = (extra: object) => () =>
    defineProblem({
      question: "?",
      predict: "sold",
      task: "binary",
      success: { metric: "rocAuc", beats: "majority", ...extra } as never,
    });

  it("are taken where they make sense", () => {
    binary({
      costs: { falsePositive: 1, falseNegative: 5 },
      slices: [{ by: "city", atLeast: 0.6, maxGap: 0.1, minRows: 50 }],
      limits: { latencyMs: 5, sizeMb: 10 },
    })();
  });

  it("are refused, with what was expected, where they do not", () => {
    assert.match(
      saying(binary({ costs: { falsePositive: 0, falseNegative: 0 } })),
      /success\.costs: expected one that is not 0/,
    );
    assert.match(
      saying(binary({ costs: { falsePositive: 1 } })),
      /falseNegative: expected a number from 0, got nothing/,
    );
    assert.match(saying(binary({ slices: [{ by: "city" }] })), /slices\[0\]: expected atLeast or maxGap/);
    assert.match(saying(binary({ slices: [{ by: "city", atMost: 1 }] })), /slices\[0\]\.atMost: expected atLeast/);
    assert.match(saying(binary({ slices: "city" })), /success\.slices: expected a list/);
    assert.match(saying(binary({ limits: { latency: 5 } })), /Did you mean "latencyMs"\?/);
    assert.match(
      saying(() =>
        defineProblem({
          question: "?",
          predict: "price",
          task: "regression",
          success: { metric: "rmse", beats: "mean", costs: { falsePositive: 1, falseNegative: 1 } },
        }),
      ),
      /success\.costs: expected a binary task/,
    );
  });
});
