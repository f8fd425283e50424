// What a component takes from, and what makes it due besides.

import { isEvent } from "./after.ts";
import type { Definition } from "./definition.ts";
import { groupsOf } from "./on-demand-definition.ts";
import type { ScheduleDefinition } from "./schedule.ts";

/** The ids (`kind/name`) of the components that this one takes from. */
export function dependenciesOf(definition: Definition): string[] {
  switch (definition.kind) {
    case "problem":
      return [];
    case "data":
      return (definition.after ?? []).filter((id) => !isEvent(id));
    case "training":
      return [`problem/${definition.problem}`, ...groupsOf(definition).map((data) => `data/${data}`)];
    case "inference":
      return [`training/${definition.training}`];
    case "app":
      return [`inference/${definition.inference}`];
  }
}

/** The events that make the component due. */
export function eventsOf(definition: Definition): readonly string[] {
  if (definition.kind === "training") return definition.when.after ?? [];
  return definition.kind === "data" ? (definition.after ?? []).filter(isEvent) : [];
}

/** When the component runs by the clock; null when it does not. */
export function scheduleOf(definition: Definition | null): ScheduleDefinition | null {
  if (definition?.kind !== "data" && definition?.kind !== "inference") return null;
  const schedule = definition.kind === "data" ? definition.schedule : definition.batchSchedule;
  const { timeZone, missed } = definition.scheduleRules ?? { timeZone: "UTC", missed: "once" };
  return schedule === null ? null : { schedule, timeZone, missed };
}
