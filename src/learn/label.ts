// Labels: made from a column, and checked before anything learns from them.

import { fail } from "../base/failure.ts";
import { type Column, columnLength, valueAt } from "../base/table.ts";
import type { Label, Task } from "./model.ts";

/**
 * A label from a table's column. Classes are the texts that occur, sorted (numbers by size, `false` before `true`), unless
 * `classes` fixes them, e.g. to those of the training part; every row must have a value.
 */
export function toLabel(column: Column, task: Task, classes?: readonly string[]): Label {
  if (task === "regression") {
    if (column.type === "number" || column.type === "boolean" || column.type === "time")
      return { task, values: column.values };
    throw fail("TRAINING_LABEL_INVALID", `Expected numbers to regress on, got a ${column.type} column`);
  }
  if (column.type === "vector")
    throw fail("TRAINING_LABEL_INVALID", "Expected one value per row as label, got a column of vectors");
  const count = columnLength(column);
  const texts: (string | null)[] = [];
  for (let row = 0; row < count; row++) {
    const value = valueAt(column, row);
    texts.push(value === null ? null : String(value));
  }
  const known = classes ?? [...new Set(texts.filter((text) => text !== null))].sort(byValue);
  if (task === "binary" && known.length > 2)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `Expected 2 classes for a binary task, got ${known.length}: ${known.slice(0, 5).join(", ")}`,
    );
  const index = new Map(known.map((text, code) => [text, code]));
  return {
    task,
    classes: known,
    codes: Int32Array.from(texts, (text) => (text === null ? -1 : (index.get(text) ?? -1))),
  };
}

function byValue(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : a > b ? 1 : 0) : difference;
}

/** Rows of the label, in the given order. */
export function takeLabel(label: Label, rows: ArrayLike<number>): Label {
  const weights =
    label.weights === undefined ? {} : { weights: Float64Array.from(rows, (row) => label.weights![row]!) };
  if (label.task === "regression")
    return { task: label.task, values: Float64Array.from(rows, (row) => label.values[row]!), ...weights };
  const codes = Int32Array.from(rows, (row) => label.codes[row]!);
  return { task: label.task, classes: label.classes, codes, ...weights };
}

export function labelLength(label: Label): number {
  return label.task === "regression" ? label.values.length : label.codes.length;
}

/** What some rows count together: their number when all count the same. */
export function totalWeight({ weights, ...label }: Label): number {
  return weights === undefined ? labelLength(label) : weights.reduce((sum, weight) => sum + weight, 0);
}

/**
 * Row weights that make up for rare classes: each row's own times rows / (classes · rows of its class), as scikit-learn's
 * class_weight="balanced" beside sample_weight.
 */
export function balancedWeights(label: Extract<Label, { codes: Int32Array }>): Float64Array {
  const counts = new Float64Array(label.classes.length);
  for (const code of label.codes) counts[code]!++;
  const occurring = counts.filter((count) => count > 0).length;
  return Float64Array.from(
    label.codes,
    (code, row) => ((label.weights?.[row] ?? 1) * label.codes.length) / (occurring * counts[code]!),
  );
}

/** Throws TRAINING_LABEL_… unless every row has a label that the task can use, and at least two of them differ. */
export function checkLabel(label: Label, rowCount: number): void {
  const count = labelLength(label);
  if (count !== rowCount)
    throw fail("TRAINING_LABEL_INVALID", `Expected one label per row (${rowCount}), got ${count}`);
  if (rowCount < 2) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 rows to learn from, got ${rowCount}`);
  const values = label.task === "regression" ? label.values : label.codes;
  let missing = 0;
  let constant = true;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (label.task === "regression" ? Number.isNaN(value) : value === -1) missing++;
    else if (label.task === "regression" ? !Number.isFinite(value) : !(value >= 0 && value < label.classes.length))
      throw fail("TRAINING_LABEL_INVALID", `Expected a usable label in every row, got ${value} in row ${i}`);
    if (value !== values[0]) constant = false;
  }
  if (missing > 0)
    throw fail("TRAINING_LABEL_MISSING", `Expected a label in every row, got none in ${missing} of ${count} rows`);
  if (constant) {
    const only = label.task === "regression" ? values[0] : label.classes[values[0]!];
    throw fail(
      "TRAINING_LABEL_CONSTANT",
      `Expected labels that differ, got ${JSON.stringify(only)} in all ${count} rows`,
    );
  }
  if (label.task === "binary" && label.classes.length !== 2)
    throw fail("TRAINING_LABEL_INVALID", `Expected 2 classes for a binary task, got ${label.classes.length}`);
}
