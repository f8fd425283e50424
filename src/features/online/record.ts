// The bytes of one row in the online store: which values are there, the numbers, then the texts, by a schema kept beside them.

import type { Value } from "../../base/table.ts";
import type { FeatureType } from "../../define/feature.ts";

/** The columns of a record, in their order. */
export type RecordSchema = readonly { readonly name: string; readonly type: FeatureType }[];

/** The newest row of a key as the online store gives it. */
export interface OnlineRow {
  readonly values: Readonly<Record<string, Value>>;
  /** Event time in milliseconds since 1970 UTC. */
  readonly eventMs: number;
}

/**
 * `[1][schema u32][event f64][a bit per column: has a value][f64 per number, boolean or time][u32 end per text][texts]`, all
 * little-endian; columns without a value keep their place. The first byte is the version; `{` is a record of before there
 * were any, in JSON.
 */
const version = 1;
const headBytes = 13;
const jsonStart = 0x7b;

export function encodeRecord(schemaId: number, schema: RecordSchema, { values, eventMs }: OnlineRow): Uint8Array {
  const numbers = schema.filter(({ type }) => isNumeric(type)).length;
  const textAt = headBytes + bitmapBytes(schema) + 8 * numbers;
  const texts = schema.flatMap(({ name, type }) => (isNumeric(type) ? [] : [bytesOf(values[name] ?? "", type)]));
  const bytes = Buffer.alloc(textAt + 4 * texts.length + texts.reduce((sum, text) => sum + text.length, 0));
  bytes[0] = version;
  bytes.writeUInt32LE(schemaId, 1);
  bytes.writeDoubleLE(eventMs, 5);
  let number = headBytes + bitmapBytes(schema);
  let end = 0;
  let text = 0;
  for (const [index, { name, type }] of schema.entries()) {
    const value = values[name] ?? null;
    if (value !== null) bytes[headBytes + (index >> 3)]! |= 1 << (index & 7);
    if (isNumeric(type)) {
      bytes.writeDoubleLE(value === null ? 0 : type === "time" ? Date.parse(String(value)) : Number(value), number);
      number += 8;
    } else {
      const encoded = texts[text] as Buffer;
      encoded.copy(bytes, textAt + 4 * texts.length + end);
      end += encoded.length;
      bytes.writeUInt32LE(end, textAt + 4 * text++);
    }
  }
  return bytes;
}

/** The schema that a record was written by; undefined for one in JSON. Throws on a version that is not known. */
export function schemaOf(bytes: Uint8Array): number | undefined {
  if (bytes[0] === jsonStart) return undefined;
  if (bytes[0] !== version) throw new RangeError(`Expected an online record of version ${version}, got ${bytes[0]}`);
  return view(bytes).getUint32(1, true);
}

export function decodeRecord(bytes: Uint8Array, schema: RecordSchema): OnlineRow {
  const data = view(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<string, Value> = {};
  let number = headBytes + bitmapBytes(schema);
  let ends = number;
  let texts = 0;
  for (const { type } of schema) {
    if (isNumeric(type)) ends += 8;
    else texts++;
  }
  let start = ends + 4 * texts;
  const textsAt = start;
  for (let index = 0; index < schema.length; index++) {
    const { name, type } = schema[index] as RecordSchema[number];
    const present = ((bytes[headBytes + (index >> 3)] as number) & (1 << (index & 7))) !== 0;
    if (isNumeric(type)) {
      values[name] = present ? numeric(data.getFloat64(number, true), type) : null;
      number += 8;
    } else {
      const end = textsAt + data.getUint32(ends, true);
      ends += 4;
      values[name] = present ? readBytes(buffer.subarray(start, end), type) : null;
      start = end;
    }
  }
  return { values, eventMs: data.getFloat64(5, true) };
}

/** Event time in milliseconds since 1970 UTC, of a record that is not in JSON. */
export function eventMsOf(bytes: Uint8Array): number {
  return view(bytes).getFloat64(5, true);
}

/** Where the chosen columns of a schema stand in its records. */
export interface RecordPick {
  readonly columns: readonly {
    readonly index: number;
    readonly type: FeatureType;
    /** Of the number, or of the entry in the table of text ends. */
    readonly offset: number;
  }[];
  readonly textsAt: number;
  readonly firstEnd: number;
}

/** Names that the schema lacks get no value. */
export function pickColumns(schema: RecordSchema, names: readonly string[]): RecordPick {
  const numbersAt = headBytes + bitmapBytes(schema);
  const numbers = schema.filter(({ type }) => isNumeric(type)).length;
  const firstEnd = numbersAt + 8 * numbers;
  const offsets = new Map<string, { index: number; type: FeatureType; offset: number }>();
  let number = numbersAt;
  let end = firstEnd;
  for (const [index, { name, type }] of schema.entries()) {
    offsets.set(name, { index, type, offset: isNumeric(type) ? number : end });
    if (isNumeric(type)) number += 8;
    else end += 4;
  }
  return {
    columns: names.map((name) => offsets.get(name) ?? { index: -1, type: "number", offset: 0 }),
    textsAt: end,
    firstEnd,
  };
}

/** The values of the chosen columns, without a look at the others. */
export function decodeColumns(bytes: Uint8Array, { columns, textsAt, firstEnd }: RecordPick): Value[] {
  const data = view(bytes);
  const values = new Array<Value>(columns.length);
  for (let at = 0; at < columns.length; at++) {
    const { index, type, offset } = columns[at] as RecordPick["columns"][number];
    if (index < 0 || ((bytes[headBytes + (index >> 3)] as number) & (1 << (index & 7))) === 0) values[at] = null;
    else if (isNumeric(type)) values[at] = numeric(data.getFloat64(offset, true), type);
    else {
      const start = offset === firstEnd ? 0 : data.getUint32(offset - 4, true);
      const text = bytes.subarray(textsAt + start, textsAt + data.getUint32(offset, true));
      values[at] = readBytes(Buffer.from(text.buffer, text.byteOffset, text.byteLength), type);
    }
  }
  return values;
}

export function decodeJsonRecord(bytes: Uint8Array): OnlineRow {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) as OnlineRow;
}

/** A vector as a text of a quarter of what its JSON takes: its numbers as 32-bit floats, in base64. */
export function vectorText(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

/** A vector begins with a zero, which no JSON does: records of before hold it so. It comes as numbers, as JSON or as `vectorText`. */
function bytesOf(value: Value, type: FeatureType): Buffer {
  if (type !== "vector" || value === "") return Buffer.from(String(value));
  const numbers = typeof value === "string" && value.startsWith("[") ? (JSON.parse(value) as number[]) : value;
  const text = typeof numbers === "string" ? numbers : vectorText(numbers as readonly number[]);
  return Buffer.concat([Buffer.of(0), Buffer.from(text, "base64")]);
}

function readBytes(bytes: Buffer, type: FeatureType): Value {
  if (type !== "vector") return bytes.toString("utf8");
  if (bytes[0] !== 0) return JSON.parse(bytes.toString("utf8")) as number[];
  // Floats must lie at a multiple of four.
  return Array.from(new Float32Array(Uint8Array.from(bytes.subarray(1)).buffer));
}

function numeric(value: number, type: FeatureType): Value {
  if (type === "boolean") return value !== 0;
  return type === "time" ? new Date(value).toISOString() : value;
}

function isNumeric(type: FeatureType): boolean {
  return type === "number" || type === "boolean" || type === "time";
}

function bitmapBytes(schema: RecordSchema): number {
  return (schema.length + 7) >> 3;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
