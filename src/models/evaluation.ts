// What was measured of a model, kept with its version for good: a changed goal and the report need nothing else.

import type { Scalar } from "../base/table.ts";

/** A metric's name, as in `define/metrics.ts` and beyond, to its value; null where it is not defined on these rows. */
export type Values = Readonly<Record<string, number | null>>;

export interface Range {
  readonly low: number | null;
  readonly high: number | null;
}

/** Values are in each metric's own scale. Whatever is optional is absent in versions that were registered before there was such a thing. */
export interface Evaluation {
  readonly rows: { readonly train: number; readonly test: number };
  readonly metrics: Values;
  /** The 95 % bootstrap interval of the problem's metric at training time. */
  readonly interval: Range;
  /** The same of every metric. */
  readonly intervals?: Readonly<Record<string, Range>>;
  /** The problem's metric of the baseline that it named. */
  readonly baseline: { readonly name: string; readonly value: number | null } | null;
  /** Every metric of every baseline that fits the task, on the same rows. */
  readonly baselines?: Readonly<Record<string, Values>>;
  /** The model that was live at training time, on the same rows. */
  readonly champion?: Champion | null;
  readonly slices?: readonly Slice[];
  /** Of one row at a time, over held-out rows. */
  readonly latency?: { readonly medianMs: number; readonly p99Ms: number; readonly rows: number };
  readonly sizeBytes?: number;
  /** Of a yes/no model: the probability from which it says yes, and why that one. */
  readonly threshold?: Threshold | null;
  readonly calibration?: CalibrationChoice | null;
  readonly parts?: Parts;
  /** By baseline: the model's metric minus the baseline's, drawn together on the same rows. */
  readonly gains?: Readonly<Record<string, Readonly<Record<string, Range>>>>;
  /** Of a forecast. */
  readonly series?: SeriesFacts;
  /** Of an anomaly detector. */
  readonly oddness?: Oddness;
  /** Of groups: each with what sets it apart, the largest first. */
  readonly clusters?: readonly ClusterFacts[];
  readonly curves?: Curves | null;
  readonly confusion?: Confusion | null;
  readonly residuals?: Residuals | null;
  readonly importance?: Importance;
  readonly dependence?: readonly Dependence[];
  readonly shap?: ShapSummary | null;
  /** Of a model that reads texts word by word. */
  readonly terms?: readonly TermSummary[];
  /** Of a forest: its metric over training rows, each judged by the trees that did not see it. */
  readonly outOfBag?: { readonly metric: string; readonly value: number | null; readonly rows: number } | null;
  readonly learning?: readonly { readonly rows: number; readonly value: number | null }[];
  readonly suspicions?: readonly Suspicion[];
}

export interface Champion {
  readonly version: number;
  readonly id: string;
  /** Why the two could not be compared; null when they were. */
  readonly incomparable: string | null;
  /** The rows that the comparison rests on: those held out that the live model was not trained on either. */
  readonly rows: number;
  readonly metrics: Values;
  /** New minus live, drawn together: the 95 % interval of each metric's difference. */
  readonly differences: Readonly<Record<string, Range & { readonly value: number | null }>>;
  /** Neither the rows nor the definition has changed since. */
  readonly nothingNew: boolean;
  /** Training gave the live model itself again, byte for byte. */
  readonly same: boolean;
}

export interface SeriesFacts {
  readonly horizon: number;
  readonly season: number;
  /** The share of the true values that the intervals are to hold. */
  readonly coverage: number;
  readonly step: { readonly unit: "milliseconds" | "months"; readonly count: number };
  readonly keyColumns: readonly string[];
  /** What names some of its series, by column. */
  readonly names: readonly Readonly<Record<string, string>>[];
  /** How many series it forecasts, and how many were too short. */
  readonly series: number;
  readonly leftOut: number;
  readonly byAhead: readonly { readonly ahead: number; readonly mae: number; readonly coverage: number }[];
  /** One series: moment and value, then moment, forecast, lower, upper, actual. */
  readonly example: {
    readonly key: string;
    readonly history: readonly (readonly [number, number])[];
    readonly points: readonly (readonly [number, number, number, number, number])[];
  };
}

export interface Oddness {
  readonly contamination: number;
  /** Rows are flagged from this score on. */
  readonly flagFrom: number;
  /** Scores of the held-out rows. */
  readonly histogram: { readonly from: number; readonly to: number; readonly counts: readonly number[] };
  /** The oddest held-out rows, each with the feature that makes it so most. */
  readonly oddest: readonly {
    readonly score: number;
    readonly reason: string | null;
    readonly values: Readonly<Record<string, Scalar>>;
  }[];
}

