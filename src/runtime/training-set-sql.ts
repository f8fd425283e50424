// The training set of a training as a query: as of now, or the one that a version of its model was made from.

import { fail } from "../base/failure.ts";
import { findCommit, findHead } from "../features/commits.ts";
import { groupFiles } from "../features/group-files.ts";
import { type PinnedGroup, planTrainingSet } from "../features/training-set.ts";
import { featuresOfVersion, getVersion } from "../models/registry.ts";
import type { Project } from "./open-project.ts";
import { finder } from "./run-component.ts";

/**
 * `name` is a training, or `NAME@VERSION`: then the version's own features from the commits that it pinned, byte for byte.
 * Throws FEATURES_PURGED when a key was forgotten since that these commits held.
 */
export async function trainingSetSql(project: Project, name: string): Promise<string> {
  const [, training = name, number] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const declared = finder(await project.components.list())("training", training);
  const version = number === undefined ? undefined : await getVersion(project.database, training, Number(number));
  const asTrained = { ...declared, features: featuresOfVersion(version, declared.features) };
  const groups = new Map<string, PinnedGroup>();
  for (const data of new Set([asTrained.label.data, ...asTrained.features.map((one) => one.data)])) {
    const commit =
      version === undefined
        ? await findHead(project.database, data)
        : await findCommit(project.database, data, version.commits[data] ?? 0);
    if (commit === undefined)
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${data}, got none yet`);
    const files = await groupFiles(project.database, project.offline, data, commit.sequence);
    groups.set(data, { definition: commit.definition, files, late: files.late });
  }
  return planTrainingSet(asTrained, groups).sql;
}
