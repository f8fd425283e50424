// Gradient boosting of histogram trees: Friedman 2001 with second-order steps (Chen & Guestrin 2016), grown leaf-wise (Ke et al. 2017).

import { type Bins, binsOf } from "./boosting-bins.ts";
import { type BoostingMemory, boostingLayout, boostingMemory } from "./boosting-memory.ts";
import { boostingObjective, type Objective, type Target } from "./boosting-objective.ts";
import { type BoostingParams, type BoostingSettings, boostingSettings } from "./boosting-params.ts";
import { writeFeatures, writeHeldBins, writeTrainingBins } from "./boosting-rows.ts";
import { drawBag } from "./boosting-sample.ts";
import { deriveFixedPoint } from "./boosting-step.ts";
import { type GrownTree, growTree, leafOutput } from "./boosting-tree.ts";
import { encodeTable, type Feature } from "./features.ts";
import type { FitInput, FitOptions } from "./fit.ts";
import { labelLength } from "./label.ts";
import type { Artifact, Label } from "./model.ts";
import { random } from "./random.ts";
import { randomSplit, stratifiedSplit } from "./splits.ts";
import { type SourceTree, treesArtifact } from "./trees-artifact.ts";

export type { BoostingParams } from "./boosting-params.ts";

/** Share of the training rows that is held out to find when to stop, when no validation rows are given. */
const heldShare = 0.15;

/** Up to this many rows, the held-out ones are too dear to lose: once the best number of trees is known, all rows are used. */
const mostRowsToRefit = 50_000;

/** Columns of encoded values, of which a run uses some rows. */
interface Rows {
  readonly columns: readonly Float64Array[];
  readonly label: Label;
  readonly weights: Float64Array | undefined;
  /** All rows in order when absent. */
  readonly order: Int32Array | undefined;
}

interface Run {
  readonly train: Rows;
  readonly held: Rows | undefined;
  readonly features: readonly Feature[];
  readonly settings: BoostingSettings;
  readonly objective: Objective;
  readonly options: FitOptions;
}

interface Boosted {
  readonly trees: SourceTree[];
  readonly bins: readonly Bins[];
  /** Iterations up to the best validation loss; all of them without validation. */
  readonly best: number;
  readonly bestLoss: number | undefined;
}

export async function fitBoosting(
  { table, features, label, options }: FitInput,
  params: BoostingParams,
): Promise<Artifact> {
  const { weights, validation } = options;
  const settings = boostingSettings(params, {
    task: label.task,
    rowCount: table.rowCount,
    features,
    hasValidation: validation !== undefined,
  });
  const objective = boostingObjective(settings, label, weights);
  const columns = encodeTable(features, table);
  const all: Rows = { columns, label, weights, order: undefined };
  const run = (train: Rows, held: Rows | undefined, changed: Partial<BoostingSettings> = {}): Promise<Boosted> =>
    boost({ train, held, features, settings: { ...settings, ...changed }, objective, options });

  let boosted: Boosted;
  if (settings.earlyStopping === 0) boosted = await run(all, undefined);
  else if (validation !== undefined) {
    const held: Rows = {
      columns: encodeTable(features, validation.features),
      label: validation.label,
      weights: undefined,
      order: undefined,
    };
    boosted = await run(all, held);
  } else {
    const split =
      label.task === "regression"
        ? randomSplit(labelLength(label), { test: heldShare, seed: options.seed })
        : stratifiedSplit(label.codes, { test: heldShare, seed: options.seed });
    boosted = await run({ ...all, order: split.train }, { ...all, order: split.test });
    if (table.rowCount <= mostRowsToRefit)
      boosted = { ...(await run(all, undefined, { trees: Math.max(1, boosted.best) })), bestLoss: boosted.bestLoss };
  }
  const kept = boosted.trees.slice(0, boosted.best * objective.outputs);
  return treesArtifact(kept, {
    features,
    label,
    link: objective.link,
    base: objective.start.map((margin) => objective.shift + objective.unit * margin),
    binOfCode: boosted.bins.map((bins) => (bins.kind === "category" ? bins.binOfCode : undefined)),
    meta: {
      algorithm: "gradientBoosting",
      objective: settings.objective,
      iterations: boosted.best,
      validationLoss: boosted.bestLoss ?? null,
      params: { ...params },
    },
  });
}

