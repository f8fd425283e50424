// The training set of a training as a query: as of now, or the one that a version of its model was made from.

import { fail, fromFailure } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import type { JsonObject } from "../../base/json.ts";
import type { TrainingDefinition } from "../../define/definition.ts";
import { groupsOf } from "../../define/on-demand-definition.ts";
import { eventColumn, keyColumn } from "../../features/columns.ts";
import { findCommit, findHead } from "../../features/commits.ts";
import { groupFiles } from "../../features/group-files.ts";
import { type PinnedGroup, planTrainingSet, type TrainingSetPlan } from "../../features/training-set.ts";
import { asTrained, getVersion } from "../../models/registry.ts";
import { sqlName, sqlPath } from "../../ports/query.ts";
import type { SetOutput } from "../../training/training-set.ts";
import type { Project } from "../open-project.ts";
import { finder } from "../run-component.ts";

export interface TrainingSetQuery extends Omit<TrainingSetPlan, "placeable"> {
  /** As the version was trained, or as it is declared. */
  readonly training: TrainingDefinition;
  readonly groups: ReadonlyMap<string, PinnedGroup>;
}

/**
 * `name` is a training, or `NAME@VERSION`: then the version's own features from the commits that it pinned, byte for byte.
 * On-demand features are computed into `folder`, in a process that may run their functions. Throws FEATURES_PURGED when a
 * key was forgotten since that these commits held.
 */
export async function trainingSet(project: Project, name: string, folder: string): Promise<TrainingSetQuery> {
  const [, training = name, number] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const declared = finder(await project.components.list())("training", training);
  const version = number === undefined ? undefined : await getVersion(project.database, training, Number(number));
  const trained = asTrained(declared, version);
  const groups = new Map<string, PinnedGroup>();
  for (const data of groupsOf(trained)) {
    const commit =
      version === undefined
        ? await findHead(project.database, data)
        : await findCommit(project.database, data, version.commits[data] ?? 0);
    if (commit === undefined)
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${data}, got none yet`);
    const files = await groupFiles(project.database, project.offline, data, commit.sequence);
    groups.set(data, { definition: commit.definition, files, late: files.late });
  }
  const shared = { training: trained, groups };
  return trained.onDemand === undefined
    ? { ...shared, ...planTrainingSet(trained, groups) }
    : { ...shared, ...(await computed(project, trained, groups, folder)) };
}

async function computed(
  project: Project,
  training: TrainingDefinition,
  groups: ReadonlyMap<string, PinnedGroup>,
  folder: string,
): Promise<Omit<TrainingSetPlan, "placeable">> {
  const outcome = await project.compute.run({
    entry: "training/set",
    input: { training, groups: Object.fromEntries(groups), temporaryFolder: folder } as unknown as JsonObject,
    component: `training/${training.name}`,
    run: newId("set"),
    step: "training set",
    attempt: 1,
    projectFolder: project.folder,
    limits: training.limits,
    environment: {},
  });
  if (!outcome.ok) throw fromFailure(outcome.failure);
  const { path, keys, features, weight, label } = outcome.output as unknown as SetOutput;
  const columns = [eventColumn, ...keys.map(keyColumn), ...features.map((one) => one.name)];
  if (weight !== null) columns.push(weight.name);
  if (label !== null) columns.push(label.name);
  const sql = `SELECT ${columns.map(sqlName).join(", ")} FROM read_parquet(${sqlPath(path)})`;
  return { sql, features, weight, label };
}
