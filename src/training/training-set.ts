// The first step of a training run: the pinned groups, joined point in time, as one file.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fail } from "../base/failure.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import type { GroupColumn } from "../features/columns.ts";
import { type PinnedGroup, planTrainingSet, writeTrainingSet } from "../features/training-set.ts";
import type { Query } from "../ports/query.ts";

export interface SetInput {
  readonly training: TrainingDefinition;
  readonly groups: Readonly<Record<string, PinnedGroup>>;
  readonly temporaryFolder: string;
}

export interface SetOutput {
  readonly path: string;
  readonly rows: number;
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly features: readonly GroupColumn[];
  readonly label: GroupColumn;
  /** The key columns of the label's group. */
  readonly keys: readonly string[];
  /** The label's group has an event time of its own. */
  readonly timed: boolean;
}

/** Joins the pinned groups point in time and writes the training set. */
export async function makeTrainingSet(input: SetInput, query: Query): Promise<SetOutput> {
  const { training } = input;
  const groups = new Map(Object.entries(input.groups));
  const plan = planTrainingSet(training, groups);
  const path = `${input.temporaryFolder}/training-set.parquet`;
  const { rows } = await writeTrainingSet(query, plan, path);
  if (rows === 0)
    throw fail(
      "TRAINING_LABEL_MISSING",
      `Expected rows with the label ${JSON.stringify(training.label.name)} of data/${training.label.data}, got none`,
    );
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const definition = groups.get(training.label.data)?.definition;
  return {
    path,
    rows,
    hash: hash.digest("hex"),
    features: plan.features,
    label: plan.label,
    keys: definition?.key ?? [],
    timed: definition?.eventTime !== null,
  };
}
