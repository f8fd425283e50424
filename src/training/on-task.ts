// Which way a task is tried and fitted: rows with a label, series, or rows without one.

import type { JsonObject } from "../base/json.ts";
import type { Fitting } from "./fit-candidate.ts";
import { type FinalInput, type FinalOutput, fitFinal } from "./fit-final.ts";
import { type ForecastTools, fitFinalForecast, tryForecast } from "./forecast.ts";
import { type TrialInput, type TrialScore, tryCandidate } from "./trial.ts";
import { fitFinalUnlabelled, tryUnlabelled } from "./unlabelled.ts";

export interface TaskTools extends ForecastTools {
  readonly progress: (progress: JsonObject) => void;
  readonly fitting: Fitting;
}

/** One trial, scored on the training part alone. */
export function tryOnTask(input: TrialInput, tools: TaskTools): Promise<TrialScore> {
  switch (input.problem.task) {
    case "forecast":
      return tryForecast(input, tools);
    case "anomaly":
    case "clustering":
      return tryUnlabelled(input, tools.query);
    default:
      return tryCandidate(input, tools.query, tools.progress, tools.fitting);
  }
}

/** The chosen candidate, fitted and judged once. */
export function fitOnTask(input: FinalInput, tools: TaskTools): Promise<FinalOutput> {
  switch (input.problem.task) {
    case "forecast":
      return fitFinalForecast(input, tools);
    case "anomaly":
    case "clustering":
      return fitFinalUnlabelled(input, tools.query);
    default:
      return fitFinal(input, tools.query, tools.progress, tools.fitting);
  }
}
