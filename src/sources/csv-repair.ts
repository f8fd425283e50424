// Reads delimited text line by line when the fast reader met lines that are no rows: writes the good rows, lists the others.

import { isUtf8 } from "node:buffer";
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { UnreadableRow } from "../ports/source.ts";
import { recordScanner } from "./csv-scan.ts";
import { type LocalFile, readFailure } from "./local-file.ts";
import type { Place } from "./place.ts";
import type { Layout } from "./sniff.ts";

export interface Repaired {
  /** UTF-8 with \n line ends; each row begins with its number in the source and a delimiter. */
  readonly path: string;
  readonly unreadable: readonly UnreadableRow[];
}

/** The longest record that is read; a longer one is a quote that was never closed, or no table at all. */
export const longestRecordBytes = 2_000_000;
/** More lines than this that cannot be read are no accident. */
const mostUnreadable = 100_000;
const shownCharacters = 500;

/** Throws SOURCES_NOT_TABULAR when the file is mostly lines that are no rows, RUNTIME_DISK_FULL when there is no room. */
export async function repairCsv(file: LocalFile, layout: Layout, place: Place): Promise<Repaired> {
  await mkdir(place.temporaryFolder, { recursive: true });
  const path = join(place.temporaryFolder, newId("rows"));
  const output = createWriteStream(path, { highWaterMark: 4 * 1024 * 1024 });
  const unreadable: UnreadableRow[] = [];
  try {
    const sorter = rowSorter(layout, file.name, unreadable);
    let rest: Buffer = Buffer.alloc(0);
    for await (const part of createReadStream(file.path, {
      highWaterMark: 4 * 1024 * 1024,
      signal: place.signal,
    }) as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
      const { good, used } = sorter(bytes, false);
      rest = bytes.subarray(used);
      await write(output, good);
    }
    await write(output, sorter(rest, true).good);
    output.end();
    await finished(output);
  } catch (error) {
    output.destroy();
    throw readFailure(error, file.name);
  }
  return { path, unreadable };
}

async function write(output: WriteStream, parts: readonly Uint8Array[]): Promise<void> {
  if (parts.length === 0) return;
  await new Promise<void>((resolve, reject) =>
    output.write(Buffer.concat(parts), (error) => (error ? reject(error) : resolve())),
  );
}

/** Takes the file's bytes part by part; gives the rows to keep and how many bytes it is done with. */
function rowSorter(layout: Layout, name: string, unreadable: UnreadableRow[]) {
  const scan = recordScanner(layout);
  const width = layout.names.length;
  const lineFeed = Buffer.from("\n");
  let line = 1;
  let row = 0;
  let skipped = 0;
  let inLongLine = false;
  let firstBytes = true;

  return function sort(bytes: Buffer, final: boolean): { good: Uint8Array[]; used: number } {
    const good: Uint8Array[] = [];
    let at = firstBytes && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    firstBytes = false;
    while (at < bytes.length) {
      if (inLongLine) {
        const end = bytes.indexOf(10, at);
        if (end === -1) return { good, used: bytes.length };
        at = end + 1;
        line++;
        inLongLine = false;
        continue;
      }
      const record = scan(bytes, at, final, longestRecordBytes);
      if (record === null) break;
      const { end, next, problem } = record;
      const blank = end === at && width > 1;
      const fits = problem === null && (record.fields === width || (record.fields === width + 1 && record.lastEmpty));
      if (skipped < layout.skip) skipped++;
      else if (!blank) {
        row++;
        const whole = fits || problem !== null || !hasLineEnd(bytes, at, end);
        const reason = fits
          ? isUtf8(bytes.subarray(at, end))
            ? null
            : "not valid UTF-8"
          : (problem ?? `expected ${width} fields, got ${record.fields}`);
        if (reason === null) good.push(Buffer.from(`${row}${layout.delimiter}`), bytes.subarray(at, end), lineFeed);
        else note(reason, bytes, at, whole ? end : lineEndFrom(bytes, at));
        if (!whole) {
          // A quote that was opened by mistake swallowed the lines after it: give them their own chance.
          at =
            lineEndFrom(bytes, at) +
            (bytes[lineEndFrom(bytes, at)] === 13 && bytes[lineEndFrom(bytes, at) + 1] === 10 ? 2 : 1);
          line++;
          continue;
        }
      }
      line += lineEnds(bytes, at, next);
      if (problem !== null && end === bytes.length && !final) inLongLine = true;
      at = next;
    }
    return { good, used: at };
  };

  function note(reason: string, bytes: Buffer, from: number, to: number): void {
    unreadable.push({
      row,
      reason: `Line ${line}: ${reason}`,
      text: bytes.toString("utf8", from, Math.min(to, from + shownCharacters)),
    });
    if (unreadable.length > mostUnreadable)
      throw fail(
        "SOURCES_NOT_TABULAR",
        `More than ${mostUnreadable.toLocaleString("en")} lines of ${name} cannot be read as rows of ${width} columns; the first: ${unreadable[0]?.reason}`,
        {
          hint: 'Name the delimiter and the quote: csv(path, { delimiter: ";", quote: "\'" })',
        },
      );
  }
}

function lineEndFrom(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
  return at;
}

function hasLineEnd(bytes: Buffer, from: number, to: number): boolean {
  return lineEndFrom(bytes, from) < to;
}

/** A carriage return and a line feed together are one end of a line. */
function lineEnds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = lineEndFrom(bytes, from); at < to; at = lineEndFrom(bytes, at + 1)) {
    if (!(bytes[at] === 10 && at > from && bytes[at - 1] === 13)) count++;
  }
  return count;
}
