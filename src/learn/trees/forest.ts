// Random forests (Breiman 2001) and extremely randomised trees (Geurts, Ernst & Wehenkel 2006), on the kernels of boosting.

import { fail } from "../../base/failure.ts";
import { binsOfCodes, sourceTree } from "../boosting/export.ts";
import type { BoostingMemory } from "../boosting/memory.ts";
import { writeFeatures } from "../boosting/rows.ts";
import { type Bag, drawBag } from "../boosting/sample.ts";
import { addToGrown, addToOutside } from "../boosting/scores.ts";
import { setUp } from "../boosting/setup.ts";
import { fixPoint, type SearchSettings } from "../boosting/step.ts";
import type { Team } from "../boosting/team.ts";
import { type GrowthSettings, growTree, leafOutput } from "../boosting/tree.ts";
import { breath } from "../breath.ts";
import { score, usualMetric } from "../evaluation/metrics.ts";
import { encodeTable } from "../features.ts";
import type { FitInput } from "../fit-input.ts";
import { takeLabel } from "../label.ts";
import type { Artifact, Label, Prediction } from "../model.ts";
import { paramReader } from "../params.ts";
import { type Random, random } from "../random.ts";
import { type SourceTree, treesArtifact } from "./artifact.ts";

/** As in boosting, but leaves of forests are smaller. */
const categorySmoothing = 4;

export interface ForestParams {
  /** Default 200. */
  readonly trees?: number;
  /** Most leaves of a tree. Default 1024. */
  readonly leaves?: number;
  readonly maxDepth?: number;
  /** Default 1. */
  readonly minRowsInLeaf?: number;
  /** Share of the rows each tree is grown on. Default 0.632 (what a bootstrap holds) for random forests, 1 for extra trees. */
  readonly rowSample?: number;
  /** Share of the features looked at for each split. Default: √F of F for classes, a third for numbers. */
  readonly splitFeatures?: number;
  readonly maxBins?: number;
}

/**
 * Trees that each answer with their leaf's mean; the forest answers with the mean of its trees. Classes are fitted as shares, whose
 * squared error is Gini's impurity; with more than two classes each has its own trees. A random forest's meta holds its
 * out-of-bag score: each row judged by the trees that did not see it.
 */
export async function fitForest(
  { table, features, label, options }: FitInput,
  params: ForestParams,
  algorithm: "randomForest" | "extraTrees",
): Promise<Artifact> {
  const number = paramReader(params);
  const isRegression = label.task === "regression";
  const isExtra = algorithm === "extraTrees";
  const rowSample = number("rowSample", isExtra ? 1 : 0.632, 1e-6, 1);
  const usualShare = isRegression ? 1 / 3 : 1 / Math.sqrt(features.length);
  const splitShare = number("splitFeatures", usualShare, 1e-6, 1);
  const trees = number("trees", 200, 1, 100_000, true);
  const settings: GrowthSettings & SearchSettings & { maxBins: number } = {
    leaves: number("leaves", 1024, 2, 65_536, true),
    maxDepth: number("maxDepth", 500, 1, 500, true),
    minRowsInLeaf: number("minRowsInLeaf", 1, 1, 1e9),
    maxBins: number("maxBins", 255, 2, 255, true),
    minCurvature: 1e-3,
    minGain: 1e-7,
    l1: 0,
    l2: 0,
    categorySmoothing,
    categoryL2: 0,
    monotone: new Int8Array(features.length),
  };
  const { outputs, shift, unit, targetOf } = forestTarget(label, options.weights);
  const setup = setUp({
    train: { columns: encodeTable(features, table), label, weights: options.weights, order: undefined },
    held: undefined,
    features,
    settings,
    threads: options.threads,
    oneHistogram: true,
    objective: {
      outputs,
      start: new Float64Array(outputs),
      targetOf: () => ({ values: new Float32Array(0), weights: options.weights }),
    },
  });
  const { memory, team, bins } = setup;
  const source = random(options.seed);
  const every = new Uint8Array(features.length).fill(1);
  writeFeatures(memory, bins, settings.monotone, every);
  // Columns that never vary must not use up the draws.
  const varying = [...bins.keys()].filter((f) => bins[f]!.count > 1 || bins[f]!.hasMissing);
  const perSplit = Math.max(1, Math.round(varying.length * splitShare));
  const growth: GrowthSettings = { ...settings, drawForSplit: splitDraw(memory, varying, perSplit, isExtra, source) };
  const grown: SourceTree[] = [];
  // The scores, which boosting would need, collect the answers of the trees that did not see the row.
  const votes = new Int32Array(table.rowCount);
  const growOne = (bag: Bag, output: number): void => {
    bag.place(team);
    writeDerivatives(memory, team, targetOf(output), settings);
    const tree = growTree(memory, team, bins, bag.inside, growth);
    const values = Float64Array.from(tree.leaves, (leaf) => leafOutput(memory, leaf, settings));
    if (bag.outside === 0) addToGrown(memory, team, tree, values, output);
    else addToOutside(memory, team, tree, values, output, bag.outside);
    const shares = values.map((value) => (value * unit) / trees);
    grown.push(sourceTree(memory, tree, bins, shares));
  };
  try {
    for (let t = 0; t < trees; t++) {
      if (options.signal !== undefined) await breath();
      options.signal?.throwIfAborted();
      const bag = drawBag(memory, { rowSample }, source);
      for (let output = 0; output < outputs; output++) growOne(bag, output);
      const { bag: outside } = memory.layout;
      for (let i = 0; i < bag.outside; i++) votes[memory.u32[outside / 4 + i]!]!++;
      options.onProgress?.({ iteration: t + 1, of: trees });
    }
  } finally {
    team.stop();
  }
  return treesArtifact(grown, {
    features,
    label,
    link: isRegression ? "identity" : "share",
    base: new Float64Array(outputs).fill(shift),
    binOfCode: binsOfCodes(bins),
    meta: {
      algorithm,
      params: { ...params },
      outOfBag: rowSample < 1 ? outOfBag(memory, label, votes, { outputs, shift, unit }) : null,
    },
  });
}

