// Which rows are held out: by time when rows have one, otherwise in proportion of the classes, otherwise at random. Pure.

import { fail } from "../base/failure.ts";
import type { NumericColumn, Table } from "../base/table.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import { eventColumn } from "../features/columns.ts";
import type { Label } from "../learn/model.ts";
import { randomSplit, type Split, stratifiedSplit, timeSplit } from "../learn/splits.ts";

export type SplitKind = "time" | "random" | "stratified";

/** What the training says, or what fits its rows. */
export function splitKind(definition: TrainingDefinition, timed: boolean, label: Label): SplitKind {
  const wanted = definition.split.by;
  if (wanted === "time" && !timed)
    throw fail(
      "DEFINE_INVALID",
      'split.by: expected "stratified" or "random", since the label\'s group has no event time, got "time"',
    );
  if (wanted === "stratified" && label.task === "regression") return "random";
  return wanted ?? (timed ? "time" : label.task === "regression" ? "random" : "stratified");
}

/** Splits the given rows of the table; row numbers come back as those of the table. */
export function splitRows(
  rows: Int32Array,
  kind: SplitKind,
  table: Table,
  label: Label,
  options: { test: number; gapMs: number; seed: number },
): Split {
  const { test, gapMs, seed } = options;
  const part = (): Split => {
    if (kind === "time") {
      const times = (table.columns.get(eventColumn) as NumericColumn).values;
      return timeSplit(
        Float64Array.from(rows, (row) => times[row] as number),
        { test, gapMs },
      );
    }
    if (kind === "stratified" && label.task !== "regression")
      return stratifiedSplit(
        Int32Array.from(rows, (row) => label.codes[row] as number),
        { test, seed },
      );
    return randomSplit(rows.length, { test, seed });
  };
  const split = part();
  const back = (indices: Int32Array) => indices.map((index) => rows[index] as number);
  return { train: back(split.train), test: back(split.test) };
}
