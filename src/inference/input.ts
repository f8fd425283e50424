// Checks a request against the feature schema: every wrong field is named, with what was expected and what it got.

import { fail } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import { nearest } from "../define/check.ts";
import type { FeatureField } from "../features/fields.ts";
import { exampleTime, readTime } from "../features/time-text.ts";

export interface InputSchema {
  /** What a request may hold: its own fields, and the stored features behind the model. */
  readonly fields: readonly FeatureField[];
  /** The columns of the key, when a stored row can be asked for. */
  readonly key: readonly string[];
  /** Other columns of the source: a row as it stands there is a valid request, these are left unread. */
  readonly ignored: ReadonlySet<string>;
}

export interface FieldProblem {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

export interface CheckedInput {
  /** What the request gave, by feature; null for "missing" said explicitly. */
  readonly given: ReadonlyMap<string, Value>;
  /** The values of the key's columns that the request names, by column. */
  readonly key: ReadonlyMap<string, string>;
}

/** Throws INFERENCE_INPUT_INVALID with `details.fields` for the first row that does not fit; `row` is its index in a batch. */
export function checkInput(schema: InputSchema, input: unknown, row: number | null = null): CheckedInput {
  if (!isObject(input)) throw invalid([{ field: "", expected: "an object of inputs", got: describeValue(input) }], row);
  const fields = fieldsByName(schema);
  const problems: FieldProblem[] = [];
  const given = new Map<string, Value>();
  for (const [name, value] of flatEntries(input, schema, fields)) {
    const field = fields.get(name);
    if (field !== undefined) {
      const expected = mismatch(field, value);
      if (expected === null) given.set(field.name, plainValue(field, value));
      else problems.push({ field: name, expected, got: describeGiven(field, value) });
    } else if (schema.key.includes(name)) {
      if (value !== null && !["string", "number", "boolean"].includes(typeof value))
        problems.push({ field: name, expected: "a key: a text or a number", got: describeValue(value) });
    } else if (!schema.ignored.has(name)) {
      const known = [...fields.keys(), ...schema.key];
      const near = nearest(name, known);
      problems.push({
        field: name,
        expected:
          near === undefined
            ? `one of the inputs ${list(known)}`
            : `one of the inputs; did you mean ${JSON.stringify(near)}?`,
        got: "an unknown field",
      });
    }
  }
  if (problems.length > 0) throw invalid(problems, row);
  const named = schema.key.filter((name) => input[name] !== undefined && input[name] !== null);
  return { given, key: new Map(named.map((name) => [name, String(input[name])])) };
}

/** What of the key a request that passed the check names: column → value; null when nothing. */
export function entityOf({ key }: InputSchema, input: unknown): Record<string, string> | null {
  const values = isObject(input) ? (input as Record<string, unknown>) : {};
  const named = key.filter((column) => values[column] !== undefined && values[column] !== null);
  return named.length === 0 ? null : Object.fromEntries(named.map((column) => [column, String(values[column]).trim()]));
}

/** Fields by their own name, and by their source's column where no other field is called that. */
function fieldsByName({ fields }: InputSchema): ReadonlyMap<string, FeatureField> {
  const columns = fields.flatMap((field): [string, FeatureField][] =>
    field.from === undefined ? [] : [[field.from, field]],
  );
  return new Map([...columns, ...fields.map((field): [string, FeatureField] => [field.name, field])]);
}

/** JSON rows may be nested as in their source: `{"size": {"width": 2}}` gives `size.width`. */
function flatEntries(
  input: object,
  schema: InputSchema,
  fields: ReadonlyMap<string, FeatureField>,
): [name: string, value: unknown][] {
  const nests = (name: string) =>
    [...fields.keys(), ...schema.key, ...schema.ignored].some((one) => one.startsWith(`${name}.`));
  const flatten = (name: string, value: unknown): [string, unknown][] =>
    isObject(value) && !fields.has(name) && nests(name)
      ? Object.entries(value).flatMap(([inner, one]) => flatten(`${name}.${inner}`, one))
      : [[name, value]];
  return Object.entries(input).flatMap(([name, value]) => flatten(name, value));
}

/** Throws INFERENCE_INPUT_INVALID naming every required feature that has no value; `hint` says why none was found. */
export function checkComplete(
  schema: InputSchema,
  values: ReadonlyMap<string, Value>,
  row: number | null = null,
  hint?: string,
): void {
  const problems = schema.fields
    .filter((field) => field.required && (values.get(field.name) ?? null) === null)
    .map((field) => ({ field: field.name, expected: expectation(field), got: "nothing" }));
  if (problems.length > 0) throw invalid(problems, row, hint);
}

/** A model squares and adds its inputs: larger numbers would only come to infinity. */
const largest = 1e100;

/** Null when the value fits; otherwise what was expected. Ranges are told, not enforced, for values that were never seen. */
function mismatch(field: FeatureField, value: unknown): string | null {
  if (value === null || value === undefined) return field.required ? expectation(field) : null;
  switch (field.type) {
    case "number":
      if (typeof value === "number" && Math.abs(value) > largest) return `a number from ${-largest} to ${largest}`;
      return typeof value === "number" &&
        Number.isFinite(value) &&
        (field.min === null || value >= field.min) &&
        (field.max === null || value <= field.max)
        ? null
        : expectation(field);
    case "boolean":
      return truth(value) === undefined ? expectation(field) : null;
    case "category":
      return categoryText(value) !== undefined &&
        (field.values === null || field.values.includes(categoryText(value) as string))
        ? null
        : expectation(field);
    case "text":
      return typeof value === "string" ? null : expectation(field);
    case "time":
      return readTime(value, field.format ?? null) === undefined ? expectation(field) : null;
    case "vector":
      return isVector(value, field.dimensions) ? null : expectation(field);
  }
}

/**
 * Categories may come as numbers or booleans ("1" as 1), the way typed clients hold them; booleans and times in the
 * words of their source.
 */
function plainValue(field: FeatureField, value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (field.type === "category") return categoryText(value) ?? null;
  if (field.type === "boolean") return truth(value) ?? null;
  if (field.type === "time") return readTime(value, field.format ?? null) ?? null;
  // As precise as it is stored.
  if (field.type === "vector") return Array.from(value as readonly number[], (one) => Math.fround(one) + 0);
  return value as Value;
}

/** Numbers that a 32-bit float holds. */
function isVector(value: unknown, dimensions: number | undefined): boolean {
  return (
    Array.isArray(value) &&
    value.length === dimensions &&
    value.every((one) => typeof one === "number" && Number.isFinite(Math.fround(one)))
  );
}

/** Lists are texts of JSON, as the source reads them. */
function categoryText(value: unknown): string | undefined {
  if (Array.isArray(value)) return JSON.stringify(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

const yes = new Set(["true", "t", "yes", "y", "1", "1.0", "on"]);
const no = new Set(["false", "f", "no", "n", "0", "0.0", "off"]);

/** The words that a data component takes for a boolean are one here too. */
function truth(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const word = String(value).trim().toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : undefined;
}

export function expectation(field: FeatureField): string {
  const unit = field.unit === null ? "" : ` in ${field.unit}`;
  switch (field.type) {
    case "number": {
      const { min, max } = field;
      if (min !== null && max !== null) return `a number${unit} from ${min} to ${max}`;
      return `a number${unit}${min !== null ? ` of at least ${min}` : max !== null ? ` of at most ${max}` : ""}`;
    }
    case "boolean":
      return "true or false";
    case "category":
      return field.values === null ? "a text" : `one of ${list(field.values.map((value) => JSON.stringify(value)))}`;
    case "text":
      return "a text";
    case "vector": {
      const numbers = `a list of ${field.dimensions} ${field.dimensions === 1 ? "number" : "numbers"}`;
      return field.of === undefined ? numbers : `${numbers}, or its text in ${field.of.join(" or ")}`;
    }
    case "time": {
      const example = field.format === undefined || field.format === null ? undefined : exampleTime(field.format);
      return example === undefined
        ? "a time as an ISO 8601 text"
        : `a time written like ${JSON.stringify(example)}, or as an ISO 8601 text`;
    }
  }
}

function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return `the ${typeof value === "string" ? "text" : typeof value} ${short}`;
}

function describeGiven(field: FeatureField, value: unknown): string {
  if (field.type !== "vector" || !Array.isArray(value)) return describeValue(value);
  const odd = value.findIndex((one) => typeof one !== "number" || !Number.isFinite(Math.fround(one)));
  if (value.length === 0 || odd < 0) return `a list of ${value.length}`;
  return `a list of ${value.length} with ${describeValue(value[odd])} at ${odd}`;
}

function list(names: readonly string[]): string {
  return names.length <= 12 ? names.join(", ") : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`;
}

function invalid(problems: readonly FieldProblem[], row: number | null, hint?: string) {
  const where = row === null ? "" : `row ${row}: `;
  const message = problems
    .map(({ field, expected, got }) => `${field === "" ? "" : `${field}: `}expected ${expected}, got ${got}`)
    .join("; ");
  const [first] = problems as [FieldProblem];
  return fail(
    "INFERENCE_INPUT_INVALID",
    where + (first.field === "" ? message[0]?.toUpperCase() + message.slice(1) : message),
    {
      ...(hint === undefined ? {} : { hint }),
      details: { fields: problems, ...(row === null ? {} : { row }) },
    },
  );
}
