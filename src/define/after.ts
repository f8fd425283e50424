// "Run after another component's success, or after an event": how the other is named.

import { isObject } from "../base/json.ts";
import { invalid } from "./check.ts";
import { componentKinds, isComponent } from "./component.ts";

const id = new RegExp(`^(?:${componentKinds.join("|")})/[\\w.-]+$`);

/** Something that happens outside of the project's components, e.g. `event/orders-loaded`. */
export type EventId = `event/${string}`;

const event = /^event\/[a-z\d][\w.-]*$/i;

export function isEvent(id: string): boolean {
  return event.test(id);
}

export function checkAfter(after: unknown): void {
  if (after === undefined) return;
  if (!Array.isArray(after)) throw invalid("after", 'a list such as ["data/orders"]', after);
  for (const one of after) {
    if (typeof one === "string" ? id.test(one) || isEvent(one) : isObject(one) && isComponent(one)) continue;
    throw invalid(
      "after",
      'components such as "data/orders", their imports, or events such as "event/orders-loaded"',
      one,
      one === undefined
        ? "Two files that import each other see nothing of the other: name the component by its text"
        : undefined,
    );
  }
}

/** What a training waits for: events alone, since new rows are its own matter. */
export function checkEvents(field: string, events: unknown): void {
  if (!Array.isArray(events)) throw invalid(field, 'a list such as ["event/drift"]', events);
  for (const one of events)
    if (typeof one !== "string" || !isEvent(one)) throw invalid(field, 'events such as "event/drift"', one);
}
