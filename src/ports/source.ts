// The port for where rows come from: a source names its columns and gives its rows as texts, in batches or as files.

import type { Log } from "../base/log.ts";
import type { Query } from "./query.ts";

/** One raw row set: every cell a text as it stands in the source, null when missing. */
export interface RawRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A row that could not even be read as a row: a ragged line, a broken JSON line. */
export interface UnreadableRow {
  /** 1 is the first data row; for text files the line number is in `text`'s place of origin. */
  readonly row: number;
  readonly reason: string;
  readonly text: string;
}

export interface SourceContext {
  /** Relative paths are relative to this folder. */
  readonly projectFolder: string;
  readonly query: Query;
  readonly temporaryFolder: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** What the source returned as its position after the last committed run, or null at first. */
  readonly position: string | null;
  /** Only rows that happened within from ≤ t < to are wanted; a source that gives more does no harm. Null for all. */
  readonly range: { readonly from: Date; readonly to: Date } | null;
  /** Only the secrets that the component declares. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A file of the rows that were posted for this run, one `PostedRows` a line; null when there are none. */
  readonly posted?: string | null;
}

/** What one sender posted at once. */
export interface PostedRows {
  /** Posts are numbered in the order in which they came. */
  readonly number: number;
  /** When they came, in milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly rows: readonly object[];
}

/** A value as the text that sources give: dates in ISO 8601, objects and arrays as JSON, null for what is missing. */
export function cellText(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isNaN(value) ? null : String(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      return JSON.stringify(value);
    default:
      return null;
  }
}

export interface SourceResult {
  /**
   * A relation in `context.query` (a view or a table) whose columns are all text, in the source's own order, plus
   * `_row`, the number of the row in the source starting at 1.
   */
  readonly relation: string;
  readonly columns: readonly string[];
  readonly unreadable: readonly UnreadableRow[];
  /** Bytes that were read, when known. */
  readonly bytes: number | null;
  /** Where to go on next time; null for sources that always give everything. */
  readonly position: string | null;
}

export interface Source {
  /** `csv`, `json`, `parquet`, `rows` …: for people and the dashboard. */
  readonly kind: string;
  /** What it reads, in a few words: a path, a URL. Never a secret. */
  readonly description: string;
  /** A local file or folder to watch for changes, relative to the project. */
  readonly watch?: string;
  /** A text that changes when the source's content may have changed; null when that is not known beforehand. */
  fingerprint(projectFolder: string): Promise<string | null>;
  open(context: SourceContext): Promise<SourceResult>;
}

/**
 * A posted row under names that the engine takes. Nobody can be asked to send a row again: names that it would refuse are
 * read as the columns that they mean, each as it was `spelt` first.
 */
export function spelledRow(row: object, spelt: Map<string, string>): Record<string, unknown> {
  const spoken: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const plain = name
      .replace(/[\u200b\ufeff]/g, "")
      .replace(/\s+/g, " ")
      .trim();
    const folded = plain.toLowerCase();
    if (plain === "" || /^_(?:row|posted|post)$/.test(folded)) continue;
    const known = spelt.get(folded);
    if (known === undefined) spelt.set(folded, plain);
    spoken[known ?? plain] = value;
  }
  return spoken;
}
