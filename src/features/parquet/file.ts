// Reads columns of the Parquet files that we write, row group by row group, without an engine between the file and the memory.

import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { readThrift, type ThriftStruct, UnusualFile } from "./thrift.ts";

/** `other` is what is left to the engine. */
export type ParquetType = "boolean" | "number" | "whole" | "time" | "text" | "other";

/** A page of values as it stands in the file, uncompressed. */
export interface ParquetPage {
  readonly bytes: Buffer;
  readonly values: number;
  readonly dictionary: boolean;
  /** Whether the values are places in the dictionary before them. */
  readonly indexed: boolean;
}

export interface ParquetChunk {
  readonly type: ParquetType;
  /** Whether values may be missing. */
  readonly optional: boolean;
  readonly rows: number;
  readonly pages: readonly ParquetPage[];
}

export interface ParquetGroup {
  readonly rows: number;
  /** The least and greatest text of a column, where the file tells; each is a bound, not always one of the texts. */
  bounds(column: string): { readonly least: Buffer; readonly greatest: Buffer } | undefined;
  read(column: string): Promise<ParquetChunk>;
}

export interface ParquetFile {
  readonly rows: number;
  readonly types: ReadonlyMap<string, ParquetType>;
  readonly groups: readonly ParquetGroup[];
  close(): Promise<void>;
}

const decompress = zlib.zstdDecompress === undefined ? undefined : promisify(zlib.zstdDecompress);
const magic = "PAR1";
const codecs = { plain: 0, zstd: 6 };
const pageKinds = { data: 0, dictionary: 2 };
const encodings = { plain: 0, plainDictionary: 2, runs: 3, dictionary: 8 };

interface Column {
  readonly type: ParquetType;
  readonly optional: boolean;
}

export async function openParquet(path: string): Promise<ParquetFile> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const tail = await readBytes(handle, size - 8, 8);
    if (tail.toString("latin1", 4) !== magic) throw new UnusualFile("No Parquet file");
    const length = tail.readUInt32LE(0);
    const { struct } = readThrift(await readBytes(handle, size - 8 - length, length), 0);
    const columns = columnsOf(struct[2] as ThriftStruct[]);
    return {
      rows: struct[3] as number,
      types: new Map([...columns].map(([name, { type }]) => [name, type])),
      groups: (struct[4] as ThriftStruct[]).map((group) => groupOf(handle, columns, group)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The elements are a tree, each followed by its children; what has children is no plain column. */
function columnsOf(elements: readonly ThriftStruct[]): Map<string, Column> {
  const columns = new Map<string, Column>();
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < ((elements[at]?.[5] as number | undefined) ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < elements.length; at = skip(at)) {
    const element = elements[at] as ThriftStruct;
    columns.set(String(element[4]), columnOf(element));
  }
  return columns;
}

function columnOf(element: ThriftStruct): Column {
  const { 1: physical, 3: repetition, 5: children, 6: converted } = element;
  const types: Record<string, ParquetType> = {
    "0 ": "boolean",
    "5 ": "number",
    "2 18": "whole",
    "2 10": "time",
    "6 0": "text",
  };
  const plain = children === undefined && repetition !== 2;
  return { type: (plain && types[`${physical} ${converted ?? ""}`]) || "other", optional: repetition === 1 };
}

function groupOf(handle: FileHandle, columns: ReadonlyMap<string, Column>, group: ThriftStruct): ParquetGroup {
  const rows = group[3] as number;
  const described = (group[1] as ThriftStruct[]).map((chunk) => chunk[3] as ThriftStruct);
  const chunks = new Map(described.map((facts) => [(facts[3] as Buffer[]).join("."), facts]));
  return {
    rows,
    bounds(column) {
      const { 5: greatest, 6: least } = (chunks.get(column)?.[12] ?? {}) as ThriftStruct;
      return least instanceof Buffer && greatest instanceof Buffer ? { least, greatest } : undefined;
    },
    async read(column) {
      const { type = "other", optional = false } = columns.get(column) ?? {};
      const facts = chunks.get(column);
      if (type === "other" || facts === undefined) throw new UnusualFile(`No column ${column} of a known type`);
      const starts = [facts[9], facts[11]].filter((start) => typeof start === "number");
      const bytes = await readBytes(handle, Math.min(...starts), facts[7] as number);
      return { type, optional, rows, pages: await pagesOf(bytes, facts[4] as number) };
    },
  };
}

async function pagesOf(chunk: Buffer, codec: number): Promise<ParquetPage[]> {
  const pages: Promise<ParquetPage>[] = [];
  for (let at = 0; at < chunk.length; ) {
    const { struct, end } = readThrift(chunk, at);
    at = end + (struct[3] as number);
    pages.push(pageOf(struct, chunk.subarray(end, at), codec));
  }
  return Promise.all(pages);
}

async function pageOf(header: ThriftStruct, stored: Buffer, codec: number): Promise<ParquetPage> {
  const dictionary = header[1] === pageKinds.dictionary;
  const facts = (dictionary ? header[7] : header[5]) as ThriftStruct | undefined;
  if (facts === undefined || (!dictionary && header[1] !== pageKinds.data))
    throw new UnusualFile("Another kind of page");
  const indexed = !dictionary && (facts[2] === encodings.plainDictionary || facts[2] === encodings.dictionary);
  const known = indexed || facts[2] === encodings.plain || (dictionary && facts[2] === encodings.plainDictionary);
  if (!known || (!dictionary && facts[3] !== encodings.runs)) throw new UnusualFile("Another encoding");
  return {
    bytes: await uncompressed(stored, codec, header[2] as number),
    values: facts[1] as number,
    dictionary,
    indexed,
  };
}

async function uncompressed(stored: Buffer, codec: number, size: number): Promise<Buffer> {
  if (codec === codecs.plain) return stored;
  if (codec !== codecs.zstd || decompress === undefined) throw new UnusualFile("Another compression");
  // With a little room the whole page comes in one piece.
  const bytes = await decompress(stored, { chunkSize: size + 64 });
  if (bytes.length !== size) throw new UnusualFile("A page of another size");
  return bytes;
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) throw new UnusualFile("Too short for a Parquet file");
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, position);
  if (bytesRead !== length) throw new UnusualFile("Cut short");
  return buffer;
}
