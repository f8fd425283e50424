// Step 4, inference: how a training's live model answers, one by one and in batches.

import { isObject } from "../base/json.ts";
import { checkOptions, invalid } from "./check.ts";
import type { Component } from "./component.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { checkSchedule, type ScheduleOptions } from "./schedule.ts";
import type { TrainingComponent } from "./training.ts";

export interface InferenceOptions<Inputs, Output> {
  /** The file's name unless given; stands in the address `/predict/NAME`. */
  readonly name?: string;
  /** The default export of training.ts. */
  readonly training: TrainingComponent<Inputs, Output>;
  /** Answer over HTTP; true by default. */
  readonly online?: boolean;
  /** Score the newest row of every entity on a schedule. */
  readonly batch?: { readonly schedule: string | ScheduleOptions };
  /** Give the reasons with every single answer; on request (`?explain=true`) otherwise. */
  readonly explain?: boolean;
  /** Time and memory of a batch. */
  readonly limits?: Limits;
}

export interface InferenceComponent<Inputs = unknown, Output = unknown> extends Component<"inference"> {
  readonly options: InferenceOptions<Inputs, Output>;
  readonly inputsType?: Inputs;
  readonly outputType?: Output;
}

/**
 * Declares how the live model answers.
 *
 * @example
 * export default defineInference({ training, online: true, batch: { schedule: "0 6 * * *" } });
 */
export function defineInference<Inputs, Output>(
  options: InferenceOptions<Inputs, Output>,
): InferenceComponent<Inputs, Output> {
  checkOptions("defineInference()", options, ["name", "training", "online", "batch", "explain", "limits"]);
  if (!isObject(options.training) || options.training.kind !== "training")
    throw invalid("training", "the default export of training.ts", options.training);
  if (options.batch !== undefined) {
    checkOptions("batch", options.batch, ["schedule"]);
    checkSchedule("batch.schedule", options.batch.schedule);
  }
  for (const flag of ["online", "explain"] as const)
    if (options[flag] !== undefined && typeof options[flag] !== "boolean")
      throw invalid(flag, "true or false", options[flag]);
  checkLimits(options.limits);
  return { kind: "inference", name: options.name, options };
}

/** What a request to an inference component may hold. */
export type InputOf<I extends InferenceComponent> =
  I extends InferenceComponent<infer Inputs, unknown> ? Inputs : never;
/** What an inference component predicts. */
export type OutputOf<I extends InferenceComponent> =
  I extends InferenceComponent<unknown, infer Output> ? Output : never;
