// Isolation forest (Liu, Ting & Zhou 2008): odd rows are those that random splits set apart quickly; no label needed.

import { fail } from "../../base/failure.ts";
import type { Table } from "../../base/table.ts";
import { corrupt } from "../artifact.ts";
import { type Bins, binsOf } from "../boosting/bins.ts";
import { binsOfCodes } from "../boosting/export.ts";
import type { Row } from "../features.ts";
import { encodeTable, featuresOf, type Numbers } from "../features.ts";
import type { Artifact, Explanation } from "../model.ts";
import { openModel } from "../open-model.ts";
import { paramReader } from "../params.ts";
import { type Random, random, shuffled } from "../random.ts";
import { type SourceLeaf, type SourceSplit, type SourceTree, treesArtifact } from "./artifact.ts";

export interface IsolationParams {
  /** Default 200. */
  readonly trees?: number;
  /** Rows each tree is grown on, drawn without replacement. Default 256. */
  readonly rows?: number;
}

export interface AnomalyDetector {
  /** From 0 to 1 per row: about 0.5 for ordinary rows, near 1 for odd ones. */
  score(table: Table): Float64Array;
  scoreRow(row: Row): number;
  /** How many splits each feature adds to (or saves from) the row's path: the negative ones make it odd. */
  explainRow(row: Row): Explanation;
}

/** The artifact is a tree ensemble whose answer is the mean length of a row's path. Throws TRAINING_NO_FEATURES, TRAINING_TOO_FEW_ROWS. */
export function fitIsolationForest(
  table: Table,
  params: IsolationParams,
  options: { readonly seed: number },
): Artifact {
  const number = paramReader(params);
  const trees = number("trees", 200, 1, 100_000, true);
  const features = featuresOf(table, { text: false });
  if (features.length === 0) throw fail("TRAINING_NO_FEATURES", "Expected a column of numbers or categories, got none");
  if (table.rowCount < 2) throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least 2 rows, got ${table.rowCount}`);
  const rows = Math.min(table.rowCount, number("rows", 256, 2, 1e9, true));
  const columns = encodeTable(features, table);
  const bins = features.map((feature, f) => binsOf(feature, columns[f]!, 255));
  const values = columns.map((column, f) => binned(column, bins[f]!));
  const deepest = Math.ceil(Math.log2(rows));
  const source = random(options.seed);
  const grown = Array.from({ length: trees }, () =>
    isolationTree(values, bins, shuffled(table.rowCount, source).slice(0, rows), { deepest, trees, source }),
  );
  return treesArtifact(grown, {
    features,
    label: { task: "regression", values: new Float64Array(0) },
    link: "identity",
    base: Float64Array.of(0),
    binOfCode: binsOfCodes(bins),
    meta: { algorithm: "isolationForest", usualPath: usualPath(rows), params: { ...params } },
  });
}

export function openIsolationForest(artifact: Artifact): AnomalyDetector {
  const model = openModel(artifact);
  const usual = artifact.meta.usualPath;
  if (artifact.meta.algorithm !== "isolationForest" || typeof usual !== "number" || !(usual > 0))
    throw corrupt("Expected an isolation forest with its usual path length");
  const scoreOf = (path: number): number => 2 ** (-path / usual);
  return {
    score: (table) => (model.predict(table) as { values: Float64Array }).values.map(scoreOf),
    scoreRow: (row) => scoreOf(model.predictRow(row) as number),
    explainRow: (row) => model.explainRow(row),
  };
}

/** Mean length of an unsuccessful search in a binary tree of n rows: what a path would have gone on for. */
function usualPath(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + 0.5772156649015329) - (2 * (n - 1)) / n;
}

/** Numbers stay as they are; categories become their bins. */
function binned(column: Numbers, bins: Bins): Numbers {
  if (bins.kind === "number") return column;
  return column.map((code) => (Number.isNaN(code) || bins.binOfCode[code]! < 0 ? Number.NaN : bins.binOfCode[code]!));
}

interface Growth {
  readonly deepest: number;
  readonly trees: number;
  readonly source: Random;
}

function isolationTree(
  values: readonly Numbers[],
  bins: readonly Bins[],
  all: Int32Array,
  { deepest, trees, source }: Growth,
): SourceTree {
  const nodes: (SourceSplit | SourceLeaf)[] = [];
  const grow = (rows: Int32Array, depth: number): number => {
    const id = nodes.length;
    const leaf: SourceLeaf = { value: (depth + usualPath(rows.length)) / trees, cover: rows.length };
    nodes.push(leaf);
    if (depth >= deepest || rows.length < 2) return id;
    const split = randomSplit(values, bins, rows, source);
    if (split === undefined) return id;
    const { goesLeft, ...node } = split;
    const left = grow(rows.filter(goesLeft), depth + 1);
    const right = grow(
      rows.filter((row) => !goesLeft(row)),
      depth + 1,
    );
    nodes[id] = { ...node, left, right, gain: rows.length };
    return id;
  };
  grow(all, 0);
  return { nodeAt: (index) => nodes[index]! };
}

/** A random feature that varies among the rows, and a random place to cut it; undefined when all rows are alike. */
function randomSplit(values: readonly Numbers[], bins: readonly Bins[], rows: Int32Array, source: Random) {
  for (const feature of shuffled(values.length, source)) {
    const column = values[feature]!;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let missing = 0;
    for (const row of rows) {
      const value = column[row]!;
      if (Number.isNaN(value)) missing++;
      else {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (!(low < high)) {
      if (missing === 0 || missing === rows.length) continue;
      // Missing against present is a difference, too.
      const goesLeft = (row: number): boolean => !Number.isNaN(column[row]);
      if (bins[feature]!.kind === "category")
        return { feature, missingLeft: false, goesLeft, bins: new Uint8Array(bins[feature]!.count).fill(1) };
      return { feature, missingLeft: false, goesLeft, threshold: Number.MAX_VALUE };
    }
    const missingLeft = source.next() < 0.5;
    if (bins[feature]!.kind === "number") {
      const share = source.next();
      // The mean of both ends cannot overflow, as their distance can.
      const drawn = low * (1 - share) + high * share;
      const cut = drawn >= low && drawn < high ? drawn : low;
      return {
        feature,
        missingLeft,
        threshold: cut,
        goesLeft: (row: number): boolean => (Number.isNaN(column[row]) ? missingLeft : column[row]! <= cut),
      };
    }
    const left = new Uint8Array(bins[feature]!.count);
    const present = [...new Set(Array.from(rows, (row) => column[row]!).filter((bin) => !Number.isNaN(bin)))].sort(
      (a, b) => a - b,
    );
    for (const bin of present) left[bin] = source.below(2);
    // Both sides need a category that occurs.
    left[present[0]!] = 1;
    left[present.at(-1)!] = 0;
    return {
      feature,
      missingLeft,
      bins: left,
      goesLeft: (row: number): boolean => (Number.isNaN(column[row]) ? missingLeft : left[column[row]!] === 1),
    };
  }
  return undefined;
}
