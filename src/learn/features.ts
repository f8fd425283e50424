// The columns that a model knows, and how tables and rows become its numbers: NaN for missing, category codes of its own dictionary.

import type { JsonObject } from "../base/json.ts";
import { type Column, type Table, type Value, valueAt } from "../base/table.ts";
import { type Feature, type Numbers, partsOf, type VectorPart, wholeFeatures } from "./feature.ts";

export type { Feature, Numbers } from "./feature.ts";

/** One row: values in the order of the model's features, or by name. What is absent, null or unknown counts as missing. */
export type Row = readonly Value[] | Readonly<Record<string, Value>>;

/** The features of a training table, in its order, vectors as their numbers; text columns only for models that can read them. */
export function featuresOf(table: Table, options: { text: boolean }): Feature[] {
  const features: Feature[] = [];
  for (const [name, column] of table.columns) {
    if (column.type === "text" && !options.text) continue;
    if (column.type === "vector") {
      for (const part of partsOf(name, column.lanes.length)) features.push(part);
      continue;
    }
    features.push(
      column.type === "category"
        ? { name, type: "category", dictionary: column.dictionary }
        : { name, type: column.type },
    );
  }
  return features;
}

/** True when the column holds at least two different values, missing being one: only such a column can teach anything. */
export function varies(column: Column): boolean {
  if (column.type === "vector") return column.lanes.some(differs);
  return differs(column.type === "category" ? column.codes : column.values);
}

function differs(values: ArrayLike<unknown>): boolean {
  for (let row = 1; row < values.length; row++) if (!Object.is(values[row], values[0])) return true;
  return false;
}

/** The features as they stand in an artifact's meta. */
export function featuresToJson(features: readonly Feature[]): JsonObject[] {
  return wholeFeatures(features).map(({ name, type, dictionary, dimensions }) => ({
    name,
    type,
    ...(dictionary === undefined ? {} : { dictionary }),
    ...(dimensions === undefined ? {} : { dimensions }),
  }));
}

/**
 * One array of rowCount numbers per feature. Absent columns, infinite numbers and unknown categories become NaN (missing);
 * a column of another type than the model's is read through its text. The table's own arrays are returned where they fit. A text
 * feature's array is empty: see `textsOf`.
 */
export function encodeTable(features: readonly Feature[], table: Table): Numbers[] {
  let absent: Float32Array | undefined;
  return features.map((feature) => {
    if (feature.type === "text") return new Float64Array(0);
    if (feature.part !== undefined) {
      const lane = laneOf(feature.part, table);
      if (lane !== undefined) return finiteNumbers(lane);
      absent ??= new Float32Array(table.rowCount).fill(Number.NaN);
      return absent;
    }
    const column = table.columns.get(feature.name);
    if (column === undefined) return new Float64Array(table.rowCount).fill(Number.NaN);
    return feature.type === "category" ? categoryCodes(feature.dictionary ?? [], column) : numbers(feature, column);
  });
}

/** Undefined for an absent vector, and for one of another length. */
function laneOf({ of, index, dimensions }: VectorPart, table: Table): Float32Array | undefined {
  const column = table.columns.get(of);
  return column?.type === "vector" && column.lanes.length === dimensions ? column.lanes[index] : undefined;
}

/** The texts of each text feature per row; undefined for other features, and for a column that is absent. */
export function textsOf(features: readonly Feature[], table: Table): (readonly (string | null)[] | undefined)[] {
  return features.map(({ name, type }) => {
    const column = table.columns.get(name);
    if (type !== "text" || column === undefined) return undefined;
    if (column.type === "text") return column.values;
    return Array.from({ length: table.rowCount }, (_, row) => {
      const value = valueAt(column, row);
      return value === null ? null : String(value);
    });
  });
}

/** Writes one row into an array with a place per feature, by the rules of `encodeTable`; a list of values holds a vector as one. */
export function rowEncoder(
  features: readonly Feature[],
): (row: Row, into: Float64Array, texts: (string | null)[]) => void {
  if (features.some(({ part }) => part !== undefined)) return vectorRowEncoder(features);
  const names = features.map((feature) => feature.name);
  const readers = features.map((feature) => valueReader(feature));
  const count = features.length;
  const textPlaces = [...features.keys()].filter((f) => features[f]!.type === "text");
  return (row, into, texts) => {
    const list = Array.isArray(row) ? (row as readonly Value[]) : undefined;
    const record = row as Readonly<Record<string, Value>>;
    for (let i = 0; i < count; i++) {
      const value = list === undefined ? record[names[i]!] : list[i];
      // Plain numbers are the common case; everything inherited from Object.prototype is no number, text or boolean.
      const reader = readers[i];
      into[i] =
        reader === undefined
          ? typeof value === "number" && value - value === 0
            ? value
            : looseNumber(value)
          : reader(value);
    }
    for (const f of textPlaces) {
      const value = list === undefined ? record[names[f]!] : list[f];
      texts[f] = typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
    }
  };
}

