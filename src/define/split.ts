// Which rows a training holds out for the gate, and how it folds the others.

import { checkDuration, checkNumber, checkOneOf, checkOptions, checkText, invalid } from "./check.ts";

export interface Split {
  /** `time`: the newest rows are held out; `stratified`: each class in proportion; `group`: whole groups; `random`. */
  readonly by: "time" | "random" | "stratified" | "group";
  /** With `group`: the feature or key whose rows stay together, e.g. "customer". */
  readonly group?: string;
  /** The share of rows that is held out for the gate. */
  readonly test?: number;
  /** With `time`: rows this close before the test part are left out, e.g. "1d". */
  readonly gap?: string;
  /**
   * Candidates are compared on this many folds of the training rows (in time order with `time`), or on one held-back part with 1.
   * 5 up to 5,000 training rows and 1 beyond when left out.
   */
  readonly folds?: number;
}

export function checkSplit(split: Split | undefined): void {
  if (split === undefined) return;
  checkOptions("split", split, ["by", "group", "test", "gap", "folds"]);
  checkOneOf("split.by", split.by, ["time", "random", "stratified", "group"]);
  if (split.by === "group") checkText("split.group", split.group);
  else if (split.group !== undefined) throw invalid("split.group", 'by: "group" beside it', split.group);
  if (split.gap !== undefined && split.by !== "time") throw invalid("split.gap", 'by: "time" beside it', split.gap);
  if (split.folds !== undefined) {
    checkNumber("split.folds", split.folds, { min: 1, max: 50 });
    if (!Number.isInteger(split.folds)) throw invalid("split.folds", "a whole number", split.folds);
  }
  if (split.test !== undefined) checkNumber("split.test", split.test, { min: 0.01, max: 0.9 });
  if (split.gap !== undefined) checkDuration("split.gap", split.gap);
}
