// Which rows are held out for the gate, and how the rest is folded to compare candidates. Pure.

import { fail } from "../base/failure.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import {
  groupSplit,
  kFold,
  randomSplit,
  rollingOrigin,
  type Split,
  stratifiedSplit,
  timeSplit,
} from "../learn/evaluation/splits.ts";
import type { LabelledRows, Rows } from "./rows.ts";

/** Rows that may have a label. */
type MaybeLabelled = Rows & Partial<Pick<LabelledRows, "label">>;

export type SplitKind = "time" | "random" | "stratified" | "group";

export interface HeldOut extends Split {
  readonly kind: SplitKind;
  /** Rows that draw up to here are held out, per class where classes count; empty when time decides. */
  readonly border: Readonly<Record<string, number>>;
}

export interface Folds {
  readonly folds: readonly Split[];
  /** In words: "5 folds, each class in proportion". */
  readonly method: string;
}

/** The gate's rows: the newest, or those with the lowest draws, so that a row stays in its part as the table grows. */
export function holdOut(rows: MaybeLabelled, training: TrainingDefinition): HeldOut {
  const kind = splitKind(training, rows);
  const { test: share, gapMs } = training.split;
  if (kind === "time") return { kind, border: {}, ...timeSplit(rows.times as Float64Array, { test: share, gapMs }) };
  const all = Array.from(rows.draws.keys());
  const border: Record<string, number> = {};
  const label = classesOf(rows);
  if (kind === "stratified" && label !== undefined) {
    const { codes, classes } = label;
    for (const [code, name] of classes.entries()) {
      const cut = borderOf(
        all.filter((row) => codes[row] === code),
        rows.draws,
        share,
      );
      if (cut !== undefined) border[name] = cut;
    }
    return { kind, border, ...parted(all, (row) => rows.draws[row]! <= (border[classes[codes[row]!]!] ?? -1)) };
  }
  const cut = borderOf(all, rows.draws, share);
  if (cut === undefined)
    throw fail(
      "TRAINING_TOO_FEW_ROWS",
      kind === "group"
        ? `Expected rows of at least 2 values of ${JSON.stringify(training.split.group)} to split by, got one`
        : "Expected at least 2 different rows to split, got one",
    );
  border[""] = cut;
  return { kind, border, ...parted(all, (row) => rows.draws[row]! <= cut) };
}

/** What the training says, or what fits its rows. */
function splitKind(definition: TrainingDefinition, rows: MaybeLabelled): SplitKind {
  const { times } = rows;
  const drawn = classesOf(rows) === undefined ? "random" : "stratified";
  const wanted = definition.split.by;
  if (wanted === "time" && times === null)
    throw fail(
      "DEFINE_INVALID",
      'split.by: expected "stratified", "random" or "group", since the label\'s group has no event time, got "time"',
    );
  if (wanted === "stratified") return drawn;
  return wanted ?? (times !== null ? "time" : drawn);
}

function classesOf({ label }: MaybeLabelled) {
  return label === undefined || label.task === "regression" ? undefined : label;
}

/** The draw up to which about that share of the rows is held out; equal draws (copies, a group) are never parted. */
function borderOf(rows: readonly number[], draws: Float64Array, share: number): number | undefined {
  const sorted = rows.map((row) => draws[row]!).sort((a, b) => a - b);
  const wanted = Math.max(1, Math.round(sorted.length * share));
  let best: number | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (let i = 0; i < sorted.length - 1; i++) {
    if (sorted[i] === sorted[i + 1]) continue;
    const distance = Math.abs(i + 1 - wanted);
    if (distance >= bestDistance) break;
    best = sorted[i];
    bestDistance = distance;
  }
  return best;
}

function parted(rows: readonly number[], isHeld: (row: number) => boolean): Split {
  return {
    train: Int32Array.from(rows.filter((row) => !isHeld(row))),
    test: Int32Array.from(rows.filter(isHeld)),
  };
}

/** Up to this many training rows a single held-back part is too noisy to choose by. */
const mostRowsForFolds = 5_000;
const usualFolds = 5;

/** Folds of the given rows, of the same kind as the split itself; row numbers are those of the table. */
export function foldsOf(
  rows: MaybeLabelled,
  among: Int32Array,
  kind: SplitKind,
  { split, seed }: TrainingDefinition,
): Folds {
  const count = split.folds ?? (among.length <= mostRowsForFolds ? usualFolds : 1);
  const part = foldsWithin(rows, among, kind, { count, test: split.test, gapMs: split.gapMs, seed: seed + 1 });
  const back = (indices: Int32Array) => indices.map((index) => among[index]!);
  return {
    method: part.method,
    folds: part.folds.map(({ train, test }) => ({ train: back(train), test: back(test) })),
  };
}

function foldsWithin(
  rows: MaybeLabelled,
  among: Int32Array,
  kind: SplitKind,
  { count, test, gapMs, seed }: { count: number; test: number; gapMs: number; seed: number },
): Folds {
  const { times, groups } = rows;
  const label = classesOf(rows);
  if (kind === "time") {
    const own = Float64Array.from(among, (row) => times![row]!);
    if (count === 1)
      return { folds: [timeSplit(own, { test, gapMs })], method: `the newest ${percent(test)} of the training rows` };
    const folds = rollingOrigin(own, count, { gapMs });
    return { folds, method: `${folds.length} windows in time order, each after the rows it is trained on` };
  }
  if (kind === "group") {
    const own = Array.from(among, (row) => groups![row]!);
    if (count === 1)
      return {
        folds: [groupSplit(own, { test, seed })],
        method: `${percent(test)} of the training rows, whole groups`,
      };
    const folds = kFold(among.length, count, { seed, groups: own });
    return { folds, method: `${folds.length} folds of whole groups` };
  }
  if (kind === "stratified" && label !== undefined) {
    const own = Int32Array.from(among, (row) => label.codes[row]!);
    if (count === 1)
      return {
        folds: [stratifiedSplit(own, { test, seed })],
        method: `${percent(test)} of each class's training rows`,
      };
    const folds = kFold(among.length, count, { seed, classes: own });
    return { folds, method: `${folds.length} folds, each class in proportion` };
  }
  if (count === 1)
    return {
      folds: [randomSplit(among.length, { test, seed })],
      method: `${percent(test)} of the training rows, at random`,
    };
  const folds = kFold(among.length, count, { seed });
  return { folds, method: `${folds.length} folds, at random` };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
