// A component as JSON: what the catalog keeps and what crosses process borders; functions stay in the user's file.

import { parseDurationMs } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import { isEvent } from "./after.ts";
import type { AppComponent } from "./app.ts";
import type { Candidate } from "./candidate.ts";
import type { Component, ComponentKind } from "./component.ts";
import { type DataComponent, keyColumns } from "./data.ts";
import { type ChecksDefinition, describeChecks } from "./expectations.ts";
import { isCondition, parseExpression } from "./expression.ts";
import type { Feature, FeatureType } from "./feature.ts";
import type { InferenceComponent } from "./inference.ts";
import type { AheadLabel, Label } from "./label.ts";
import type { Limits } from "./limits.ts";
import { isOnDemand } from "./on-demand.ts";
import {
  type ComponentCode,
  describeOnDemand,
  groupSelections,
  groupsOf,
  type OnDemandDefinition,
} from "./on-demand-definition.ts";
import type { ProblemComponent, Success, Task } from "./problem.ts";
import { describeSchedule, type ScheduleDefinition, type ScheduleOptions } from "./schedule.ts";
import type { TrainingComponent } from "./training.ts";
import type { Aggregate } from "./window.ts";

export interface FeatureDefinition {
  readonly name: string;
  readonly type: FeatureType;
  /** The source's column. */
  readonly from: string;
  readonly optional: boolean;
  readonly description?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly decimal?: "," | ".";
  readonly format?: string;
}

export interface WindowDefinition {
  readonly name: string;
  readonly aggregate: Aggregate;
  readonly column: string | null;
  readonly where: string | null;
  readonly overMs: number;
  /** Of a quantile: from 0 to 1. */
  readonly level?: number;
  /** As the user wrote it. */
  readonly over: string;
  readonly unit?: string;
  readonly description?: string;
}

/** A label is a column of the row itself, or an expression on the same entity's row `aheadMs` later. */
export interface LabelDefinition {
  readonly name: string;
  readonly type: FeatureType;
  readonly column: FeatureDefinition | null;
  readonly expression: string | null;
  readonly aheadMs: number | null;
  readonly unit?: string;
  readonly description?: string;
}

export interface DataDefinition {
  readonly kind: "data";
  readonly name: string;
  readonly source: { readonly kind: string; readonly description: string; readonly watch: string | null };
  readonly schedule: string | null;
  /** How the schedule is read; absent in definitions that were stored before there was such a thing. */
  readonly scheduleRules?: ScheduleRules | null;
  /** The components after whose success this one runs, and the events. */
  readonly after?: readonly string[];
  readonly key: readonly string[];
  readonly eventTime: { readonly column: string; readonly format: string | null } | null;
  readonly features: readonly FeatureDefinition[];
  readonly windows: readonly WindowDefinition[];
  readonly labels: readonly LabelDefinition[];
  readonly transform: boolean;
  readonly missing: readonly string[];
  readonly quarantineBudget: number;
  readonly freshForMs: number | null;
  /** How long a row's values count; absent in definitions that were stored before there was such a thing. */
  readonly ttlMs?: number | null;
  /** How long files are kept that later commits replaced; for ever when null or absent. */
  readonly retentionMs?: number | null;
  /** The environment variables that its steps may see; absent when none. */
  readonly secrets?: readonly string[];
  /** What rows and batches must hold; absent when nothing beyond the columns' own types and ranges. */
  readonly checks?: ChecksDefinition;
  readonly limits: LimitsDefinition;
}

export type ScheduleRules = Pick<ScheduleDefinition, "timeZone" | "missed">;

export interface LimitsDefinition {
  readonly timeMs: number;
  readonly memoryMb: number;
  /** Absent when nothing was said. */
  readonly cpuMs?: number;
  readonly concurrency?: number;
}

export interface ProblemDefinition {
  readonly kind: "problem";
  readonly name: string;
  readonly question: string;
  readonly predict: string;
  readonly task: Task;
  readonly success: Success;
  readonly audience: string | null;
}

export interface TrainingDefinition {
  readonly kind: "training";
  readonly name: string;
  /** Names, without the kind. */
  readonly problem: string;
  readonly label: { readonly data: string; readonly name: string };
  readonly features: readonly { readonly data: string; readonly names: readonly string[] }[];
  /** Absent without on-demand features. */
  readonly onDemand?: OnDemandDefinition;
  readonly split: {
    readonly by: "time" | "random" | "stratified" | "group" | null;
    readonly test: number;
    readonly gapMs: number;
    /** These two are absent in definitions that were stored before there was such a thing. */
    readonly group?: string;
    readonly folds?: number;
  };
  readonly candidates: readonly Candidate[];
  readonly budget?: { readonly timeMs: number | null; readonly trials: number | null };
  readonly when: {
    readonly everyMs: number | null;
    readonly newRows: number | null;
    /** Absent when no event was named. */
    readonly after?: readonly string[];
  };
  readonly seed: number;
  readonly limits: LimitsDefinition;
}

