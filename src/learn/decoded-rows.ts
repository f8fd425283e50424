// Encoded values as rows that people and other programs read: texts for categories and times, lists for vectors.

import type { Table, Value } from "../base/table.ts";
import { type Feature, wholeFeatures } from "./feature.ts";
import { encodeTable, textsOf } from "./features.ts";

export type DecodedRow = Readonly<Record<string, Value>>;

export function rowsOf(features: readonly Feature[], table: Table): DecodedRow[] {
  const columns = encodeTable(features, table);
  const texts = textsOf(features, table);
  const reader = rowReader(features);
  return Array.from({ length: table.rowCount }, (_, row) =>
    reader(
      (f) => columns[f]?.[row] ?? Number.NaN,
      (f) => texts[f]?.[row] ?? null,
    ),
  );
}

/** Puts rows together of encoded values; a vector is a list again. */
export function rowReader(features: readonly Feature[]) {
  const places = [...features.keys()].filter((f) => (features[f]!.part?.index ?? 0) === 0);
  const wholes = wholeFeatures(features);
  return (numberOf: (f: number) => number, textOf: (f: number) => string | null): DecodedRow =>
    Object.fromEntries(
      wholes.map((whole, w) => {
        const f = places[w]!;
        const value = numberOf(f);
        const { name, type, dimensions } = whole;
        if (type !== "vector") return [name, decoded(whole, value, textOf(f))];
        return [name, Number.isNaN(value) ? null : Array.from({ length: dimensions! }, (_, i) => numberOf(f + i))];
      }),
    );
}

/** A feature's value as people write it. */
function decoded({ type, dictionary }: Feature, value: number, text: string | null): Value {
  if (type === "text") return text;
  if (Number.isNaN(value)) return null;
  if (type === "category") return dictionary?.[value] ?? null;
  if (type === "boolean") return value !== 0;
  return type === "time" ? new Date(value).toISOString() : value;
}