interface ForestTarget {
  readonly outputs: number;
  readonly shift: number;
  readonly unit: number;
  /** What the trees of an output are to answer, per row, in training units. */
  targetOf(output: number): Float32Array;
}

function forestTarget(label: Label, weights: Float64Array | undefined): ForestTarget {
  if (label.task !== "regression") {
    const outputs = label.task === "binary" ? 1 : label.classes.length;
    const wanted = (output: number): number => (outputs === 1 ? 1 : output);
    return {
      outputs,
      shift: 0,
      unit: 1,
      targetOf: (output) => Float32Array.from(label.codes, (code) => (code === wanted(output) ? 1 : 0)),
    };
  }
  const { values } = label;
  let total = 0;
  let mean = 0;
  for (let row = 0; row < values.length; row++) total += weights?.[row] ?? 1;
  for (let row = 0; row < values.length; row++) mean += ((weights?.[row] ?? 1) / total) * values[row]!;
  let unit = 0;
  for (const value of values) unit = Math.max(unit, Math.abs(value - mean));
  if (!(unit > 0 && unit < Number.POSITIVE_INFINITY))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected labels whose range can be computed, got numbers too large or too close",
    );
  const target = Float32Array.from(values, (value) => (value - mean) / unit);
  return { outputs: 1, shift: mean, unit, targetOf: () => target };
}

/** Squared error from 0: the Newton step of a leaf is the mean of its targets. */
function writeDerivatives(memory: BoostingMemory, team: Team, target: Float32Array, settings: SearchSettings): void {
  const { layout, f32 } = memory;
  let sumG = 0;
  let sumH = 0;
  for (let row = 0; row < layout.rowCount; row++) {
    const weight = layout.weights === 0 ? 1 : f32[layout.weights / 4 + row]!;
    f32[layout.g / 4 + row] = -weight * target[row]!;
    f32[layout.h / 4 + row] = weight;
    sumG += weight * Math.abs(target[row]!);
    sumH += weight;
  }
  fixPoint(memory, team, { sumG, sumH, countsRows: true }, settings);
}

/** Each call draws the features, and for extra trees the thresholds, that the next split may use: by a shuffle that stops early. */
function splitDraw(
  { i32, layout }: BoostingMemory,
  varying: readonly number[],
  wanted: number,
  isExtra: boolean,
  source: Random,
): () => void {
  const order = Int32Array.from(varying);
  const record = (feature: number): number => layout.featureRecords / 4 + feature * 8;
  for (let f = 0; f < layout.featureCount; f++) i32[record(f) + 3] = 0;
  return () => {
    for (let i = 0; i < wanted; i++) i32[record(order[i]!) + 3] = 0;
    for (let i = 0; i < wanted; i++) {
      const j = i + source.below(order.length - i);
      const feature = order[j]!;
      order[j] = order[i]!;
      order[i] = feature;
      i32[record(feature) + 3] = 1;
      i32[record(feature) + 5] = isExtra ? source.below(2 ** 30) : -1;
    }
  };
}

/** The task's usual metric over the rows that some tree did not see; null when there are none. */
function outOfBag(
  { layout, f32 }: BoostingMemory,
  label: Label,
  votes: Int32Array,
  { outputs, shift, unit }: Omit<ForestTarget, "targetOf">,
) {
  const rows = Array.from(votes.keys()).filter((row) => votes[row]! > 0);
  if (rows.length === 0) return null;
  const mean = (row: number, output: number): number =>
    f32[(layout.scores + output * layout.pitch) / 4 + row]! / votes[row]!;
  const name = usualMetric(label.task);
  let prediction: Prediction;
  if (label.task === "regression") {
    prediction = { values: Float64Array.from(rows, (row) => shift + unit * mean(row, 0)) };
  } else {
    const shares = rows.map((row) =>
      outputs === 1
        ? [1 - mean(row, 0), mean(row, 0)]
        : Array.from({ length: outputs }, (_, k) => Math.max(0, mean(row, k))),
    );
    prediction = {
      probabilities: Float64Array.from(
        shares.flatMap((row) => {
          const sum = row.reduce((a, b) => a + b, 0);
          return row.map((share) => (sum > 0 ? share / sum : 1 / row.length));
        }),
      ),
    };
  }
  const value = score(name, takeLabel(label, rows), prediction);
  return { metric: name, value: Number.isNaN(value) ? null : value, rows: rows.length };
}
