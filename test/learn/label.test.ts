// Labels: how columns become classes and numbers, and which labels are refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { categoryColumn } from "../../src/base/table.ts";
import { checkLabel, takeLabel, toLabel } from "../../src/learn/label.ts";
import { numbers } from "./data.ts";

test("classes keep the data's spelling: numbers by size, false before true, texts sorted, and only those that occur", () => {
  assert.deepEqual(toLabel(numbers(10, 2, 10), "binary"), {
    task: "binary",
    classes: ["2", "10"],
    codes: Int32Array.of(1, 0, 1),
  });
  assert.deepEqual(toLabel({ type: "boolean", values: Float64Array.of(1, 0, Number.NaN) }, "binary"), {
    task: "binary",
    classes: ["false", "true"],
    codes: Int32Array.of(1, 0, -1),
  });
  const label = toLabel(categoryColumn(["b", "a", "b"], ["unused", "b", "a"]), "binary");
  assert.deepEqual(label, { task: "binary", classes: ["a", "b"], codes: Int32Array.of(1, 0, 1) });
});

test("a test part's label takes the training classes; unseen ones have no code", () => {
  const label = toLabel(categoryColumn(["b", "c"]), "multiclass", ["a", "b"]);
  assert.deepEqual(label, { task: "multiclass", classes: ["a", "b"], codes: Int32Array.of(1, -1) });
  assert.deepEqual(takeLabel(label, [1]), { task: "multiclass", classes: ["a", "b"], codes: Int32Array.of(-1) });
});

test("labels that nothing can be learnt from are refused by name", () => {
  const codes = (...values: number[]) =>
    ({ task: "binary", classes: ["a", "b"], codes: Int32Array.from(values) }) as const;
  const values = (...list: number[]) => ({ task: "regression", values: Float64Array.from(list) }) as const;
  const cases = [
    [codes(0, 1, -1), "TRAINING_LABEL_MISSING"],
    [codes(0, 1, 2), "TRAINING_LABEL_INVALID"],
    [codes(1, 1, 1), "TRAINING_LABEL_CONSTANT"],
    [codes(0, 1), "TRAINING_LABEL_INVALID"],
    [values(1, Number.NaN, 3), "TRAINING_LABEL_MISSING"],
    [values(1, Number.POSITIVE_INFINITY, 3), "TRAINING_LABEL_INVALID"],
    [values(5, 5, 5), "TRAINING_LABEL_CONSTANT"],
  ] as const;
  for (const [label, code] of cases)
    assert.throws(
      () => checkLabel(label, 3),
      (error) => isFailure(error, code),
      code,
    );
  assert.throws(
    () => checkLabel(values(1), 1),
    (error) => isFailure(error, "TRAINING_TOO_FEW_ROWS"),
  );
  assert.throws(() => toLabel(categoryColumn(["a", "b", "c"]), "binary"), /Expected 2 classes/);
  assert.throws(() => toLabel(categoryColumn(["a", "b"]), "regression"), /Expected numbers/);
});
