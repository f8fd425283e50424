// Cancels a run by its id, waiting or running, whoever runs it.

import { fail } from "../base/failure.ts";
import type { RunDocument } from "../define/documents.ts";
import { describeRun } from "./documents.ts";
import type { Project } from "./open-project.ts";

/** Returns the run as it stands then. Throws RUNS_UNKNOWN; a run that has ended already stays as it is. */
export async function cancelRun(project: Project, id: string, why: string): Promise<RunDocument> {
  const run = await project.ledger.find(id);
  if (run === undefined)
    throw fail("RUNS_UNKNOWN", `Expected a run on the ledger, got ${JSON.stringify(id)}`, {
      hint: "List the runs with `pentad runs`",
    });
  await project.ledger.cancel(id, why);
  project.changed();
  return describeRun(project, id);
}
