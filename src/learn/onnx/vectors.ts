// Models over vectors as ONNX: neural networks, nearest neighbours and groups, all from the same standardised, one-hot rows.

import { readArray, readInteger } from "../artifact.ts";
import type { Feature } from "../features.ts";
import type { Artifact } from "../model.ts";
import { layersOf } from "../network/layers.ts";
import { categoryIndex } from "./additive.ts";
import type { Graph } from "./writer.ts";

const double = [["to", "int", 11]] as const;

/** The rows as vectors (rows × width, doubles), by the arrays of `vectorArrays`. */
export function vectorNode(graph: Graph, { arrays }: Artifact, features: readonly Feature[]): string {
  const { vectorFeature, vectorKind, vectorMean, vectorScale, levelBase, levelMissing, levelStart, levelOfCode } =
    arrays as Readonly<Record<string, Float64Array>>;
  const parts: { readonly from: number; readonly node: string }[] = [];
  const D = vectorFeature!.length;
  if (D > 0) {
    const column = graph.node(
      "Gather",
      [graph.rows, graph.constant([D], vectorFeature!, "int64")],
      [["axis", "int", 1]],
    );
    const isMissing = graph.node("IsNaN", [column]);
    const scaled = graph.node("Div", [
      graph.node("Sub", [column, graph.constant([1, D], vectorMean!)]),
      graph.constant([1, D], vectorScale!),
    ]);
    const present = graph.node("Where", [isMissing, graph.constant([1], [0]), scaled]);
    const missing = graph.node("Cast", [isMissing], double);
    // Each entry is the value or the mark of its absence: one of two summands is 0.
    const isValue = graph.constant(
      [1, D],
      Array.from(vectorKind!, (kind) => (kind === 0 ? 1 : 0)),
    );
    const isMark = graph.constant(
      [1, D],
      Array.from(vectorKind!, (kind) => (kind === 0 ? 0 : 1)),
    );
    parts.push({
      from: 0,
      node: graph.node("Add", [graph.node("Mul", [present, isValue]), graph.node("Mul", [missing, isMark])]),
    });
  }
  const groups = [...features.keys()].filter((f) => levelBase![f]! >= 0);
  for (const f of groups) {
    const size = features[f]!.dictionary?.length ?? 0;
    const levels = [...levelOfCode!.subarray(levelStart![f]!, levelStart![f]! + size), levelMissing![f]!];
    const width = Math.max(...levels) + 1;
    // One row per category, and the last for a missing one.
    const table = levels.flatMap((level) => Array.from({ length: width }, (_, at) => (at === level ? 1 : 0)));
    const node = graph.node(
      "Gather",
      [graph.constant([size + 1, width], table), categoryIndex(graph, f, size)],
      [["axis", "int", 0]],
    );
    parts.push({ from: levelBase![f]!, node });
  }
  const ordered = parts.toSorted((a, b) => a.from - b.from).map(({ node }) => node);
  return ordered.length === 1 ? ordered[0]! : graph.node("Concat", ordered, [["axis", "int", 1]]);
}

/** The margins of a neural network, in units of the label. */
export function networkMargins(graph: Graph, artifact: Artifact, features: readonly Feature[]): string {
  const { sizes, shift, unit } = artifact.meta as unknown as { sizes: number[]; shift: number; unit: number };
  const weights = readArray(artifact, "weights", Float64Array);
  let values = vectorNode(graph, artifact, features);
  const layers = layersOf(sizes);
  for (const [l, { from, inputs, units }] of layers.entries()) {
    const transposed = Array.from(
      { length: inputs * units },
      (_, at) => weights[from + (at % units) * inputs + Math.floor(at / units)]!,
    );
    const bias = weights.subarray(from + inputs * units, from + (inputs + 1) * units);
    const product = graph.node("MatMul", [values, graph.constant([inputs, units], transposed)]);
    const sum = graph.node("Add", [product, graph.constant([1, units], bias)]);
    values = l === layers.length - 1 ? sum : graph.node("Max", [sum, graph.constant([1], [0])]);
  }
  const scaled = graph.node("Mul", [values, graph.constant([1], [unit])]);
  return graph.node("Add", [scaled, graph.constant([1], [shift])]);
}

