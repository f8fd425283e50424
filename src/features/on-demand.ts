// Computes on-demand features: one way for training sets, batches and answers, with what goes in and comes out checked.

import { fail, isFailure, messageOf, type SourceLocation } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import { nearest } from "../define/check.ts";
import type { DataDefinition, FeatureDefinition, TrainingDefinition } from "../define/definition.ts";
import {
  mergeSelections,
  type OnDemandDefinition,
  type OnDemandView,
  storedSelections,
} from "../define/on-demand-definition.ts";
import { columnType, eventColumn, type GroupColumn, keyColumn } from "./columns.ts";
import { readTime } from "./time-text.ts";

/** Computes the features of every row: inputs in the order of `inputNames`, outputs in that of `outputColumns`. */
export interface OnDemandCompute {
  compute(onDemand: OnDemandDefinition, rows: readonly (readonly Value[])[]): Promise<Value[][]>;
}

/** The user's functions, one a view, where their code was loaded. */
export interface OnDemandFunctions {
  readonly functions: readonly ((row: Readonly<Record<string, Value>>) => unknown)[];
  locate(stack: string | undefined): SourceLocation | undefined;
}

/** What the functions are computed from, each name once: the request's fields, then the stored features. */
export function inputNames({ views }: OnDemandDefinition): string[] {
  return [
    ...new Set(
      views.flatMap(({ request, stored }) => [
        ...request.map(({ name }) => name),
        ...stored.flatMap(({ names }) => names),
      ]),
    ),
  ];
}

export function requestFeatures(onDemand: OnDemandDefinition | undefined): readonly FeatureDefinition[] {
  const features = (onDemand?.views ?? []).flatMap(({ request }) => request);
  return [...new Map(features.map((feature) => [feature.name, feature])).values()];
}

/** What the functions give, as columns of a training set. */
export function outputColumns({ views }: OnDemandDefinition): GroupColumn[] {
  return views.flatMap(({ features }) =>
    features.map(({ name, type, unit, description }) => ({
      name,
      role: "feature" as const,
      type: columnType(type),
      unit: unit ?? null,
      description: description ?? null,
    })),
  );
}

/** What a training set must hold of each group: the model's features, and all that on-demand features are computed from. */
export function setSelections(training: TrainingDefinition, label: DataDefinition): TrainingDefinition["features"] {
  const own = new Set(label.features.map(({ name }) => name));
  const asked = requestFeatures(training.onDemand).flatMap(({ from }) => (own.has(from) ? [from] : []));
  return mergeSelections([
    ...storedSelections(training),
    ...(asked.length === 0 ? [] : [{ data: label.name, names: asked }]),
  ]);
}

/** The training set's column behind each input. */
export function inputColumns(onDemand: OnDemandDefinition, label: DataDefinition): string[] {
  const asked = new Map(requestFeatures(onDemand).map((feature) => [feature.name, feature]));
  return inputNames(onDemand).map((name) => {
    const from = asked.get(name)?.from;
    if (from === undefined || label.features.some((feature) => feature.name === from)) return from ?? name;
    return label.key.includes(from) ? keyColumn(from) : eventColumn;
  });
}

/** A time as training sees it, whatever the request or the store wrote. */
export function plainInput(type: string, value: Value): Value {
  if (type !== "time" || value === null) return value;
  const text = readTime(value, null);
  return text === undefined ? value : new Date(Date.parse(text)).toISOString();
}

