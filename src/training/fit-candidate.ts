// Fits one candidate on some rows, with its class weights.

import type { JsonObject } from "../base/json.ts";
import { takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { Threads } from "../learn/boosting-team.ts";
import { type CandidateSpec, fit } from "../learn/fit.ts";
import { balancedWeights, takeLabel } from "../learn/label.ts";
import type { Artifact } from "../learn/model.ts";
import { importModel } from "./import-model.ts";
import type { LabelledRows } from "./rows.ts";

/** What a fit is given by the step that it is part of. */
export interface Fitting {
  /** Helps with boosting; the model is the same with and without. */
  readonly threads?: Threads;
  readonly signal?: AbortSignal;
}

export interface FitSettings extends Fitting {
  readonly seed: number;
  /** From 0 to 1. */
  readonly onShare?: (share: number) => void;
}

export async function fitCandidate(
  candidate: Candidate,
  rows: LabelledRows,
  among: Int32Array,
  { seed, threads, signal, onShare }: FitSettings,
): Promise<Artifact> {
  if (candidate.algorithm === "imported") return importModel(candidate.params, rows);
  const label = takeLabel(rows.label, among);
  const spec = { algorithm: candidate.algorithm, params: candidate.params } as unknown as CandidateSpec;
  return fit(spec, takeRows(rows.table, among), label, {
    seed,
    ...(threads && { threads }),
    ...(signal && { signal }),
    ...(candidate.balanced === true && label.task !== "regression" ? { weights: balancedWeights(label) } : {}),
    ...(onShare === undefined ? {} : { onProgress: ({ iteration, of }) => onShare(iteration / Math.max(1, of)) }),
  });
}

/** A candidate's settings as they are kept with its version. */
export function settingsOf({ params, balanced }: Candidate): JsonObject {
  return balanced === true ? { ...params, balanced } : params;
}
