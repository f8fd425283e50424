// From the profile's columns to the words of a data component: names, types, units, bounds, what may be missing. Pure.

import type { TableProfile } from "../../data/profile.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
import type { TimeRewrite } from "../../data/profile-rewrites.ts";
import type { Roles } from "../../data/profile-roles.ts";
import type { ProfiledColumn } from "../../data/profiled-column.ts";
import { missingTexts } from "../../define/definition.ts";

export type FieldWord = "number" | "category" | "boolean" | "text" | "time";

/** The options of a feature or a label, in the order in which they are written down. */
export interface FieldOptions {
  readonly from?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly decimal?: ",";
  readonly format?: string;
  readonly optional?: true;
}

export interface FieldPlan {
  /** In the data component. */
  readonly name: string;
  readonly word: FieldWord;
  readonly options: FieldOptions;
  readonly column: ProfiledColumn;
  /** For the reader of the file. */
  readonly note?: string;
}

export interface SchemaPlan {
  readonly features: readonly FieldPlan[];
  /** Null for tasks without one. */
  readonly label: FieldPlan | null;
  readonly key: readonly string[];
  readonly eventTime: { readonly column: string; readonly format?: string } | null;
  /** A number from 0 to 23 that a transform reads off the event time; null without one. */
  readonly hour: string | null;
  /** How a transform rewrites the event time; null when it is read as it stands. */
  readonly rewrite: TimeRewrite | null;
  /** Only when it differs from what usually means "missing". */
  readonly missing: readonly string[] | null;
}

export function planSchema(
  profile: TableProfile,
  label: LabelPlan | null,
  roles: Roles,
  rewrite: TimeRewrite | null = null,
): SchemaPlan {
  const taken = new Set<string>();
  const labelField = label === null ? null : planLabelField(label, fieldName(label.column.name, taken));
  const lenient = profile.rows < 1000 && roles.features.some((column) => column.missing > 0);
  const usual = profile.missing.length === missingTexts.length;
  return {
    features: roles.features.map((column) => planField(column, fieldName(column.name, taken), lenient)),
    label: labelField,
    key: roles.key.map(({ name }) => name),
    eventTime:
      roles.time === null
        ? null
        : { column: roles.time.column.name, ...(roles.time.format === undefined ? {} : { format: roles.time.format }) },
    hour: null,
    rewrite,
    missing: usual ? null : profile.missing,
  };
}

/** Reads the hour off a time that is written with a clock of 24 hours. */
export const hourPattern = "(\\d{1,2}):\\d\\d";

/** A transform sees every row: for more than these it would be felt. */
const mostTransformedRows = 300_000;

/** The plan with the hour of the event time as one more feature; undefined when the times show no clock. */
export function withHour(plan: SchemaPlan, profile: TableProfile, roles: Roles): SchemaPlan | undefined {
  const column = roles.time?.column;
  if (profile.rows > mostTransformedRows) return undefined;
  if (column === undefined || profile.columns.some(({ name }) => name.toLowerCase() === "hour")) return undefined;
  const hours = new Set(
    column.facts.some.map((text) => (/[ap]m$/i.test(text) ? undefined : new RegExp(hourPattern).exec(text)?.[1])),
  );
  if (hours.has(undefined) || hours.size < 6) return undefined;
  const hour: FieldPlan = { name: "hour", word: "number", options: { min: 0, max: 23 }, column };
  return { ...plan, features: [...plan.features, hour], hour: column.name };
}

/** A property name that the vocabulary allows: no underscore in front, nothing that every object has, no name twice. */
function fieldName(column: string, taken: Set<string>): string {
  let name = column.replace(/^_+/, "");
  if (name === "") name = "value";
  if (name in Object.prototype) name = `${name}_`;
  const base = name;
  for (let i = 2; taken.has(name); i++) name = `${base}_${i}`;
  taken.add(name);
  return name;
}

function planField(column: ProfiledColumn, name: string, lenient: boolean): FieldPlan {
  const { type, unit, bounds, writing, time, missing, facts } = column;
  const from = name === column.name ? {} : { from: column.name };
  const optional = missing > 0 || (lenient && type === "number") ? { optional: true as const } : {};
  const often =
    missing > 0.2 * (missing + facts.present)
      ? { note: `Missing in ${Math.round((missing / (missing + facts.present)) * 100)} % of the rows.` }
      : {};
  const shared = { name, column, ...often };
  if (type === "number") {
    const decimal = writing === "," ? { decimal: "," as const } : {};
    return {
      ...shared,
      word: "number",
      options: { ...from, ...(unit === undefined ? {} : { unit }), ...bounds, ...decimal, ...optional },
    };
  }
  if (type === "text") return { ...shared, word: "text", options: { ...from, ...optional } };
  if (type === "boolean") return { ...shared, word: "boolean", options: { ...from, ...optional } };
  if (type === "time")
    return {
      ...shared,
      word: "time",
      options: { ...from, ...(time?.format === undefined ? {} : { format: time.format }), ...optional },
    };
  const values = closedValues(column);
  return {
    ...shared,
    word: "category",
    options: { ...from, ...(values === undefined ? {} : { values }), ...optional },
  };
}

/** Few enough to be written down, and the line stays readable. */
const mostValues = 30;

/**
 * The values of a category that is surely complete: few, and each seen several times. A value that turns up once hints
 * at others that have not turned up yet, and those must not be refused.
 */
function closedValues({ facts }: ProfiledColumn): readonly string[] | undefined {
  if (facts.distinct > mostValues || facts.distinct > facts.top.length) return undefined;
  if (facts.top.some(({ count }) => count < 5) || facts.present < facts.distinct * 20) return undefined;
  const values = facts.top.map(({ value }) => value);
  // A list that does not fit on a line says less than it costs to read.
  const line = values.reduce((length, value) => length + value.length + 4, 0);
  return line > 100 ? undefined : [...values].sort(byNature);
}

/** Numbers by size, words by the alphabet. */
function byNature(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : a > b ? 1 : 0) : difference;
}

function planLabelField({ column, task, classes }: LabelPlan, name: string): FieldPlan {
  const from = name === column.name ? {} : { from: column.name };
  const optional = column.missing > 0 ? { optional: true as const } : {};
  if (task === "regression") {
    const unit = column.unit === undefined ? {} : { unit: column.unit };
    return {
      name,
      column,
      word: "number",
      options: { ...from, ...unit, ...(column.writing === "," ? { decimal: "," as const } : {}), ...optional },
    };
  }
  // `true` and `false` are booleans as they stand; every other pair keeps its own words.
  if (classes.length === 2 && classes[0] === "false" && classes[1] === "true")
    return { name, column, word: "boolean", options: { ...from, ...optional } };
  const listed =
    classes.length <= mostValues &&
    classes.length === column.facts.distinct &&
    column.facts.top.every(({ count }) => count > 1);
  return { name, column, word: "category", options: { ...from, ...(listed ? { values: classes } : {}), ...optional } };
}