export interface ClusterFacts {
  /** 1 for the largest. */
  readonly cluster: number;
  readonly rows: number;
  readonly share: number;
  /** What sets it apart, the strongest first: a mean beside that of all rows, or a value with its share here and everywhere. */
  readonly traits: readonly (
    | { readonly feature: string; readonly mean: number; readonly meanOfAll: number }
    | { readonly feature: string; readonly value: string; readonly share: number; readonly shareOfAll: number }
  )[];
}

export interface Slice {
  readonly feature: string;
  readonly value: string;
  readonly rows: number;
  readonly metrics: Values;
}

export interface Threshold {
  readonly value: number;
  /** A sentence's end: "costs least at 5 for a false yes and 1 for a false no". */
  readonly reason: string;
  /** Mean cost per row on the held-out rows, when the problem names costs. */
  readonly cost?: number;
}

export interface CalibrationChoice {
  readonly method: "none" | "platt" | "isotonic";
  /** Log loss on rows held back from the training part, before and after. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Proof of which rows went where. */
export interface Parts {
  readonly by: "time" | "random" | "stratified" | "group";
  readonly seed: number;
  /** What rows are grouped by. */
  readonly group: string | null;
  readonly train: Part;
  readonly test: Part;
  /** Labelled rows in neither part: those within the gap. */
  readonly leftOut: number;
  /** How candidates were compared, within the training part. */
  readonly selection: string;
  readonly folds: readonly { readonly train: number; readonly validation: number }[];
  /** With `random`, `stratified` and `group`: rows whose identity hashes up to here were held out, per class where classes count. */
  readonly border: Readonly<Record<string, number>>;
}

export interface Part {
  readonly rows: number;
  /** The first and the last moment, as ISO text; null for rows without time. */
  readonly from: string | null;
  readonly to: string | null;
  /** SHA-256 over the sorted identities of the rows. */
  readonly hash: string;
}

export interface Curves {
  /** The class that the curves speak for. */
  readonly class: string;
  readonly roc: readonly (readonly [number, number])[];
  readonly precisionRecall: readonly (readonly [number, number])[];
  /** Mean predicted probability, share that came true, rows. */
  readonly calibration: readonly (readonly [number, number, number])[];
  readonly calibrationError: number | null;
  /** Share of the rows, those with the highest probability first, and the share of the class that is among them. */
  readonly lift?: readonly (readonly [number, number])[];
}

/** Shapley values of some held-out rows. */
export interface ShapSummary {
  readonly rows: number;
  /** The strongest first. */
  readonly features: readonly {
    readonly feature: string;
    /** The mean of the absolute contributions, in the answer's margin. */
    readonly mean: number;
    /** Where the value lies among the rows, from 0 to 1 (null for categories and missing values), and what it added. */
    readonly points: readonly (readonly [number | null, number])[];
  }[];
}

/** Words and pairs of words of a text feature, the most telling first. */
export interface TermSummary {
  readonly feature: string;
  /** The class whose margin they move; absent for a number. */
  readonly class?: string;
  readonly up: readonly TermFacts[];
  readonly down: readonly TermFacts[];
}

export interface TermFacts {
  readonly term: string;
  /** What it adds on average where it stands, in the answer's margin. */
  readonly contribution: number;
  /** The share of the training texts that have it. */
  readonly share: number;
}

export interface Confusion {
  readonly classes: readonly string[];
  /** Rows of class a (row) that were predicted as class p (column). */
  readonly counts: readonly (readonly number[])[];
}

export interface Residuals {
  /** Actual minus predicted at the levels 0.05, 0.25, 0.5, 0.75, 0.95. */
  readonly quantiles: readonly number[];
  readonly histogram: { readonly from: number; readonly to: number; readonly counts: readonly number[] };
  /** Predicted and actual of some held-out rows. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Importance {
  /** How each share was found: by shuffling the feature's values among held-out rows, or by the model's own account. */
  readonly method: "permutation" | "model";
  /** The loss of the problem's metric, or the share of the model's own account; the largest first. */
  readonly features: readonly { readonly feature: string; readonly value: number }[];
}

export interface Dependence {
  readonly feature: string;
  readonly type: string;
  /** Of several classes: whose probability is meant. */
  readonly class?: string;
  /** Value, mean answer (probability of the positive class, or the number), rows. */
  readonly points: readonly (readonly [number | string, number, number])[];
}

export interface Suspicion {
  readonly kind: "feature" | "duplicates";
  /** A sentence for people. */
  readonly message: string;
}
