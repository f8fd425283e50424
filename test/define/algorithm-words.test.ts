// What algorithms are called among people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { algorithmWords } from "../../src/define/algorithm-words.ts";

test("an algorithm's name is said in words", () => {
  assert.deepEqual(["gradientBoosting", "logistic", "ridge", "elasticNet"].map(algorithmWords), [
    "gradient boosting",
    "logistic regression",
    "ridge regression",
    "elastic net",
  ]);
});
