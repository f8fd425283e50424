// Deletes a version that nothing refers to any more: no alias, no answer, no batch, no run that goes on.

import { usesOf } from "../catalog/lineage.ts";
import { answersOf } from "../inference/shadow.ts";
import { deleteVersion } from "../models/delete-version.ts";
import type { Project } from "./open-project.ts";

/** Throws MODELS_REFERENCED with everything that refers to it, MODELS_REASON_MISSING, MODELS_UNKNOWN. */
export async function deleteModel(
  project: Pick<Project, "database" | "models" | "ledger" | "predictions" | "changed">,
  version: { readonly training: string; readonly version: number },
  why: { readonly reason: string; readonly who: string },
): Promise<void> {
  const { database, models, ledger, predictions } = project;
  // An answer that waits to be written counts as given.
  await predictions.flush();
  const running = [...(await ledger.latest()).values()].filter(({ newest }) => newest.state === "running");
  const own = running.filter(
    ({ newest }) =>
      [`training/${version.training}`].includes(newest.component) || newest.component.startsWith("inference/"),
  );
  await deleteVersion(database, models, version, {
    ...why,
    references: async (tx, id) => [
      ...(await answersOf(tx, version.training, version.version)),
      ...(await usesOf(tx, `model/${id}`)),
      ...own.map(({ newest }) => `the run ${newest.run} of ${newest.component}, which goes on,`),
    ],
  });
  project.changed();
}
