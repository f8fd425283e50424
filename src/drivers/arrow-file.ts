// Writes an Arrow IPC file, version 5 of its metadata, batch by batch: the types of the columns kept, missing values as null.

import { type FileHandle, open } from "node:fs/promises";
import { type Column, type ColumnType, columnLength, type Table, valueAt } from "../base/table.ts";
import { type FlatBuilder, flatBuilder, type Slot } from "./arrow-flatbuffer.ts";

export interface ArrowColumn {
  readonly name: string;
  /** A vector comes as a text of JSON, and goes out as a list of 32-bit floats. */
  readonly type: ColumnType;
  /** Of a category: all its texts, in the order of the codes. */
  readonly dictionary?: readonly string[];
  /** Kept with the field, e.g. its unit. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ArrowFile {
  /** The table's columns in the file's order; their names do not count. */
  write(table: Table): Promise<void>;
  /** Writes the footer, without which nobody reads the file. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

interface Block {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

const magic = "ARROW1";
const version = 4;
const headers = { schema: 1, dictionary: 2, batch: 3 } as const;
const types = { int: 2, float: 3, utf8: 5, bool: 6, timestamp: 10, list: 12 } as const;

export async function arrowFile(path: string, columns: readonly ArrowColumn[]): Promise<ArrowFile> {
  const file = await open(path, "wx");
  const batches: Block[] = [];
  const dictionaries: Block[] = [];
  let at = 0;

  async function put(bytes: Uint8Array): Promise<void> {
    await file.write(bytes);
    at += bytes.length;
  }

  async function message(
    header: number,
    build: (builder: FlatBuilder) => number,
    body: readonly Uint8Array[],
  ): Promise<Block> {
    const bodyBytes = body.reduce((sum, { length }) => sum + padded(length), 0);
    const builder = flatBuilder();
    const content = build(builder);
    const metadata = builder.finish(
      builder.table([
        { slot: 3, bytes: 8, value: bodyBytes },
        { slot: 2, ref: content },
        { slot: 0, bytes: 2, value: version },
        { slot: 1, bytes: 1, value: header },
      ]),
    );
    const block = { offset: at, metadataBytes: metadata.length + 8, bodyBytes };
    const prefix = new DataView(new ArrayBuffer(8));
    prefix.setUint32(0, 0xffffffff, true);
    prefix.setUint32(4, metadata.length, true);
    const whole = new Uint8Array(8 + metadata.length + bodyBytes);
    whole.set(new Uint8Array(prefix.buffer));
    whole.set(metadata, 8);
    let place = 8 + metadata.length;
    for (const part of body) {
      whole.set(part, place);
      place += padded(part.length);
    }
    await put(whole);
    return block;
  }

  await put(new TextEncoder().encode(`${magic}\0\0`));
  await message(headers.schema, (builder) => schema(builder, columns), []);
  for (const [id, { dictionary }] of columns.entries()) {
    if (dictionary === undefined) continue;
    const content = columnBody({ type: "text", values: dictionary });
    dictionaries.push(
      await message(
        headers.dictionary,
        (builder) => {
          const data = recordBatch(builder, dictionary.length, [content]);
          return builder.table([
            { slot: 0, bytes: 8, value: id },
            { slot: 1, ref: data },
          ]);
        },
        content.buffers,
      ),
    );
  }

  return {
    async write(table) {
      if (table.rowCount === 0) return;
      const contents = [...table.columns.values()].map((column, index) =>
        columns[index]?.type === "vector" && column.type === "text"
          ? vectorBody(column.values.map((value) => (value === null ? null : (JSON.parse(value) as number[]))))
          : columnBody(column),
      );
      const buffers = contents.flatMap((one) => one.buffers);
      batches.push(await message(headers.batch, (builder) => recordBatch(builder, table.rowCount, contents), buffers));
    },
    async finish() {
      await put(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]));
      const builder = flatBuilder();
      const blocks = (list: readonly Block[]) =>
        builder.structs(list.map(({ offset, metadataBytes, bodyBytes }) => [offset, metadataBytes, bodyBytes]));
      const slots: Slot[] = [
        { slot: 1, ref: schema(builder, columns) },
        { slot: 2, ref: blocks(dictionaries) },
        { slot: 3, ref: blocks(batches) },
        { slot: 0, bytes: 2, value: version },
      ];
      const footer = builder.finish(builder.table(slots));
      await put(footer);
      const end = new DataView(new ArrayBuffer(4));
      end.setInt32(0, footer.length, true);
      await put(new Uint8Array(end.buffer));
      await put(new TextEncoder().encode(magic));
      await file.sync();
    },
    close: () => closeOnce(file),
  };
}

const closed = new WeakSet<FileHandle>();

async function closeOnce(file: FileHandle): Promise<void> {
  if (closed.has(file)) return;
  closed.add(file);
  await file.close();
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function schema(builder: FlatBuilder, columns: readonly ArrowColumn[]): number {
  const fields = columns.map((column, id) => field(builder, column, id));
  return builder.table([{ slot: 1, ref: builder.refs(fields) }]);
}

function field(builder: FlatBuilder, { name, type, dictionary, metadata }: ArrowColumn, id: number): number {
  const entries = Object.entries(metadata).map(([key, value]) => {
    const pair = [builder.text(key), builder.text(value)] as const;
    return builder.table([
      { slot: 0, ref: pair[0] },
      { slot: 1, ref: pair[1] },
    ]);
  });
  const slots: Slot[] = [{ slot: 0, ref: builder.text(name) }];
  const { union, ref } = fieldType(builder, dictionary === undefined && type === "category" ? "text" : type);
  slots.push({ slot: 3, ref });
  if (dictionary !== undefined) {
    const index = int(builder, 32);
    slots.push({
      slot: 4,
      ref: builder.table([
        { slot: 0, bytes: 8, value: id },
        { slot: 1, ref: index },
      ]),
    });
  }
  const child = type === "vector" ? [item(builder)] : [];
  slots.push({ slot: 5, ref: builder.refs(child) });
  if (entries.length > 0) slots.push({ slot: 6, ref: builder.refs(entries) });
  slots.push({ slot: 1, bytes: 1, value: 1 }, { slot: 2, bytes: 1, value: union });
  return builder.table(slots);
}

/** The numbers within a list. */
function item(builder: FlatBuilder): number {
  const slots: Slot[] = [
    { slot: 0, ref: builder.text("item") },
    { slot: 3, ref: builder.table([{ slot: 0, bytes: 2, value: 1 }]) },
    { slot: 5, ref: builder.refs([]) },
    { slot: 1, bytes: 1, value: 1 },
    { slot: 2, bytes: 1, value: types.float },
  ];
  return builder.table(slots);
}

function int(builder: FlatBuilder, bits: number): number {
  return builder.table([
    { slot: 0, bytes: 4, value: bits },
    { slot: 1, bytes: 1, value: 1 },
  ]);
}

function fieldType(builder: FlatBuilder, type: ArrowColumn["type"]): { union: number; ref: number } {
  switch (type) {
    case "number":
      return { union: types.float, ref: builder.table([{ slot: 0, bytes: 2, value: 2 }]) };
    case "boolean":
      return { union: types.bool, ref: builder.table([]) };
    case "time": {
      const zone = builder.text("UTC");
      // Milliseconds.
      const slots: Slot[] = [
        { slot: 1, ref: zone },
        { slot: 0, bytes: 2, value: 1 },
      ];
      return { union: types.timestamp, ref: builder.table(slots) };
    }
    case "vector":
      return { union: types.list, ref: builder.table([]) };
    case "category":
    case "text":
      return { union: types.utf8, ref: builder.table([]) };
  }
}

interface Content {
  /** Length and missing values; of a list its numbers' too. */
  readonly nodes: readonly (readonly [length: number, nulls: number])[];
  readonly buffers: readonly Uint8Array[];
}

function recordBatch(builder: FlatBuilder, rows: number, contents: readonly Content[]): number {
  let place = 0;
  const places = contents.flatMap(({ buffers }) =>
    buffers.map(({ length }) => {
      const one = [place, length];
      place += padded(length);
      return one;
    }),
  );
  const buffers = builder.structs(places);
  const nodes = builder.structs(contents.flatMap(({ nodes }) => nodes));
  return builder.table([
    { slot: 0, bytes: 8, value: rows },
    { slot: 1, ref: nodes },
    { slot: 2, ref: buffers },
  ]);
}

/** Validity first, a bit a row; empty when nothing is missing. */
function columnBody(column: Column): Content {
  const rows = columnLength(column);
  const validity = new Uint8Array(Math.ceil(rows / 8));
  let nulls = 0;
  const mark = (row: number, present: boolean) => {
    if (present) validity[row >> 3]! |= 1 << (row & 7);
    else nulls++;
  };
  const done = (...values: readonly Uint8Array[]): Content => ({
    nodes: [[rows, nulls]],
    buffers: [nulls === 0 ? new Uint8Array(0) : validity, ...values],
  });
  if (column.type === "vector")
    return vectorBody(Array.from({ length: rows }, (_, row) => valueAt(column, row) as readonly number[] | null));
  if (column.type === "text") return textBody(column.values, rows, mark, done);
  if (column.type === "category") {
    const codes = column.codes.slice(0, rows);
    for (let row = 0; row < rows; row++) {
      mark(row, (codes[row] as number) >= 0);
      if ((codes[row] as number) < 0) codes[row] = 0;
    }
    return done(bytesOf(codes));
  }
  const values = column.values.slice(0, rows);
  for (let row = 0; row < rows; row++) mark(row, !Number.isNaN(values[row]));
  if (column.type === "number") return done(bytesOf(values));
  if (column.type === "time")
    return done(bytesOf(BigInt64Array.from(values, (value) => (Number.isNaN(value) ? 0n : BigInt(Math.floor(value))))));
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) if (values[row] === 1) bits[row >> 3]! |= 1 << (row & 7);
  return done(bits);
}