export interface InferenceDefinition {
  readonly kind: "inference";
  readonly name: string;
  readonly training: string;
  readonly online: boolean;
  readonly batchSchedule: string | null;
  readonly scheduleRules?: ScheduleRules | null;
  readonly explain: boolean;
  readonly limits: LimitsDefinition;
}

export interface AppDefinition {
  readonly kind: "app";
  readonly name: string;
  readonly inference: string;
  readonly title: string;
  readonly intro: string | null;
  readonly feedback: boolean;
}

export type Definition = ProblemDefinition | DataDefinition | TrainingDefinition | InferenceDefinition | AppDefinition;
export type DefinitionOf<Kind extends ComponentKind> = Extract<Definition, { kind: Kind }>;

/** Texts that mean "missing" in a source unless the component says otherwise. */
export const missingTexts: readonly string[] = [
  "",
  "NA",
  "N/A",
  "n/a",
  "na",
  "null",
  "NULL",
  "NaN",
  "nan",
  "None",
  "#N/A",
  "?",
  "-",
];

/** The ids (`kind/name`) of the components that this one takes from. */
export function dependenciesOf(definition: Definition): string[] {
  switch (definition.kind) {
    case "problem":
      return [];
    case "data":
      return (definition.after ?? []).filter((id) => !isEvent(id));
    case "training":
      return [`problem/${definition.problem}`, ...groupsOf(definition).map((data) => `data/${data}`)];
    case "inference":
      return [`training/${definition.training}`];
    case "app":
      return [`inference/${definition.inference}`];
  }
}

/** The events that make the component due. */
export function eventsOf(definition: Definition): readonly string[] {
  if (definition.kind === "training") return definition.when.after ?? [];
  return definition.kind === "data" ? (definition.after ?? []).filter(isEvent) : [];
}

/** When the component runs by the clock; null when it does not. */
export function scheduleOf(definition: Definition | null): ScheduleDefinition | null {
  if (definition?.kind !== "data" && definition?.kind !== "inference") return null;
  const schedule = definition.kind === "data" ? definition.schedule : definition.batchSchedule;
  const { timeZone, missed } = definition.scheduleRules ?? { timeZone: "UTC", missed: "once" };
  return schedule === null ? null : { schedule, timeZone, missed };
}

/** Describes a component as JSON. `nameOf` gives the name of a component that this one refers to, `code` what is behind it. */
export function describe(
  component: Component,
  nameOf: (component: Component) => string,
  code: ComponentCode = { file: "", hash: () => "", locate: () => null },
): Definition {
  switch (component.kind) {
    case "problem":
      return describeProblem(component as ProblemComponent, nameOf(component));
    case "data":
      return describeData(component as DataComponent, nameOf);
    case "training":
      return describeTraining(component as TrainingComponent, nameOf, code);
    case "inference":
      return describeInference(component as InferenceComponent, nameOf);
    case "app":
      return describeApp(component as AppComponent, nameOf);
  }
}

function describeProblem({ options }: ProblemComponent, name: string): ProblemDefinition {
  const { question, predict, task, success, audience } = options;
  return { kind: "problem", name, question, predict, task, success, audience: audience ?? null };
}

function describeData(component: DataComponent, nameOf: (component: Component) => string): DataDefinition {
  const { options } = component;
  const name = nameOf(component);
  const { source, eventTime } = options;
  const features = Object.entries(options.features).map(([feature, given]) => describeFeature(feature, given));
  return {
    kind: "data",
    name,
    source: { kind: source.kind, description: source.description, watch: source.watch ?? null },
    ...describeTiming("schedule", options.schedule),
    ...(options.after === undefined
      ? {}
      : { after: options.after.map((one) => (typeof one === "string" ? one : `${one.kind}/${nameOf(one)}`)) }),
    key: keyColumns(options.key),
    eventTime:
      eventTime === undefined
        ? null
        : typeof eventTime === "string"
          ? { column: eventTime, format: null }
          : { column: eventTime.column, format: eventTime.format ?? null },
    features,
    windows: Object.entries(options.windows ?? {}).map(([window, given]) => ({
      ...given,
      name: window,
      overMs: parseDurationMs(given.over) as number,
    })),
    labels: Object.entries(options.labels ?? {}).map(([label, given]) => describeLabel(label, given, features)),
    transform: options.transform !== undefined,
    missing: options.missing ?? missingTexts,
    quarantineBudget: options.quarantineBudget ?? 0.1,
    freshForMs: options.freshFor === undefined ? null : (parseDurationMs(options.freshFor) as number),
    ttlMs: options.ttl === undefined ? null : (parseDurationMs(options.ttl) as number),
    retentionMs: options.retention === undefined ? null : (parseDurationMs(options.retention) as number),
    ...(options.checks === undefined ? {} : { checks: describeChecks(options.checks) }),
    ...(options.secrets === undefined || options.secrets.length === 0 ? {} : { secrets: options.secrets }),
    limits: describeLimits(options.limits),
  };
}

