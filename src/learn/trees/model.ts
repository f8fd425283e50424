// Tree ensembles at work: opens an artifact of trees as a predictor.

import { readChoice, readFeatures, readTask } from "../artifact.ts";
import { applyLink, links, marginCount } from "../link.ts";
import type { Artifact, Predictor } from "../model.ts";
import { predictor } from "../predictor.ts";
import { readTrees } from "./artifact.ts";
import { treesEvaluator } from "./evaluate.ts";
import { treeInteractions, treeShap } from "./tree-shap.ts";

export function openTrees(artifact: Artifact): Predictor {
  const { task, classes } = readTask(artifact);
  const features = readFeatures(artifact);
  const link = readChoice(artifact, "link", links);
  const K = marginCount(link, task, classes.length);
  const trees = readTrees(artifact, features, K);
  const evaluate = treesEvaluator(trees);
  const width = task === "regression" ? 1 : classes.length;
  const answer = new Float64Array(width);
  const binnedRow = new Float64Array(features.length);
  const categories = [...trees.binOfCode.keys()].filter((f) => trees.binOfCode[f] !== undefined);
  let explainer: ReturnType<typeof treeShap> | undefined;
  return predictor(
    { task, classes, features },
    {
      scoreRow(row) {
        let values = row;
        if (categories.length > 0) {
          values = binnedRow;
          values.set(row);
          for (const f of categories) values[f] = binOf(trees.binOfCode[f], row[f]!);
        }
        applyLink(link, evaluate.row(values), 0, K, answer, 0);
        return answer;
      },
      scoreColumns(columns, rowCount) {
        const scores = new Float64Array(rowCount * width);
        const margins = evaluate.columns(
          columns.map((column, f) => {
            const bins = trees.binOfCode[f];
            return bins === undefined ? column : column.map((code) => binOf(bins, code));
          }),
          rowCount,
        );
        for (let row = 0; row < rowCount; row++) applyLink(link, margins, row * K, K, scores, row * width);
        return scores;
      },
      explain(row, output) {
        explainer ??= treeShap(trees);
        const values = row.map((value, f) => binOf(trees.binOfCode[f], value));
        // A binary model keeps one margin, for the positive class; the other's is its negative (its share what is left of 1).
        const { base, contributions } = explainer(values, K === 1 ? 0 : output);
        const sign = K === 1 && task === "binary" && output === 0 ? -1 : 1;
        if (sign === -1 && link === "share")
          return { base: 1 - base, contributions: contributions.map((value) => -value) };
        return { base: sign * base, contributions: sign === 1 ? contributions : contributions.map((value) => -value) };
      },
      interact(row, output) {
        explainer ??= treeShap(trees);
        const values = row.map((value, f) => binOf(trees.binOfCode[f], value));
        const matrix = treeInteractions(trees, explainer, values, K === 1 ? 0 : output);
        return K === 1 && task === "binary" && output === 0 ? matrix.map((value) => -value) : matrix;
      },
      importance() {
        const gains = new Float64Array(features.length);
        for (let i = 0; i < trees.feature.length; i++)
          if (trees.feature[i]! >= 0) gains[trees.feature[i]!]! += trees.gain[i]!;
        return gains;
      },
    },
  );
}

/** A category's bin; missing stays missing, as does any number. */
function binOf(bins: Int16Array | undefined, value: number): number {
  if (bins === undefined || Number.isNaN(value)) return value;
  const bin = bins[value]!;
  return bin < 0 ? Number.NaN : bin;
}
