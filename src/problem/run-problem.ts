// Step 1 as a recipe: hold the newest models against the problem's goal as it stands now, without training again.

import type { ProblemDefinition } from "../define/definition.ts";
import { metrics } from "../define/metrics.ts";
import { failedChecks, moveAlias } from "../models/aliases.ts";
import { judge, show } from "../models/gate.ts";
import { findAlias, listVersions, recordVerdict, type Version } from "../models/registry.ts";
import type { Database } from "../ports/database.ts";
import type { Work } from "../runs/work.ts";

/**
 * A changed goal is judged on what was measured at training time: the newest version that meets it becomes live, and
 * what is live stays so until something better comes, with the verdict on record.
 */
export async function runProblem(
  problem: ProblemDefinition,
  trainings: readonly string[],
  database: Database,
  work: Work,
): Promise<void> {
  const judged: { version: Version; verdict: ReturnType<typeof judge> }[] = [];
  const live = new Map<string, number>();
  for (const training of trainings) {
    for (const version of await listVersions(database, training))
      judged.push({ version, verdict: judge(problem.success, version.evaluation) });
    const current = await findAlias(database, training, "live");
    if (current !== undefined) live.set(training, current.version);
  }
  await work.commit(
    async (tx, atMs) => {
      for (const { version, verdict } of judged) await recordVerdict(tx, version.training, version.version, verdict);
      for (const training of trainings) {
        const best = judged.find(({ version, verdict }) => version.training === training && verdict.passed)?.version;
        if (best === undefined || best.version === live.get(training)) continue;
        if (
          live.has(training) &&
          judged.some(
            ({ version, verdict }) =>
              version.training === training && version.version === live.get(training) && verdict.passed,
          )
        )
          continue;
        await moveAlias(
          tx,
          training,
          "live",
          best.version,
          { reason: `meets the goal of problem/${problem.name} as it stands now`, who: work.run },
          atMs,
        );
      }
    },
    { detail: `${goalText(problem)}${verdictText(judged, live)}` },
  );
}

/** The goal in words: "ROC AUC at least 0.7, better than majority". */
export function goalText({ success }: ProblemDefinition): string {
  const { metric, atLeast, atMost, beats } = success;
  const bound =
    atLeast !== undefined ? ` at least ${show(atLeast)}` : atMost !== undefined ? ` at most ${show(atMost)}` : "";
  return `${metrics[metric].title}${bound}${beats === undefined ? "" : `${bound === "" ? "" : ","} better than ${beats}`}`;
}

function verdictText(
  judged: readonly { version: Version; verdict: ReturnType<typeof judge> }[],
  live: ReadonlyMap<string, number>,
): string {
  const current = judged.find(({ version }) => live.get(version.training) === version.version);
  if (current === undefined || current.verdict.passed) return "";
  return `; the live version ${current.version.version} no longer meets it: ${failedChecks(current.verdict)}`;
}
