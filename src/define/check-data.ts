// Checks what a data component's file says: every mistake names the field, what was expected and what it got.

import { parseDurationMs } from "../base/clock.ts";
import { isObject } from "../base/json.ts";
import type { Source } from "../ports/source.ts";
import { checkAfter } from "./after.ts";
import { checkDuration, checkNumber, checkOptions, checkText, checkTexts, invalid, nearest } from "./check.ts";
import type { DataOptions, EventTime } from "./data-options.ts";
import { type Embedding, isEmbedding } from "./embedding.ts";
import { checkChecks } from "./expectations.ts";
import { expressionColumns, parseExpression } from "./expression.ts";
import type { Feature, Features } from "./feature.ts";
import type { Label, Labels } from "./label.ts";
import { checkLimits } from "./limits.ts";
import { checkSchedule } from "./schedule.ts";
import type { Window, Windows } from "./window.ts";

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

/** Throws DEFINE_INVALID. */
export function checkData(options: DataOptions<Features, Windows, Labels, string, string | EventTime>): void {
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
  for (const [name, feature] of Object.entries(options.features))
    if (isEmbedding(feature)) checkEmbedded(`features.${name}`, feature, options.features);
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
    throw invalid(field, "number(), category(), boolean(), text(), time(), vector() or embedding()", feature);
  if (name.startsWith("_")) throw invalid(field, "a name that does not begin with an underscore", name);
}

function checkEmbedded(field: string, { of }: Embedding, features: Features): void {
  const texts = Object.keys(features).filter((name) => isTextual(features[name]));
  for (const name of of) {
    if (isTextual(features[name])) continue;
    const got = features[name] === undefined ? name : `${name}, which is ${features[name].type}()`;
    const wanted = texts.length === 0 ? "there is none" : texts.join(", ");
    throw invalid(field, `text() or category() features of this component (${wanted})`, got, suggestion(name, texts));
  }
}

function isTextual(feature: Feature | undefined): boolean {
  return feature?.type === "text" || feature?.type === "category";
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
  } else {
    checkFeature(field, name, label);
    if (isEmbedding(label as Feature)) throw invalid(field, "a column of the source or ahead()", "embedding()");
  }
  if (name in options.features)
    throw invalid(field, "a name that no feature has: a label must not be a feature too", name);
}

function checkColumn(field: string, column: string, columns: readonly string[]): void {
  if (!columns.includes(column))
    throw invalid(field, `a feature of this group (${columns.join(", ")})`, column, suggestion(column, columns));
}

export function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  return near === undefined ? undefined : `Did you mean "${near}"?`;
}
