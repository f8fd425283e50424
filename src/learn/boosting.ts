// placeholder
import { fail } from "../base/failure.ts";
import type { FitInput } from "./fit.ts";
import type { Artifact } from "./model.ts";
export interface BoostingParams {
  readonly trees?: number;
  readonly leaves?: number;
  readonly learningRate?: number;
}
export function fitBoosting(_input: FitInput, _params: BoostingParams): Artifact {
  throw fail("RUNTIME_NOT_AVAILABLE", "Not available yet");
}
