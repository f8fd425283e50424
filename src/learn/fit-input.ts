// What a fit is told beside its rows, and what an algorithm receives.

import type { Table } from "../base/table.ts";
import type { Threads } from "./boosting/team.ts";
import type { Feature } from "./features.ts";
import type { Label } from "./model.ts";

export interface Progress {
  readonly iteration: number;
  readonly of: number;
  /** Mean training loss before this iteration, in the objective's own unit. */
  readonly loss?: number;
  readonly validationLoss?: number;
}

export interface FitOptions {
  /** A whole number; the same seed, data and spec give the same bytes. */
  readonly seed: number;
  /** One non-negative weight per row, in place of the label's own. */
  readonly weights?: Float64Array;
  /** Rows for early stopping. Without them an algorithm that needs some holds out part of the training rows. */
  readonly validation?: { readonly features: Table; readonly label: Label };
  /** Threads to help with gradient boosting; the model is the same, byte for byte, with and without. */
  readonly threads?: Threads;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the fit between two iterations; the signal's reason is thrown. */
  readonly signal?: AbortSignal;
}

/** What an algorithm receives: checked input with every default filled in. */
export interface FitInput {
  readonly table: Table;
  readonly features: readonly Feature[];
  readonly label: Label;
  readonly options: FitOptions;
}
