// What the ledger says of a run and of its steps: its states, how it ends, and what is kept of it.

import type { Failure, PentadError } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { ComputeUsage } from "../ports/compute.ts";

export type RunState = "requested" | "running" | "done" | "failed" | "skipped" | "cancelled";
/** Why a run was asked for. */
export type RunReason =
  | "first"
  | "changed"
  | "schedule"
  | "manual"
  | "upstream"
  | "new rows"
  | "retry"
  | "backfill"
  | "event";

export interface Run {
  readonly run: string;
  readonly component: string;
  readonly reason: RunReason;
  readonly state: RunState;
  readonly requestedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The moment of the schedule that the run is for, if it is for one. */
  readonly logicalAtMs: number | null;
  /** 0 to 1, when known. */
  readonly progress: number | null;
  readonly detail: string | null;
  readonly rows: { readonly read: number; readonly accepted: number; readonly quarantined: number } | null;
  readonly failure: Failure | null;
  /** What it added to the stores, when it said so. */
  readonly bytesStored: number | null;
  /** The fingerprint of the component (and of what it depends on) that the run was for. */
  readonly fingerprint: string | null;
  /** What it was asked to do instead of the component's usual work, e.g. a backfill's range; null for that. */
  readonly input: JsonObject | null;
}

export interface Step {
  readonly step: string;
  readonly attempt: number;
  /** `waiting`: a partition that was planned and has not begun. */
  readonly state: "waiting" | "running" | "done" | "failed";
  /** Of a fan-out, the partition that the step is for. */
  readonly partition: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly usage: ComputeUsage | null;
  readonly failure: Failure | null;
}

export interface RunEnd {
  readonly detail: string;
  readonly rows?: Run["rows"];
  /** The run's work is kept, but it counts as failed. */
  readonly refusal?: PentadError;
  /** There was nothing to do. */
  readonly skipped?: boolean;
  /** What the run added to the stores. */
  readonly bytesStored?: number;
}

/** What a finished step left, until its run has ended: the same input need not be worked on again. */
export interface KeptStep {
  readonly inputHash: string;
  readonly output: Json;
}

export interface StepEnd {
  readonly usage: ComputeUsage | null;
  readonly failure: Failure | null;
  readonly kept?: KeptStep;
}

export interface PlannedPartition {
  readonly name: string;
  readonly kept: KeptStep | undefined;
}

export interface RequestOptions {
  /** The moment of a schedule: there is one run for it, whoever asks and however often. */
  readonly logicalAtMs?: number;
  /** Higher is claimed first by `claimNext`; 0 by default. */
  readonly priority?: number;
  /** Work other than the component's usual; a run that waits for other work does not stand for it. */
  readonly input?: JsonObject | null;
}

export interface Latest {
  /** The newest run that has started. */
  readonly newest: Run;
  /** The newest that ended well or badly. */
  readonly ended: Run | null;
  readonly done: Run | null;
}
