// Loads the functions of on-demand features from kept code, in a process that may run them.

import { fail } from "../../base/failure.ts";
import type { OnDemandDefinition, TrainingDefinition } from "../../define/definition.ts";
import { isOnDemand } from "../../define/on-demand.ts";
import type { TrainingComponent } from "../../define/training.ts";
import type { OnDemandFunctions } from "../../features/on-demand.ts";
import { locationInProject } from "../../ports/compute.ts";
import { importUserFile } from "../user-modules.ts";
import { codeFolder } from "./kept-code.ts";

/** Null for a training without on-demand features. */
export async function loadOnDemandOf(
  projectFolder: string,
  training: TrainingDefinition,
): Promise<OnDemandFunctions | null> {
  return training.onDemand === undefined ? null : loadOnDemand(projectFolder, training.onDemand);
}

/** Throws FEATURES_ON_DEMAND_FAILED when the code is not what the definition tells of. */
export async function loadOnDemand(projectFolder: string, onDemand: OnDemandDefinition): Promise<OnDemandFunctions> {
  const folder = codeFolder(projectFolder, onDemand.code);
  // Local times must be the same wherever the code runs, in training and in serving.
  process.env.TZ = "UTC";
  const component = (await importUserFile(folder, onDemand.file)).default as TrainingComponent | undefined;
  const found = (component?.options.features ?? []).filter(isOnDemand);
  if (found.length !== onDemand.views.length)
    throw fail(
      "FEATURES_ON_DEMAND_FAILED",
      `Expected ${onDemand.views.length} onDemand() in the kept code of ${onDemand.file}, got ${found.length}`,
      { hint: "Train again: the code that this model was trained with is not there any more" },
    );
  return {
    functions: found.map(
      ({ onDemand: { compute, computeBatch } }) =>
        ({ compute, computeBatch }) as OnDemandFunctions["functions"][number],
    ),
    locate: (stack) => locationInProject(stack, projectFolder),
  };
}
