// Turns what people type into the product page's form into a request, and the server's refusals into words beside the fields; pure.

import type { AppField } from "../../src/http/api.ts";
import { humanName, listText, numberText, valueText, withUnit } from "./words.ts";

type Value = AppField["default"];

/** What stands in the form: a text per field, empty for unknown. */
export type FieldTexts = Readonly<Record<string, string>>;

/** The form as it opens: the typical values of the data. */
export function startTexts(fields: readonly AppField[]): FieldTexts {
  return Object.fromEntries(fields.map((field) => [field.name, fieldText(field, field.default)]));
}

/** A value as its field's control holds it. */
export function fieldText(field: AppField, value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (field.type === "time") return typeof value === "string" ? value.slice(0, isDateOnly(field) ? 10 : 16) : "";
  return typeof value === "number" ? typedNumber(value) : String(value);
}

/** A number as the form writes it: six digits that matter, and thousands separated once there are many. */
export function typedNumber(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return Math.abs(rounded) < 10_000 || Math.abs(rounded) >= 1e15
    ? String(rounded)
    : new Intl.NumberFormat("en", { maximumFractionDigits: 6 }).format(rounded);
}

/** A time whose typical value is a midnight is asked for as a date. */
export function isDateOnly(field: AppField): boolean {
  return typeof field.default !== "string" || /^\d{4}-\d{2}-\d{2}(T00:00(:00(\.0+)?)?Z?)?$/.test(field.default);
}

