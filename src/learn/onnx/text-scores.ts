// What linear models make of texts as ONNX: their answers as columns behind the rows, for the model that reads them.

import { leastShare, type TextScore } from "../text-scores.ts";
import type { Graph } from "./writer.ts";

/** Adds the answers of a linear model: probabilities (rows × classes), or a number per row. */
export type LinearAnswers = (graph: Graph, score: TextScore) => string;

/** The given rows with the scores of each text; `places` says which column of the texts each is. */
export function scoredRows(
  graph: Graph,
  scores: readonly TextScore[],
  places: readonly number[],
  answers: LinearAnswers,
): string {
  const made = scores.map((score, i) => {
    const place = graph.constant([1], [places[i]!], "int64");
    const texts = graph.node("Gather", [graph.texts, place], [["axis", "int", 1]]);
    const own = answers({ ...graph, texts, rows: "" }, score);
    const classes = score.artifact.meta.classes as readonly string[];
    if (classes.length === 0) return own;
    const logs = graph.node("Log", [graph.node("Max", [own, graph.constant([1], [leastShare])])]);
    if (classes.length > 2) return logs;
    const log = (k: number): string =>
      graph.node("Gather", [logs, graph.constant([1], [k], "int64")], [["axis", "int", 1]]);
    return graph.node("Sub", [log(1), log(0)]);
  });
  const all = graph.rows === "" ? made : [graph.rows, ...made];
  return all.length === 1 ? all[0]! : graph.node("Concat", all, [["axis", "int", 1]]);
}