/** Computes rows one by one. Throws FEATURES_ON_DEMAND_FAILED, which names the function's line. */
export async function computeRows(
  onDemand: OnDemandDefinition,
  code: OnDemandFunctions,
  rows: readonly (readonly Value[])[],
): Promise<Value[][]> {
  const names = inputNames(onDemand);
  const places = onDemand.views.map(({ request, stored }) =>
    [...request.map(({ name }) => name), ...stored.flatMap((one) => one.names)].map(
      (name): readonly [name: string, place: number] => [name, names.indexOf(name)],
    ),
  );
  const computed: Value[][] = [];
  for (const row of rows) {
    const values: Value[] = [];
    for (const [index, view] of onDemand.views.entries()) {
      // A row of its own for each call, that cannot be changed: what one call does must not reach another.
      const given = Object.freeze(
        Object.fromEntries((places[index] ?? []).map(([name, place]) => [name, plainNumber(row[place] ?? null)])),
      );
      for (const value of await computeView(view, code.functions[index], given, code)) values.push(value);
    }
    computed.push(values);
  }
  return computed;
}

async function computeView(
  view: OnDemandView,
  compute: OnDemandFunctions["functions"][number] | undefined,
  row: Readonly<Record<string, Value>>,
  { locate }: OnDemandFunctions,
): Promise<Value[]> {
  const names = view.features.map(({ name }) => name);
  const location = view.location ?? undefined;
  let result: unknown;
  try {
    result = compute?.(row);
    if (result instanceof Promise) result = await result;
  } catch (error) {
    const message = messageOf(error);
    const changed = /read only property|object is not extensible|Cannot delete property/.test(message);
    throw fail("FEATURES_ON_DEMAND_FAILED", `compute of ${names.join(", ")} threw: ${message}`, {
      cause: isFailure(error) ? undefined : error,
      location: locate((error as { stack?: string } | null)?.stack) ?? location,
      ...(changed
        ? { hint: "Leave the row as it is and return new values: compute must not change what it is given" }
        : {}),
    });
  }
  const wrong = (message: string, hint?: string) =>
    fail("FEATURES_ON_DEMAND_FAILED", message, { location, ...(hint === undefined ? {} : { hint }) });
  if (!isObject(result))
    throw wrong(`Expected compute to return an object with ${names.join(", ")}, got ${show(result)}`);
  for (const name of Object.keys(result)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw wrong(
      `Expected compute to return ${names.join(", ")}, got ${JSON.stringify(name)} too`,
      near === undefined ? `Declare it in features: ${JSON.stringify(name)}: number()` : `Did you mean "${near}"?`,
    );
  }
  return view.features.map((feature) => {
    const given = Object.hasOwn(result, feature.name) ? result[feature.name] : undefined;
    const value = outputValue(feature, given);
    if (value === undefined)
      throw wrong(
        `Expected compute to give ${expectedOutput(feature)} for ${feature.name}, got ${show(given)} for ${show(row)}`,
        given === null || given === undefined || Number.isNaN(given)
          ? `Return null where it is not known, and declare it ${feature.type}({ optional: true })`
          : undefined,
      );
    return value;
  });
}

/** Zero has one sign, so that JSON keeps every number as it is. */
function plainNumber(value: Value): Value {
  return typeof value === "number" ? value + 0 : value;
}

/** Undefined for a value that does not fit. */
function outputValue(feature: FeatureDefinition, value: unknown): Value | undefined {
  if (value === null || value === undefined) return feature.optional ? null : undefined;
  const { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, values } = feature;
  if (type === "number")
    return typeof value === "number" && Number.isFinite(value) && value >= min && value <= max
      ? plainNumber(value)
      : undefined;
  if (type === "boolean") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "string" || values?.includes(value) === false) return undefined;
  if (type !== "time") return value;
  const text = readTime(value, feature.format ?? null);
  return text === undefined ? undefined : new Date(Date.parse(text)).toISOString();
}

function expectedOutput({ type, min, max, values }: FeatureDefinition): string {
  if (type === "boolean") return "true or false";
  if (type === "time") return "a time as an ISO 8601 text";
  if (type !== "number")
    return values === undefined ? "a text" : `one of ${values.map((one) => JSON.stringify(one)).join(", ")}`;
  const from = min === undefined ? "" : ` from ${min}`;
  return `a number${from}${max === undefined ? "" : `${from === "" ? " up" : ""} to ${max}`}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  if (typeof value === "function") return "a function";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
