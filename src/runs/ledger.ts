// The ledger: what was asked for, what ran, how it ended. State and failure change in one transaction; events only grow.

import type { Failure, PentadError } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { ComputeUsage } from "../ports/compute.ts";
import type { Database, Statements } from "../ports/database.ts";
import { openEnds } from "./ends.ts";
import { openHistory } from "./history.ts";
import { type LedgerEvent, lastEvent, listEvents } from "./journal.ts";
import { openLeases } from "./leases.ts";
import { openNotes } from "./notes.ts";
import { newOwner, ownerLives } from "./owner.ts";
import { openRequests } from "./requests.ts";
import { openSteps } from "./steps.ts";

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

export interface Ledger {
  /** Asks for a run. While one of the component is waiting already, that one is returned, with the newer fingerprint. */
  request(component: string, reason: RunReason, fingerprint: string | null, options?: RequestOptions): Promise<string>;
  /** Takes a waiting run, unless the component is running already; undefined when it is not to be had. */
  claim(run: string): Promise<Run | undefined>;
  /** Takes the waiting run that comes first among these components; undefined when there is none. */
  claimNext(components: readonly string[]): Promise<Run | undefined>;
  /** Prolongs the lease; false when the run is no longer this process's. Cheap: ask once a second, so that a cancel is heard. */
  beat(run: string): Promise<boolean>;
  /**
   * Ends a run as done (or refused, or skipped) in the same transaction as the caller's own writes. Throws RUNS_CANCELLED,
   * with nothing written, when the run was cancelled or taken over meanwhile.
   */
  finish<Result>(run: string, end: RunEnd, write: (tx: Statements, atMs: number) => Promise<Result>): Promise<Result>;
  failRun(run: string, failure: Failure): Promise<void>;
  /** Ends a run that was cancelled, waiting or running, whoever runs it; its end can then no longer be written. */
  cancel(run: string, why: string): Promise<void>;
  /** Says what a run does now. Written a few times a second at most; the newest word wins. */
  note(run: string, note: { detail?: string; progress?: number | null }): Promise<void>;
  /** Says what a run of this process is for, as of its beginning. */
  setFingerprint(run: string, fingerprint: string): Promise<void>;
  /**
   * Writes down the partitions of the fan-out `step` before the first begins; those with what an earlier run left are done
   * at once. Throws RUNS_CANCELLED when the run is no longer this process's.
   */
  planPartitions(run: string, step: string, partitions: readonly PlannedPartition[]): Promise<void>;
  /**
   * False, with nothing written, while as many steps run as the project allows at once: ask again. Throws RUNS_CANCELLED
   * when the run is no longer this process's.
   */
  startStep(run: string, step: string, attempt: number): Promise<boolean>;
  /** With `write`, its writes and the step's end are one transaction, refused when the run is no longer this process's. */
  endStep(
    run: string,
    step: string,
    attempt: number,
    end: StepEnd,
    write?: (tx: Statements, atMs: number) => Promise<void>,
  ): Promise<void>;
  /**
   * The newest run before this one of the same component, input and fingerprint, if it left something to go on from: an
   * interrupted one its finished steps, a failed one its finished partitions; by step.
   */
  unfinishedBefore(run: Run): Promise<{ run: string; steps: ReadonlyMap<string, KeptStep> } | undefined>;
  /** Whether a later run may go on from what this one left. */
  leftSomething(run: string): Promise<boolean>;
  /** Fails the runs whose owner is gone; returns them. Call it at start and every few seconds. */
  recover(): Promise<Run[]>;
  find(run: string): Promise<Run | undefined>;
  list(filter?: { component?: string; limit?: number; state?: RunState }): Promise<Run[]>;
  steps(run: string): Promise<Step[]>;
  /** By component: its newest runs. Components that never started a run are not in it. */
  latest(): Promise<ReadonlyMap<string, Latest>>;
  /** The number of the newest event: as long as it stays the same, nothing has happened. */
  lastEvent(): Promise<number>;
  /** What happened after an event's number, oldest first. */
  events(after: number, limit?: number): Promise<LedgerEvent[]>;
  /**
   * Forgets runs that ended before `beforeMs`, except the newest `keep` of each component and its newest success. Returns
   * their ids, so that their logs can be removed.
   */
  prune(options: { beforeMs: number; keep: number }): Promise<string[]>;
}

export interface LedgerOptions {
  readonly now?: () => number;
  /** A clock that is never set back, for leases. */
  readonly monotonicMs?: () => number;
  /** Names this process among those that share the ledger; never the same for two. */
  readonly owner?: string;
  /** How long a run stays its owner's without a beat. */
  readonly leaseMs?: number;
  /** Whether the process that `owner` names still lives; undefined when that cannot be told. */
  readonly ownerLives?: (owner: string) => boolean | undefined;
}

/** What every part of the ledger works with. */
export interface LedgerParts {
  readonly database: Database;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly owner: string;
  readonly leaseMs: number;
  readonly ownerLives: (owner: string) => boolean | undefined;
}

export function openLedger(database: Database, options: LedgerOptions = {}): Ledger {
  const parts: LedgerParts = {
    database,
    now: options.now ?? Date.now,
    monotonicMs: options.monotonicMs ?? (() => performance.now()),
    owner: options.owner ?? newOwner(),
    leaseMs: options.leaseMs ?? 15_000,
    ownerLives: options.ownerLives ?? ownerLives,
  };
  return {
    ...openRequests(parts),
    ...openLeases(parts),
    ...openSteps(parts),
    ...openEnds(parts),
    ...openNotes(parts),
    ...openHistory(parts),
    lastEvent: () => lastEvent(database),
    events: (after, limit = 500) => listEvents(database, after, limit),
  };
}
