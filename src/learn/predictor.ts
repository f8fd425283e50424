// Makes a Predictor of an algorithm's bare arithmetic by adding the mapping of tables, rows, classes and names.

import { fail } from "../base/failure.ts";
import { type Feature, type Numbers, summed, wholeFeatures, wholePlaces } from "./feature.ts";
import type { Row } from "./features.ts";
import { encodeTable, rowEncoder, textsOf } from "./features.ts";
import type { Interaction, Predictor, Task, TermContribution, TermEffect } from "./model.ts";

/** An algorithm's arithmetic over encoded features (NaN missing, categories as codes, each number of a vector); texts come beside them, by feature. */
export interface Scorer {
  /** Answers one row: one probability per class, or one number. The array may be reused by the next call. */
  scoreRow(row: Float64Array, texts: readonly (string | null)[]): Float64Array;
  /** Answers many rows, given as one array per feature: rowCount × (classes, or 1), row after row. */
  scoreColumns(
    columns: readonly Numbers[],
    rowCount: number,
    texts: readonly (readonly (string | null)[] | undefined)[],
  ): Float64Array;
  /** Shapley values of one row's margin: `output` is a class's index, 0 for a regression. */
  explain(
    row: Float64Array,
    output: number,
    texts: readonly (string | null)[],
  ): { base: number; contributions: Float64Array };
  /** What each term of feature f's text adds to the margin of an output, the largest first; of models that read texts term by term. */
  explainTerms?(f: number, text: string, output: number): readonly TermContribution[];
  termEffects?(f: number, output: number): readonly TermEffect[];
  /** Shapley interactions of one row's margin, features × features, symmetric. */
  interact?(row: Float64Array, output: number): Float64Array;
  /** Any non-negative measure of how much each feature matters. */
  importance(): Float64Array;
}

export interface Known {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly features: readonly Feature[];
}

export function predictor(known: Known, scorer: Scorer): Predictor {
  const { task, classes, features } = known;
  const encode = rowEncoder(features);
  const row = new Float64Array(features.length);
  const texts = new Array<string | null>(features.length).fill(null);
  const outputOf = (wanted: string | undefined): number => {
    if (task === "regression") return 0;
    if (wanted === undefined) return task === "binary" ? 1 : largest(scorer.scoreRow(row, texts));
    const output = classes.indexOf(wanted);
    if (output < 0)
      throw fail(
        "INFERENCE_INPUT_INVALID",
        `Expected one of the classes ${classes.join(", ")}, got ${JSON.stringify(wanted)}`,
      );
    return output;
  };
  const { interact, termEffects } = scorer;
  const wholes = wholeFeatures(features);
  const places = wholePlaces(features);
  const placeOf = (whole: string): number => features.findIndex(({ name, type }) => name === whole && type === "text");
  const termsOf = ({ name, type }: Feature, output: number) => {
    const f = type === "text" ? placeOf(name) : -1;
    const text = f < 0 ? "" : (texts[f] ?? "");
    return text === "" ? undefined : scorer.explainTerms?.(f, text, output);
  };
  return {
    task,
    classes,
    features: wholes,
    ...(termEffects !== undefined && {
      termEffects(feature: string, options: { readonly class?: string } = {}) {
        const f = placeOf(feature);
        const wanted = options.class ?? (task === "multiclass" ? classes[0] : undefined);
        return f < 0 ? [] : termEffects(f, outputOf(wanted));
      },
    }),
    ...(interact !== undefined && {
      explainInteractions(values: Row, options: { readonly class?: string } = {}): Interaction[] {
        encode(values, row, texts);
        return pairsOf(wholes, places, interact(row, outputOf(options.class)));
      },
    }),
    predict(table) {
      const scores = scorer.scoreColumns(encodeTable(features, table), table.rowCount, textsOf(features, table));
      return task === "regression" ? { values: scores } : { probabilities: scores };
    },
    predictRow(values) {
      encode(values, row, texts);
      const scores = scorer.scoreRow(row, texts);
      return task === "regression" ? scores[0]! : Array.from(scores);
    },
    explainRow(values, options = {}) {
      encode(values, row, texts);
      const output = outputOf(options.class);
      const { base, contributions } = scorer.explain(row, output, texts);
      const whole = summed(contributions, places, wholes.length);
      const named = wholes.map((feature, index) => {
        const terms = termsOf(feature, output);
        return { feature: feature.name, contribution: whole[index]!, ...(terms && { terms }) };
      });
      named.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
      return task === "regression"
        ? { base, contributions: named }
        : { base, contributions: named, class: classes[output]! };
    },
    importance() {
      const weights = summed(scorer.importance(), places, wholes.length);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return wholes
        .map((feature, index) => ({ feature: feature.name, share: total > 0 ? weights[index]! / total : 0 }))
        .sort((a, b) => b.share - a.share);
    },
  };
}

/** For arithmetic that gains nothing from columns: every row by itself, `width` features in and `outputs` numbers out. */
export function rowByRow(scoreRow: (row: Float64Array) => Float64Array, width: number, outputs: number) {
  return (columns: readonly Numbers[], rowCount: number): Float64Array => {
    const scores = new Float64Array(rowCount * outputs);
    const row = new Float64Array(width);
    for (let i = 0; i < rowCount; i++) {
      for (let f = 0; f < width; f++) row[f] = columns[f]![i]!;
      scores.set(scoreRow(row), i * outputs);
    }
    return scores;
  };
}

/** `places` tells which feature each row and column of the matrix belongs to, when that is not its own. */
function pairsOf(features: readonly Feature[], places: Int32Array | undefined, parts: Float64Array): Interaction[] {
  const F = features.length;
  let matrix = parts;
  if (places !== undefined) {
    matrix = new Float64Array(F * F);
    const P = places.length;
    for (let i = 0; i < P; i++) for (let j = 0; j < P; j++) matrix[places[i]! * F + places[j]!]! += parts[i * P + j]!;
  }
  const pairs: Interaction[] = [];
  for (let i = 0; i < F; i++) {
    for (let j = i; j < F; j++) {
      // Both halves of a pair count as one.
      const contribution = (i === j ? 1 : 2) * matrix[i * F + j]!;
      if (contribution !== 0) pairs.push({ features: [features[i]!.name, features[j]!.name], contribution });
    }
  }
  return pairs.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

function largest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
