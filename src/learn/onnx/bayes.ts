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
    if (dictionary !== undefined) {
      const entries = [...table.subarray(tableStart[f]! * K, tableStart[f + 1]! * K), ...new Float64Array(K)];
      const index = categoryIndex(graph, f, dictionary.length);
      const own = graph.node(
        "Gather",
        [graph.constant([dictionary.length + 1, K], entries), index],
        [["axis", "int", 0]],
      );
      sum = graph.node("Add", [sum, own]);
      continue;
    }
    const column = graph.node("Gather", ["X", graph.constant([1], [f], "int64")], [["axis", "int", 1]]);
    const at = (k: number) => f * K + k;
    const classes = Array.from({ length: K }, (_, k) => k);
    const means = graph.constant(
      [1, K],
      classes.map((k) => mean[at(k)]!),
    );
    const scales = graph.constant(
      [1, K],
      classes.map((k) => deviation[at(k)]!),
    );
    const offsets = graph.constant(
      [1, K],
      classes.map((k) => -Math.log(deviation[at(k)]! / deviation[at(0)]!)),
    );
    const z = graph.node("Div", [graph.node("Sub", [column, means]), scales]);
    const half = graph.node("Mul", [graph.node("Mul", [z, z]), graph.constant([1], [-0.5])]);
    const bounded = graph.node("Max", [half, graph.constant([1], [-50])]);
    const own = graph.node("Add", [bounded, offsets]);
    sum = graph.node("Add", [sum, graph.node("Where", [graph.node("IsNaN", [column]), graph.constant([1], [0]), own])]);
  }
  return sum;
}