async function boost(run: Run): Promise<Boosted> {
  const { train, held, features, settings, objective, options } = run;
  const { memory, bins, target, heldTarget } = prepare(run);
  const { layout, f32 } = memory;
  const source = random(options.seed);
  const scores = f32.subarray(layout.scores / 4);
  const heldScores = f32.subarray(layout.heldScores / 4);
  const trees: SourceTree[] = [];
  let best = 0;
  let bestLoss = heldTarget === undefined ? undefined : objective.loss(heldScores, layout.heldPitch / 4, heldTarget);
  const everyFeature = new Uint8Array(features.length).fill(1);
  writeFeatures(memory, bins, settings.monotone, everyFeature);
  for (let iteration = 0; iteration < settings.trees; iteration++) {
    if (options.signal !== undefined) await breath();
    options.signal?.throwIfAborted();
    objective.prepare(memory);
    const bag = drawBag(memory, settings, source);
    if (settings.featureSample < 1)
      writeFeatures(memory, bins, settings.monotone, drawFeatures(features.length, settings.featureSample, source));
    for (let output = 0; output < objective.outputs; output++) {
      deriveFixedPoint(memory, objective, output, settings);
      bag.place();
      const tree = growTree(memory, bins, bag.inside, settings);
      const values = answer(run, memory, tree, output);
      spread(memory, tree, values, output, bag.outside, held !== undefined);
      trees.push(
        sourceTree(
          memory,
          tree,
          bins,
          values.map((value) => value * objective.unit),
          train.weights !== undefined,
        ),
      );
    }
    const loss = options.onProgress === undefined ? undefined : objective.loss(scores, layout.pitch / 4, target);
    const heldLoss =
      heldTarget === undefined ? undefined : objective.loss(heldScores, layout.heldPitch / 4, heldTarget);
    options.onProgress?.({
      iteration: iteration + 1,
      of: settings.trees,
      ...(loss === undefined ? {} : { loss }),
      ...(heldLoss === undefined ? {} : { validationLoss: heldLoss }),
    });
    if (heldLoss === undefined || bestLoss === undefined) best = iteration + 1;
    else if (heldLoss < bestLoss) {
      best = iteration + 1;
      bestLoss = heldLoss;
    } else if (iteration + 1 - best >= settings.earlyStopping) break;
    // When no output could be split, no later tree can be either, unless it sees other rows or features.
    const isFinished = trees.slice(-objective.outputs).every((tree) => "cover" in tree.nodeAt(0));
    if (isFinished && settings.rowSample === 1 && settings.featureSample === 1) break;
  }
  return { trees, bins, best, bestLoss };
}

/** Lets other work run: an abort that nobody can signal would be none. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function prepare({ train, held, features, settings, objective }: Run) {
  const rowCount = train.order?.length ?? labelLength(train.label);
  const heldRows = held === undefined ? 0 : (held.order?.length ?? labelLength(held.label));
  const layout = boostingLayout({
    rowCount,
    heldRows,
    outputs: objective.outputs,
    featureCount: features.length,
    leaves: settings.leaves,
    weighted: train.weights !== undefined,
  });
  const memory = boostingMemory(layout);
  const bins = features.map((feature, f) => {
    const column = train.columns[f]!;
    const own = binsOf(
      feature,
      train.order === undefined ? column : Float64Array.from(train.order, (row) => column[row]!),
      settings.maxBins,
    );
    writeTrainingBins(memory, f, own, column, train.order);
    if (held !== undefined) writeHeldBins(memory, f, own, held.columns[f]!, held.order);
    return own;
  });
  const target = objective.targetOf(train.label, train.order, train.weights);
  if (target.values instanceof Int32Array) memory.i32.set(target.values, layout.labels / 4);
  else memory.f32.set(target.values, layout.labels / 4);
  if (target.weights !== undefined) memory.f32.set(target.weights, layout.weights / 4);
  for (let k = 0; k < objective.outputs; k++) {
    const at = (layout.scores + k * layout.pitch) / 4;
    memory.f32.fill(objective.start[k]!, at, at + layout.padded);
    memory.f32.fill(
      objective.start[k]!,
      (layout.heldScores + k * layout.heldPitch) / 4,
      (layout.heldScores + (k + 1) * layout.heldPitch) / 4,
    );
  }
  const heldTarget: Target | undefined =
    held === undefined ? undefined : objective.targetOf(held.label, held.order, held.weights);
  return { memory, bins, target, heldTarget };
}

function drawFeatures(count: number, share: number, source: ReturnType<typeof random>): Uint8Array {
  const active = new Uint8Array(count);
  const wanted = Math.max(1, Math.round(count * share));
  let left = count;
  // Selection sampling (Knuth 3.4.2 S): each set of that size is equally likely.
  for (let f = 0, taken = 0; f < count; f++, left--) {
    if (source.next() * left >= wanted - taken) continue;
    active[f] = 1;
    taken++;
  }
  return active;
}

/** What each leaf answers, the learning rate included. */
function answer(
  { settings, objective }: Run,
  memory: BoostingMemory,
  { leaves }: GrownTree,
  output: number,
): Float64Array {
  const { layout, f32, u32 } = memory;
  const scores = f32.subarray((layout.scores + output * layout.pitch) / 4);
  const labels = f32.subarray(layout.labels / 4);
  const weights = layout.weights === 0 ? undefined : f32.subarray(layout.weights / 4);
  return Float64Array.from(leaves, (leaf) => {
    if (objective.leafValue === undefined) return settings.learningRate * leafOutput(memory, leaf, settings);
    const from = layout.rows / 4 + leaf.start;
    const value = objective.leafValue(u32.subarray(from, from + leaf.count), scores, labels, weights);
    return settings.learningRate * Math.min(leaf.highest, Math.max(leaf.lowest, value));
  });
}

