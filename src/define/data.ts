// Step 2, data: where rows come from, what they must look like, how often they are fetched.

import { parseDurationMs } from "../base/clock.ts";
import { isObject } from "../base/json.ts";
import type { Source } from "../ports/source.ts";
import { checkAfter } from "./after.ts";
import { checkDuration, checkNumber, checkOptions, checkText, checkTexts, invalid, nearest } from "./check.ts";
import type { Component } from "./component.ts";
import { type Checks, checkChecks } from "./expectations.ts";
import { expressionColumns, parseExpression } from "./expression.ts";
import type { Feature } from "./feature.ts";
import type { Label } from "./label.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { checkSchedule, type ScheduleOptions } from "./schedule.ts";
import type {
  ChosenInputs,
  ChosenValues,
  FeatureReference,
  FeatureSelection,
  LabelReference,
  LabelValueOf,
} from "./selection.ts";
import type { Window } from "./window.ts";

export type Features = Readonly<Record<string, Feature>>;
export type Windows = Readonly<Record<string, Window>>;
export type Labels = Readonly<Record<string, Label>>;

/** A source row as a transform sees it: texts, or null when missing. */
export type RawRow = Record<string, string | null>;

export interface EventTime {
  readonly column: string;
  /** strptime letters, e.g. `%d/%m/%Y`; ISO 8601 when left out. */
  readonly format?: string;
}

export interface DataOptions<
  F extends Features,
  W extends Windows,
  L extends Labels,
  K extends string,
  T extends string | EventTime,
> {
  /** The file's name unless given. */
  readonly name?: string;
  /** What the rows are, in a sentence; exported data sets carry it. */
  readonly description?: string;
  /** Under which terms the rows may be used: an address, or an SPDX name such as "CC-BY-4.0". */
  readonly license?: string;
  /** `csv("weather.csv")`, or another source. */
  readonly source: Source;
  /**
   * Cron ("0 6 * * *"), "@hourly", "@daily" or an interval ("15m"), or `{ cron, timeZone, missed }`; when left out it runs on
   * demand and when its file changes.
   */
  readonly schedule?: string | ScheduleOptions;
  /**
   * Run after every success of these, e.g. `["data/orders"]` or the components themselves, and after events that somebody
   * raises, e.g. `["event/orders-loaded"]`, by `POST /api/events/orders-loaded` or `pentad tick --event orders-loaded`.
   */
  readonly after?: readonly (string | Component)[];
  /** The column or columns that name the entity. */
  readonly key?: K | readonly K[];
  /** The column that says when a row's values held. */
  readonly eventTime?: T;
  /** Name → `number()`, `category()`, `boolean()`, `text()` or `time()`. */
  readonly features: F;
  /** Name → `count()`, `sum()`, `mean()` and their like, over the rows before each row. */
  readonly windows?: W & { readonly [N in keyof W]: Window<(keyof F & string) | K> };
  /** Name → `ahead()`, or a feature word for a column of the source. */
  readonly labels?: L;
  /** Changes a source row, or returns null to leave it out, or several rows. */
  readonly transform?: (row: RawRow) => RawRow | readonly RawRow[] | null;
  /** Texts that mean "missing"; by default the empty text, NA, N/A, null, NaN and the like. */
  readonly missing?: readonly string[];
  /** What rows and whole batches must hold beyond each column's own type and range. */
  readonly checks?: Checks;
  /** The share of rows that may go to quarantine before the whole run is refused; 0.1 by default. */
  readonly quarantineBudget?: number;
  /** How old the newest row may be before the component counts as stale, e.g. "2d". */
  readonly freshFor?: string;
  /** How long a row's values count, e.g. "7d": older ones are missing, in training sets and in answers alike. */
  readonly ttl?: string;
  /**
   * How long the state of the group before a commit can still be asked for, e.g. "90d"; always when left out. What a
   * training set was made from is kept in any case.
   */
  readonly retention?: string;
  /**
   * The environment variables that its steps may see, e.g. `["WEATHER_TOKEN"]`: in `process.env`, and in the `secrets` of a
   * source of your own. They see no others.
   */
  readonly secrets?: readonly string[];
  /** Time and memory of each step. */
  readonly limits?: Limits;
}

