// Texts for models that read numbers: what a linear model makes of each text alone, as columns beside the others (stacking; Wolpert 1992).

import { fail, isFailure } from "../base/failure.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import { type Column, type Table, takeRows, type Value } from "../base/table.ts";
import { corrupt } from "./artifact.ts";
import { derivedPredictor, freshNames } from "./derived.ts";
import { kFold } from "./evaluation/splits.ts";
import { type Feature, wholeFeatures } from "./feature.ts";
import type { FitInput } from "./fit-input.ts";
import { takeLabel } from "./label.ts";
import { openAdditive } from "./linear/additive-model.ts";
import { fitLogistic } from "./linear/logistic.ts";
import { fitRidge } from "./linear/ridge.ts";
import type { Artifact, ArtifactArray, Explanation, Label, Prediction, Predictor } from "./model.ts";

/** What a linear model of one text makes of it. */
export interface TextScore {
  /** The text's place among the features as people know them. */
  readonly at: number;
  readonly name: string;
  readonly artifact: Artifact;
}

const manyRows = 5_000;

/** Probabilities closer to 0 are as good as that: their logarithm must stay finite. */
export const leastShare = 1e-12;

/**
 * The rows with their texts' scores instead of the texts. A training row's score comes from a model that has not seen the row: else it
 * would tell the label. A text that teaches nothing has no score. Throws TRAINING_NO_FEATURES when nothing else is left.
 */
export function withTextScores(input: FitInput): { readonly input: FitInput; readonly scores: readonly TextScore[] } {
  const { table, label, options } = input;
  const features = wholeFeatures(input.features);
  if (!features.some(({ type }) => type === "text")) return { input, scores: [] };
  const scores: TextScore[] = [];
  const made: Float64Array[][] = [];
  for (const [at, feature] of features.entries()) {
    if (feature.type !== "text") continue;
    const artifact = fitText(input, feature);
    if (artifact === undefined) continue;
    scores.push({ at, name: feature.name, artifact });
    made.push(unseenScores(input, feature));
  }
  const others = input.features.filter(({ type }) => type !== "text");
  if (others.length + scores.length === 0)
    throw fail("TRAINING_NO_FEATURES", "Expected texts that share words, got none that two of them have");
  const names = scoreNames(wholeFeatures(others), scores, classesOf(label));
  const { validation } = options;
  const columns = new Map<string, Column>(table.columns);
  for (const [i, values] of made.flat().entries()) columns.set(names[i]!, { type: "number", values });
  return {
    scores,
    input: {
      ...input,
      table: { rowCount: table.rowCount, columns },
      features: [...others, ...names.map((name): Feature => ({ name, type: "number" }))],
      options:
        validation === undefined
          ? options
          : {
              ...options,
              validation: { ...validation, features: scored(validation.features, scores.map(opened), names) },
            },
    },
  };
}

const opened = ({ name, artifact }: TextScore): OpenScore => ({ name, model: openAdditive(artifact) });

function fitText({ table, label, options }: FitInput, feature: Feature, rows?: Int32Array): Artifact | undefined {
  const column = only(table, feature.name);
  const { weights } = options;
  const input: FitInput = {
    table: rows === undefined ? column : takeRows(column, rows),
    features: [feature],
    label: rows === undefined ? label : takeLabel(label, rows),
    options: {
      seed: options.seed,
      ...(options.signal && { signal: options.signal }),
      ...(weights && { weights: rows === undefined ? weights : Float64Array.from(rows, (row) => weights[row]!) }),
    },
  };
  if (input.label.task !== "regression" && new Set(input.label.codes).size < 2) return undefined;
  try {
    return label.task === "regression" ? fitRidge(input, {}) : fitLogistic(input, {});
  } catch (error) {
    // No word is in two texts.
    if (isFailure(error, "TRAINING_NO_FEATURES")) return undefined;
    throw error;
  }
}

