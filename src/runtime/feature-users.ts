// Which features of a group live models take, and which models these are.

import type { DeclaredComponent } from "../catalog/components.ts";
import { storedSelections } from "../define/on-demand-definition.ts";
import type { FeatureUsers } from "../features/deprecation.ts";
import { asTrained, findAlias } from "../models/registry.ts";
import type { Database } from "../ports/database.ts";

/** By feature or window: `training/rain version 3`. */
export async function featureUsers(
  database: Database,
  group: string,
  components: readonly DeclaredComponent[],
): Promise<FeatureUsers> {
  const users = new Map<string, string[]>();
  for (const { definition } of components) {
    if (definition?.kind !== "training") continue;
    const live = await findAlias(database, definition.name, "live");
    if (live === undefined) continue;
    for (const { data, names } of storedSelections(asTrained(definition, live)))
      for (const name of data === group ? names : [])
        users.set(name, [...(users.get(name) ?? []), `training/${definition.name} version ${live.version}`]);
  }
  return users;
}
