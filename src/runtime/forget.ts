// Forgets old runs now and then, with their logs, and code that nothing refers to: a project may live long.

import { join } from "node:path";
import { messageOf } from "../base/failure.ts";
import { removeRunLog } from "../runs/log-file.ts";
import type { Project } from "./open-project.ts";
import { pruneCode } from "./serving/prune-code.ts";

const keptMs = 90 * 86_400_000;
const keptRuns = 1_000;
const firstAfterMs = 60_000;
const everyMs = 6 * 3_600_000;

/** Forgets runs older than 90 days, but never the newest thousand of a component. Returns their number. */
export async function forgetOldRuns(project: Project): Promise<number> {
  const runs = await project.ledger.prune({ beforeMs: Date.now() - keptMs, keep: keptRuns });
  for (const run of runs) await removeRunLog(join(project.stateFolder, "logs"), run);
  return runs.length;
}

/** A minute after the start, then four times a day, until the returned function is called. */
export function forgetRegularly(project: Project): () => void {
  const forget = () => {
    forgetOldRuns(project).catch((error: unknown) => project.log.error(`forgetting old runs: ${messageOf(error)}`));
    pruneCode(project).catch((error: unknown) => project.log.error(`removing old code: ${messageOf(error)}`));
  };
  const first = setTimeout(forget, firstAfterMs).unref();
  const later = setInterval(forget, everyMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(later);
  };
}