/** Squared distances of vectors (rows × width) to some points: rows × points, never below 0. */
function squaredDistances(graph: Graph, vectors: string, points: Float64Array, width: number): string {
  const n = points.length / width;
  const axis = graph.constant([1], [1], "int64");
  const own = graph.node("ReduceSum", [graph.node("Mul", [vectors, vectors]), axis], [["keepdims", "int", 1]]);
  const norms = Float64Array.from({ length: n }, (_, i) =>
    points.subarray(i * width, (i + 1) * width).reduce((sum, value) => sum + value * value, 0),
  );
  const transposed = Float64Array.from(
    { length: points.length },
    (_, at) => points[(at % n) * width + Math.floor(at / n)]!,
  );
  const product = graph.node("MatMul", [vectors, graph.constant([width, n], transposed)]);
  const twice = graph.node("Mul", [product, graph.constant([1], [2])]);
  const sum = graph.node("Add", [graph.node("Sub", [own, twice]), graph.constant([1, n], norms)]);
  return graph.node("Max", [sum, graph.constant([1], [0])]);
}

/** The number of each row's group, from 1. */
export function clusterNumbers(graph: Graph, artifact: Artifact, features: readonly Feature[]): string {
  const width = readInteger(artifact, "width", 1, 1e7);
  const middles = readArray(artifact, "middles", Float64Array);
  const distances = squaredDistances(graph, vectorNode(graph, artifact, features), middles, width);
  const nearest = graph.node(
    "ArgMin",
    [distances],
    [
      ["axis", "int", 1],
      ["keepdims", "int", 1],
    ],
  );
  return graph.node("Add", [graph.node("Cast", [nearest], double), graph.constant([1], [1])]);
}

/** Distances below this are rounding: the row itself. */
const same = 1e-9;

/** The answers of nearest neighbours: a number, or shares that add up to 1. Takes rows × kept rows of memory. */
export function nearestAnswers(graph: Graph, artifact: Artifact, features: readonly Feature[], K: number): string {
  const width = readInteger(artifact, "width", 1, 1e7);
  const k = readInteger(artifact, "neighbours", 1, 1e9);
  const labels = readArray(artifact, "labels", Float64Array);
  const rows = readArray(artifact, "rows", Float32Array);
  const numeric = artifact.arrays.vectorFeature!.length;
  const n = labels.length;
  // Two categories that differ do so in two places of a one-hot vector: halving them makes that a distance of 1.
  const scale = Float64Array.from({ length: width }, (_, d) => (d < numeric ? 1 : Math.SQRT1_2));
  const points = Float64Array.from(rows, (value, at) => value * scale[at % width]!);
  const vectors = graph.node("Mul", [vectorNode(graph, artifact, features), graph.constant([1, width], scale)]);
  const squared = squaredDistances(graph, vectors, points, width);
  const small = graph.node("Less", [squared, graph.constant([1], [same])]);
  const clean = graph.node("Where", [small, graph.constant([1], [0]), squared]);
  const [found, index] = graph.nodes("TopK", [clean, graph.constant([1], [k], "int64")], 2, [
    ["axis", "int", 1],
    ["largest", "int", 0],
    ["sorted", "int", 1],
  ]) as [string, string];
  const distance = graph.node("Sqrt", [found]);
  const isSame = graph.node("Less", [distance, graph.constant([1], [Math.sqrt(same) / 2])]);
  const positive = graph.node("Where", [isSame, graph.constant([1], [1e300]), distance]);
  const least = graph.node(
    "ReduceMin",
    [positive],
    [
      ["axes", "ints", [1]],
      ["keepdims", "int", 1],
    ],
  );
  const none = graph.node("Less", [graph.constant([1], [1e299]), least]);
  const unit = graph.node("Where", [none, graph.constant([1], [1]), least]);
  const relative = graph.node("Max", [graph.node("Div", [distance, unit]), graph.constant([1], [1e-6])]);
  const rowWeights = graph.constant([n], readArray(artifact, "rowWeights", Float64Array));
  const weight = graph.node("Div", [graph.node("Gather", [rowWeights, index], [["axis", "int", 0]]), relative]);
  const axis = graph.constant([1], [1], "int64");
  const total = graph.node("ReduceSum", [weight, axis], [["keepdims", "int", 1]]);
  if (K === 0) {
    const label = graph.node("Gather", [graph.constant([n], labels), index], [["axis", "int", 0]]);
    const sum = graph.node("ReduceSum", [graph.node("Mul", [weight, label]), axis], [["keepdims", "int", 1]]);
    return graph.node("Div", [sum, total]);
  }
  const shares = Array.from({ length: K }, (_, code) => {
    const hits = Float64Array.from(labels, (label) => (label === code ? 1 : 0));
    const hit = graph.node("Gather", [graph.constant([n], hits), index], [["axis", "int", 0]]);
    const sum = graph.node("ReduceSum", [graph.node("Mul", [weight, hit]), axis], [["keepdims", "int", 1]]);
    return graph.node("Add", [sum, graph.constant([1], [0.5 / K])]);
  });
  const all = graph.node("Concat", shares, [["axis", "int", 1]]);
  return graph.node("Div", [all, graph.node("Add", [total, graph.constant([1], [0.5])])]);
}
