// Tries a new project's problem out: takes out columns that cost rows or give the answer away, and fits quick models.

import { fail } from "../../base/failure.ts";
import type { TableProfile } from "../../data/profile.ts";
import type { Finding } from "../../data/profile-findings.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
import { findLeaks } from "../../data/profile-leaks.ts";
import { freeText, type LeftOut, type Roles } from "../../data/profile-roles.ts";
import { numbersInstead } from "../../data/profile-series-columns.ts";
import type { ProfiledColumn } from "../../data/profiled-column.ts";
import { metrics } from "../../define/metrics.ts";
import type { Query } from "../../ports/query.ts";
import type { Source } from "../../ports/source.ts";
import { assessFeasibility, type Feasibility, type LabelFeasibility } from "../../problem/feasibility.ts";
import { type FieldPlan, planSchema, type SchemaPlan, withHour } from "./schema.ts";
import { addHour, definitionOf, type LabelledSample, labelledSample, type Sample, tryOut } from "./trial.ts";

/** What is settled after a quick model was tried. */
export interface Tried {
  readonly schema: SchemaPlan;
  readonly left: readonly LeftOut[];
  readonly notes: readonly Pick<Finding, "severity" | "message">[];
  readonly feasibility: Feasibility;
  readonly candidates: CandidatesPlan;
  readonly refused: Refused;
}

export interface CandidatesPlan {
  /** As they are called in the training. */
  readonly words: readonly string[];
  /** For the reader of the file. */
  readonly note?: string;
}

/** Rows that will go to quarantine, of how many that were looked at. */
export interface Refused {
  readonly rows: number;
  readonly of: number;
}

/** The share of rows that may go to quarantine; a column that costs more is not worth having. */
const refusedShare = 0.05;

/** A schema without the columns that cost too many rows. */
export interface Settled {
  readonly roles: Roles;
  readonly left: readonly LeftOut[];
  readonly schema: SchemaPlan;
  readonly refused: Refused;
}

/** Plans the schema, and takes out columns that refuse too many rows. */
export async function settleSchema(
  query: Query,
  profile: TableProfile,
  label: LabelPlan | null,
  roles: Roles,
  source: Source,
): Promise<Settled> {
  const left: LeftOut[] = [...roles.left];
  let features = roles.features;
  for (;;) {
    const kept = { ...roles, features };
    const schema = planSchema(profile, label, kept);
    if (label === null && features.length === 0) return { roles: kept, left, schema, refused: { rows: 0, of: 0 } };
    const trial = await tryOut(query, profile, definitionOf(schema, source, "trial"));
    const { rows, refused, refusedBy } = trial;
    const fieldOf = (name: string) => schema.features.find((field) => field.name === name);
    const worst = refusedBy.find(({ name }) => fieldOf(name) !== undefined);
    if (refused <= rows * refusedShare || worst === undefined)
      return { roles: kept, left, schema, refused: { rows: refused, of: rows } };
    const column = fieldOf(worst.name)?.column as ProfiledColumn;
    const reason = `unreadable in ${worst.rows.toLocaleString("en")} of ${rows.toLocaleString("en")} rows`;
    left.push({ column, reason });
    features = features.filter((one) => one !== column);
  }
}

/** Takes out columns that give the answer away, and fits a quick model. */
export async function tryProblem(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  roles: Roles,
  source: Source,
): Promise<Tried> {
  const settled = await settleSchema(query, profile, label, roles, source);
  const everything = settled.schema;
  const name = (everything.label as FieldPlan).name;
  const about: About = { field: name, task: label.task, labelName: label.column.name, labelUnit: label.column.unit };
  const sample = await labelledSample(query, profile, definitionOf(everything, source, "trial"), name, label.task);
  const truth =
    sample.label.task === "regression"
      ? { values: sample.label.values }
      : { codes: sample.label.codes, classCount: sample.label.classes.length };
  const leaks = findLeaks(sample.features, truth).map(({ column, reason }) => ({
    column: everything.features.find((field) => field.name === column)?.column as ProfiledColumn,
    reason,
  }));
  const sound = settled.roles.features.filter((column) => !leaks.some((leak) => leak.column === column));
  const plain = await assess(planSchema(profile, label, { ...settled.roles, features: sound }), sample, about);
  // Where nothing else can tell the answer, the column that does is kept: it may be the very point.
  const keep =
    leaks.length > 0 && (plain === undefined || !/^(?:feasible|suspicious)$/.test(plain.feasibility.verdict));
  const table = keep ? await assess(everything, sample, about) : plain;
  const given = keep ? settled.left : [...settled.left, ...leaks];
  const texts = given.filter(({ reason }) => reason === freeText).map(({ column }) => column);
  const features = keep ? settled.roles.features : sound;
  const withTexts = await tryTexts(query, profile, label, { ...settled.roles, features }, source, texts, table, about);
  const chosen = withTexts ?? table;
  const left = given.flatMap((one) =>
    one.reason !== freeText ? [one] : withTexts !== undefined ? [] : [{ ...one, reason: textsInVain }],
  );
  if (chosen === undefined)
    throw fail("TRAINING_NO_FEATURES", `No column beside ${JSON.stringify(label.column.name)} can be learned from`, {
      hint: numbersInstead(profile, label) ?? whatIsLeft(left, roles),
    });
  const best = await tryHour(query, profile, roles, source, chosen, about);
  return {
    schema: best.schema,
    feasibility: best.feasibility,
    candidates: candidatesFor(best.sample, label),
    left,
    notes: !keep
      ? []
      : leaks.map(({ column, reason }) => ({
          severity: "warning",
          message: `${JSON.stringify(column.name)} ${reason}; it is kept, since nothing else tells much`,
        })),
    refused: settled.refused,
  };
}

