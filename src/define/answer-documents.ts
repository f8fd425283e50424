// The documents of answers and of the pages that ask for them, as types: what people and programs get from a model.

import type { Value } from "../base/table.ts";
import type { Task } from "./metrics.ts";

/** `GET /api/apps/NAME`: everything that the product page needs. */
export interface AppDocument {
  readonly name: string;
  readonly title: string;
  readonly intro: string | null;
  readonly question: string;
  readonly feedback: boolean;
  readonly inference: string;
  readonly task: Task;
  readonly label: { readonly name: string; readonly unit: string | null; readonly classes: readonly string[] };
  /** In form order. */
  readonly fields: readonly AppField[];
  /** A stored entity can be asked for by its key ("use the newest observation"); null when nothing is stored by key or time. */
  readonly stored: {
    readonly key: readonly string[];
    readonly examples: readonly Readonly<Record<string, Value>>[];
    readonly asOf: string | null;
  } | null;
  /** Of a clustering: its groups, the largest first, each with what sets it apart in words. */
  readonly groups: readonly { readonly group: number; readonly share: number; readonly traits: readonly string[] }[];
  /** Null while no model is live; `waitingFor` says why. */
  readonly model: {
    readonly version: number;
    readonly ageSeconds: number;
    readonly algorithm: string;
    readonly quality: string;
  } | null;
  readonly waitingFor: string | null;
  readonly dataAgeSeconds: number | null;
}

export interface AppField {
  readonly name: string;
  readonly label: string;
  readonly type: "number" | "category" | "boolean" | "text" | "time" | "vector";
  /** Of a vector: how many numbers it has. */
  readonly dimensions?: number;
  readonly description: string | null;
  readonly unit: string | null;
  readonly required: boolean;
  readonly min: number | null;
  readonly max: number | null;
  /** A sensible step for a slider or a number field. */
  readonly step: number | null;
  readonly values: readonly string[] | null;
  /** From the data: the median or the most frequent value. */
  readonly default: Value;
}

/** `POST /predict/NAME` with one object; an array of objects gives an array of these. `?explain=true` adds the reasons, `?explain=interactions` how features work together. */
export interface PredictionDocument {
  /** A forecast: its first step; odd rows: whether it is flagged; groups: the number of its group, 1 for the largest. */
  readonly prediction: Value;
  readonly forecast?: Forecast;
  /** Odd rows: from 0 to 1, and the score from which a row is flagged. */
  readonly score?: number;
  readonly flagFrom?: number;
  /** Groups: how far the row lies from the middle of its group, in standard deviations. */
  readonly distance?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly explanation?: Explanation;
  readonly model: { readonly name: string; readonly version: number; readonly id: string; readonly ageSeconds: number };
  /** Every feature value that the model saw. */
  readonly features: Readonly<Record<string, Value>>;
  readonly at: string;
  /** How old what the answer rests on is. `data` is null when every feature came with the request. */
  readonly staleness: {
    readonly dataSeconds: number | null;
    readonly modelSeconds: number;
    readonly message: string | null;
  };
  readonly id: string;
}

export interface Forecast {
  /** The share of the true values that the intervals are to hold. */
  readonly coverage: number;
  readonly steps: readonly {
    readonly at: string;
    readonly value: number;
    readonly lower: number;
    readonly upper: number;
  }[];
}

export interface Explanation {
  /** The answer for an average row, in the unit of the contributions. */
  readonly base: number;
  /** `margin`: log-odds for classes, the label's unit for numbers. */
  readonly unit: "margin" | "value";
  /** For classes: the class that the contributions speak for. */
  readonly class: string | null;
  /** The strongest first. */
  readonly contributions: readonly {
    readonly feature: string;
    readonly value: Value;
    readonly contribution: number;
    /** Of a text: the words and pairs of words that the model knows in it, the strongest first. */
    readonly terms?: readonly { readonly term: string; readonly contribution: number }[];
  }[];
  /**
   * With `?explain=interactions`: what two features add together beyond what each adds by itself, the strongest first; a
   * feature beside itself is what it adds alone. All pairs together sum to all contributions; the strongest fifty stand here. Null
   * where they cannot be told exactly: for models that are not made of trees, or of more than 100 features.
   */
  readonly interactions?:
    | readonly { readonly features: readonly [string, string]; readonly contribution: number }[]
    | null;
}
