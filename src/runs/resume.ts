// Going on from a run that was interrupted, or failed in some of its partitions: what it finished is taken over for the same input.

import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { contentHash } from "../base/ids.ts";
import { canonicalJson, type Json, type JsonObject } from "../base/json.ts";
import type { Ledger } from "./ledger.ts";
import { machine } from "./owner.ts";
import type { KeptStep, Run } from "./run.ts";

/** Larger outputs are not kept on the ledger; their steps are done again. */
const mostKeptBytes = 262_144;

export interface Resume {
  /** What an earlier run's step of that name made of the same input; undefined when it must be done. */
  find(step: string, input: JsonObject): Json | undefined;
  /** What to keep of a finished step; `forGood` when it needs nothing of the run's folder, and so outlives a restart. */
  keep(input: JsonObject, output: Json, forGood?: boolean): KeptStep | undefined;
}

/**
 * Takes over the folder of the unfinished run before this one. Files may be there without being whole after the machine
 * itself went down, so nothing is taken over from another boot.
 */
export async function openResume(ledger: Ledger, run: Run, temporaryFolder: string): Promise<Resume> {
  const folder = join(temporaryFolder, run.run);
  const hashOf = (input: JsonObject, boot: string) =>
    contentHash(boot, canonicalJson(input).replaceAll(JSON.stringify(folder).slice(1, -1), "<folder>"));
  const before = await ledger.unfinishedBefore(run);
  const earlier = before === undefined ? undefined : join(temporaryFolder, before.run);
  const steps = before?.steps ?? new Map<string, KeptStep>();
  const hasFolder = earlier !== undefined && steps.size > 0 && (await moved(earlier, folder));
  // A run that was stopped before its first step ended left nothing to go on from.
  if (earlier !== undefined && !hasFolder) await rm(earlier, { recursive: true, force: true });
  return {
    find(step, input) {
      const kept = steps.get(step);
      if (kept === undefined || earlier === undefined) return undefined;
      const fits = hasFolder && kept.inputHash === hashOf(input, machine());
      if (!fits && kept.inputHash !== hashOf(input, "")) return undefined;
      return JSON.parse(
        JSON.stringify(kept.output).replaceAll(
          JSON.stringify(earlier).slice(1, -1),
          JSON.stringify(folder).slice(1, -1),
        ),
      ) as Json;
    },
    keep(input, output, forGood = false) {
      if (JSON.stringify(output).length > mostKeptBytes) return undefined;
      return { inputHash: hashOf(input, forGood ? "" : machine()), output };
    },
  };
}

/** One rename, so that only one run can have it. */
async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}
