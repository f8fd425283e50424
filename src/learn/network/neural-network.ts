// A small neural network: layers of rectified units, trained by Adam on mini-batches, stopped when held-out rows get no better.

import { fail } from "../../base/failure.ts";
import { breath } from "../breath.ts";
import { randomSplit, stratifiedSplit } from "../evaluation/splits.ts";
import { encodeTable, featuresToJson, type Numbers } from "../features.ts";
import type { FitInput } from "../fit-input.ts";
import { linearDesign } from "../linear/design.ts";
import { applyLink, type Link } from "../link.ts";
import type { Artifact, Label } from "../model.ts";
import { paramReader } from "../params.ts";
import { type Random, random, shuffled } from "../random.ts";
import { referenceImportance, referenceRow } from "../reference-shapley.ts";
import { readVectors, vectorArrays, vectorWidth } from "../vectors.ts";
import { backward, forward, type Layers, layersOf, pass, weightCount } from "./layers.ts";
import { marginOf } from "./model.ts";

export interface NetworkParams {
  /** Units of the first and the second hidden layer; 0 in the second leaves it out. Default 32 and 16. */
  readonly hidden?: number;
  readonly hidden2?: number;
  /** Most passes over the rows. Default 200. */
  readonly epochs?: number;
  /** Default 0.003. */
  readonly learningRate?: number;
  /** Weight decay per step, relative to the learning rate. Default 0.001. */
  readonly l2?: number;
  /** Rows per step. Default 32, more for many rows. */
  readonly batch?: number;
  /** Epochs without a better held-out loss before it stops. Default 15. */
  readonly patience?: number;
}

/** Kingma & Ba 2015, with the decay of Loshchilov & Hutter 2019. 15 % of the rows are held out unless validation rows are given. */
export async function fitNetwork(input: FitInput, params: NetworkParams): Promise<Artifact> {
  const { table, features, label, options } = input;
  const number = paramReader(params);
  const epochs = number("epochs", 200, 1, 100_000, true);
  const rate = number("learningRate", 0.003, 1e-7, 1);
  const l2 = number("l2", 1e-3, 0, 10);
  const batch = number("batch", Math.min(256, Math.max(16, Math.round(table.rowCount / 100))), 1, 1e6, true);
  const patience = number("patience", 15, 1, 1e6, true);
  const design = linearDesign(input);
  const width = vectorWidth(design);
  const outputs = label.task === "multiclass" ? label.classes.length : 1;
  const sizes = [width, number("hidden", 32, 1, 4096, true), number("hidden2", 16, 0, 4096, true), outputs].filter(
    (size) => size > 0,
  );
  const link: Link = label.task === "regression" ? "identity" : label.task === "binary" ? "logit" : "softmax";
  const { shift, unit } = scaleOf(label);
  const meta = {
    algorithm: "neuralNetwork",
    sizes,
    shift,
    unit,
    link,
    task: label.task,
    classes: label.task === "regression" ? [] : label.classes,
    features: featuresToJson(features),
  };
  const arrays = vectorArrays(design, features);
  const encode = readVectors({ format: "", meta, arrays }, features, width);

  const columns = encodeTable(features, table);
  const train = vectorsOf(columns, table.rowCount, width, encode);
  const { used, held, heldVectors, heldLabel, heldWeights } = heldOut(input, train, width, encode);
  const heldTotal = held.reduce((sum, row) => sum + (heldWeights?.[row] ?? 1), 0);
  const source = random(options.seed);
  const layers = layersOf(sizes);
  const weights = started(layers, source);
  const run = pass(layers);
  const gradient = new Float64Array(weights.length);
  const momentum = new Float64Array(weights.length);
  const velocity = new Float64Array(weights.length);
  const delta = new Float64Array(outputs);
  let best = weights.slice();
  let bestLoss = Number.POSITIVE_INFINITY;
  let since = 0;
  let step = 0;
  for (let epoch = 0; epoch < epochs && since < patience; epoch++) {
    if (options.signal !== undefined) await breath();
    options.signal?.throwIfAborted();
    const order = shuffled(used.length, source);
    let loss = 0;
    let weight = 0;
    for (let from = 0; from < order.length; from += batch) {
      gradient.fill(0);
      let inBatch = 0;
      const to = Math.min(order.length, from + batch);
      for (let i = from; i < to; i++) {
        const row = used[order[i]!]!;
        const own = options.weights?.[row] ?? 1;
        if (own === 0) continue;
        const margins = forward(layers, weights, train.subarray(row * width, (row + 1) * width), run);
        loss += own * lossAndDelta(link, margins, label, row, shift, unit, delta);
        for (let k = 0; k < outputs; k++) delta[k]! *= own;
        backward(layers, weights, run, delta, gradient);
        inBatch += own;
      }
      weight += inBatch;
      if (inBatch === 0) continue;
      step++;
      const correction = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
      for (let j = 0; j < weights.length; j++) {
        const g = gradient[j]! / inBatch;
        momentum[j] = 0.9 * momentum[j]! + 0.1 * g;
        velocity[j] = 0.999 * velocity[j]! + 0.001 * g * g;
        weights[j]! -= (correction * momentum[j]!) / (Math.sqrt(velocity[j]!) + 1e-8) + rate * l2 * weights[j]!;
      }
    }
    let heldLoss = 0;
    for (const [i, row] of held.entries()) {
      const vectors = heldVectors.subarray(i * width, (i + 1) * width);
      const one = lossAndDelta(link, forward(layers, weights, vectors, run), heldLabel, row, shift, unit, delta);
      heldLoss += ((heldWeights?.[row] ?? 1) * one) / heldTotal;
    }
    const judged = heldTotal > 0 ? heldLoss : loss / weight;
    if (!Number.isFinite(judged))
      throw fail("TRAINING_DIVERGED", `Expected a finite loss, got ${judged} in epoch ${epoch + 1}`);
    options.onProgress?.({
      iteration: epoch + 1,
      of: epochs,
      loss: loss / weight,
      ...(heldTotal > 0 && { validationLoss: heldLoss }),
    });
    since++;
    if (judged < bestLoss) {
      bestLoss = judged;
      best = weights.slice();
      since = 0;
    }
  }
  const reference = referenceRow(columns, features);
  const sampled = Int32Array.from({ length: Math.min(100, table.rowCount) }, (_, i) =>
    Math.floor((i * table.rowCount) / Math.min(100, table.rowCount)),
  );
  const artifact = {
    format: "pentad.network/1",
    meta,
    arrays: {
      ...arrays,
      weights: best,
      reference: known(reference),
      referenceKnown: Uint8Array.from(reference, (value) => (Number.isNaN(value) ? 0 : 1)),
    },
  };
  // What each feature moves is measured now, because the rows are at hand now.
  const margin = marginOf({ layers, weights: best, encode, width });
  const moved = referenceImportance(
    (row) => margin(row, outputs > 1 ? 1 : 0),
    Array.from(sampled, (row) => Float64Array.from(columns, (column) => column[row]!)),
    reference,
    features,
  );
  return { ...artifact, arrays: { ...artifact.arrays, importance: moved } };
}

