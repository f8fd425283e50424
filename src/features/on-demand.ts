// Computes on-demand features: one way for training sets, batches and answers, with what goes in and comes out checked.

import { fail, isFailure, messageOf, type SourceLocation } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import { nearest } from "../define/check.ts";
import type {
  DataDefinition,
  FeatureDefinition,
  OnDemandDefinition,
  OnDemandView,
  TrainingDefinition,
} from "../define/definition.ts";
import { mergeSelections, storedSelections } from "../define/on-demand-definition.ts";
import { eventColumn, type GroupColumn, keyColumn } from "./columns.ts";
import { readTime } from "./time-text.ts";

/** Computes the features of every row: inputs in the order of `inputNames`, outputs in that of `outputColumns`. */
export interface OnDemandCompute {
  compute(onDemand: OnDemandDefinition, rows: readonly (readonly Value[])[]): Promise<Value[][]>;
}

type GivenRow = Readonly<Record<string, Value>>;

/** A view's own function, of one row or of many. */
export type OnDemandFunction =
  | { readonly compute: (row: GivenRow) => unknown; readonly computeBatch?: undefined }
  | { readonly compute?: undefined; readonly computeBatch: (rows: readonly GivenRow[]) => unknown };

/** The user's functions, one a view, where their code was loaded. */
export interface OnDemandFunctions {
  readonly functions: readonly OnDemandFunction[];
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
    features.map(({ name, type, unit, description, dimensions }) => ({
      name,
      role: "feature" as const,
      type,
      ...(dimensions === undefined ? {} : { dimensions }),
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

/** Rows that a function of many is given at once. */
const batchRows = 256;

/** Computes rows one by one, or in batches by functions of many. Throws FEATURES_ON_DEMAND_FAILED, which names the function's line. */
export async function computeRows(
  onDemand: OnDemandDefinition,
  code: OnDemandFunctions,
  rows: readonly (readonly Value[])[],
): Promise<Value[][]> {
  const names = inputNames(onDemand);
  const computed = rows.map((): Value[] => []);
  for (const [index, view] of onDemand.views.entries()) {
    const places = [...view.request.map(({ name }) => name), ...view.stored.flatMap((one) => one.names)].map(
      (name): readonly [name: string, place: number] => [name, names.indexOf(name)],
    );
    // A row of its own for each call, that cannot be changed: what one call does must not reach another.
    const given = rows.map((row) =>
      Object.freeze(Object.fromEntries(places.map(([name, place]) => [name, givenValue(row[place] ?? null)]))),
    );
    const results = await computeView(view, code.functions[index], given, code);
    for (const [at, row] of given.entries())
      for (const value of checkedOutputs(view, results[at], row)) computed[at]?.push(value);
  }
  return computed;
}

/** What the function gives for each row. */
async function computeView(
  view: OnDemandView,
  own: OnDemandFunction | undefined,
  rows: readonly GivenRow[],
  { locate }: OnDemandFunctions,
): Promise<unknown[]> {
  const names = view.features.map(({ name }) => name);
  const location = view.location ?? undefined;
  const results: unknown[] = [];
  try {
    if (own?.computeBatch === undefined)
      for (const row of rows) {
        const result = own?.compute(row);
        results.push(result instanceof Promise ? await result : result);
      }
    else
      for (let from = 0; from < rows.length; from += batchRows) {
        const batch = Object.freeze(rows.slice(from, from + batchRows));
        for (const one of listOf(await own.computeBatch(batch), batch.length, location)) results.push(one);
      }
  } catch (error) {
    if (isFailure(error, "FEATURES_ON_DEMAND_FAILED")) throw error;
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
  return results;
}

function listOf(given: unknown, count: number, location: SourceLocation | undefined): readonly unknown[] {
  if (Array.isArray(given) && given.length === count) return given;
  throw fail(
    "FEATURES_ON_DEMAND_FAILED",
    `Expected computeBatch to return a list of ${count} ${count === 1 ? "object" : "objects"}, one a row, got ${Array.isArray(given) ? given.length : show(given)}`,
    { location },
  );
}

/** One row's features, in the order of the view. */
function checkedOutputs(view: OnDemandView, result: unknown, row: GivenRow): Value[] {
  const names = view.features.map(({ name }) => name);
  const location = view.location ?? undefined;
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
function givenValue(value: Value): Value {
  if (typeof value === "number") return value + 0;
  return Array.isArray(value) ? Object.freeze(value.map((one: number) => one + 0)) : value;
}

/** Undefined for a value that does not fit. */
function outputValue(feature: FeatureDefinition, value: unknown): Value | undefined {
  if (value === null || value === undefined) return feature.optional ? null : undefined;
  const { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, values } = feature;
  if (type === "number")
    return typeof value === "number" && Number.isFinite(value) && value >= min && value <= max ? value + 0 : undefined;
  if (type === "vector") return vectorOutput(value, feature.dimensions ?? 0);
  if (type === "boolean") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "string" || values?.includes(value) === false) return undefined;
  if (type !== "time") return value;
  const text = readTime(value, feature.format ?? null);
  return text === undefined ? undefined : new Date(Date.parse(text)).toISOString();
}

/** As precise as it is stored. */
function vectorOutput(value: unknown, dimensions: number): readonly number[] | undefined {
  if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView))) return undefined;
  const numbers = Array.from(value as ArrayLike<unknown>, (one) =>
    typeof one === "number" ? Math.fround(one) + 0 : Number.NaN,
  );
  return numbers.length === dimensions && numbers.every(Number.isFinite) ? numbers : undefined;
}

function expectedOutput({ type, min, max, values, dimensions }: FeatureDefinition): string {
  if (type === "vector") return `a list of ${dimensions} ${dimensions === 1 ? "number" : "numbers"}`;
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
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${(value as Uint8Array).length}`;
  if (Array.isArray(value) && value.length > 20) return `a list of ${value.length}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
