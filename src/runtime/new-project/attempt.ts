// Tries a new project's problem out: takes out columns that cost rows or give the answer away, and fits quick models.

import { fail } from "../../base/failure.ts";
import type { TableProfile } from "../../data/profile.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
import { findLeaks } from "../../data/profile-leaks.ts";
import type { LeftOut, Roles } from "../../data/profile-roles.ts";
import { metrics } from "../../define/metrics.ts";
import type { Query } from "../../ports/query.ts";
import type { Source } from "../../ports/source.ts";
import { assessFeasibility, type Feasibility } from "../../problem/feasibility.ts";
import { planSchema, type SchemaPlan, withHour } from "./schema.ts";
import { addHour, definitionOf, type Sample, tryOut, typedSample } from "./trial.ts";

/** What is settled after a quick model was tried. */
export interface Tried {
  readonly schema: SchemaPlan;
  readonly left: readonly LeftOut[];
  readonly warnings: readonly string[];
  readonly sample: Sample;
  readonly feasibility: Feasibility;
  readonly refused: { readonly rows: number; readonly of: number };
}

/** The share of rows that may go to quarantine; a column that costs more is not worth having. */
const refusedShare = 0.05;

/** Plans the schema, takes out columns that refuse too many rows or give the answer away, and fits a quick model. */
export async function tryProblem(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  roles: Roles,
  source: Source,
): Promise<Tried> {
  const left = [...roles.left];
  let features = roles.features;
  const takeOut = (name: string, reason: string) => {
    const field = schema.features.find((one) => one.name === name);
    if (field === undefined) return;
    features = features.filter((column) => column !== field.column);
    left.push({ column: field.column, reason });
    schema = planSchema(profile, label, { ...roles, features });
  };
  let schema = planSchema(profile, label, roles);
  let trial = await tryOut(query, profile, definitionOf(schema, source, "trial"));
  while (trial.refused > trial.rows * refusedShare) {
    const worst = trial.refusedBy.find(({ name }) => schema.features.some((field) => field.name === name));
    if (worst === undefined) break;
    takeOut(worst.name, `unreadable in ${worst.rows.toLocaleString("en")} of ${trial.rows.toLocaleString("en")} rows`);
    trial = await tryOut(query, profile, definitionOf(schema, source, "trial"));
  }
  const about = { labelName: label.column.name, labelUnit: label.column.unit };
  const sample = await typedSample(
    query,
    profile,
    definitionOf(schema, source, "trial"),
    schema.label.name,
    label.task,
  );
  const everything = schema;
  const truth =
    sample.label.task === "regression"
      ? { values: sample.label.values }
      : { codes: sample.label.codes, classCount: sample.label.classes.length };
  const leaks = findLeaks(sample.features, truth);
  for (const { column, reason } of leaks) takeOut(column, reason);
  const plain = await assess(schema, sample, about);
  // Where nothing else can tell the answer, the column that does is kept: it may be the very point.
  const keep =
    leaks.length > 0 && (plain === undefined || !/^(?:feasible|suspicious)$/.test(plain.feasibility.verdict));
  const chosen = keep ? await assess(everything, sample, about) : plain;
  if (chosen === undefined)
    throw fail("TRAINING_NO_FEATURES", `No column beside ${JSON.stringify(label.column.name)} can be learned from`, {
      hint: whatIsLeft(left, roles),
    });
  const best = await tryHour(query, profile, roles, source, chosen, { ...about, task: label.task });
  return {
    ...best,
    left: keep ? left.filter(({ reason }) => !leaks.some((leak) => leak.reason === reason)) : left,
    warnings: keep
      ? leaks.map(
          ({ column, reason }) => `${JSON.stringify(column)} ${reason}; it is kept, since nothing else tells much`,
        )
      : [],
    refused: { rows: trial.refused, of: trial.rows },
  };
}

function whatIsLeft(left: readonly LeftOut[], roles: Roles): string {
  const reasons = [
    ...roles.key.map(({ name }) => `${JSON.stringify(name)}: the key`),
    ...(roles.time === null ? [] : [`${JSON.stringify(roles.time.column.name)}: the time of the row`]),
    ...left.map(({ column, reason }) => `${JSON.stringify(column.name)}: ${reason}`),
  ];
  return `Add columns that may tell the answer${reasons.length === 0 ? "" : `; left out were ${reasons.slice(0, 5).join("; ")}`}`;
}

/** A quick model on the schema's part of the sample; undefined without features. */
async function assess(
  schema: SchemaPlan,
  sample: Sample,
  about: { labelName: string; labelUnit: string | undefined },
): Promise<Attempt | undefined> {
  if (schema.features.length === 0) return undefined;
  const names = new Set(schema.features.map(({ name }) => name));
  const columns = new Map([...sample.features.columns].filter(([name]) => names.has(name)));
  const part = { ...sample, features: { rowCount: sample.features.rowCount, columns } };
  return { schema, sample: part, feasibility: await assessFeasibility({ ...part, ...about }) };
}

type Attempt = Pick<Tried, "schema" | "sample" | "feasibility">;

/** Adds the hour of the event time when a quick model is clearly better with it: delays, traffic and visits follow the clock. */
async function tryHour(
  query: Query,
  profile: TableProfile,
  roles: Roles,
  source: Source,
  plain: Attempt,
  about: { labelName: string; labelUnit: string | undefined; task: LabelPlan["task"] },
): Promise<Attempt> {
  const schema = withHour(plain.schema, profile, roles);
  if (schema === undefined || schema.hour === null || plain.feasibility.model === null) return plain;
  const cells = await addHour(query, profile, schema.hour);
  const sample = await typedSample(query, cells, definitionOf(schema, source, "trial"), schema.label.name, about.task);
  const feasibility = await assessFeasibility({ ...sample, ...about });
  const { metric, baseline, model } = feasibility;
  if (model === null) return plain;
  const gain = (model.value - plain.feasibility.model.value) * (metrics[metric].better === "higher" ? 1 : -1);
  const scale = metrics[metric].better === "higher" ? 1 : baseline.value;
  return gain > 0.003 * scale ? { schema, sample, feasibility } : plain;
}
