// The texts of a linear model as ONNX: lower case, words, counts of the known terms, their weights, a matrix product.

import { readArray, readStrings } from "../artifact.ts";
import type { Feature } from "../features.ts";
import { textFeatures } from "../linear/text-part.ts";
import type { Artifact } from "../model.ts";
import { isAscii, wordPattern } from "../text-terms.ts";
import type { Graph } from "./writer.ts";

const double = 11;

/** What the texts of an additive artifact that has been checked add to its margins (rows × outputs, doubles), one value each. */
export function textMargins(graph: Graph, artifact: Artifact, features: readonly Feature[], K: number): string[] {
  const places = textFeatures(features);
  if (places.length === 0) return [];
  const lists = artifact.meta.vocabulary as readonly unknown[];
  const rarity = readArray(artifact, "rarity", Float64Array);
  const terms = readArray(artifact, "terms", Float64Array);
  const missing = readArray(artifact, "missing", Float64Array);
  let start = 0;
  return places.flatMap((f, place) => {
    const words = readStrings(lists[place], "the vocabulary");
    const from = start;
    start += words.length;
    if (words.length === 0) return [];
    const text = graph.node("Gather", [graph.texts, graph.constant([], [place], "int64")], [["axis", "int", 1]]);
    const weights = graph.node("Mul", [
      termCounts(graph, text, words),
      graph.constant([1, words.length], rarity.subarray(from, start)),
    ]);
    const squares = graph.node(
      "ReduceSum",
      [graph.node("Mul", [weights, weights]), graph.constant([1], [1], "int64")],
      [["keepdims", "int", 1]],
    );
    const length = graph.node("Max", [graph.node("Sqrt", [squares]), graph.constant([1], [1e-300])]);
    const own = graph.node("MatMul", [
      graph.node("Div", [weights, length]),
      graph.constant([words.length, K], terms.subarray(from * K, start * K)),
    ]);
    // An empty text has no terms, and answers as a missing one does.
    const isMissing = graph.node("LabelEncoder", [text], emptyOnly, "ai.onnx.ml");
    const column = graph.node("Unsqueeze", [isMissing, graph.constant([1], [1], "int64")]);
    const absent = graph.node("MatMul", [
      graph.node("Cast", [column], [["to", "int", double]]),
      graph.constant([1, K], missing.subarray(f * K, f * K + K)),
    ]);
    return [graph.node("Add", [own, absent])];
  });
}

const emptyOnly = [
  ["keys_strings", "texts", [""]],
  ["values_int64s", "ints", [1]],
  ["default_int64", "int", 0],
] as const;

/** 1 + log of how often each term stands in the text, or 0: rows × terms. */
function termCounts(graph: Graph, text: string, terms: readonly string[]): string {
  const pairs = terms.filter((term) => term.includes(" "));
  const lower = graph.node(
    "StringNormalizer",
    [text],
    [
      ["case_change_action", "text", "LOWER"],
      ["is_case_sensitive", "int", 1],
      // The locale of C is there on every system and knows the letters of ASCII; others need one that knows all of them.
      ["locale", "text", isAscii(terms) ? "C" : "C.UTF-8"],
    ],
  );
  const words = graph.node(
    "Tokenizer",
    [lower],
    [
      ["mark", "int", 0],
      ["mincharnum", "int", 1],
      ["pad_value", "text", " "],
      ["tokenexp", "text", wordPattern],
    ],
    "com.microsoft",
  );
  const counts = graph.node(
    "TfIdfVectorizer",
    [words],
    [
      ["mode", "text", "TF"],
      ["min_gram_length", "int", 1],
      ["max_gram_length", "int", pairs.length === 0 ? 1 : 2],
      ["max_skip_count", "int", 0],
      ["ngram_counts", "ints", pairs.length === 0 ? [0] : [0, terms.length - pairs.length]],
      ["ngram_indexes", "ints", terms.map((_, place) => place)],
      ["pool_strings", "texts", terms.flatMap((term) => term.split(" "))],
    ],
  );
  const times = graph.node("Cast", [counts], [["to", "int", double]]);
  const one = graph.constant([1], [1]);
  return graph.node("Add", [graph.node("Min", [times, one]), graph.node("Log", [graph.node("Max", [times, one])])]);
}
