// Finds the source for a file or a web address by looking at its content, whatever its name says.

import type { Source } from "../ports/source.ts";
import { type CsvOptions, csv } from "./csv.ts";
import { json } from "./json.ts";
import { isWebAddress, type LocalFile, localFile } from "./local-file.ts";
import { parquet } from "./parquet.ts";
import type { Place } from "./place.ts";
import { type Format, sniffKind, sniffLayout } from "./sniff.ts";
import { readHead } from "./text-file.ts";

export interface DetectedSource {
  readonly format: Format;
  /** The file on this machine: the given one, or what was downloaded to the temporary folder. */
  readonly file: LocalFile;
  readonly gzip: boolean;
  /** It was downloaded. */
  readonly web: boolean;
  /** Delimited text only: the first record's texts, and whether they were taken for column names. */
  readonly first: { readonly texts: readonly string[]; readonly header: boolean } | null;
  /** The source that reads a file of this format. */
  source(path: string, options?: Pick<CsvOptions, "header">): Source;
}

/** Throws what opening the source would throw for a file that is missing, empty or no table. */
export async function detectSource(location: string, place: Place): Promise<DetectedSource> {
  const file = await localFile(location, place);
  const head = await readHead(file);
  const { format, text } = sniffKind(head, file.name);
  const layout = format === "csv" ? sniffLayout(text, head.whole) : undefined;
  return {
    format,
    file,
    gzip: head.gzip,
    web: isWebAddress(location),
    first: layout === undefined ? null : { texts: layout.first, header: layout.header },
    source: (path, options = {}) =>
      format === "csv" ? csv(path, options) : format === "json" ? json(path) : parquet(path),
  };
}
