// On-demand features: a function of the request and of stored features, the same code in training and in serving.

import { isObject } from "../base/json.ts";
import { checkOptions, invalid, nearest } from "./check.ts";
import type { DataOptions } from "./data-options.ts";
import type { Feature, Features } from "./feature.ts";
import type { Labels } from "./label.ts";
import type { FeatureReference, FeatureSelection } from "./selection.ts";
import type { Windows } from "./window.ts";

type Stored = FeatureSelection | FeatureReference;
type ValueOf<T> = T extends { readonly valueType?: infer Value } ? Exclude<Value, undefined> : never;
type Flat<T> = { -readonly [K in keyof T]: T[K] } & {};
type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The values of declared features: those that are optional may be null. */
type Values<F extends Features> = {
  readonly [N in keyof F]: F[N] extends Feature<unknown, false> ? ValueOf<F[N]> : ValueOf<F[N]> | null;
};
type StoredValues<S> = S extends { readonly valuesType?: infer Known } ? Exclude<Known, undefined> : never;
type StoredInputs<S> = S extends { readonly inputsType?: infer Known } ? Exclude<Known, undefined> : never;

/** What is computed: a vector may be any list of its numbers, such as a `Float32Array`. */
type Outputs<F extends Features> = {
  readonly [N in keyof F]: F[N] extends Feature<unknown, false> ? OutputOf<F[N]> : OutputOf<F[N]> | null;
};
type OutputOf<T> = ValueOf<T> extends readonly number[] ? ArrayLike<number> : ValueOf<T>;

/** What `compute` is given: the request's fields, and the stored features, which may be missing. */
export type OnDemandRow<R extends Features, S extends readonly Stored[]> = Flat<
  Values<R> & ([S[number]] extends [never] ? unknown : Intersection<StoredValues<S[number]>>)
>;

type RequestInputs<R extends Features> = {
  [N in keyof R as R[N] extends Feature<unknown, false> ? N : never]: ValueOf<R[N]>;
} & { [N in keyof R as R[N] extends Feature<unknown, false> ? never : N]?: ValueOf<R[N]> | null };

interface OnDemandParts<R extends Features, S extends readonly Stored[], F extends Features> {
  /**
   * What a request gives: name → `number()`, `category()` … While training, the label's row gives it: its feature, key or
   * event time of that name, or of the name in `from`.
   */
  readonly request?: R;
  /** Stored features beside the request, as known at that time: `[shops.pick("lat", "lon")]`. */
  readonly stored?: S;
  /** What is computed: name → `number()`, `category()`, `vector()` … */
  readonly features: F;
}

/** Either of the two functions; without side effects, clock or chance. Missing values are null. */
export type OnDemandOptions<R extends Features, S extends readonly Stored[], F extends Features> = OnDemandParts<
  R,
  S,
  F
> &
  (
    | {
        /** One row in, its features out. */
        readonly compute: (row: OnDemandRow<R, S>) => Outputs<F> | Promise<Outputs<F>>;
        readonly computeBatch?: never;
      }
    | {
        /** Many rows in (up to 256), the features of each out, in the same order: for what is quicker together, such as embeddings. */
        readonly computeBatch: (
          rows: readonly OnDemandRow<R, S>[],
        ) => readonly Outputs<F>[] | Promise<readonly Outputs<F>[]>;
        readonly compute?: never;
      }
  );

/** One or more on-demand features, as a training names them; `Inputs` are the types in a request. */
export interface OnDemand<Inputs = unknown> {
  readonly onDemand: OnDemandOptions<Features, readonly Stored[], Features>;
  /** Where it was declared, as a stack trace. */
  readonly declaredAt: string;
  readonly inputsType?: Inputs;
}

type NoFeatures = Readonly<Record<never, never>>;

/**
 * Features that are computed when they are asked for, from the request and from stored features.
 *
 * @example
 * onDemand({
 *   request: { temperature: number({ unit: "°C" }) },
 *   stored: [weather.pick("temp_max")],
 *   features: { warmer: number({ unit: "°C", optional: true }) },
 *   compute: ({ temperature, temp_max }) => ({ warmer: temp_max === null ? null : temperature - temp_max }),
 * });
 */
export function onDemand<
  const F extends Features,
  const R extends Features = NoFeatures,
  const S extends readonly Stored[] = readonly [],
