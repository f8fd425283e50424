// The first step of a training run: the pinned groups, joined point in time, as one file.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fail } from "../base/failure.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import type { GroupColumn } from "../features/columns.ts";
import type { OnDemandFunctions } from "../features/on-demand.ts";
import { type ComputedRow, writeSet } from "../features/on-demand-set.ts";
import type { PinnedGroup } from "../features/training-set.ts";
import type { Query } from "../ports/query.ts";
import { checkWeights } from "./weights.ts";

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
  /** Null when every row counts the same. */
  readonly weight: GroupColumn | null;
  /** Null when the task looks at rows without a label. */
  readonly label: GroupColumn | null;
  /** The key columns of the label's group. */
  readonly keys: readonly string[];
  /** The label's group has an event time of its own. */
  readonly timed: boolean;
  /** Rows with on-demand features, to be compared with what serving computes from the same. */
  readonly sample: readonly ComputedRow[];
}

/** Joins the pinned groups point in time, computes on-demand features, and writes the training set. */
export async function makeTrainingSet(
  input: SetInput,
  query: Query,
  code: OnDemandFunctions | null = null,
): Promise<SetOutput> {
  const { training } = input;
  const groups = new Map(Object.entries(input.groups));
  const path = `${input.temporaryFolder}/training-set.parquet`;
  const { rows, features, weight, label, sample } = await writeSet(query, { training, groups, code, path });
  if (rows === 0)
    throw fail(
      "TRAINING_LABEL_MISSING",
      training.label.name === null
        ? `Expected rows of data/${training.label.data}, got none`
        : `Expected rows with the label ${JSON.stringify(training.label.name)} of data/${training.label.data}, got none`,
    );
  const definition = groups.get(training.label.data)?.definition;
  const [keys, timed] = [definition?.key ?? [], definition?.eventTime !== null];
  if (weight !== null) await checkWeights(query, path, weight.name, { keys, timed });
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return {
    path,
    rows,
    hash: hash.digest("hex"),
    features,
    weight,
    label,
    keys,
    timed,
    sample,
  };
}