/** Adds the tree's answers to the scores of the rows it was grown on, of those left out of it, and of the held-out ones. */
function spread(
  memory: BoostingMemory,
  tree: GrownTree,
  values: Float64Array,
  output: number,
  outside: number,
  hasHeld: boolean,
): void {
  const { kernels, layout } = memory;
  const scores = layout.scores + output * layout.pitch;
  for (const [i, { start, count }] of tree.leaves.entries())
    kernels.addToScores(layout.rows + start * 4, count, values[i]!, scores);
  if (outside > 0) walk(memory, tree, values, layout.columns, layout.columnPitch, layout.bag, outside, scores);
  if (hasHeld)
    walk(
      memory,
      tree,
      values,
      layout.heldColumns,
      layout.heldColumnPitch,
      0,
      layout.heldRows,
      layout.heldScores + output * layout.heldPitch,
    );
}

function walk(
  { kernels, layout, bytes, u32, i32, f32 }: BoostingMemory,
  { splits }: GrownTree,
  values: Float64Array,
  columns: number,
  pitch: number,
  list: number,
  count: number,
  scores: number,
): void {
  if (splits.length === 0) {
    const from = scores / 4;
    if (list === 0) for (let i = 0; i < count; i++) f32[from + i]! += values[0]!;
    else kernels.addToScores(list, count, values[0]!, scores);
    return;
  }
  for (const [n, { feature, table, left, right }] of splits.entries()) {
    const at = layout.walkNodes / 4 + n * 4;
    u32[at] = columns + feature * pitch;
    i32[at + 1] = left;
    i32[at + 2] = right;
    bytes.set(table, layout.walkTables + n * 256);
  }
  f32.set(values, layout.walkValues / 4);
  kernels.walk(layout.walkNodes, layout.walkTables, layout.walkValues, list, count, scores);
}

/** The tree in the data's own values instead of bins. */
function sourceTree(
  memory: BoostingMemory,
  { splits, leaves }: GrownTree,
  bins: readonly Bins[],
  values: Float64Array,
  weighted: boolean,
): SourceTree {
  const { kernels, layout } = memory;
  const covers = leaves.map(({ start, count }) => {
    if (!weighted) return count;
    return kernels.sumOf(layout.rows + start * 4, count, layout.weights);
  });
  // Leaves are numbered after the splits.
  const number = (child: number): number => (child >= 0 ? child : splits.length + ~child);
  return {
    nodeAt(index) {
      const split = splits[index];
      if (split === undefined) return { value: values[index - splits.length]!, cover: covers[index - splits.length]! };
      const { feature, gain, threshold, table } = split;
      const kind = bins[feature]!;
      const node = {
        feature,
        gain,
        left: number(split.left),
        right: number(split.right),
        missingLeft: table[kind.count] === 1,
      };
      if (kind.kind === "category") return { ...node, bins: table.subarray(0, kind.count) };
      // Past the last bound there are only missing values.
      return { ...node, threshold: kind.bounds[threshold] ?? Number.MAX_VALUE };
    },
  };
}
