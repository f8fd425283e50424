// "Run after another component's success": how the other is named.

import { isObject } from "../base/json.ts";
import { invalid } from "./check.ts";
import { componentKinds, isComponent } from "./component.ts";

const id = new RegExp(`^(?:${componentKinds.join("|")})/[\\w.-]+$`);

export function checkAfter(after: unknown): void {
  if (after === undefined) return;
  if (!Array.isArray(after)) throw invalid("after", 'a list such as ["data/orders"]', after);
  for (const one of after) {
    if (typeof one === "string" ? id.test(one) : isObject(one) && isComponent(one)) continue;
    throw invalid(
      "after",
      'components such as "data/orders", or their imports',
      one,
      one === undefined
        ? "Two files that import each other see nothing of the other: name the component by its text"
        : undefined,
    );
  }
}