export interface DataComponent<
  F extends Features = Features,
  W extends Windows = Windows,
  L extends Labels = Labels,
  K extends string = string,
  Stored extends boolean = boolean,
> extends Component<"data"> {
  readonly options: DataOptions<F, W, L, K, string | EventTime>;
  readonly features: {
    readonly [N in (keyof F | keyof W) & string]: FeatureReference<
      N,
      ChosenInputs<F, W, K, Stored, N>,
      ChosenValues<F, N>
    >;
  };
  readonly labels: { readonly [N in keyof L & string]: LabelReference<N, LabelValueOf<L[N], F>> };
  /** Every feature and window of the group, but for vectors, which no model takes. */
  all(): FeatureSelection<ChosenInputs<F, W, K, Stored, keyof F | keyof W>, ChosenValues<F, keyof F | keyof W>>;
  /** Some of the group's features and windows. */
  pick<const Names extends keyof F | keyof W>(
    ...names: readonly Names[]
  ): FeatureSelection<ChosenInputs<F, W, K, Stored, Names>, ChosenValues<F, Names>>;
}

type NoNames = Readonly<Record<never, never>>;

/**
 * Declares where rows come from and what they must look like.
 *
 * @example
 * export default defineData({
 *   source: csv("weather.csv"),
 *   eventTime: "date",
 *   features: { precipitation: number({ unit: "mm", min: 0 }) },
 *   labels: { rainTomorrow: ahead("precipitation > 0", { by: "1d" }) },
 * });
 */
export function defineData<
  const F extends Features,
  const W extends Windows = NoNames,
  const L extends Labels = NoNames,
  const K extends string = never,
  const T extends string | EventTime = never,
>(
  options: DataOptions<F, W, L, K, T>,
): DataComponent<F, W, L, K, [K] extends [never] ? ([T] extends [never] ? false : true) : true> {
  checkData(options as DataOptions<Features, Windows, Labels, string, string | EventTime>);
  const featureNames = [...Object.keys(options.features), ...Object.keys(options.windows ?? {})];
  const component = { kind: "data", name: options.name, options } as unknown as DataComponent<F, W, L, K>;
  const features = Object.fromEntries(featureNames.map((feature) => [feature, { data: component, feature }]));
  const labels = Object.fromEntries(
    Object.keys(options.labels ?? {}).map((label) => [label, { data: component, label }]),
  );
  const pick = (...names: readonly string[]) => {
    for (const name of names)
      if (!featureNames.includes(name))
        throw invalid("pick()", `one of ${featureNames.join(", ")}`, name, suggestion(name, featureNames));
    return { data: component, names };
  };
  return Object.assign(component, {
    features,
    labels,
    all: () => ({ data: component, names: featureNames.filter((name) => options.features[name]?.type !== "vector") }),
    pick,
  }) as never;
}

const dataOptions = [
  "name",
  "description",
  "license",
  "source",
  "schedule",
  "after",
  "key",
  "eventTime",
  "features",
  "windows",
  "labels",
  "transform",
  "missing",
  "quarantineBudget",
  "freshFor",
  "ttl",
  "checks",
  "retention",
  "secrets",
  "limits",
];

