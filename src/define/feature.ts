// What a column of a feature group may hold: the words number, category, boolean, text and time.

import { checkNumber, checkOneOf, checkOptions, checkText, checkTexts, invalid } from "./check.ts";

export type FeatureType = "number" | "category" | "boolean" | "text" | "time" | "vector";

/** A feature as the user declares it. `Value` is its TypeScript type, `Optional` whether it may be missing. */
export interface Feature<Value = unknown, Optional extends boolean = boolean> {
  readonly type: FeatureType;
  readonly optional: Optional;
  /** The source's column, when it has another name than the feature. */
  readonly from?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** `,` for numbers written as 1.234,5. */
  readonly decimal?: "," | ".";
  /** How a time is written, in strptime's letters, e.g. `%d/%m/%Y`. */
  readonly format?: string;
  /** Of a vector: how many numbers it has, and how two are compared. */
  readonly dimensions?: number;
  readonly similarity?: "cosine" | "dot" | "l2";
  /** Never set: carries the value's type for the compiler. */
  readonly valueType?: Value;
}

/** By name. */
export type Features = Readonly<Record<string, Feature>>;

interface CommonOptions {
  /** The value may be missing; otherwise a row without it goes to quarantine. */
  readonly optional?: boolean;
  /** The source's column, when it has another name. */
  readonly from?: string;
  /** Shown beside the form's field. */
  readonly description?: string;
}

export interface NumberOptions extends CommonOptions {
  /** Shown wherever the number is. */
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  /** `,` for numbers written as 1.234,5. */
  readonly decimal?: "," | ".";
}

export interface CategoryOptions extends CommonOptions {
  /** The allowed values; any text when left out. */
  readonly values?: readonly string[];
}

export interface TimeOptions extends CommonOptions {
  /** How it is written, in strptime's letters, e.g. `%d/%m/%Y`. */
  readonly format?: string;
}

export type OptionalOf<Options> = Options extends { readonly optional: true } ? true : false;

/**
 * A number, with its unit and range; a row outside the range goes to quarantine.
 *
 * @example
 * number({ unit: "mm", min: 0 })
 */
export function number<const Options extends NumberOptions = NumberOptions>(
  options?: Options,
): Feature<number, OptionalOf<Options>> {
  const given = options ?? {};
  checkOptions("number()", given, [...commonOptions, "unit", "min", "max", "decimal"]);
  const { min, max, decimal } = given as NumberOptions;
  if (min !== undefined) checkNumber("number().min", min);
  if (max !== undefined) checkNumber("number().max", max);
  if (min !== undefined && max !== undefined && min > max) throw invalid("number().min", `at most max (${max})`, min);
  if (decimal !== undefined && decimal !== "," && decimal !== ".")
    throw invalid("number().decimal", '"," or "."', decimal);
  return feature("number", given) as Feature<number, OptionalOf<Options>>;
}

type TextOf<Options> = Options extends { readonly values: readonly (infer Text extends string)[] } ? Text : string;

/**
 * One of a set of texts; a row with a value outside `values` goes to quarantine.
 *
 * @example
 * category({ values: ["sun", "rain", "snow"] })
 */
export function category<const Options extends CategoryOptions = CategoryOptions>(
  options?: Options,
): Feature<TextOf<Options>, OptionalOf<Options>> {
  const given = options ?? {};
  checkOptions("category()", given, [...commonOptions, "values"]);
  const { values } = given as CategoryOptions;
  if (values !== undefined) {
    checkTexts("category().values", values);
    if (new Set(values).size < values.length) throw invalid("category().values", "each value once", values);
  }
  return feature("category", given) as Feature<TextOf<Options>, OptionalOf<Options>>;
}

/** Yes or no, written as true/false, yes/no or 1/0 in the source. */
export function boolean<const Options extends CommonOptions = CommonOptions>(
  options?: Options,
): Feature<boolean, OptionalOf<Options>> {
  checkOptions("boolean()", options ?? {}, commonOptions);
  return feature("boolean", options ?? {}) as Feature<boolean, OptionalOf<Options>>;
}

/** Free text. */
export function text<const Options extends CommonOptions = CommonOptions>(
  options?: Options,
): Feature<string, OptionalOf<Options>> {
  checkOptions("text()", options ?? {}, commonOptions);
  return feature("text", options ?? {}) as Feature<string, OptionalOf<Options>>;
}

/** A point in time; ISO 8601 in the source unless a `format` is given. In requests an ISO text. */
export function time<const Options extends TimeOptions = TimeOptions>(
  options?: Options,
): Feature<string, OptionalOf<Options>> {
  const given = options ?? {};
  checkOptions("time()", given, [...commonOptions, "format"]);
  return feature("time", given) as Feature<string, OptionalOf<Options>>;
}

export interface VectorOptions extends CommonOptions {
  /** How many numbers each has; a row with more or fewer goes to quarantine. */
  readonly dimensions: number;
  /** How two are compared: by their angle (the default), their product, or their distance. */
  readonly similarity?: "cosine" | "dot" | "l2";
}

/**
 * A list of numbers such as an embedding, written as JSON in the source, kept as 32-bit floats. `pentad search` finds the nearest;
 * a training takes it when it names it (`pick("meaning")`), and its model treats it as one feature.
 *
 * @example
 * vector({ dimensions: 384 })
 */
export function vector<const Options extends VectorOptions>(
  options: Options,
): Feature<readonly number[], OptionalOf<Options>> {
  checkOptions("vector()", options, [...commonOptions, "dimensions", "similarity"]);
  const { dimensions, similarity } = options as VectorOptions;
  checkNumber("vector().dimensions", dimensions, { min: 1, max: 10_000 });
  if (!Number.isInteger(dimensions)) throw invalid("vector().dimensions", "a whole number", dimensions);
  if (similarity !== undefined) checkOneOf("vector().similarity", similarity, ["cosine", "dot", "l2"]);
  return feature("vector", options) as Feature<readonly number[], OptionalOf<Options>>;
}

const commonOptions = ["optional", "from", "description"];

export function feature(type: FeatureType, options: object): Feature {
  const { optional, from } = options as CommonOptions;
  if (optional !== undefined && typeof optional !== "boolean")
    throw invalid(`${type}().optional`, "true or false", optional);
  if (from !== undefined) checkText(`${type}().from`, from);
  return { ...options, type, optional: optional === true };
}
