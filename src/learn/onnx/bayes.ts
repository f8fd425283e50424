// Naive Bayes as ONNX: for numbers the distance from each class's mean, for categories a table; what is missing adds nothing.

import { readArray } from "../artifact.ts";
import type { Feature } from "../features.ts";
import type { Artifact } from "../model.ts";
import { categoryIndex } from "./additive.ts";
import type { Graph } from "./writer.ts";

/** The log-likelihoods (rows × classes, doubles) of an artifact that has been checked. */
export function bayesMargins(graph: Graph, artifact: Artifact, features: readonly Feature[]): string {
  const read = (name: string): Float64Array => readArray(artifact, name, Float64Array);
  const [prior, mean, deviation, table] = [read("prior"), read("mean"), read("deviation"), read("table")];
  const tableStart = readArray(artifact, "tableStart", Int32Array);
  const K = prior.length;
  let sum = graph.constant([1, K], prior);
  for (const [f, { dictionary }] of features.entries()) {
    if (dictionary === undefined) continue;
    const entries = [...table.subarray(tableStart[f]! * K, tableStart[f + 1]! * K), ...new Float64Array(K)];
    const index = categoryIndex(graph, f, dictionary.length);
    const own = graph.node(
      "Gather",
      [graph.constant([dictionary.length + 1, K], entries), index],
      [["axis", "int", 0]],
    );
    sum = graph.node("Add", [sum, own]);
  }
  const numbers = [...features.keys()].filter((f) => features[f]!.dictionary === undefined);
  if (numbers.length === 0) return sum;
  const P = numbers.length;
  const columns = graph.node("Gather", [graph.rows, graph.constant([P], numbers, "int64")], [["axis", "int", 1]]);
  const isMissing = graph.node("IsNaN", [columns]);
  const perClass = Array.from({ length: K }, (_, k) => {
    const of = (parameter: (f: number) => number): string => graph.constant([1, P], numbers.map(parameter));
    const centred = graph.node("Sub", [columns, of((f) => mean[f * K + k]!)]);
    const z = graph.node("Div", [centred, of((f) => deviation[f * K + k]!)]);
    const half = graph.node("Mul", [graph.node("Mul", [z, z]), graph.constant([1], [-0.5])]);
    const bounded = graph.node("Max", [half, graph.constant([1], [-50])]);
    const own = graph.node("Add", [bounded, of((f) => -Math.log(deviation[f * K + k]! / deviation[f * K]!))]);
    const present = graph.node("Where", [isMissing, graph.constant([1], [0]), own]);
    return graph.node("ReduceSum", [present, graph.constant([1], [1], "int64")], [["keepdims", "int", 1]]);
  });
  return graph.node("Add", [sum, graph.node("Concat", perClass, [["axis", "int", 1]])]);
}