function checkData(options: DataOptions<Features, Windows, Labels, string, string | EventTime>): void {
  checkOptions("defineData()", options, dataOptions);
  if (!isObject(options.source) || typeof (options.source as Source).open !== "function")
    throw invalid("source", 'a source such as csv("file.csv")', options.source);
  if (options.schedule !== undefined) checkSchedule("schedule", options.schedule);
  checkAfter(options.after);
  for (const field of ["description", "license"] as const)
    if (options[field] !== undefined) checkText(field, options[field]);
  for (const key of keyColumns(options.key)) checkText("key", key);
  checkEventTime(options.eventTime);
  if (!isObject(options.features)) throw invalid("features", "an object of features", options.features);
  for (const [name, feature] of Object.entries(options.features)) checkFeature(`features.${name}`, name, feature);
  const columns = [...Object.keys(options.features), ...keyColumns(options.key)];
  for (const [name, window] of Object.entries(options.windows ?? {})) checkWindow(name, window, options, columns);
  for (const [name, label] of Object.entries(options.labels ?? {})) checkLabel(name, label, options, columns);
  if (options.transform !== undefined && typeof options.transform !== "function")
    throw invalid("transform", "a function", options.transform);
  if (options.missing !== undefined && options.missing.length > 0) checkTexts("missing", options.missing);
  if (options.quarantineBudget !== undefined)
    checkNumber("quarantineBudget", options.quarantineBudget, { min: 0, max: 1 });
  if (options.freshFor !== undefined && parseDurationMs(options.freshFor) === undefined)
    throw invalid("freshFor", 'a duration such as "2d"', options.freshFor);
  checkChecks(options.checks, columns, options.eventTime !== undefined);
  if (options.retention !== undefined) checkDuration("retention", options.retention);
  if (options.ttl !== undefined) {
    checkDuration("ttl", options.ttl);
    if (options.eventTime === undefined)
      throw invalid("ttl", "a group with an eventTime, since values age from then on", options.ttl);
  }
  if (options.secrets !== undefined) checkSecrets(options.secrets);
  checkLimits(options.limits);
}

function checkSecrets(secrets: readonly string[]): void {
  const isName = (name: unknown) => typeof name === "string" && /^[A-Za-z_]\w*$/.test(name);
  // What is no name may be the secret itself, which no message may tell.
  if (!Array.isArray(secrets) || !secrets.every(isName))
    throw invalid(
      "secrets",
      'names of environment variables, e.g. ["WEATHER_TOKEN"]',
      Array.isArray(secrets) ? "a list with something else" : "something else",
      "Put the secret itself into the environment, and its variable's name here",
    );
}

/** The key columns as a list. */
export function keyColumns(key: string | readonly string[] | undefined): readonly string[] {
  return key === undefined ? [] : typeof key === "string" ? [key] : key;
}

function checkEventTime(eventTime: string | EventTime | undefined): void {
  if (typeof eventTime === "string") checkText("eventTime", eventTime);
  else if (eventTime !== undefined) {
    if (!isObject(eventTime)) throw invalid("eventTime", 'a column such as "date", or { column, format }', eventTime);
    checkOptions("eventTime", eventTime, ["column", "format"]);
    checkText("eventTime.column", eventTime.column);
  }
}

function checkFeature(field: string, name: string, feature: unknown): void {
  if (!isObject(feature) || typeof feature.type !== "string")
    throw invalid(field, "number(), category(), boolean(), text() or time()", feature);
  if (name.startsWith("_")) throw invalid(field, "a name that does not begin with an underscore", name);
}

function checkWindow(
  name: string,
  window: Window,
  options: { features: Features; eventTime?: unknown },
  columns: readonly string[],
): void {
  const field = `windows.${name}`;
  if (!isObject(window) || typeof window.aggregate !== "string")
    throw invalid(field, "count(), sum(), mean() …", window);
  if (options.eventTime === undefined)
    throw invalid(field, "a group with an eventTime, since a window looks back in time", undefined);
  if (name in options.features) throw invalid(field, "a name that no feature has", name);
  for (const column of [
    ...(window.column === null ? [] : [window.column]),
    ...(window.where === null ? [] : expressionColumns(parseExpression(window.where))),
  ])
    checkColumn(field, column, columns);
}

function checkLabel(
  name: string,
  label: Label,
  options: { features: Features; eventTime?: unknown },
  columns: readonly string[],
): void {
  const field = `labels.${name}`;
  if (isObject(label) && "ahead" in label) {
    if (options.eventTime === undefined)
      throw invalid(field, "a group with an eventTime, since ahead() looks forward in time", undefined);
    for (const column of expressionColumns(parseExpression((label as { expression: string }).expression)))
      checkColumn(field, column, columns);
  } else checkFeature(field, name, label);
  if (name in options.features)
    throw invalid(field, "a name that no feature has: a label must not be a feature too", name);
}

function checkColumn(field: string, column: string, columns: readonly string[]): void {
  if (!columns.includes(column))
    throw invalid(field, `a feature of this group (${columns.join(", ")})`, column, suggestion(column, columns));
}

function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  return near === undefined ? undefined : `Did you mean "${near}"?`;
}
