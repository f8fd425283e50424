// Exports models to ONNX, so that nobody is locked in: any ONNX runtime gives the same answers.

import { fail } from "../../base/failure.ts";
import { forestOf } from "../anomaly.ts";
import { readFeatures } from "../artifact.ts";
import { readCalendar } from "../calendar.ts";
import { openClusters } from "../clusters/cluster-model.ts";
import { type Feature, partsOf, wholeFeatures } from "../feature.ts";
import type { Link } from "../link.ts";
import type { Artifact, Predictor } from "../model.ts";
import { openModel } from "../open-model.ts";
import { readTextScores } from "../text-scores.ts";
import { additiveMargins, columnPlaces } from "./additive.ts";
import { bayesMargins } from "./bayes.ts";
import { calendarRows } from "./calendar.ts";
import { calibratedNode } from "./calibration.ts";
import { type LinearAnswers, scoredRows } from "./text-scores.ts";
import { treesMargins } from "./trees.ts";
import { clusterNumbers, nearestAnswers, networkMargins } from "./vectors.ts";
import { type Graph, onnxModel } from "./writer.ts";

type Answers = (graph: Graph, artifact: Artifact, features: readonly Feature[], facts: Facts) => string;

interface Facts {
  readonly task: Predictor["task"];
  readonly classes: readonly string[];
}

const single = 1;
const double = 11;

/** What each format answers: probabilities (rows × classes), or a number per row. Trees answer in single precision, all others in double. */
const formats: Readonly<Record<string, Answers>> = {
  "pentad.trees/1": (graph, artifact, features, { task }) =>
    linked(graph, treesMargins(graph, artifact, features), artifact.meta.link as Link, single, task === "binary"),
  "pentad.additive/1": (graph, artifact, features, { task }) =>
    linked(graph, additiveMargins(graph, artifact, features), artifact.meta.link as Link, double, task === "binary"),
  "pentad.naiveBayes/1": (graph, artifact, features) =>
    linked(graph, bayesMargins(graph, artifact, features), "softmax", double, false),
  "pentad.network/1": (graph, artifact, features, { task }) => {
    const link = task === "regression" ? "identity" : task === "binary" ? "logit" : "softmax";
    return linked(graph, networkMargins(graph, artifact, features), link, double, task === "binary");
  },
  "pentad.nearest/1": (graph, artifact, features, { classes }) =>
    nearestAnswers(graph, artifact, features, classes.length),
  "pentad.clusters/1": clusterNumbers,
  "pentad.anomaly/1": (graph, artifact, features) => {
    // The score of a row is two to the power of minus its path, in units of the usual one.
    const forest = forestOf(artifact);
    const path = graph.node("Cast", [treesMargins(graph, forest, features)], [["to", "int", double]]);
    const factor = -Math.LN2 / (forest.meta.usualPath as number);
    return graph.node("Exp", [graph.node("Mul", [path, graph.constant([1], [factor])])]);
  },
};

/**
 * The model as the bytes of a .onnx file (opset 13, ai.onnx.ml 3), calibrated when a calibration is given. Input `X`: doubles, one row per
 * sample and one column per feature that is neither text nor vector, NaN for missing; a boolean is 0 or 1, a time milliseconds since 1970 UTC, a category its
 * place in the feature's dictionary (unknown ones are NaN). Input `texts`, of a model that reads some: one column per text feature, empty for
 * missing; its words are found by onnxruntime's own operator com.microsoft.Tokenizer, and lower case of letters beyond ASCII needs a system
 * with the locale C.UTF-8. Each vector is an input of its own, rows × dimensions, under the feature's name. Without a feature of its kind an input is not there. Names, types and dictionaries stand in the file's metadata under `pentad.features`, classes
 * under `pentad.classes`. Output: `probabilities` (rows × classes) or `values` (rows × 1: the number, the score of an anomaly detector, the
 * number of a group), in single precision for tree ensembles. Throws RUNTIME_NOT_AVAILABLE for a model without an ONNX form: a forecast,
 * one that runs apart.
 */