function known(reference: Float64Array): Float64Array {
  return reference.map((value) => (Number.isNaN(value) ? 0 : value));
}

/** Regressions are learnt in units of their spread around their mean. */
function scaleOf(label: Label): { shift: number; unit: number } {
  if (label.task !== "regression") return { shift: 0, unit: 1 };
  const { values } = label;
  let shift = 0;
  for (const value of values) shift += value / values.length;
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value - shift));
  let squares = 0;
  for (const value of values) squares += ((value - shift) / largest) ** 2 / values.length;
  const unit = largest * Math.sqrt(squares);
  if (!(unit > 0 && unit < Number.POSITIVE_INFINITY && Number.isFinite(shift)))
    throw fail(
      "TRAINING_LABEL_INVALID",
      "Expected labels whose range can be computed, got numbers too large or too close",
    );
  return { shift, unit };
}

function vectorsOf(
  columns: readonly Numbers[],
  rowCount: number,
  width: number,
  encode: (row: Float64Array, into: Float64Array) => void,
): Float64Array {
  const vectors = new Float64Array(rowCount * width);
  const row = new Float64Array(columns.length);
  for (let i = 0; i < rowCount; i++) {
    for (let f = 0; f < columns.length; f++) row[f] = columns[f]![i]!;
    encode(row, vectors.subarray(i * width, (i + 1) * width));
  }
  return vectors;
}

/** The rows to learn from, and those to stop by; fewer than 50 rows are all learnt from. */
function heldOut(
  { table, features, label, options }: FitInput,
  train: Float64Array,
  width: number,
  encode: (row: Float64Array, into: Float64Array) => void,
) {
  const all = Int32Array.from({ length: table.rowCount }, (_, row) => row);
  const { validation } = options;
  if (validation !== undefined) {
    const held = Int32Array.from({ length: validation.features.rowCount }, (_, row) => row);
    return {
      used: all,
      held,
      heldVectors: vectorsOf(encodeTable(features, validation.features), held.length, width, encode),
      heldLabel: validation.label,
      heldWeights: validation.label.weights,
    };
  }
  const own = { heldLabel: label, heldWeights: options.weights };
  if (table.rowCount < 50) return { used: all, held: new Int32Array(0), heldVectors: train, ...own };
  const how = { test: 0.15, seed: options.seed };
  const split = label.task === "regression" ? randomSplit(table.rowCount, how) : stratifiedSplit(label.codes, how);
  const heldVectors = new Float64Array(split.test.length * width);
  for (const [i, row] of split.test.entries())
    heldVectors.set(train.subarray(row * width, (row + 1) * width), i * width);
  return { used: split.train, held: split.test, heldVectors, ...own };
}

/** He initialisation: variance 2 / inputs, biases 0. */
function started(layers: Layers, source: Random): Float64Array {
  const weights = new Float64Array(weightCount(layers));
  for (const { from, inputs, units } of layers)
    for (let j = 0; j < inputs * units; j++) weights[from + j] = source.normal() * Math.sqrt(2 / inputs);
  return weights;
}

/** The loss of one row, and its derivative by the margins. */
function lossAndDelta(
  link: Link,
  margins: Float64Array,
  label: Label,
  row: number,
  shift: number,
  unit: number,
  delta: Float64Array,
): number {
  if (label.task === "regression") {
    const difference = margins[0]! - (label.values[row]! - shift) / unit;
    delta[0] = difference;
    return 0.5 * difference * difference;
  }
  const code = label.codes[row]!;
  if (link === "logit") {
    const m = margins[0]!;
    delta[0] = 1 / (1 + Math.exp(-m)) - code;
    return Math.max(code === 1 ? -m : m, 0) + Math.log1p(Math.exp(-Math.abs(m)));
  }
  applyLink("softmax", margins, 0, delta.length, delta, 0);
  const loss = -Math.log(Math.max(1e-300, delta[code]!));
  delta[code]! -= 1;
  return loss;
}
