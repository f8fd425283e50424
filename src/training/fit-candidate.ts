// Fits one candidate on some rows, by what they and their classes count.

import type { JsonObject } from "../base/json.ts";
import { takeRows } from "../base/table.ts";
import type { Candidate } from "../define/candidate.ts";
import type { Threads } from "../learn/boosting/team.ts";
import { type CustomCode, type CustomFunctions, fitCustom } from "../learn/custom-model.ts";
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
  /** Makes models that run apart answer in this process: the code of the user's own, the runtime of ONNX files. */
  readonly outside?: OutsideModels;
}

export interface OutsideModels {
  custom(code: CustomCode): Promise<CustomFunctions>;
  onnx(): Promise<void>;
  /** Whatever that artifact needs. */
  prepare(artifact: Artifact): Promise<void>;
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
  { seed, threads, signal, outside, onShare }: FitSettings,
): Promise<Artifact> {
  if (candidate.algorithm === "imported") return importModel(candidate.params, rows, outside?.onnx);
  const label = takeLabel(rows.label, among);
  if (candidate.algorithm === "custom" && outside !== undefined) {
    const code = candidate.params as unknown as CustomCode;
    const { file, name } = code;
    return fitCustom({ file, code: code.code, name }, await outside.custom(code), takeRows(rows.table, among), label, {
      seed,
    });
  }
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
