// What the versions of a model are told by; pure.

import type { ModelSummary } from "../../src/http/api.ts";
import { metricTitle } from "./words.ts";

/** Every metric of the versions, the one that the gate speaks of first: the goal is what people look for. */
export function metricsOf(models: readonly ModelSummary[]): readonly string[] {
  const names = [...new Set(models.flatMap((model) => Object.keys(model.metrics)))];
  const messages = models.flatMap((model) => model.gate.checks.map((check) => check.message.toLowerCase()));
  const goal = names.find((name) =>
    messages.some((message) => message.startsWith(`${metricTitle(name).toLowerCase()} `)),
  );
  return goal === undefined ? names : [goal, ...names.filter((name) => name !== goal)];
}
