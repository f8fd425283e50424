// Links: how a model's margins become probabilities or numbers.

import { corrupt } from "./artifact.ts";
import type { Task } from "./model.ts";

/**
 * `logit` turns one margin into two probabilities, `softmax` one margin per class; `exp` is for rates and counts; `share` takes
 * margins that are shares already (of the positive class, or of each class) and makes them sum to 1.
 */
export type Link = "identity" | "exp" | "logit" | "softmax" | "share";

export const links: readonly Link[] = ["identity", "exp", "logit", "softmax", "share"];

/** How many margins a model with this link has; throws MODELS_ARTIFACT_CORRUPT when link and task do not go together. */
export function marginCount(link: Link, task: Task, classCount: number): number {
  const fitting: readonly Link[] =
    task === "regression"
      ? ["identity", "exp"]
      : task === "binary"
        ? ["logit", "softmax", "share"]
        : ["softmax", "share"];
  const fits = fitting.includes(link);
  if (!fits) throw corrupt(`Expected a link that fits a ${task} model, got ${link}`);
  return task === "multiclass" || link === "softmax" ? classCount : 1;
}

/** Writes the answer for margins[from …] to answer[to …]. */
export function applyLink(
  link: Link,
  margins: Float64Array,
  from: number,
  count: number,
  answer: Float64Array,
  to: number,
): void {
  if (link === "identity") answer[to] = margins[from]!;
  else if (link === "exp") answer[to] = Math.exp(Math.min(700, margins[from]!));
  else if (link === "logit") {
    // Computing the smaller side from its own exponential keeps it exact where 1 - p would round to 0.
    const e = Math.exp(-Math.abs(margins[from]!));
    const small = e / (1 + e);
    const large = 1 / (1 + e);
    answer[to] = margins[from]! >= 0 ? small : large;
    answer[to + 1] = margins[from]! >= 0 ? large : small;
  } else if (link === "share") {
    if (count === 1) {
      const share = Math.min(1, Math.max(0, margins[from]!));
      answer[to] = 1 - share;
      answer[to + 1] = share;
      return;
    }
    let sum = 0;
    for (let k = 0; k < count; k++) sum += answer[to + k] = Math.max(0, margins[from + k]!);
    for (let k = 0; k < count; k++) answer[to + k] = sum > 0 ? answer[to + k]! / sum : 1 / count;
  } else {
    let top = margins[from]!;
    for (let k = 1; k < count; k++) top = Math.max(top, margins[from + k]!);
    let sum = 0;
    for (let k = 0; k < count; k++) sum += answer[to + k] = Math.exp(margins[from + k]! - top);
    for (let k = 0; k < count; k++) answer[to + k]! /= sum;
  }
}