/** Encodes the other features by themselves, and lays vectors between them. */
function vectorRowEncoder(features: readonly Feature[]): ReturnType<typeof rowEncoder> {
  const wholes = wholeFeatures(features);
  const places: number[] = [];
  for (const [f, { part }] of features.entries()) if ((part?.index ?? 0) === 0) places.push(f);
  const others = [...wholes.keys()].filter((w) => wholes[w]!.type !== "vector");
  const vectors = [...wholes.keys()].filter((w) => wholes[w]!.type === "vector");
  const encodeOthers = rowEncoder(others.map((w) => wholes[w]!));
  const numbers = new Float64Array(others.length);
  const ownTexts = new Array<string | null>(others.length).fill(null);
  return (row, into, texts) => {
    const list = Array.isArray(row) ? (row as readonly Value[]) : undefined;
    const record = row as Readonly<Record<string, Value>>;
    encodeOthers(list === undefined ? record : others.map((w) => list[w] ?? null), numbers, ownTexts);
    for (let i = 0; i < others.length; i++) {
      into[places[others[i]!]!] = numbers[i]!;
      texts[places[others[i]!]!] = ownTexts[i]!;
    }
    for (const w of vectors) {
      const { name, dimensions = 0 } = wholes[w]!;
      const value = list === undefined ? record[name] : list[w];
      const at = places[w]!;
      if (!Array.isArray(value) || value.length !== dimensions) into.fill(Number.NaN, at, at + dimensions);
      // As precise as the training set holds it.
      else for (let i = 0; i < dimensions; i++) into[at + i] = finiteOrMissing(Math.fround(value[i] as number));
    }
  };
}

function valueReader(feature: Feature): ((value: Value | undefined) => number) | undefined {
  if (feature.type === "time") return timeOf;
  if (feature.type !== "category") return undefined;
  const codes = new Map((feature.dictionary ?? []).map((text, code) => [text, code]));
  return (value) => {
    if (typeof value === "string") return codes.get(value) ?? Number.NaN;
    return typeof value === "number" || typeof value === "boolean"
      ? (codes.get(String(value)) ?? Number.NaN)
      : Number.NaN;
  };
}

function looseNumber(value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || value.trim() === "") return Number.NaN;
  if (value === "true") return 1;
  if (value === "false") return 0;
  return finiteOrMissing(Number(value));
}

/** Milliseconds since 1970 of a number or a text; NaN for all else. */
export function timeOf(value: unknown): number {
  if (typeof value === "number") return finiteOrMissing(value);
  return typeof value === "string" ? Date.parse(value) : Number.NaN;
}

function finiteOrMissing(value: number): number {
  return value - value === 0 ? value : Number.NaN;
}

function numbers(feature: Feature, column: Column): Numbers {
  if (column.type === "vector") return new Float64Array(column.lanes[0]?.length ?? 0).fill(Number.NaN);
  const read = feature.type === "time" ? timeOf : looseNumber;
  if (column.type === "text") return Float64Array.from(column.values, (text) => read(text));
  if (column.type === "category") {
    const meaning = Float64Array.from(column.dictionary, (text) => read(text));
    return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : (meaning[code] ?? Number.NaN)));
  }
  return finiteNumbers(column.values);
}

function finiteNumbers(values: Numbers): Numbers {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === Number.POSITIVE_INFINITY || values[i] === Number.NEGATIVE_INFINITY)
      return values.map(finiteOrMissing);
  }
  return values;
}

function categoryCodes(dictionary: readonly string[], column: Column): Float64Array {
  const known = new Map(dictionary.map((text, code) => [text, code]));
  if (column.type === "category") {
    const same = column.dictionary === dictionary;
    const meaning = same ? undefined : Float64Array.from(column.dictionary, (text) => known.get(text) ?? Number.NaN);
    const codes = new Float64Array(column.codes.length);
    for (let i = 0; i < codes.length; i++) {
      const code = column.codes[i]!;
      codes[i] = code < 0 ? Number.NaN : meaning === undefined ? code : (meaning[code] ?? Number.NaN);
    }
    return codes;
  }
  if (column.type === "text")
    return Float64Array.from(column.values, (text) => (text === null ? Number.NaN : (known.get(text) ?? Number.NaN)));
  if (column.type === "vector") return new Float64Array(column.lanes[0]?.length ?? 0).fill(Number.NaN);
  const text = column.type === "boolean" ? (value: number) => String(value !== 0) : String;
  return column.values.map((value) => (Number.isNaN(value) ? value : (known.get(text(value)) ?? Number.NaN)));
}