/** One-hot columns times classes that a linear model can still be fitted with in a few seconds. */
const mostLinearTerms = 2000;

function candidatesFor({ features }: Sample, { task, classes }: LabelPlan): CandidatesPlan {
  const oneHot = [...features.columns.values()].reduce(
    (sum, column) => sum + (column.type === "category" ? column.dictionary.length : 1),
    0,
  );
  return oneHot * Math.max(1, classes.length - 1) <= mostLinearTerms
    ? { words: [task === "regression" ? "ridge" : "logistic", "gradientBoosting"] }
    : {
        words: ["gradientBoosting"],
        note: "A linear model would need a column for every category; there are too many here.",
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
async function assess(schema: SchemaPlan, sample: LabelledSample, about: About): Promise<Attempt | undefined> {
  if (schema.features.length === 0) return undefined;
  const names = new Set(schema.features.map(({ name }) => name));
  const columns = new Map([...sample.features.columns].filter(([name]) => names.has(name)));
  const part = { ...sample, features: { rowCount: sample.features.rowCount, columns } };
  return { schema, sample: part, feasibility: await assessFeasibility({ ...part, ...about }) };
}

interface Attempt {
  readonly schema: SchemaPlan;
  readonly sample: LabelledSample;
  readonly feasibility: LabelFeasibility;
}

interface About {
  /** The label in the data component. */
  readonly field: string;
  readonly task: LabelPlan["task"];
  readonly labelName: string;
  readonly labelUnit: string | undefined;
}

const textsInVain = "free text, with which a quick model was no better";

/** Adds free texts when a quick model is better with them beyond chance: each is a field that people must fill. */
async function tryTexts(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  roles: Roles,
  source: Source,
  texts: readonly ProfiledColumn[],
  plain: Attempt | undefined,
  about: About,
): Promise<Attempt | undefined> {
  if (texts.length === 0) return undefined;
  const schema = planSchema(profile, label, { ...roles, features: [...roles.features, ...texts] });
  const sample = await labelledSample(query, profile, definitionOf(schema, source, "trial"), about.field, about.task);
  const tried = await assess(schema, sample, about);
  const before = plain?.feasibility.model?.value;
  const model = tried?.feasibility.model;
  if (tried === undefined || model === undefined || model === null) return undefined;
  const higher = metrics[tried.feasibility.metric].better === "higher";
  return before === undefined || (higher ? model.low > before : model.high < before) ? tried : undefined;
}

/** Adds the hour of the event time when a quick model is clearly better with it: delays, traffic and visits follow the clock. */
async function tryHour(
  query: Query,
  profile: TableProfile,
  roles: Roles,
  source: Source,
  plain: Attempt,
  about: About,
): Promise<Attempt> {
  const schema = withHour(plain.schema, profile, roles);
  if (schema === undefined || schema.hour === null || plain.feasibility.model === null) return plain;
  const cells = await addHour(query, profile, schema.hour);
  const definition = definitionOf(schema, source, "trial");
  const sample = await labelledSample(query, cells, definition, about.field, about.task);
  const feasibility = await assessFeasibility({ ...sample, ...about });
  const { metric, baseline, model } = feasibility;
  if (model === null) return plain;
  const gain = (model.value - plain.feasibility.model.value) * (metrics[metric].better === "higher" ? 1 : -1);
  const scale = metrics[metric].better === "higher" ? 1 : baseline.value;
  return gain > 0.003 * scale ? { schema, sample, feasibility } : plain;
}
