// When a model is trained again.

import { checkEvents, type EventId } from "./after.ts";
import { checkDuration, checkNumber, checkOptions } from "./check.ts";

export interface TrainWhen {
  /** Train again when the rows have changed and the model is this old, e.g. "1d". */
  readonly every?: string;
  /** Train again after this many new rows. */
  readonly newRows?: number;
  /** Train again, whatever the rows, after these events, e.g. `["event/drift"]`. */
  readonly after?: readonly EventId[];
}

export function checkWhen(when: TrainWhen | undefined): void {
  if (when === undefined) return;
  checkOptions("when", when, ["every", "newRows", "after"]);
  if (when.after !== undefined) checkEvents("when.after", when.after);
  if (when.every !== undefined) checkDuration("when.every", when.every);
  if (when.newRows !== undefined) checkNumber("when.newRows", when.newRows, { min: 1 });
}
