// What a recipe needs of its run: steps in other processes, one final transaction, and a word on what it is doing.

import type { PentadError } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Statements } from "../ports/database.ts";

export interface Work {
  /** The run's id. */
  readonly run: string;
  /** A folder of this run's own, removed when the run has ended. */
  readonly folder: string;
  /**
   * Runs `entry` as the step `name` in a process of its own, with retries as its failures allow. Throws the step's
   * failure, which then names the step.
   */
  step(name: string, entry: string, input: JsonObject): Promise<Json>;
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
