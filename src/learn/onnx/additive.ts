// Linear models as ONNX: a matrix product for numbers, a table per category, and what the words of texts add.

import { readArray } from "../artifact.ts";
import type { Feature } from "../features.ts";
import type { Artifact } from "../model.ts";
import { textMargins } from "./texts.ts";
import type { Graph } from "./writer.ts";

/** The margins (rows × outputs, doubles) of an additive artifact that has been checked. */
export function additiveMargins(graph: Graph, artifact: Artifact, features: readonly Feature[]): string {
  const read = (name: string): Float64Array => readArray(artifact, name, Float64Array);
  const [intercept, mean, slope, missing, table] = [
    read("intercept"),
    read("mean"),
    read("slope"),
    read("missing"),
    read("table"),
  ];
  const tableStart = readArray(artifact, "tableStart", Int32Array);
  const K = intercept.length;
  let sum = graph.constant([1, K], intercept);
  const numbers = features
    .keys()
    .filter((f) => features[f]!.type !== "category" && features[f]!.type !== "text")
    .toArray();
  const places = columnPlaces(features);
  if (numbers.length > 0) {
    const column = graph.node(
      "Gather",
      [
        graph.rows,
        graph.constant(
          [numbers.length],
          numbers.map((f) => places[f]!),
          "int64",
        ),
      ],
      [["axis", "int", 1]],
    );
    const isMissing = graph.node("IsNaN", [column]);
    const centred = graph.node("Sub", [
      column,
      graph.constant(
        [1, numbers.length],
        numbers.map((f) => mean[f]!),
      ),
    ]);
    const present = graph.node("Where", [isMissing, graph.constant([1], [0]), centred]);
    const rows = (weights: Float64Array): string =>
      graph.constant(
        [numbers.length, K],
        numbers.flatMap((f) => Array.from(weights.subarray(f * K, f * K + K))),
      );
    sum = graph.node("Add", [sum, graph.node("MatMul", [present, rows(slope)])]);
    sum = graph.node("Add", [
      sum,
      graph.node("MatMul", [graph.node("Cast", [isMissing], [["to", "int", 11]]), rows(missing)]),
    ]);
  }
  for (const [f, { dictionary }] of features.entries()) {
    if (dictionary === undefined) continue;
    // The table's last row answers for missing categories.
    const entries = [
      ...table.subarray(tableStart[f]! * K, tableStart[f + 1]! * K),
      ...missing.subarray(f * K, f * K + K),
    ];
    sum = graph.node("Add", [
      sum,
      graph.node(
        "Gather",
        [graph.constant([dictionary.length + 1, K], entries), categoryIndex(graph, places[f]!, dictionary.length)],
        [["axis", "int", 0]],
      ),
    ]);
  }
  for (const own of textMargins(graph, artifact, features, K)) sum = graph.node("Add", [sum, own]);
  return sum;
}

/** Each feature's column in `X`, which holds no texts. */
export function columnPlaces(features: readonly Feature[]): number[] {
  let place = 0;
  return features.map(({ type }) => (type === "text" ? -1 : place++));
}

/** The codes of a category column as int64, one per row; `missing` where they are NaN. */
export function categoryIndex(graph: Graph, feature: number, missing: number): string {
  const codes = graph.node("Gather", [graph.rows, graph.constant([], [feature], "int64")], [["axis", "int", 1]]);
  const known = graph.node("Where", [graph.node("IsNaN", [codes]), graph.constant([1], [missing]), codes]);
  return graph.node("Cast", [known], [["to", "int", 7]]);
}
