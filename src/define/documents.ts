// The documents that the product gives to people and programs, as types: one shape for API, dashboard, page and command line.

import type { Failure } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { ComponentKind } from "./component.ts";

export type ComponentState = "ok" | "running" | "failed" | "stale" | "idle";

/** `GET /api/status`, and `pentad status --json`. */
export interface StatusDocument {
  readonly project: string;
  readonly components: readonly ComponentStatus[];
  readonly at: string;
}

export interface ComponentStatus {
  /** `kind/name`. */
  readonly id: string;
  readonly kind: ComponentKind;
  readonly name: string;
  readonly state: ComponentState;
  readonly lastRun: RunSummary | null;
  /** The newest moment that the component's output speaks of, and its age. */
  readonly freshness: { readonly at: string; readonly ageSeconds: number } | null;
  readonly failure: Failure | null;
  /** What the component waits for, in a sentence; null when nothing. */
  readonly waitingFor: string | null;
  /** When it is due next, if it has a schedule. */
  readonly nextRunAt: string | null;
  /** The user's file, relative to the project. */
  readonly file: string;
  readonly dependsOn: readonly string[];
  /** A few facts for the card, in order: label and text. */
  readonly facts: readonly { readonly label: string; readonly text: string }[];
}

export interface RunSummary {
  readonly run: string;
  readonly component: string;
  readonly state: "running" | "done" | "failed" | "skipped" | "cancelled";
  /** Why it started: `first`, `changed`, `schedule`, `manual`, `upstream`. */
  readonly reason: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
  /** 0 to 1 while it runs, when known. */
  readonly progress: number | null;
  /** What it is doing now, or did, in a few words: "reading 40,000 rows". */
  readonly detail: string | null;
  readonly rows: { readonly read: number; readonly accepted: number; readonly quarantined: number } | null;
  readonly failure: Failure | null;
}

/** A row that was rejected and waits for somebody. */
export interface QuarantinedRow {
  /** Its commit and its line there, e.g. "3:1": what `pentad quarantine replay|discard --row` takes. */
  readonly id: string;
  /** The commit that rejected it. */
  readonly commit: number;
  /** The row's number in the source, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The cells as they stood in the source; absent for a line that could not be read as a row. */
  readonly values?: Readonly<Record<string, string | null>>;
  readonly text?: string;
}

/** `GET /api/data/NAME/quarantine?limit=…`: the oldest first. */
export interface QuarantineDocument {
  readonly data: string;
  /** How many there are. */
  readonly total: number;
  readonly rows: readonly QuarantinedRow[];
}

/** `GET /api/runs/RUN`: a run with its steps and its log's lines. */
export interface RunDocument extends RunSummary {
  /** Of thousands of partitions not all: those that failed and those that run come first. */
  readonly steps: readonly StepSummary[];
  /** The parts that the run's work was split into; null when it was not. */
  readonly partitions: { readonly planned: number; readonly done: number; readonly failed: number } | null;
  /** What all its attempts used together; null where nothing of it is known. */
  readonly usage: RunUsage;
  readonly log: readonly string[];
}

export interface RunUsage {
  readonly cpuMs: number | null;
  /** Of the attempt that used the most. */
  readonly peakMemoryMb: number | null;
  /** Read and written by the steps: files, network and pipes together. */
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  /** What the run added to the stores. */
  readonly bytesStored: number | null;
}

export interface StepSummary {
  readonly step: string;
  readonly attempt: number;
  /** `waiting`: one of many that are to be done, and has not begun. */
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly wallMs: number | null;
  readonly cpuMs: number | null;
  readonly peakMemoryMb: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly failure: Failure | null;
}

/** `GET /api/data/NAME`: a feature group's profile at its newest commit. */
export interface DataDocument {
  readonly name: string;
  readonly source: string;
  readonly rows: number;
  readonly commits: number;
  readonly key: readonly string[];
  readonly eventTime: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly quarantined: number;
  readonly columns: readonly ColumnProfile[];
  /** How its rows can be searched: by words in its texts, and by meaning with these embeddings. */
  readonly search: { readonly texts: boolean; readonly meanings: readonly string[] };
  /**
   * The Parquet files that hold the group now, below `.pentad/offline/`. Others in the same folder belong to earlier states.
   * A row that was corrected stands in them once for each version: that with the highest `_commit` counts.
   */
  readonly files: readonly string[];
  /** The newest commits, newest first: `pentad export features/NAME@COMMIT` gives the rows as of each. */
  readonly history: readonly CommitSummary[];
}

/** One commit of a feature group. */
export interface CommitSummary {
  readonly commit: number;
  readonly at: string;
  /** `replace` starts the group anew; `delete` leaves it without what was forgotten. */
  readonly kind: "append" | "replace" | "backfill" | "delete";
  readonly rows: {
    readonly read: number;
    readonly written: number;
    readonly quarantined: number;
    /** Of the group after it. */
    readonly total: number;
  };
  readonly run: string;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: "number" | "category" | "boolean" | "text" | "time" | "vector";
  readonly role: "feature" | "window" | "label";
  readonly unit: string | null;
  readonly description: string | null;
  readonly missing: number;
  readonly distinct: number;
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly mean: number | null;
  readonly median: number | null;
  /** Numbers: equal-width counts from min to max. */
  readonly histogram: readonly number[] | null;
  /** Categories: the most frequent values. */
  readonly top: readonly { readonly value: string; readonly count: number }[] | null;
}

export interface ModelSummary {
  readonly training: string;
  /** 1, 2, 3 … within the training. */
  readonly version: number;
  readonly id: string;
  readonly algorithm: string;
  readonly createdAt: string;
  readonly aliases: readonly string[];
  readonly metrics: Readonly<Record<string, number | null>>;
  /** The gate's verdict and its checks, each a sentence for people. */
  readonly gate: { readonly passed: boolean; readonly checks: readonly GateCheck[] };
  readonly rows: { readonly train: number; readonly test: number };
}

export interface GateCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
}

/** `POST /api/features/NAME/search`: words, and their meaning or a vector; of two kinds the rankings are made one. */
export interface SearchRequest {
  /** Words to look for in the group's texts; any of them counts, rare ones more. */
  readonly text?: string;
  /** Words whose meaning is looked for: they are embedded as the rows' own texts were. */
  readonly like?: string;
  /** A vector whose nearest are looked for. */
  readonly near?: readonly number[];
  /** The vector's column, when the group has several: with `like` the embedding's. */
  readonly column?: string;
  /** How many rows; 10 by default. */
  readonly top?: number;
  /** Only rows for which this holds, e.g. "price < 10". */
  readonly where?: string;
  /** Compares every vector, where the graph would find nearly all of the nearest. */
  readonly exact?: boolean;
}

/** A row, with how well it fits: the larger the better. */
export interface FoundRow {
  readonly score: number;
  readonly row: Readonly<Record<string, Value>>;
}

export interface SearchDocument {
  readonly group: string;
  /** The best first, without embeddings. */
  readonly rows: readonly FoundRow[];
  /** The commit whose rows were searched, and how many commits came after it. */
  readonly commit: number;
  readonly behind: number;
  /** The share of the ten nearest that the graph finds, measured when it was built; null when no vector was searched. */
  readonly recall: number | null;
}