/** Reads a number as people write it: `3.2`, `3,2`, `1,234.5`, `1.234,5`, `1 234`, `−4`; null when it is none. */
export function parseNumber(text: string): number | null {
  const compact = text
    .trim()
    .replace(/[\s'’_]/g, "")
    .replace(/^[−–]/, "-");
  const lastComma = compact.lastIndexOf(",");
  const lastPoint = compact.lastIndexOf(".");
  let plain = compact;
  if (lastComma >= 0 && lastPoint >= 0)
    plain = lastComma > lastPoint ? compact.replaceAll(".", "").replace(",", ".") : compact.replaceAll(",", "");
  else if (lastComma >= 0)
    plain = /^-?[1-9]\d{0,2}(,\d{3})+$/.test(compact) ? compact.replaceAll(",", "") : compact.replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

export type FieldErrors = Readonly<Record<string, string>>;

export interface FormRequest {
  readonly body: Readonly<Record<string, Value>>;
  readonly errors: FieldErrors;
}

/**
 * The request of a filled form. `stored` is the key of the entity whose newest stored values fill what was left empty;
 * without one, an empty optional field is sent as null, which says "unknown" and keeps the store from filling it.
 */
export function toRequest(
  fields: readonly AppField[],
  texts: FieldTexts,
  stored: Readonly<Record<string, Value>> | null,
): FormRequest {
  const body: Record<string, Value> = { ...stored };
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const text = (texts[field.name] ?? "").trim();
    if (text === "") {
      if (stored !== null) continue;
      if (!field.required) body[field.name] = null;
      else if (field.type === "text") body[field.name] = "";
      else errors[field.name] = `${field.label} is needed`;
      continue;
    }
    const value = toValue(field, text);
    if (value === undefined) errors[field.name] = `${wanted(field)} needed here, not “${shortened(text)}”`;
    else body[field.name] = value;
  }
  return { body, errors };
}

function wanted(field: AppField): string {
  return field.type === "vector" ? `A list of ${field.dimensions} numbers, such as [0.1, 0.2, …], is` : "A number is";
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

/** A vector as people paste it: a list, with or without its brackets. */
function parseVector(text: string, dimensions: number | undefined): readonly number[] | undefined {
  const numbers = text
    .replace(/^\[|\]$/g, "")
    .split(/[\s,;]+/)
    .filter((one) => one !== "")
    .map(Number);
  return numbers.length === dimensions && numbers.every(Number.isFinite) ? numbers : undefined;
}

function toValue(field: AppField, text: string): Value | undefined {
  if (field.type === "vector") return parseVector(text, field.dimensions);
  if (field.type === "number") return parseNumber(text) ?? undefined;
  if (field.type === "boolean") return text === "true";
  if (field.type === "time") return text.length === 16 ? `${text}:00Z` : text;
  return text;
}

export interface RefusedField {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** The fields of an INFERENCE_INPUT_INVALID error, whatever else `details` may hold. */
export function refusedFields(details: Readonly<Record<string, unknown>> | undefined): readonly RefusedField[] {
  const listed = details?.fields;
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    const { field, expected, got } = entry as Record<string, unknown>;
    return typeof field === "string" ? [{ field, expected: phrase(expected), got: phrase(got) }] : [];
  });
}

function phrase(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Server refusals as sentences, by field; those about no field of the form come apart, for the form's own notice. */
export function refusalTexts(
  fields: readonly AppField[],
  refused: readonly RefusedField[],
): { readonly byField: FieldErrors; readonly others: readonly string[] } {
  const known = new Set(fields.map((field) => field.name));
  const byField: Record<string, string> = {};
  const others: string[] = [];
  for (const { field, expected, got } of refused) {
    const text = `Expected ${expected}${got === "" ? "" : `, got ${got}`}`;
    if (known.has(field)) byField[field] = text;
    else others.push(`${field}: ${text.charAt(0).toLowerCase()}${text.slice(1)}`);
  }
  return { byField, others };
}

/** What the field's small print says: its description, and its range where no slider shows it. */
export function fieldHint(field: AppField): string | null {
  const description = field.description?.replace(/\.$/, "") ?? "";
  const range =
    field.type === "vector"
      ? `a list of ${field.dimensions} numbers`
      : hasSlider(field)
        ? ""
        : (rangeText(field) ?? "");
  return [description, range].filter((part) => part !== "").join(" · ") || null;
}

export function rangeText(field: AppField): string | null {
  const { min, max, unit } = field;
  if (min !== null && max !== null) return withUnit(`${numberText(min)} to ${numberText(max)}`, unit);
  if (min !== null) return `${withUnit(numberText(min), unit)} or more`;
  return max === null ? null : `${withUnit(numberText(max), unit)} or less`;
}

export function hasSlider(field: AppField): boolean {
  return field.type === "number" && field.min !== null && field.max !== null && field.max > field.min;
}

/** A gentle word when a number lies outside what the model has seen; null when it does not. */
export function outsideText(field: AppField, text: string): string | null {
  if (field.type !== "number") return null;
  const value = parseNumber(text);
  const range = rangeText(field);
  if (value === null || range === null) return null;
  const outside = (field.min !== null && value < field.min) || (field.max !== null && value > field.max);
  return outside ? `Outside the known range, ${range}` : null;
}

/** The step of a slider and of the arrow keys. */
export function stepOf(field: AppField): number {
  if (field.step !== null && field.step > 0) return field.step;
  const span = (field.max ?? 0) - (field.min ?? 0);
  return span > 0 ? 10 ** Math.floor(Math.log10(span / 50)) : 1;
}

/** The text after one press of an arrow key, kept inside the field's range and free of rounding dust. */
export function stepped(field: AppField, text: string, direction: 1 | -1): string {
  const step = stepOf(field);
  const from = parseNumber(text) ?? (typeof field.default === "number" ? field.default : (field.min ?? 0));
  const next = Math.min(
    field.max ?? Number.POSITIVE_INFINITY,
    Math.max(field.min ?? Number.NEGATIVE_INFINITY, from + direction * step),
  );
  return typedNumber(next);
}

/** How an entity is named to people: `city Seattle`, `city Seattle and station 12`. */
export function entityText(entity: Readonly<Record<string, Value>>): string {
  return listText(
    Object.entries(entity).map(([column, value]) => `${humanName(column).toLowerCase()} ${valueText(value)}`),
  );
}

/** A word of warning when the store knew nothing of the chosen entity, so that what was left empty is unknown; null otherwise. */
export function unknownEntityText(
  entity: Readonly<Record<string, Value>> | null,
  fields: readonly AppField[],
  texts: FieldTexts,
  dataSeconds: number | null,
): string | null {
  if (entity === null || Object.keys(entity).length === 0 || dataSeconds !== null) return null;
  const leftEmpty = fields.some((field) => (texts[field.name] ?? "").trim() === "");
  return leftEmpty ? `Nothing is stored for ${entityText(entity)}, so what you left empty counts as unknown` : null;
}

/** True when the server misses values only because nothing is stored for the chosen entity. */
export function isUnknownEntity(
  entity: Readonly<Record<string, Value>> | null,
  refused: readonly RefusedField[],
): boolean {
  return entity !== null && refused.length > 0 && refused.every((each) => each.got === "nothing");
}