>(
  options: OnDemandOptions<R, S, F>,
): OnDemand<Flat<RequestInputs<R> & ([S[number]] extends [never] ? unknown : Intersection<StoredInputs<S[number]>>)>> {
  checkOptions("onDemand()", options, ["request", "stored", "features", "compute", "computeBatch"]);
  const { request = {}, stored = [], features, compute, computeBatch } = options;
  checkFeatures("request", request);
  checkFeatures("features", features);
  if (Object.keys(features).length === 0) throw invalid("features", "at least one feature that is computed", features);
  if (!Array.isArray(stored)) throw invalid("stored", 'a list such as [shops.pick("lat")]', stored);
  for (const one of stored as readonly Stored[])
    if (!isObject(one) || !("names" in one || "feature" in one))
      throw invalid("stored", 'shops.pick("lat"), shops.all() or shops.features.lat', one);
  if (computeBatch === undefined) {
    if (typeof compute !== "function") throw invalid("compute", "a function of one row", compute);
  } else if (typeof computeBatch !== "function")
    throw invalid("computeBatch", "a function of a list of rows", computeBatch);
  else if (compute !== undefined) throw invalid("compute", "one of compute and computeBatch", "both");
  const inputs = [...Object.keys(request), ...(stored as readonly Stored[]).flatMap(namesOf)];
  if (inputs.length === 0) throw invalid("request", "fields in request or features in stored to compute from", request);
  const taken = new Set<string>();
  for (const [field, names] of [
    ["stored", inputs],
    ["features", Object.keys(features)],
  ] as const)
    for (const name of names) {
      if (taken.has(name)) throw invalid(field, "every name once in request, stored and features", name);
      taken.add(name);
    }
  return { onDemand: options as never, declaredAt: new Error("declared").stack ?? "" };
}

/** The names that a selection or a single feature stands for. */
export function namesOf(selection: Stored): readonly string[] {
  return "names" in selection ? selection.names : [selection.feature];
}

export function isOnDemand(selection: unknown): selection is OnDemand {
  return isObject(selection) && "onDemand" in selection;
}

function checkFeatures(field: string, features: unknown): void {
  if (!isObject(features)) throw invalid(field, "an object of features such as { amount: number() }", features);
  for (const [name, feature] of Object.entries(features)) {
    if (!isObject(feature) || typeof feature.type !== "string")
      throw invalid(`${field}.${name}`, "number(), category(), boolean(), text(), time() or vector()", feature);
    if (name.startsWith("_")) throw invalid(`${field}.${name}`, "a name that does not begin with an underscore", name);
  }
}

type AnyData = DataOptions<Features, Windows, Labels, string, string | { readonly column: string }>;

/** A training takes request fields from its label's rows: each must be a feature, a key or the event time there. */
export function checkRequest({ onDemand: { request = {} } }: OnDemand, label: AnyData, labelName: string): void {
  const keys = label.key === undefined ? [] : typeof label.key === "string" ? [label.key] : label.key;
  const event = typeof label.eventTime === "string" ? label.eventTime : label.eventTime?.column;
  const known = [...new Set([...Object.keys(label.features), ...keys, ...(event === undefined ? [] : [event])])];
  for (const [name, { type, dimensions, from = name }] of Object.entries(request)) {
    if (!known.includes(from)) {
      const near = nearest(from, known);
      throw invalid(
        `request.${name}`,
        `a feature, a key or the event time of the rows with the label ${labelName} (${known.join(", ")})`,
        from,
        near === undefined
          ? `While training, the label's row gives it: add it to that data component's features, or name its column there: ${type}({ from: … })`
          : `Did you mean "${near}"? With another name there, say ${type}({ from: "${near}" })`,
      );
    }
    const column = Object.hasOwn(label.features, from) ? (label.features[from] as Feature) : null;
    const there = column?.type ?? null;
    if (column !== null && type === "vector" && there === "vector" && column.dimensions !== dimensions)
      throw invalid(
        `request.${name}.dimensions`,
        `${column.dimensions}, as ${JSON.stringify(from)} has in the label's rows`,
        dimensions,
      );
    const fits =
      there === null
        ? from === event
          ? type === "time"
          : type === "category" || type === "text"
        : there === type || (isTextual(there) && isTextual(type));
    if (!fits)
      throw invalid(
        `request.${name}`,
        `${there ?? (from === event ? "time" : "category")}(), which ${JSON.stringify(from)} is in the label's rows`,
        `${type}()`,
      );
  }
}

function isTextual(type: string): boolean {
  return type === "category" || type === "text";
}
