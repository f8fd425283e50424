// Turns a component as its file declares it into its definition. Pure.

import { parseDurationMs } from "../base/clock.ts";
import type { AppComponent } from "./app.ts";
import type { Candidate } from "./candidate.ts";
import { keyColumns } from "./check-data.ts";
import type { Component } from "./component.ts";
import { isCustom } from "./custom-model.ts";
import type { DataComponent } from "./data.ts";
import {
  type AppDefinition,
  type DataDefinition,
  type Definition,
  type FeatureDefinition,
  type InferenceDefinition,
  type LabelDefinition,
  type LimitsDefinition,
  missingTexts,
  type ProblemDefinition,
  type ScheduleRules,
  type TrainingDefinition,
} from "./definition.ts";
import { type Embedding, isEmbedding } from "./embedding.ts";
import { describeChecks } from "./expectations.ts";
import { isCondition, parseExpression } from "./expression.ts";
import type { Feature } from "./feature.ts";
import type { InferenceComponent } from "./inference.ts";
import type { AheadLabel, Label } from "./label.ts";
import type { Limits } from "./limits.ts";
import { isOnDemand } from "./on-demand.ts";
import { type ComponentCode, describeOnDemand, groupSelections } from "./on-demand-definition.ts";
import type { ProblemComponent } from "./problem.ts";
import { describeSchedule, type ScheduleOptions } from "./schedule.ts";
import type { FeatureReference } from "./selection.ts";
import type { TrainingComponent } from "./training.ts";

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
      return describeData(component as DataComponent, nameOf, code);
    case "training":
      return describeTraining(component as TrainingComponent, nameOf, code);
    case "inference":
      return describeInference(component as InferenceComponent, nameOf);
    case "app":
      return describeApp(component as AppComponent, nameOf);
  }
}

function describeProblem({ options }: ProblemComponent, name: string): ProblemDefinition {
  const { question, predict, task, success, audience, horizon, season, coverage } = options;
  return {
    kind: "problem",
    name,
    question,
    predict: predict ?? null,
    task,
    success,
    audience: audience ?? null,
    ...(horizon === undefined ? {} : { forecast: { horizon, season: season ?? null, coverage: coverage ?? 0.8 } }),
  };
}

function describeData(
  component: DataComponent,
  nameOf: (component: Component) => string,
  code: ComponentCode,
): DataDefinition {
  const { options } = component;
  const name = nameOf(component);
  const { source, eventTime } = options;
  const kept = Object.values(options.features).some(isEmbedding) ? { file: code.file, hash: code.hash() } : undefined;
  const features = Object.entries(options.features).map(([feature, given]) =>
    isEmbedding(given) ? describeEmbedding(feature, given, kept?.hash ?? "") : describeFeature(feature, given),
  );
  return {
    kind: "data",
    name,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.license === undefined ? {} : { license: options.license }),
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
    ...(kept === undefined ? {} : { code: kept }),
    missing: options.missing ?? missingTexts,
    quarantineBudget: options.quarantineBudget ?? 0.1,
    freshForMs: options.freshFor === undefined ? null : (parseDurationMs(options.freshFor) as number),
    ttlMs: options.ttl === undefined ? null : (parseDurationMs(options.ttl) as number),
    retentionMs: options.retention === undefined ? null : (parseDurationMs(options.retention) as number),
    ...(options.checks === undefined ? {} : { checks: describeChecks(options.checks) }),
    ...(options.secrets === undefined || options.secrets.length === 0 ? {} : { secrets: options.secrets }),
    limits: describeLimits(options.limits, kept === undefined ? undefined : embeddingMemoryMb),
  };
}

function describeFeature(name: string, { valueType: _, from, ...given }: Feature): FeatureDefinition {
  return { ...given, name, from: from ?? name };
}

function describeEmbedding(
  name: string,
  { embedder, declaredAt: _, ...given }: Embedding,
  code: string,
): FeatureDefinition {
  return { ...describeFeature(name, given), embedder: embedder.version ?? code };
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
  const { split, when, budget, label, weight, features = [] } = options;
  const stored = features.flatMap((one) => (isOnDemand(one) ? [] : [one]));
  const onDemand = describeOnDemand(features, nameOf, code);
  const rows = label ?? stored[0];
  return {
    kind: "training",
    name: nameOf(component),
    problem: nameOf(options.problem),
    label: { data: rows === undefined ? "" : nameOf(rows.data), name: label?.label ?? null },
    features: withoutWeight(groupSelections(stored, nameOf), weight, nameOf),
    ...(weight === undefined ? {} : { weight: { data: nameOf(weight.data), name: weight.feature } }),
    ...(onDemand === undefined ? {} : { onDemand }),
    split: {
      by: split?.by ?? null,
      test: split?.test ?? 0.2,
      gapMs: split?.gap === undefined ? 0 : (parseDurationMs(split.gap) as number),
      ...(split?.group === undefined ? {} : { group: split.group }),
      ...(split?.folds === undefined ? {} : { folds: split.folds }),
    },
    candidates: (options.candidates ?? [{ algorithm: "auto", params: {} }]).map((one) => describeCandidate(one, code)),
    ...(budget === undefined
      ? {}
      : {
          budget: {
            timeMs: budget.time === undefined ? null : (parseDurationMs(budget.time) as number),
            trials: budget.trials ?? null,
            ...(budget.cpu === undefined ? {} : { cpuMs: parseDurationMs(budget.cpu) as number }),
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

/** What says how much a row counts is no input of the model, even where `all()` names it. */
function withoutWeight(
  selections: TrainingDefinition["features"],
  weight: FeatureReference | undefined,
  nameOf: (component: Component) => string,
): TrainingDefinition["features"] {
  if (weight === undefined) return selections;
  const group = nameOf(weight.data);
  return selections
    .map(({ data, names }) => ({ data, names: data === group ? names.filter((one) => one !== weight.feature) : names }))
    .filter(({ names }) => names.length > 0);
}

/** The functions of a model of the user's own stay in the file; the hash of its code tells when they change. */
function describeCandidate(candidate: Candidate, { file, hash, locate }: ComponentCode): Candidate {
  if (!isCustom(candidate)) return candidate;
  const { custom: _, declaredAt, params, ...rest } = candidate;
  const location = locate(declaredAt);
  return {
    ...rest,
    params: {
      ...params,
      file,
      code: hash(),
      ...(location === null ? {} : { line: location.line, declaredIn: location.file }),
    },
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

/** Beside the rows a model that embeds their texts has its place. */
const embeddingMemoryMb = 2048;

function describeLimits(limits: Limits | undefined, memoryMb = 1024): LimitsDefinition {
  return {
    timeMs: limits?.time === undefined ? 10 * 60_000 : (parseDurationMs(limits.time) as number),
    memoryMb: limits?.memoryMb ?? memoryMb,
    ...(limits?.cpu === undefined ? {} : { cpuMs: parseDurationMs(limits.cpu) as number }),
    ...(limits?.concurrency === undefined ? {} : { concurrency: limits.concurrency }),
  };
}