/** The score of each training row by models of the other folds; missing where they teach nothing. */
function unseenScores(input: FitInput, feature: Feature): Float64Array[] {
  const { table, label, options } = input;
  const columns = Array.from({ length: scoreWidth(classesOf(label)) }, () =>
    new Float64Array(table.rowCount).fill(Number.NaN),
  );
  const classes = label.task === "regression" ? {} : { classes: label.codes };
  for (const { train, test } of kFold(table.rowCount, table.rowCount > manyRows ? 3 : 5, {
    seed: options.seed,
    ...classes,
  })) {
    const artifact = fitText(input, feature, train);
    if (artifact === undefined) continue;
    const model = openAdditive(artifact);
    const own = scoresOf(model.predict(takeRows(only(table, feature.name), test)), model.classes.length);
    for (const [c, values] of own.entries()) for (const [i, row] of test.entries()) columns[c]![row] = values[i]!;
  }
  return columns;
}

function only({ rowCount, columns }: Table, name: string): Table {
  const column = columns.get(name);
  return { rowCount, columns: new Map(column === undefined ? [] : [[name, column]]) };
}

/** A number, the log-odds of two classes, or the logarithm of each class's share. */
function scoresOf(prediction: Prediction, classes: number): Float64Array[] {
  if ("values" in prediction) return [prediction.values];
  const { probabilities } = prediction;
  const logs = Array.from({ length: classes }, (_, k) =>
    Float64Array.from({ length: probabilities.length / classes }, (__, row) =>
      Math.log(Math.max(leastShare, probabilities[row * classes + k]!)),
    ),
  );
  return classes === 2 ? [logs[1]!.map((log, row) => log - logs[0]![row]!)] : logs;
}

function classesOf(label: Label): readonly string[] {
  return label.task === "regression" ? [] : label.classes;
}

/** Columns of one score. */
function scoreWidth({ length: classes }: readonly string[]): number {
  return classes > 2 ? classes : 1;
}

function scoreNames(features: readonly Feature[], scores: readonly TextScore[], classes: readonly string[]): string[] {
  const suffixes = classes.length > 2 ? classes.map((_, k) => ` score ${k}`) : [" score"];
  return freshNames(
    features,
    scores.flatMap(({ name }) => suffixes.map((suffix) => name + suffix)),
  );
}

interface OpenScore {
  readonly name: string;
  readonly model: Predictor;
}

function scored(table: Table, scores: readonly OpenScore[], names: readonly string[]): Table {
  const columns = new Map<string, Column>(table.columns);
  const values = scores.flatMap(({ name, model }) => scoresOf(model.predict(only(table, name)), model.classes.length));
  for (const [i, own] of values.entries()) columns.set(names[i]!, { type: "number", values: own });
  return { rowCount: table.rowCount, columns };
}

/** The artifact of a model whose features end with these scores: it keeps the models that make them. */
export function markTextScores(artifact: Artifact, scores: readonly TextScore[]): Artifact {
  if (scores.length === 0) return artifact;
  const arrays: Record<string, ArtifactArray> = { ...artifact.arrays };
  const list = scores.map(({ at, name, artifact: { format, meta, arrays: own } }, i): JsonObject => {
    for (const [key, array] of Object.entries(own)) arrays[`${prefixOf(i)}${key}`] = array;
    return { at, name, format, meta };
  });
  return { ...artifact, meta: { ...artifact.meta, textScores: list }, arrays };
}

const prefixOf = (score: number): string => `text${score}/`;

/** Throws MODELS_ARTIFACT_CORRUPT unless each is a sound model of a single text for the same task as the model that reads its score. */
export function readTextScores(artifact: Artifact): TextScore[] {
  const list = artifact.meta.textScores;
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw corrupt("Expected a list of the models of texts");
  return list.map((entry: unknown, i) => {
    const { at, name, format, meta } = (isObject(entry) ? entry : {}) as Partial<Record<string, unknown>>;
    if (!Number.isInteger(at) || typeof name !== "string" || format !== "pentad.additive/1" || !isObject(meta))
      throw corrupt(`Expected a linear model for text ${i}`);
    const own = Object.entries(artifact.arrays).flatMap(([key, array]): [string, ArtifactArray][] =>
      key.startsWith(prefixOf(i)) ? [[key.slice(prefixOf(i).length), array]] : [],
    );
    return { at: at as number, name, artifact: { format, meta: meta as JsonObject, arrays: Object.fromEntries(own) } };
  });
}

