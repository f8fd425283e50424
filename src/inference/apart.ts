// Models that run apart: the user's code and other runtimes answer in a process of their own, never in the server.

import type { Value } from "../base/table.ts";
import type { Explanation } from "../learn/model.ts";
import type { Version } from "../models/registry.ts";

export type FeatureRow = Readonly<Record<string, Value>>;

export interface ApartAnswer {
  /** A probability per class, or a number. */
  readonly output: number[] | number;
  readonly explanation: Explanation | null;
}

export interface ApartModels {
  /** Throws MODELS_CUSTOM_FAILED, which names the line, or what ended the process: RUNS_STEP_TIMEOUT, RUNS_STEP_MEMORY. */
  predict(
    version: Pick<Version, "id" | "training">,
    rows: readonly FeatureRow[],
    explain: boolean,
  ): Promise<ApartAnswer[]>;
}
