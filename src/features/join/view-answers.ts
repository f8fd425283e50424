// The answers of one view to all labels: its files are read once, row group by row group, and only the values of the answers are kept.

import { createdColumn, eventColumn, ordinalColumn } from "../columns.ts";
import type { ParquetFile, ParquetGroup } from "../parquet/file.ts";
import { chunkNumbers, chunkTexts } from "../parquet/values.ts";
import { type SortedKeys, walkKeys } from "./key-runs.ts";
import { type LabelsByKey, mergePlaces, nothingFound, type Settled } from "./last-places.ts";
import { visibleRows } from "./visible-rows.ts";

export interface SortedLabels {
  /** How many label rows there are. */
  readonly rows: number;
  readonly keys: SortedKeys;
  readonly labels: LabelsByKey;
}

export interface ViewColumns {
  readonly keys: readonly string[];
  readonly numbers: readonly string[];
  /** Rows may have come in late, or be there in several versions. */
  readonly versions: boolean;
  /** An answer that happened longer before the label is none, in microseconds. */
  readonly ttlUs: number | null;
}

export interface ViewAnswers {
  /** By column and label row; NaN for missing. */
  readonly numbers: readonly Float64Array[];
  /** By label row the answer's row, counted through all files; -1 for none. */
  readonly places: Float64Array;
}

/**
 * Undefined when a file is not as sorted as every file that we write. Row groups without a key of the labels are passed
 * over; two are in memory at a time. O(labels + rows).
 */
export async function answerView(
  files: readonly ParquetFile[],
  { keys, numbers, versions, ttlUs }: ViewColumns,
  { rows, keys: sorted, labels }: SortedLabels,
): Promise<ViewAnswers | undefined> {
  const answers: ViewAnswers = {
    numbers: numbers.map(() => new Float64Array(rows).fill(Number.NaN)),
    places: new Float64Array(rows).fill(-1),
  };
  const found = nothingFound(labels.rows.length);
  const times = versions ? [eventColumn, createdColumn, ordinalColumn] : [eventColumn];
  let base = 0;
  for (const file of files) {
    const walk = walkKeys(sorted);
    const visible = visibleRows();
    const merge = mergePlaces(labels, { found, oldest: ttlUs ?? Number.POSITIVE_INFINITY });
    const starts = placesOf(file.groups, base);
    const wanted = [...file.groups.entries()].filter(([, group]) => mayHold(group, keys[0], walk.anyWithin));
    for await (const [index, group, chunks] of readAhead(wanted.reverse(), [...keys, ...times, ...numbers])) {
      const runs = walk.take(chunks.slice(0, keys.length).map(chunkTexts), group.rows);
      const read = chunks.slice(keys.length).map(chunkNumbers);
      const values = read.splice(times.length);
      const [event, created, ordinal = null] = read as [Float64Array, Float64Array?, Float64Array?];
      const from = created === undefined ? event : visible(runs, event, created);
      const settled = from && merge(runs, { from, event, ordinal });
      if (settled === undefined) return undefined;
      keep(answers, settled, starts[index] as number, values);
    }
    base += file.rows;
  }
  return answers;
}

function placesOf(groups: readonly ParquetGroup[], base: number): number[] {
  let next = base;
  return groups.map(({ rows }) => {
    next += rows;
    return next - rows;
  });
}

function mayHold(
  group: ParquetGroup,
  key: string | undefined,
  anyWithin: (least: Uint8Array, greatest: Uint8Array) => boolean,
): boolean {
  const bounds = key === undefined ? undefined : group.bounds(key);
  return bounds === undefined || anyWithin(bounds.least, bounds.greatest);
}

type Chunk = Awaited<ReturnType<ParquetGroup["read"]>>;

/** Reads the next row group while the caller is at work on one. */
async function* readAhead(
  groups: readonly (readonly [number, ParquetGroup])[],
  columns: readonly string[],
): AsyncGenerator<readonly [number, ParquetGroup, readonly Chunk[]]> {
  const read = (index: number) => {
    const chunks = Promise.all(columns.map((column) => groups[index]?.[1].read(column) as Promise<Chunk>));
    // Whoever awaits it hears of it; when nobody does any more, nobody need.
    chunks.catch(() => undefined);
    return chunks;
  };
  let coming = groups.length > 0 ? read(0) : undefined;
  try {
    for (const [at, [index, group]] of groups.entries()) {
      const chunks = (await coming) as readonly Chunk[];
      coming = at + 1 < groups.length ? read(at + 1) : undefined;
      yield [index, group, chunks];
    }
  } finally {
    await coming?.catch(() => undefined);
  }
}

/** Puts settled answers to their label rows. */
function keep(
  { numbers, places }: ViewAnswers,
  { count, row, at }: Settled,
  start: number,
  values: readonly Float64Array[],
): void {
  for (let index = 0; index < count; index++) places[row[index]!] = start + at[index]!;
  for (const [column, into] of numbers.entries()) {
    const piece = values[column] as Float64Array;
    for (let index = 0; index < count; index++) into[row[index]!] = piece[at[index]!]!;
  }
}
