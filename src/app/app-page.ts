// Step 5's contract with its page: the question, a form with sensible defaults, and what the answers rest on.

import { formatAge } from "../base/clock.ts";
import { fail } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { AppDocument, AppField } from "../define/answer-documents.ts";
import type { AppDefinition, ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import { metrics } from "../define/metrics.ts";
import { storedSelections } from "../define/on-demand-definition.ts";
import { findHead } from "../features/commits.ts";
import type { FeatureField, SelectedGroup } from "../features/fields.ts";
import { inputFields, inputStatistics, typicalInput } from "../features/input-fields.ts";
import { findOnlineRow, listOnlineKeys, type OnlineRow } from "../features/online/newest-rows.ts";
import { hasOnlineSide } from "../features/online/rows.ts";
import type { ColumnStatistics } from "../features/statistics.ts";
import { show } from "../models/gate.ts";
import { asTrained, findAlias, type Version } from "../models/registry.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Work } from "../runs/work.ts";
import { groupsInWords, storedSeries, taskQuality } from "./task-page.ts";

export interface AppParts {
  readonly database: Database;
  readonly online: OnlineStore;
}

/** Describes the page of an app. Before the first model is live, `model` is null and the fields may still be missing. */
export async function describeApp(
  app: AppDefinition,
  training: TrainingDefinition,
  problem: ProblemDefinition,
  parts: AppParts,
): Promise<AppDocument> {
  const now = Date.now();
  const version = await findAlias(parts.database, training.name, "live");
  const trained = asTrained(training, version);
  const { onDemand } = trained;
  const spine = await findHead(parts.database, training.label.data);
  // A forecast takes no features; its page rests on the label's own group.
  const groups =
    problem.task === "forecast"
      ? spine === undefined
        ? null
        : [{ commit: spine, features: [] }]
      : await selectedGroups(storedSelections(trained), parts.database);
  const label = spine?.definition.labels.find((one) => one.name === training.label.name);
  const labelFacts = spine?.statistics.columns.find((column) => column.name === training.label.name);
  const ready = groups !== null;
  const fields = ready ? inputFields(groups, onDemand) : [];
  return {
    name: app.name,
    title: app.title,
    intro: app.intro,
    question: problem.question,
    feedback: app.feedback,
    inference: app.inference,
    task: problem.task,
    label: {
      name: training.label.name ?? (problem.task === "anomaly" ? "odd" : "group"),
      unit: label?.unit ?? null,
      classes:
        problem.task !== "binary" && problem.task !== "multiclass" ? [] : classesOf(label?.column?.values, labelFacts),
    },
    fields: fields
      .filter((field) => isAsked(field, groups ?? []))
      .map((field) =>
        pageField(
          { ...field, required: isNeeded(field, fields, groups ?? []) },
          inputStatistics(field, groups ?? [], onDemand, spine),
          typicalInput(field, groups ?? [], onDemand, spine),
        ),
      ),
    stored: problem.task === "forecast" ? storedSeries(version) : ready ? storedRows(groups, parts.online) : null,
    groups: groupsInWords(version),
    model: version === undefined ? null : liveModel(version, problem, label?.unit ?? null, now),
    waitingFor:
      version !== undefined
        ? null
        : ready
          ? `waits for a model of training/${training.name} that passes its gate`
          : `waits for the first rows of data/${training.label.data}`,
    dataAgeSeconds: ready ? Math.round((now - Math.min(...groups.map(({ commit }) => commit.atMs))) / 1000) : null,
  };
}

/** Checks that the page can be made, before anybody opens it. */
export async function runApp(
  app: AppDefinition,
  training: TrainingDefinition,
  problem: ProblemDefinition,
  parts: AppParts,
  work: Work,
): Promise<void> {
  const page = await describeApp(app, training, problem, parts);
  await work.commit(async () => undefined, {
    detail: `a form of ${page.fields.length} ${page.fields.length === 1 ? "field" : "fields"} for "${page.question}"`,
  });
}

async function selectedGroups(
  features: TrainingDefinition["features"],
  database: Database,
): Promise<SelectedGroup[] | null> {
  const groups: SelectedGroup[] = [];
  for (const { data, names } of features) {
    const commit = await findHead(database, data);
    if (commit === undefined) return null;
    groups.push({ commit, features: names });
  }
  return groups;
}

/** Nobody types hundreds of numbers: a vector is asked for only where neither a stored row nor texts can give it. */
function isAsked(field: FeatureField, groups: readonly SelectedGroup[]): boolean {
  return field.type !== "vector" || (field.required && field.of === undefined && !isStored(field, groups));
}

function isStored({ name, request }: FeatureField, groups: readonly SelectedGroup[]): boolean {
  const group = groups.find(({ features }) => features.includes(name));
  return request !== true && group !== undefined && hasOnlineSide(group.commit.definition);
}

/** The only text of a vector that is needed is needed itself, unless a stored row has the vector. */
function isNeeded(field: FeatureField, all: readonly FeatureField[], groups: readonly SelectedGroup[]): boolean {
  const vector = all.find(({ name }) => name === field.behind);
  if (vector === undefined) return field.required;
  return vector.required && vector.of?.length === 1 && !isStored(vector, groups);
}

function classesOf(values: readonly string[] | undefined, statistics: ColumnStatistics | undefined): readonly string[] {
  return values ?? (statistics?.top ?? []).map((one) => one.value).sort();
}

/** Ranges come from the schema where it has some, otherwise from the data, rounded outwards. */
function pageField(
  { behind: _, of: __, ...field }: FeatureField,
  statistics: ColumnStatistics | undefined,
  typical: Value,
): AppField {
  const numeric = field.type === "number";
  const low = field.min ?? (typeof statistics?.min === "number" ? statistics.min : null);
  const high = field.max ?? (typeof statistics?.max === "number" ? statistics.max : null);
  const step = numeric && low !== null && high !== null ? niceStep(low, high, statistics) : null;
  const outwards = (value: number | null, round: (value: number) => number) =>
    value === null || step === null ? value : Number((round(value / step) * step).toPrecision(12));
  return {
    ...field,
    label: readable(field.name),
    min: numeric ? (field.min ?? outwards(low, Math.floor)) : null,
    max: numeric ? (field.max ?? outwards(high, Math.ceil)) : null,
    step,
    values: field.values ?? (field.type === "category" ? (statistics?.top ?? []).map((one) => one.value) : null),
    default: field.type === "vector" ? null : typical,
  };
}

/** 1, 2 or 5 times a power of ten, about a two-hundredth of the range; 1 where the data are whole numbers. */
function niceStep(low: number, high: number, statistics: ColumnStatistics | undefined): number {
  const whole = [statistics?.min, statistics?.max, statistics?.quantiles?.[2]].every(
    (value) => value === undefined || Number.isInteger(value),
  );
  const raw = (high - low) / 200;
  if (!(raw > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw * 0.75) ?? power * 10;
  return whole ? Math.max(1, Math.round(step)) : step;
}

/** `temp_max` and `tempMax` become "Temp max"; names that are words already stay as they are. */
function readable(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .trim();
  return /\s/.test(name)
    ? name
    : words.charAt(0).toUpperCase() + words.slice(1).replace(/\b([A-Z])(?=[a-z])/g, (letter) => letter.toLowerCase());
}

function storedRows(groups: readonly SelectedGroup[], online: OnlineStore): AppDocument["stored"] {
  const group = groups.find(({ commit }) => hasOnlineSide(commit.definition));
  if (group === undefined) return null;
  const { definition, eventToMs } = group.commit;
  const asOf = eventToMs === null ? null : new Date(eventToMs).toISOString();
  if (definition.key.length > 0) return { key: definition.key, examples: entities(group, online), asOf };
  const row = findOnlineRow(online, definition.name, []);
  return row === undefined
    ? null
    : { key: [], examples: [shownValues(row)], asOf: new Date(row.eventMs).toISOString() };
}

/** The first entities that have a stored row, each with its key and what is stored of it. */
function entities({ commit }: SelectedGroup, online: OnlineStore): Record<string, Value>[] {
  const { key } = commit.definition;
  return listOnlineKeys(online, commit.group, shownEntities).map((values) => ({
    ...shownValues(findOnlineRow(online, commit.group, values)),
    ...Object.fromEntries(key.map((column, index) => [column, values[index] ?? null])),
  }));
}

/** Vectors are for the model's eyes. */
function shownValues(row: OnlineRow | undefined): Record<string, Value> {
  return Object.fromEntries(Object.entries(row?.values ?? {}).filter(([, value]) => !Array.isArray(value)));
}

const shownEntities = 50;

function liveModel(
  version: Version,
  problem: ProblemDefinition,
  unit: string | null,
  now: number,
): AppDocument["model"] {
  const { metric } = problem.success;
  const { rows } = version.evaluation;
  return {
    version: version.version,
    ageSeconds: Math.round((now - version.atMs) / 1000),
    algorithm: version.algorithm,
    quality: qualityText(
      version,
      problem,
      version.evaluation.metrics[metric] ?? null,
      version.evaluation.metrics,
      rows.test,
      unit,
    ),
  };
}

/** In words that need no statistics where there are some: "right on 76 % of 292 rows it had not seen". */
function qualityText(
  version: Version,
  problem: ProblemDefinition,
  value: number | null,
  all: Readonly<Record<string, number | null>>,
  rows: number,
  unit: string | null,
): string {
  const told = taskQuality(problem.task, version, unit);
  if (told !== undefined) return told;
  const held = `${rows.toLocaleString("en")} rows it had not seen`;
  if (problem.task !== "regression" && typeof all.accuracy === "number")
    return `right on ${Math.round(all.accuracy * 100)} % of ${held}`;
  if (typeof all.mae === "number")
    return `off by ${show(all.mae)}${unit === null ? "" : ` ${unit}`} on average on ${held}`;
  return `${metrics[problem.success.metric].title} ${show(value)} on ${held}`;
}

export function ageText(seconds: number): string {
  return formatAge(seconds * 1000);
}

export function unknownApp(name: string, known: readonly string[]) {
  return fail("APP_UNKNOWN", `Expected an app of the project, got ${JSON.stringify(name)}`, {
    hint: known.length === 0 ? "The project has no app yet" : `The apps are ${known.join(", ")}`,
  });
}
