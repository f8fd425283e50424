// What a recipe needs of its run: steps in other processes, one final transaction, and a word on what it is doing.

import type { PentadError } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Statements } from "../ports/database.ts";
import type { FanOut } from "./fan-out.ts";

export interface Work {
  /** The run's id. */
  readonly run: string;
  /** What the run was asked to do instead of the component's usual work; null for that. */
  readonly input: JsonObject | null;
  /** A folder of this run's own, removed when the run has ended and left nothing to go on from. */
  readonly folder: string;
  /**
   * Runs `entry` as the step `name` in a process of its own, with retries as its failures allow. Throws the step's
   * failure, which then names the step.
   */
  step(name: string, entry: string, input: JsonObject): Promise<Json>;
  /**
   * Runs one entry for many partitions, each as a step `step/partition` in a process of its own, several at a time, and
   * joins: resolves with their outputs in order when all have finished. A failed partition lets the others finish and then
   * fails the run, naming the partition; a later run of the same input and fingerprint does only what is missing, as does
   * one after a crash. Example: `work.fanOut({ step: "read", entry: "data/read", partitions: [{ name: "2026-01", input }] })`.
   */
  fanOut(work: FanOut): Promise<Json[]>;
  /** Tells what happens now: "fitting gradient boosting". */
  detail(text: string): void;
  /**
   * Ends the run: the recipe's own writes and the run's success happen in one transaction, refused when the run is no
   * longer this process's to finish.
   */
  commit<Result>(write: (tx: Statements, atMs: number) => Promise<Result>, summary: WorkSummary): Promise<Result>;
}

export interface WorkSummary {
  readonly detail: string;
  /** The work is kept, but the run counts as failed with this failure, e.g. a model that its gate refused. */
  readonly refusal?: PentadError;
  /** What the run adds to the stores, in bytes. */
  readonly bytesStored?: number;
  readonly rows?: { readonly read: number; readonly accepted: number; readonly quarantined: number };
}