export function toOnnx(artifact: Artifact, calibration: Artifact | null = null): Uint8Array {
  const answers = Object.hasOwn(formats, artifact.format) ? formats[artifact.format] : undefined;
  if (answers === undefined)
    throw fail("RUNTIME_NOT_AVAILABLE", `Expected a model of rows to export to ONNX, got ${artifact.format}`, {
      hint: "Export it as it is: --as pentad",
    });
  const { task, classes, features } = described(artifact);
  const isSingle = artifact.format === "pentad.trees/1" && calibration === null;
  const K = classes.length;
  return onnxModel(
    {
      name: String(artifact.meta.algorithm ?? "model"),
      ...inputsOf(features),
      output: {
        name: K === 0 ? "values" : "probabilities",
        width: K === 0 ? 1 : K,
        type: isSingle ? "float" : "double",
      },
      metadata: {
        "pentad.features": JSON.stringify(features),
        "pentad.classes": JSON.stringify(classes),
        "pentad.task": task,
        ...(typeof artifact.meta.flagFrom === "number" ? { "pentad.flagFrom": String(artifact.meta.flagFrom) } : {}),
      },
    },
    (graph) => {
      const own = answers(...innerRows(graph, artifact, features), { task, classes });
      if (calibration === null) return own;
      return calibratedNode(graph, graph.node("Cast", [own], [["to", "int", double]]), calibration, K);
    },
  );
}

/** `X` holds the features that are one number, and `texts` the texts, in their order; each vector is an input of its own, under its name. */
function inputsOf(features: readonly Feature[]) {
  const vectors = features.filter(({ type }) => type === "vector");
  const texts = features.filter(({ type }) => type === "text").length;
  const single = features.length - vectors.length - texts;
  const free = (name: string): string => (vectors.some((one) => one.name === name) ? free(`${name}_`) : name);
  const name = free("X");
  const columns: { input: string; from: number; count: number }[] = [];
  let from = 0;
  for (const feature of features) {
    const last = columns.at(-1);
    if (feature.type === "text") continue;
    if (feature.type === "vector") columns.push({ input: feature.name, from: 0, count: feature.dimensions! });
    else if (last?.input === name) {
      last.count++;
      from++;
    } else columns.push({ input: name, from: from++, count: 1 });
  }
  const type = "double" as const;
  return {
    inputs: [
      ...(single === 0 ? [] : [{ name, width: single, type }]),
      ...vectors.map((feature) => ({ name: feature.name, width: feature.dimensions!, type })),
      ...(texts === 0 ? [] : [{ name: free("texts"), width: texts, type: "string" as const }]),
    ],
    columns,
  };
}

function numbersOf(feature: Feature): readonly Feature[] {
  return feature.type === "vector" ? partsOf(feature.name, feature.dimensions!) : [feature];
}

/** What an algorithm reads: the features that people know, each number of a vector by itself, and the columns that it keeps behind them. */
function innerRows(
  graph: Graph,
  artifact: Artifact,
  features: readonly Feature[],
): [graph: Graph, artifact: Artifact, features: readonly Feature[]] {
  const parts = features.flatMap(numbersOf);
  const { calendar, textScores } = artifact.meta;
  if (calendar === undefined && textScores === undefined) return [graph, artifact, parts];
  const inner = readFeatures(artifact);
  const scores = readTextScores(artifact);
  const texts = features.filter(({ type }) => type === "text").map(({ name }) => name);
  const textPlaces = scores.map(({ name }) => texts.indexOf(name));
  const scored = scores.length === 0 ? graph : { ...graph, rows: scoredRows(graph, scores, textPlaces, linearAnswers) };
  const columns = readCalendar(artifact, wholeFeatures(inner));
  if (columns.length === 0) return [scored, artifact, inner];
  const partPlaces = columnPlaces(parts);
  const others = features.filter(({ type }) => type !== "text" || scores.length === 0);
  const places = others.map(({ name }) => partPlaces[parts.findIndex((one) => one.name === name)] ?? -1);
  return [{ ...scored, rows: calendarRows(scored, columns, places) }, artifact, inner];
}

const linearAnswers: LinearAnswers = (graph, { artifact }) =>
  formats["pentad.additive/1"]!(graph, artifact, readFeatures(artifact), openModel(artifact));

function described(artifact: Artifact): Facts & { readonly features: readonly Feature[] } {
  if (artifact.format === "pentad.clusters/1")
    return { task: "clustering", classes: [], features: openClusters(artifact).features };
  if (artifact.format === "pentad.anomaly/1")
    return { task: "anomaly", classes: [], features: openModel(forestOf(artifact)).features };
  return openModel(artifact);
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
