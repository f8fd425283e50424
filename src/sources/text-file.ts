// Makes a plain UTF-8 file of a text file that is gzipped or in another encoding, without ever holding it whole.

import { isAscii, isUtf8 } from "node:buffer";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { fail, isFailure, messageOf } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { type LocalFile, readFailure } from "./local-file.ts";
import type { Place } from "./place.ts";
import { countUtf8, decoderOf, type Encoding, mostlyUtf8, withoutCutCharacter } from "./text-encoding.ts";

export interface Head {
  /** The first bytes, unpacked. */
  readonly bytes: Buffer;
  /** These are all the bytes. */
  readonly whole: boolean;
  readonly gzip: boolean;
}

const headBytes = 1024 * 1024;

/** The first MB of a file, unpacked when its first bytes say that it is gzipped, whatever its name. */
export async function readHead(file: LocalFile): Promise<Head> {
  const first = await firstBytes(createReadStream(file.path, { end: headBytes - 1 }), headBytes, file);
  const gzip = first.bytes[0] === 0x1f && first.bytes[1] === 0x8b;
  if (!gzip) return { bytes: first.bytes, whole: file.bytes <= first.bytes.length, gzip };
  const stream = unpacked(file, new AbortController().signal);
  return { ...(await firstBytes(stream, headBytes, file)), gzip };
}

async function firstBytes(
  stream: Readable,
  count: number,
  file: LocalFile,
): Promise<{ bytes: Buffer; whole: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > count) return { bytes: Buffer.concat(parts).subarray(0, count), whole: false };
    }
    return { bytes: Buffer.concat(parts), whole: true };
  } catch (error) {
    throw gzipFailure(error, file);
  } finally {
    stream.destroy();
  }
}

function unpacked(file: LocalFile, signal: AbortSignal): Readable {
  const gunzip = createGunzip();
  const input = createReadStream(file.path, { highWaterMark: 1024 * 1024, signal });
  input.on("error", (error) => gunzip.destroy(error));
  return input.pipe(gunzip);
}

/**
 * The file as plain UTF-8: itself when it is that already, otherwise a copy in the temporary folder. Without a named
 * encoding, a text that turns out not to be UTF-8 after its beginning is read as Windows-1252.
 */
export async function plainText(
  file: LocalFile,
  head: Head,
  encoding: Encoding,
  named: boolean,
  place: Place,
): Promise<{ file: LocalFile; encoding: Encoding; copied: boolean }> {
  const utf8 = decoderOf(encoding).encoding === "utf-8";
  if (!utf8) return { file: await copy(file, head.gzip, encoding, place), encoding, copied: true };
  const plain = head.gzip ? await copy(file, true, undefined, place) : file;
  if (named || (head.whole && isUtf8(head.bytes)) || (await looksUtf8(plain, place.signal)))
    return { file: plain, encoding, copied: head.gzip };
  return { file: await copy(plain, false, "windows-1252", place), encoding: "windows-1252", copied: true };
}

async function copy(file: LocalFile, gzip: boolean, encoding: Encoding | undefined, place: Place): Promise<LocalFile> {
  await mkdir(place.temporaryFolder, { recursive: true });
  const path = join(place.temporaryFolder, newId("text"));
  const input = gzip ? unpacked(file, place.signal) : createReadStream(file.path, { highWaterMark: 1024 * 1024 });
  let bytes = 0;
  const decoder = encoding === undefined ? undefined : decoderOf(encoding);
  const convert = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const out = decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
      bytes += out.length;
      done(null, out);
    },
    flush(done) {
      const rest = Buffer.from(decoder?.decode() ?? "");
      bytes += rest.length;
      done(null, rest);
    },
  });
  try {
    await pipeline(input, convert, createWriteStream(path), { signal: place.signal });
  } catch (error) {
    if (place.signal.aborted) throw fail("RUNS_CANCELLED", `Reading ${file.name} was stopped`, { cause: error });
    throw gzip ? gzipFailure(error, file) : readFailure(error, file.name);
  }
  return { path, bytes, name: file.name };
}

function gzipFailure(error: unknown, file: LocalFile): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (isFailure(error) || typeof code !== "string" || !/^Z_|BUF_ERROR/.test(code)) return readFailure(error, file.name);
  return fail("SOURCES_NOT_TABULAR", `${file.name} is a damaged gzip file: ${messageOf(error)}`, {
    cause: error,
    hint: "Copy or download the file again",
  });
}

/** True for UTF-8, and for UTF-8 with a few broken characters, whose lines will be reported one by one. */
async function looksUtf8(file: LocalFile, signal: AbortSignal): Promise<boolean> {
  const counts = { wellFormed: 0, broken: 0 };
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of createReadStream(file.path, {
    highWaterMark: 4 * 1024 * 1024,
    signal,
  }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const complete = withoutCutCharacter(bytes);
    rest = bytes.subarray(complete.length);
    // Ten thousand good characters settle the matter; until then count wherever there is something to count.
    if (!isUtf8(complete) || (counts.wellFormed < 10_000 && !isAscii(complete))) countUtf8(complete, counts);
  }
  if (!isUtf8(rest)) counts.broken++;
  return counts.broken === 0 || mostlyUtf8(counts);
}
