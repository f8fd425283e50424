// The values of a Parquet column: numbers as numbers, texts as codes beside the bytes that they stand for.

import type { ParquetChunk, ParquetPage, ParquetType } from "./file.ts";
import { UnusualFile } from "./thrift.ts";

/** Times in microseconds, truths as 0 and 1; NaN for missing. */
export function chunkNumbers({ type, optional, rows, pages }: ParquetChunk): Float64Array {
  if (type === "text" || type === "other") throw new UnusualFile("Expected numbers");
  const values = new Float64Array(rows);
  let dictionary: Float64Array = new Float64Array();
  let at = 0;
  for (const page of pages) {
    if (page.dictionary) {
      dictionary = plainNumbers(page.bytes, 0, page.values, type);
      continue;
    }
    const { present, start, count } = presenceOf(page, optional);
    const given = page.indexed
      ? looked(dictionary, indexesOf(page.bytes, start, count))
      : plainNumbers(page.bytes, start, count, type);
    if (present === null && count === rows) return given;
    if (present === null) values.set(given, at);
    else
      for (let row = 0, next = 0; row < page.values; row++)
        values[at + row] = present[row] === 1 ? given[next++]! : Number.NaN;
    at += page.values;
  }
  if (at !== rows) throw new UnusualFile("A column of another length");
  return values;
}

/** Texts one after the other: `n` begins at `starts[n]` and ends at `starts[n + 1]`. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** Rows with the same code have the same text; the other way round only within a dictionary. */
export interface CodedTexts extends Texts {
  readonly codes: Uint32Array;
}

/** No text may be missing. */
export function chunkTexts({ type, optional, rows, pages }: ParquetChunk): CodedTexts {
  if (type !== "text") throw new UnusualFile("Expected texts");
  const codes = new Uint32Array(rows);
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, 0));
  const starts = new Uint32Array(pages.reduce((sum, page) => sum + page.values, 0) + 1);
  let known = 0;
  let at = 0;
  const add = (page: ParquetPage, start: number, count: number) => {
    for (let from = start, text = 0; text < count; text++) {
      const length = page.bytes.readUInt32LE(from);
      from += 4 + length;
      bytes.set(page.bytes.subarray(from - length, from), starts[known]!);
      starts[known + 1] = starts[known]! + length;
      known++;
    }
  };
  for (const page of pages) {
    if (page.dictionary) {
      add(page, 0, page.values);
      continue;
    }
    const { present, start, count } = presenceOf(page, optional);
    if (present !== null || at + count > rows) throw new UnusualFile("A text is missing");
    if (page.indexed) codes.set(indexesOf(page.bytes, start, count), at);
    else {
      for (let row = 0; row < count; row++) codes[at + row] = known + row;
      add(page, start, count);
    }
    at += count;
  }
  if (at !== rows) throw new UnusualFile("A column of another length");
  return { bytes, starts, codes };
}

function looked(dictionary: Float64Array, indexes: Uint32Array): Float64Array {
  const values = new Float64Array(indexes.length);
  for (let at = 0; at < indexes.length; at++) values[at] = dictionary[indexes[at]!]!;
  return values;
}

function plainNumbers(bytes: Buffer, start: number, count: number, type: ParquetType): Float64Array {
  const length = type === "boolean" ? Math.ceil(count / 8) : count * 8;
  if (start + length > bytes.length) throw new UnusualFile("A page cut short");
  if (type === "boolean")
    return Float64Array.from({ length: count }, (_, at) => (bytes[start + (at >> 3)]! >> (at & 7)) & 1);
  // Numbers begin at a multiple of their size, which pages mostly grant.
  const aligned = (bytes.byteOffset + start) % 8 === 0;
  const { buffer, byteOffset } = aligned
    ? bytes.subarray(start)
    : Uint8Array.from(bytes.subarray(start, start + length));
  const values = new Float64Array(buffer, byteOffset, count);
  if (type === "number") return values;
  // In place, as nobody else looks at the page.
  const halves = new Int32Array(buffer, byteOffset, count * 2);
  for (let at = 0; at < count; at++) values[at] = halves[2 * at + 1]! * 2 ** 32 + (halves[2 * at]! >>> 0);
  return values;
}

interface Presence {
  /** 1 where the row has a value; null when all have. */
  readonly present: Uint32Array | null;
  /** Where the values begin in the page, and how many they are. */
  readonly start: number;
  readonly count: number;
}

function presenceOf({ bytes, values }: ParquetPage, optional: boolean): Presence {
  if (!optional) return { present: null, start: 0, count: values };
  const start = 4 + bytes.readUInt32LE(0);
  const repeated = varint(bytes, 4);
  const all = repeated.value % 2 === 0 && repeated.value >>> 1 >= values && bytes[repeated.end] === 1;
  if (all) return { present: null, start, count: values };
  const present = hybrid(bytes, 4, start, 1, values);
  let count = 0;
  for (let row = 0; row < values; row++) count += present[row]!;
  return { present: count === values ? null : present, start, count };
}

function indexesOf(bytes: Buffer, start: number, count: number): Uint32Array {
  return count === 0 ? new Uint32Array() : hybrid(bytes, start + 1, bytes.length, bytes.readUInt8(start), count);
}

/** Parquet's mix of repeated values and values packed bit by bit, `width` bits each. */
function hybrid(bytes: Buffer, start: number, end: number, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  if (width > 24) throw new UnusualFile("Too many different values");
  let at = start;
  for (let filled = 0; filled < count; ) {
    if (at >= end) throw new UnusualFile("A page cut short");
    const { value: header, end: after } = varint(bytes, at);
    at = after;
    if ((header & 1) === 0) {
      const length = Math.ceil(width / 8);
      const value = length === 0 ? 0 : bytes.readUIntLE(at, length);
      at += length;
      const until = Math.min(count, filled + (header >>> 1));
      values.fill(value, filled, until);
      filled = until;
      continue;
    }
    const until = Math.min(count, filled + (header >>> 1) * 8);
    const mask = 2 ** width - 1;
    let held = 0;
    let bits = 0;
    let from = at;
    for (; filled < until; filled++) {
      for (; bits < width; bits += 8) held |= bytes[from++]! << bits;
      values[filled] = held & mask;
      held >>>= width;
      bits -= width;
    }
    at += (header >>> 1) * width;
  }
  return values;
}

function varint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at };
  }
}
