// Neural networks at work: opens an artifact of weights as a predictor.

import { corrupt, readArray, readFeatures, readInteger, readTask } from "../artifact.ts";
import { applyLink, type Link } from "../link.ts";
import type { Artifact, Predictor } from "../model.ts";
import { predictor, rowByRow } from "../predictor.ts";
import { referenceShapley } from "../reference-shapley.ts";
import { readVectors } from "../vectors.ts";
import { forward, type Layers, layersOf, pass, weightCount } from "./layers.ts";

/** A network's margin of one output for an encoded row, in units of its training. */
export function marginOf({
  layers,
  weights,
  encode,
  width,
}: {
  layers: Layers;
  weights: Float64Array;
  encode: (row: Float64Array, into: Float64Array) => void;
  width: number;
}) {
  const vector = new Float64Array(width);
  const run = pass(layers);
  return (row: Float64Array, output: number): number => {
    encode(row, vector);
    return forward(layers, weights, vector, run)[output]!;
  };
}

export function openNetwork(artifact: Artifact): Predictor {
  const { task, classes } = readTask(artifact);
  const features = readFeatures(artifact);
  const F = features.length;
  const { sizes, shift, unit } = artifact.meta;
  const outputs = task === "multiclass" ? classes.length : 1;
  const isSize = (size: unknown): size is number =>
    Number.isInteger(size) && (size as number) >= 1 && (size as number) <= 1e6;
  if (!Array.isArray(sizes) || sizes.length < 2 || sizes.length > 4 || !sizes.every(isSize) || sizes.at(-1) !== outputs)
    throw corrupt(`Expected the sizes of the layers, ending with ${outputs}`);
  if (typeof shift !== "number" || typeof unit !== "number" || !(unit > 0))
    throw corrupt("Expected a shift and a unit of the label");
  const link: Link = task === "regression" ? "identity" : task === "binary" ? "logit" : "softmax";
  const layers = layersOf(sizes as number[]);
  const weights = readArray(artifact, "weights", Float64Array, weightCount(layers));
  const width = readInteger({ ...artifact, meta: { width: sizes[0]! } }, "width", 1, 1e6);
  const encode = readVectors(artifact, features, width);
  const importance = readArray(artifact, "importance", Float64Array, F);
  const isKnown = readArray(artifact, "referenceKnown", Uint8Array, F);
  const reference = readArray(artifact, "reference", Float64Array, F).map((value, f) =>
    isKnown[f] === 1 ? value : Number.NaN,
  );
  for (const [f, { dictionary }] of features.entries())
    if (
      dictionary !== undefined &&
      isKnown[f] === 1 &&
      !(Number.isInteger(reference[f]) && reference[f]! >= 0 && reference[f]! < dictionary.length)
    )
      throw corrupt("Expected a reference of known categories");
  if (importance.some((value) => value < 0)) throw corrupt("Expected importances of at least 0");
  const vector = new Float64Array(width);
  const run = pass(layers);
  const answer = new Float64Array(task === "regression" ? 1 : classes.length);
  const scaled = new Float64Array(outputs);
  const scoreRow = (row: Float64Array): Float64Array => {
    encode(row, vector);
    const margins = forward(layers, weights, vector, run);
    for (let k = 0; k < outputs; k++) scaled[k] = shift + unit * margins[k]!;
    applyLink(link, scaled, 0, outputs, answer, 0);
    return answer;
  };
  const margin = marginOf({ layers, weights, encode, width });
  return predictor(
    { task, classes, features },
    {
      scoreRow,
      scoreColumns: rowByRow(scoreRow, F, answer.length),
      explain(row, output) {
        const sign = task === "binary" && output === 0 ? -1 : 1;
        return referenceShapley(
          (mixed) => sign * (shift + unit * margin(mixed, outputs === 1 ? 0 : output)),
          row,
          reference,
          features,
        );
      },
      importance: () => importance,
    },
  );
}
