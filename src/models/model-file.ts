// A fitted model as one file: a JSON header, then its arrays as raw bytes. Never code; a damaged file is an error.

import { fail } from "../base/failure.ts";
import { contentHash } from "../base/ids.ts";
import { canonicalJson, isObject, type JsonObject } from "../base/json.ts";
import type { Artifact, ArtifactArray } from "../learn/model.ts";

const magic = "PENTAD-MODEL-1\n";
const arrayTypes = { Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Uint8Array };
type ArrayTypeName = keyof typeof arrayTypes;

interface ArrayHeader {
  readonly name: string;
  readonly type: ArrayTypeName;
  readonly length: number;
  /** Byte offset from the end of the header; a multiple of 8. */
  readonly offset: number;
}

/** Equal artifacts give equal bytes, so the hash of the bytes names the model. */
export function encodeModel(artifact: Artifact): Uint8Array {
  const names = Object.keys(artifact.arrays).sort();
  const headers: ArrayHeader[] = [];
  let offset = 0;
  for (const name of names) {
    const array = artifact.arrays[name] as ArtifactArray;
    headers.push({ name, type: array.constructor.name as ArrayTypeName, length: array.length, offset });
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  const text = canonicalJson({ format: artifact.format, meta: artifact.meta, arrays: headers });
  const head = Buffer.from(`${magic}${text}`);
  const start = Math.ceil((head.length + 1) / 8) * 8;
  const bytes = new Uint8Array(start + offset);
  bytes.set(head);
  // The header ends with a zero byte and is padded to eight, so that the arrays can be read in place.
  for (const [index, name] of names.entries()) {
    const array = artifact.arrays[name] as ArtifactArray;
    bytes.set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
      start + (headers[index] as ArrayHeader).offset,
    );
  }
  return bytes;
}

/** The name of a model: the hash of its file. */
export function modelId(bytes: Uint8Array): string {
  return contentHash(bytes).slice(0, 32);
}

/** Reads a model file. Throws MODELS_ARTIFACT_CORRUPT for anything that is not one, or not the one of that id. */
export function decodeModel(bytes: Uint8Array, id?: string): Artifact {
  if (id !== undefined && modelId(bytes) !== id)
    throw corrupt(`the model ${id}`, `a file whose content is ${modelId(bytes)}`);
  const end = bytes.indexOf(0);
  const text = end < 0 ? "" : Buffer.from(bytes.subarray(0, end)).toString("utf8");
  if (!text.startsWith(magic)) throw corrupt("a Pentad model file", "something else");
  const header = parseHeader(text.slice(magic.length));
  const start = Math.ceil((end + 1) / 8) * 8;
  const arrays: Record<string, ArtifactArray> = {};
  for (const { name, type, length, offset } of header.arrays) {
    const ArrayType = Object.hasOwn(arrayTypes, type) ? arrayTypes[type] : undefined;
    const from = start + offset;
    if (
      ArrayType === undefined ||
      !isCount(length) ||
      !isCount(offset) ||
      from + length * ArrayType.BYTES_PER_ELEMENT > bytes.length
    )
      throw corrupt("arrays within the file", `the array ${JSON.stringify(name)} outside of it`);
    arrays[name] = new ArrayType(copyOf(bytes, from, length * ArrayType.BYTES_PER_ELEMENT));
  }
  return { format: header.format, meta: header.meta, arrays };
}

/** A copy of its own: a Buffer's slice would share the memory of others, at any alignment. */
function copyOf(bytes: Uint8Array, from: number, length: number): ArrayBuffer {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, length).slice().buffer as ArrayBuffer;
}

function parseHeader(text: string): { format: string; meta: JsonObject; arrays: ArrayHeader[] } {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw corrupt("a JSON header", "text that is not JSON");
  }
  if (!isObject(header) || typeof header.format !== "string" || !isObject(header.meta) || !Array.isArray(header.arrays))
    throw corrupt("a header with format, meta and arrays", "another one");
  return header as never;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function corrupt(expected: string, got: string) {
  return fail("MODELS_ARTIFACT_CORRUPT", `Expected ${expected}, got ${got}`);
}
