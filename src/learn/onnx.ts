// Exports models to ONNX, so that nobody is locked in: any ONNX runtime gives the same answers.

import { fail } from "../base/failure.ts";
import type { Feature } from "./features.ts";
import type { Link } from "./link.ts";
import { type Artifact, openModel } from "./model.ts";
import { additiveMargins } from "./onnx-additive.ts";
import { treesMargins } from "./onnx-trees.ts";
import { type Graph, onnxModel } from "./onnx-writer.ts";

/**
 * The model as the bytes of a .onnx file (opset 13, ai.onnx.ml 3). Input `X`: doubles, one row per sample and one column per feature,
 * NaN for missing; a boolean is 0 or 1, a time milliseconds since 1970 UTC, a category its place in the feature's dictionary
 * (unknown ones are NaN). Names, types and dictionaries stand in the file's metadata under `pentad.features`, classes under
 * `pentad.classes`. Output: `probabilities` (rows × classes) or `values` (rows × 1), in single precision for tree ensembles.
 * Throws RUNTIME_NOT_AVAILABLE for a format without an ONNX form.
 */
export function toOnnx(artifact: Artifact): Uint8Array {
  const model = openModel(artifact);
  const { task, classes, features } = model;
  const margins: Readonly<Record<string, (graph: Graph, artifact: Artifact, features: readonly Feature[]) => string>> =
    {
      "pentad.trees/1": treesMargins,
      "pentad.additive/1": additiveMargins,
    };
  const build = margins[artifact.format];
  if (build === undefined)
    throw fail(
      "RUNTIME_NOT_AVAILABLE",
      `Expected a model of trees or a linear model to export to ONNX, got ${artifact.format}`,
    );
  const text = features.find(({ type }) => type === "text");
  if (text !== undefined)
    throw fail(
      "RUNTIME_NOT_AVAILABLE",
      `Expected numbers and categories to export to ONNX, got the text feature ${JSON.stringify(text.name)}`,
    );
  const isTrees = artifact.format === "pentad.trees/1";
  return onnxModel(
    {
      name: String(artifact.meta.algorithm ?? "model"),
      input: { name: "X", width: features.length },
      output: {
        name: task === "regression" ? "values" : "probabilities",
        width: task === "regression" ? 1 : classes.length,
        type: isTrees ? "float" : "double",
      },
      metadata: {
        "pentad.features": JSON.stringify(features),
        "pentad.classes": JSON.stringify(classes),
        "pentad.task": task,
      },
    },
    (graph) =>
      linked(graph, build(graph, artifact, features), artifact.meta.link as Link, isTrees ? 1 : 11, task === "binary"),
  );
}

/** Adds a link's nodes after the margins (rows × outputs). */
function linked(graph: Graph, margins: string, link: Link, type: number, isBinary: boolean): string {
  const number = (value: number): string => graph.node("Cast", [graph.constant([1], [value])], [["to", "int", type]]);
  const both = (positive: string): string =>
    graph.node("Concat", [graph.node("Sub", [number(1), positive]), positive], [["axis", "int", 1]]);
  if (link === "exp") return graph.node("Exp", [margins]);
  if (link === "softmax") return graph.node("Softmax", [margins], [["axis", "int", 1]]);
  if (link === "logit") return both(graph.node("Sigmoid", [margins]));
  if (link === "identity") return margins;
  const positive = graph.node("Max", [margins, number(0)]);
  if (isBinary) return both(graph.node("Min", [positive, number(1)]));
  return graph.node("Div", [
    positive,
    graph.node("ReduceSum", [positive, graph.constant([1], [1], "int64")], [["keepdims", "int", 1]]),
  ]);
}