function describeFeature(name: string, { valueType: _, from, ...given }: Feature): FeatureDefinition {
  return { ...given, name, from: from ?? name };
}

function describeLabel(name: string, label: Label, features: readonly FeatureDefinition[]): LabelDefinition {
  const column = "ahead" in label ? columnAhead(label, features) : undefined;
  const unit = label.unit ?? column?.unit;
  const shared = {
    name,
    ...(unit === undefined ? {} : { unit }),
    ...(label.description === undefined ? {} : { description: label.description }),
  };
  if (!("ahead" in label))
    return { ...shared, type: label.type, column: describeFeature(name, label), expression: null, aheadMs: null };
  const type = column?.type ?? (isCondition(parseExpression(label.expression)) ? "boolean" : "number");
  return {
    ...shared,
    type,
    column: null,
    expression: label.expression,
    aheadMs: parseDurationMs(label.ahead) as number,
  };
}

/** The feature whose later value the label is; it has that feature's type and unit. */
function columnAhead(label: AheadLabel, features: readonly FeatureDefinition[]): FeatureDefinition | undefined {
  const expression = parseExpression(label.expression);
  return expression.op === "column" ? features.find((feature) => feature.name === expression.name) : undefined;
}

function describeTraining(
  component: TrainingComponent,
  nameOf: (component: Component) => string,
  code: ComponentCode,
): TrainingDefinition {
  const { options } = component;
  const { split, when, budget } = options;
  const stored = options.features.flatMap((one) => (isOnDemand(one) ? [] : [one]));
  const onDemand = describeOnDemand(options.features, nameOf, code);
  return {
    kind: "training",
    name: nameOf(component),
    problem: nameOf(options.problem),
    label: { data: nameOf(options.label.data), name: options.label.label },
    features: groupSelections(stored, nameOf),
    ...(onDemand === undefined ? {} : { onDemand }),
    split: {
      by: split?.by ?? null,
      test: split?.test ?? 0.2,
      gapMs: split?.gap === undefined ? 0 : (parseDurationMs(split.gap) as number),
      ...(split?.group === undefined ? {} : { group: split.group }),
      ...(split?.folds === undefined ? {} : { folds: split.folds }),
    },
    candidates: options.candidates ?? [{ algorithm: "auto", params: {} }],
    ...(budget === undefined
      ? {}
      : {
          budget: {
            timeMs: budget.time === undefined ? null : (parseDurationMs(budget.time) as number),
            trials: budget.trials ?? null,
          },
        }),
    when: {
      everyMs: when?.every === undefined ? null : (parseDurationMs(when.every) as number),
      newRows: when?.newRows ?? null,
      ...(when?.after === undefined || when.after.length === 0 ? {} : { after: when.after }),
    },
    seed: options.seed ?? 1,
    limits: describeLimits(options.limits),
  };
}

function describeInference(
  component: InferenceComponent,
  nameOf: (component: Component) => string,
): InferenceDefinition {
  const { options } = component;
  return {
    kind: "inference",
    name: nameOf(component),
    training: nameOf(options.training),
    online: options.online ?? true,
    ...describeTiming("batchSchedule", options.batch?.schedule),
    explain: options.explain ?? false,
    limits: describeLimits(options.limits),
  };
}

function describeApp(component: AppComponent, nameOf: (component: Component) => string): AppDefinition {
  const { title, intro, feedback } = component.options;
  return {
    kind: "app",
    name: nameOf(component),
    inference: nameOf(component.options.inference),
    title,
    intro: intro ?? null,
    feedback: feedback ?? false,
  };
}

function describeTiming<Field extends string>(field: Field, given: string | ScheduleOptions | undefined) {
  const { schedule = null, ...rules } = given === undefined ? {} : describeSchedule(given);
  return { [field]: schedule, scheduleRules: schedule === null ? null : rules } as Record<Field, string | null> & {
    scheduleRules: ScheduleRules | null;
  };
}

function describeLimits(limits: Limits | undefined): LimitsDefinition {
  return {
    timeMs: limits?.time === undefined ? 10 * 60_000 : (parseDurationMs(limits.time) as number),
    memoryMb: limits?.memoryMb ?? 1024,
    ...(limits?.cpu === undefined ? {} : { cpuMs: parseDurationMs(limits.cpu) as number }),
    ...(limits?.concurrency === undefined ? {} : { concurrency: limits.concurrency }),
  };
}

/** Definitions are stored as plain JSON. */
export function definitionJson(definition: Definition): JsonObject {
  return JSON.parse(JSON.stringify(definition)) as JsonObject;
}