/** The model as people know it: it is given texts, and what their scores add is theirs, word by word where that can be told. */
export function textScorePredictor(inner: Predictor, scores: readonly TextScore[]): Predictor {
  if (scores.length === 0) return inner;
  const width = scoreWidth(inner.classes);
  const own = inner.features.length - scores.length * width;
  const open = scores.map(opened);
  for (const { name, model } of open) {
    const [text, ...more] = model.features;
    if (text?.type !== "text" || text.name !== name || more.length > 0 || model.task !== inner.task)
      throw corrupt(`Expected a ${inner.task} model of the text ${JSON.stringify(name)} alone`);
    if (model.classes.join("\n") !== inner.classes.join("\n")) throw corrupt("Expected a model of the same classes");
  }
  if (own < 0 || inner.features.slice(own).some(({ type }) => type !== "number"))
    throw corrupt(`Expected ${width} numbers for each of ${scores.length} texts`);
  const features = inner.features.slice(0, own);
  for (const { at, name } of scores) features.splice(at, 0, { name, type: "text" });
  if (new Set(features.map(({ name }) => name)).size !== features.length)
    throw corrupt("Expected distinct feature names");
  const names = inner.features.slice(own).map(({ name }) => name);
  const others = [...features.keys()].filter((f) => !open.some(({ name }) => name === features[f]!.name));
  const textOf = (name: string): number => features.findIndex((feature) => feature.name === name);
  const predictor = derivedPredictor(inner, {
    features,
    ownerOf: new Map(names.map((name, i) => [name, scores[Math.floor(i / width)]!.name])),
    table: (table) => scored(table, open, names),
    row: (values) => [
      ...others.map((f) => values[f] ?? null),
      ...open.flatMap(({ name, model }) => {
        const column: Column = { type: "text", values: [textAt(values[textOf(name)])] };
        const one = { rowCount: 1, columns: new Map([[name, column]]) };
        return scoresOf(model.predict(one), model.classes.length).map(([score]) => score!);
      }),
    ],
  });
  return {
    ...predictor,
    explainRow(row, options) {
      const said = predictor.explainRow(row, options);
      const values = open.map(({ name }) => {
        const value = Array.isArray(row) ? row[textOf(name)] : (row as Readonly<Record<string, Value>>)[name];
        return [name, textAt(value)] as const;
      });
      return withTerms(said, open, new Map(values));
    },
    termEffects: (feature, options) =>
      open.find(({ name }) => name === feature)?.model.termEffects?.(feature, options) ?? [],
  };
}

function textAt(value: Value | undefined): string | null {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
}

/** Beyond this ratio of what a text adds to what it would add alone, its words' shares say nothing. */
const mostStretched = 5;

/** What a text adds is divided among its words as they make up its score. */
function withTerms(
  said: Explanation,
  open: readonly OpenScore[],
  texts: ReadonlyMap<string, string | null>,
): Explanation {
  const contributions = said.contributions.map((one) => {
    const model = open.find(({ name }) => name === one.feature)?.model;
    const text = texts.get(one.feature) ?? null;
    if (model === undefined || text === null) return one;
    const options = said.class === undefined ? {} : { class: said.class };
    const [alone] = model.explainRow([text], options).contributions;
    const ratio = one.contribution / (alone?.contribution ?? 0);
    if (alone?.terms === undefined || !(ratio > 0 && ratio <= mostStretched)) return one;
    return { ...one, terms: alone.terms.map((term) => ({ ...term, contribution: term.contribution * ratio })) };
  });
  return { ...said, contributions };
}
