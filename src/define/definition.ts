// A component as JSON: what the catalog keeps and what crosses process borders; functions stay in the user's file.

import type { SourceLocation } from "../base/failure.ts";
import type { Candidate } from "./candidate.ts";
import type { ComponentKind } from "./component.ts";
import type { ChecksDefinition } from "./expectations.ts";
import type { FeatureType } from "./feature.ts";
import type { Task } from "./metrics.ts";
import type { ScheduleDefinition } from "./schedule.ts";
import type { Success } from "./success.ts";
import type { Aggregate } from "./window.ts";

export interface FeatureDefinition {
  readonly name: string;
  readonly type: FeatureType;
  /** The source's column. */
  readonly from: string;
  readonly optional: boolean;
  readonly description?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly decimal?: "," | ".";
  readonly format?: string;
  readonly dimensions?: number;
  readonly similarity?: "cosine" | "dot" | "l2";
  /** Of a vector that is made of texts: the features that it is made of, in their order. */
  readonly of?: readonly string[];
  /** Of such a vector: what it depends on beside the texts. With another one all are made anew. */
  readonly embedder?: string;
  /** Of a feature that its file declares no more: what it is kept for. */
  readonly deprecated?: readonly string[];
}

export interface WindowDefinition {
  readonly name: string;
  readonly aggregate: Aggregate;
  readonly column: string | null;
  readonly where: string | null;
  readonly overMs: number;
  /** Over the last whole stretch of that length, counted from 1970, instead of the time right before. */
  readonly tumbling?: true;
  /** Of a quantile: from 0 to 1. */
  readonly level?: number;
  /** As the user wrote it. */
  readonly over: string;
  readonly unit?: string;
  readonly description?: string;
}

/** A label is a column of the row itself, or an expression on the same entity's row `aheadMs` later. */
export interface LabelDefinition {
  readonly name: string;
  readonly type: FeatureType;
  readonly column: FeatureDefinition | null;
  readonly expression: string | null;
  readonly aheadMs: number | null;
  readonly unit?: string;
  readonly description?: string;
}

export interface DataDefinition {
  readonly kind: "data";
  readonly name: string;
  readonly description?: string;
  readonly license?: string;
  readonly source: { readonly kind: string; readonly description: string; readonly watch: string | null };
  readonly schedule: string | null;
  /** How the schedule is read; absent in definitions that were stored before there was such a thing. */
  readonly scheduleRules?: ScheduleRules | null;
  /** The components after whose success this one runs, and the events. */
  readonly after?: readonly string[];
  readonly key: readonly string[];
  readonly eventTime: { readonly column: string; readonly format: string | null } | null;
  readonly features: readonly FeatureDefinition[];
  readonly windows: readonly WindowDefinition[];
  readonly labels: readonly LabelDefinition[];
  readonly transform: boolean;
  /** The file, and the hash under which its code is kept: whoever embeds loads it from there. Absent without embeddings. */
  readonly code?: { readonly file: string; readonly hash: string };
  readonly missing: readonly string[];
  readonly quarantineBudget: number;
  readonly freshForMs: number | null;
  /** How long a row's values count; absent in definitions that were stored before there was such a thing. */
  readonly ttlMs?: number | null;
  /** How long files are kept that later commits replaced; for ever when null or absent. */
  readonly retentionMs?: number | null;
  /** The environment variables that its steps may see; absent when none. */
  readonly secrets?: readonly string[];
  /** What rows and batches must hold; absent when nothing beyond the columns' own types and ranges. */
  readonly checks?: ChecksDefinition;
  readonly limits: LimitsDefinition;
}

export type ScheduleRules = Pick<ScheduleDefinition, "timeZone" | "missed">;

export interface LimitsDefinition {
  readonly timeMs: number;
  readonly memoryMb: number;
  /** Absent when nothing was said. */
  readonly cpuMs?: number;
  readonly concurrency?: number;
}

export interface ProblemDefinition {
  readonly kind: "problem";
  readonly name: string;
  readonly question: string;
  /** Null for tasks that look at rows without a label. */
  readonly predict: string | null;
  readonly task: Task;
  readonly success: Success;
  readonly audience: string | null;
  /** Of a forecast: steps ahead, steps of a season (null for the usual one), and the share that the interval is to hold. */
  readonly forecast?: { readonly horizon: number; readonly season: number | null; readonly coverage: number };
}

export interface TrainingDefinition {
  readonly kind: "training";
  readonly name: string;
  /** Names, without the kind. */
  readonly problem: string;
  /** Without a label, `data` is the group whose rows are looked at. */
  readonly label: { readonly data: string; readonly name: string | null };
  readonly features: readonly { readonly data: string; readonly names: readonly string[] }[];
  /** The column that says what each row counts; absent when all count the same. */
  readonly weight?: { readonly data: string; readonly name: string };
  /** Absent without on-demand features. */
  readonly onDemand?: OnDemandDefinition;
  readonly split: {
    readonly by: "time" | "random" | "stratified" | "group" | null;
    readonly test: number;
    readonly gapMs: number;
    /** These two are absent in definitions that were stored before there was such a thing. */
    readonly group?: string;
    readonly folds?: number;
  };
  readonly candidates: readonly Candidate[];
  readonly budget?: { readonly timeMs: number | null; readonly trials: number | null; readonly cpuMs?: number };
  readonly when: {
    readonly everyMs: number | null;
    readonly newRows: number | null;
    /** Absent when no event was named. */
    readonly after?: readonly string[];
  };
  readonly seed: number;
  readonly limits: LimitsDefinition;
}

export interface InferenceDefinition {
  readonly kind: "inference";
  readonly name: string;
  readonly training: string;
  readonly online: boolean;
  readonly batchSchedule: string | null;
  readonly scheduleRules?: ScheduleRules | null;
  readonly explain: boolean;
  readonly limits: LimitsDefinition;
}

export interface AppDefinition {
  readonly kind: "app";
  readonly name: string;
  readonly inference: string;
  readonly title: string;
  readonly intro: string | null;
  readonly feedback: boolean;
}

export type Definition = ProblemDefinition | DataDefinition | TrainingDefinition | InferenceDefinition | AppDefinition;
export type DefinitionOf<Kind extends ComponentKind> = Extract<Definition, { kind: Kind }>;

/** Texts that mean "missing" in a source unless the component says otherwise. */
export const missingTexts: readonly string[] = [
  "",
  "NA",
  "N/A",
  "n/a",
  "na",
  "null",
  "NULL",
  "NaN",
  "nan",
  "None",
  "#N/A",
  "?",
  "-",
];

/** On-demand features, beside the hash of the code that computes them. */
export interface OnDemandDefinition {
  /** The training's file, whose features hold the functions. */
  readonly file: string;
  /** The hash of that file and of all of the project that it imports: the code under which the functions are kept. */
  readonly code: string;
  /** In the order of the training's features. */
  readonly views: readonly OnDemandView[];
}

/** One `onDemand()`. */
export interface OnDemandView {
  readonly request: readonly FeatureDefinition[];
  readonly stored: TrainingDefinition["features"];
  readonly features: readonly FeatureDefinition[];
  /** Where it is declared. */
  readonly location: SourceLocation | null;
}
