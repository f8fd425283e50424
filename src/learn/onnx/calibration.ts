// Calibration as ONNX: Platt's sigmoid over the log-odds, or an isotonic curve as a sum of bounded ramps.

import { readArray, readChoice } from "../artifact.ts";
import type { Artifact } from "../model.ts";
import type { Graph } from "./writer.ts";

/** Calibrated probabilities (rows × classes, doubles) of the model's own. */
export function calibratedNode(graph: Graph, probabilities: string, calibration: Artifact, K: number): string {
  const method = readChoice(calibration, "method", ["platt", "isotonic"]);
  const starts = readArray(calibration, "starts", Int32Array);
  const [x, y] = [readArray(calibration, "x", Float64Array), readArray(calibration, "y", Float64Array)];
  const curve = (i: number, p: string): string => {
    const own = [x.subarray(starts[i], starts[i + 1]), y.subarray(starts[i], starts[i + 1])] as const;
    return method === "platt" ? platt(graph, p, own[0][0]!, own[1][0]!) : isotonic(graph, p, ...own);
  };
  const column = (k: number) =>
    graph.node("Gather", [probabilities, graph.constant([1], [k], "int64")], [["axis", "int", 1]]);
  if (K === 2 && starts.length === 2) {
    const yes = curve(0, column(1));
    return graph.node("Concat", [graph.node("Sub", [graph.constant([1], [1]), yes]), yes], [["axis", "int", 1]]);
  }
  const all = graph.node(
    "Concat",
    Array.from({ length: K }, (_, k) => curve(k, column(k))),
    [["axis", "int", 1]],
  );
  const sum = graph.node("ReduceSum", [all, graph.constant([1], [1], "int64")], [["keepdims", "int", 1]]);
  return graph.node("Div", [all, sum]);
}

function platt(graph: Graph, p: string, slope: number, offset: number): string {
  const number = (value: number) => graph.constant([1], [value]);
  const kept = graph.node("Min", [graph.node("Max", [p, number(1e-12)]), number(1 - 1e-12)]);
  const odds = graph.node("Div", [kept, graph.node("Sub", [number(1), kept])]);
  const margin = graph.node("Mul", [graph.node("Log", [odds]), number(slope)]);
  return graph.node("Sigmoid", [graph.node("Add", [margin, number(offset)])]);
}

function isotonic(graph: Graph, p: string, x: Float64Array, y: Float64Array): string {
  const m = x.length - 1;
  if (m === 0)
    return graph.node("Add", [graph.node("Mul", [p, graph.constant([1], [0])]), graph.constant([1], [y[0]!])]);
  const widths = Array.from({ length: m }, (_, i) => x[i + 1]! - x[i]!);
  const slopes = widths.map((width, i) => (y[i + 1]! - y[i]!) / width);
  const beyond = graph.node("Sub", [p, graph.constant([1, m], x.subarray(0, m))]);
  const ramps = graph.node("Min", [
    graph.node("Max", [beyond, graph.constant([1], [0])]),
    graph.constant([1, m], widths),
  ]);
  return graph.node("Add", [
    graph.node("MatMul", [ramps, graph.constant([m, 1], slopes)]),
    graph.constant([1], [y[0]!]),
  ]);
}