function vectorBody(lists: readonly (readonly number[] | null)[]): Content {
  const numbers = Float32Array.from(lists.flatMap((list) => list ?? []));
  const ends = new Int32Array(lists.length + 1);
  const validity = new Uint8Array(Math.ceil(lists.length / 8));
  let nulls = 0;
  for (const [row, list] of lists.entries()) {
    ends[row + 1] = (ends[row] as number) + (list?.length ?? 0);
    if (list === null) nulls++;
    else validity[row >> 3]! |= 1 << (row & 7);
  }
  return {
    nodes: [
      [lists.length, nulls],
      [numbers.length, 0],
    ],
    buffers: [nulls === 0 ? new Uint8Array(0) : validity, bytesOf(ends), new Uint8Array(0), bytesOf(numbers)],
  };
}

function textBody(
  values: readonly (string | null)[],
  rows: number,
  mark: (row: number, present: boolean) => void,
  done: (...values: readonly Uint8Array[]) => Content,
): Content {
  const ends = new Int32Array(rows + 1);
  const encoded: Buffer[] = [];
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const value = values[row] ?? null;
    mark(row, value !== null);
    if (value !== null && value !== "") {
      const bytes = Buffer.from(value);
      encoded.push(bytes);
      end += bytes.length;
    }
    ends[row + 1] = end;
  }
  return done(bytesOf(ends), Buffer.concat(encoded));
}

function bytesOf(array: Float32Array | Float64Array | Int32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
