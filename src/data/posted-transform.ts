// The transform of posted rows: what goes to the process that runs it, and what comes back.

import { cellText, type PostedRows, spelledRow } from "../ports/source.ts";
import { type Transform, transformRow } from "./transform.ts";

/** Rows as a run would hand them to the transform: every column that one of them names, and those that checks look at. */
export interface RawCells {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** The columns that the rows which come out are asked for. */
  readonly wanted: readonly string[];
}

/** For every row the rows that it becomes, as the cells of the wanted columns. Rejects when it cannot be told now. */
export type TransformElsewhere = (cells: RawCells) => Promise<readonly (readonly (readonly (string | null)[])[])[]>;

/** The rows of all posts, in their order. */
export function rawCells(posts: readonly PostedRows[], wanted: readonly string[]): RawCells {
  const spelt = new Map<string, string>();
  const rows = posts.flatMap((post) => post.rows.map((row) => spelledRow(row, spelt)));
  for (const name of wanted) if (!spelt.has(name.toLowerCase())) spelt.set(name.toLowerCase(), name);
  const columns = [...spelt.values()];
  return { columns, rows: rows.map((row) => columns.map((name) => cellText(row[name]))), wanted };
}

/** At the other side. */
export function transformCells(transform: Transform, { columns, rows, wanted }: RawCells): (string | null)[][][] {
  return rows.map((cells, index) => {
    const row = Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? null]));
    return transformRow(transform, row, index + 1, wanted);
  });
}
