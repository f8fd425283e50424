// The learner's contract: what a fit takes, what it leaves behind, and how that becomes predictions again.

import type { JsonObject } from "../base/json.ts";
import type { Table } from "../base/table.ts";
import type { Feature, Row } from "./features.ts";

export type Task = "binary" | "multiclass" | "regression";

/** What a fitted model may do: answer like a label's task, continue a series, score how odd a row is, or number its group. */
export type PredictorTask = Task | "forecast" | "anomaly" | "clustering";

/** What is to be predicted: classes as texts in the data's own spelling, or numbers. A binary label's positive class is `classes[1]`. */
export type Label = (
  | { readonly task: "binary" | "multiclass"; readonly codes: Int32Array; readonly classes: readonly string[] }
  | { readonly task: "regression"; readonly values: Float64Array }
) & {
  /** What each row counts, in a fit and in every score: 2 is like the row twice. Absent when all count the same. */
  readonly weights?: Float64Array;
};

export type ArtifactArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** A fitted model at rest: JSON and typed arrays, never code. Equal fits give equal artifacts, byte for byte. */
export interface Artifact {
  /** Kind and version of the layout, e.g. `pentad.trees/1`. */
  readonly format: string;
  readonly meta: JsonObject;
  readonly arrays: Readonly<Record<string, ArtifactArray>>;
}

/** `probabilities` has rowCount × classes entries, row after row; `values` has one entry per row. */
export type Prediction = { readonly probabilities: Float64Array } | { readonly values: Float64Array };

/** What a word, or a pair of neighbouring words, of a text adds to the row's margin. */
export interface TermContribution {
  readonly term: string;
  readonly contribution: number;
}

/** What a known term adds on average where it stands, and in what share of the training texts that is. */
export interface TermEffect extends TermContribution {
  readonly share: number;
}

export interface Explanation {
  /** What the model answers on average over its training rows. */
  readonly base: number;
  /** Sums, with the base, to the row's margin; the largest in absolute value first. */
  readonly contributions: readonly {
    readonly feature: string;
    readonly contribution: number;
    /** Of a text whose words the model knows: what each adds, the largest in absolute value first. */
    readonly terms?: readonly TermContribution[];
  }[];
  /** The class whose margin is explained; absent for a regression. */
  readonly class?: string;
}

export interface Interaction {
  /** Two features, or twice the same one for what it adds by itself. */
  readonly features: readonly [string, string];
  /** In margin units: what the two add together beyond what each adds by itself. */
  readonly contribution: number;
}

/** One step of a forecast. */
export interface ForecastPoint {
  /** Empty when there is one series only. */
  readonly key: string;
  /** Milliseconds since 1970 UTC. */
  readonly time: number;
  /** 1 for the first step after the latest value. */
  readonly ahead: number;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

export interface Predictor {
  readonly task: PredictorTask;
  /** Empty for a regression. */
  readonly classes: readonly string[];
  readonly features: readonly Feature[];
  /** Predicts every row; columns are found by name, categories by text. */
  predict(table: Table): Prediction;
  /**
   * Predicts one row: the probability of each class, or the number; the next value of a forecast (NaN for a series it does not know),
   * the score of an anomaly detector, the number of a group.
   */
  predictRow(row: Row): number[] | number;
  /**
   * Shapley values of one row in margin units: log-odds, log of a rate, a share (forests, neighbours) or the label's own unit.
   * Exact for trees, linear models and naive Bayes; against a typical row, and sampled by seed beyond 8 features, for neighbours
   * and neural networks.
   * Explains the positive class of a binary model and the likeliest class of a multiclass one unless told otherwise.
   */
  explainRow(row: Row, options?: { readonly class?: string }): Explanation;
  /**
   * Exact Shapley interactions of one row, of trees only (absent otherwise): pairs that add something, the largest in absolute value
   * first. With the base of `explainRow` they sum to the row's margin. Costs about twice as many explanations as there are features.
   */
  explainInteractions?(row: Row, options?: { readonly class?: string }): readonly Interaction[];
  /** What the words of a text feature do to the margin of a class (the positive one of two) or the number, the most telling first. */
  termEffects?(feature: string, options?: { readonly class?: string }): readonly TermEffect[];
  /** Of a forecast: every step to its horizon for the series that the row's key names; undefined for one it does not know. */
  forecastRow?(row: Row): readonly ForecastPoint[] | undefined;
  /** Of a forecast: what names each of its series; one without columns when there is a single series. */
  readonly series?: readonly Readonly<Record<string, string>>[];
  /** Of an anomaly detector: rows are flagged from this score on. */
  readonly flagFrom?: number;
  /** Of groups: how far the row lies from the middle of its group, in standard deviations. */
  distanceRow?(row: Row): number;
  /** Its arithmetic runs in a process of its own: here it tells what it is, and answers nothing. */
  readonly runsApart?: true;
  /** How much each feature matters to the model, largest first; shares sum to 1 (all 0 when the model uses none). */
  importance(): readonly { readonly feature: string; readonly share: number }[];
}
