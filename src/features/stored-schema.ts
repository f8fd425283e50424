// What a feature group's files hold, column by column under a lasting number, and what a changed definition makes of it.

import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import type { FeatureType } from "../define/feature.ts";
import { keyColumn, storedColumns } from "./columns.ts";

export interface StoredColumn {
  /** The field id in the Parquet files; never used again for anything else. */
  readonly id: number;
  readonly name: string;
  readonly type: FeatureType;
  /** How it is read from the source: its column and how values are written there. */
  readonly reading: string;
}

export interface StoredSchema {
  readonly columns: readonly StoredColumn[];
  readonly nextId: number;
}

export interface Evolution {
  readonly schema: StoredSchema;
  /** Why the stored rows do not fit, one text a column; empty unless `change` is `rebuild`. */
  readonly misfits: readonly string[];
  /** `rebuild`: the stored rows do not fit any more. `extend`: they lack a column, and are otherwise fine. */
  readonly change: "none" | "extend" | "rebuild";
}

/** The bookkeeping columns and the keys have the numbers below. */
const firstId = 1000;
const bookkeepingIds = { _event: 1, _ordinal: 2, _created: 3, _commit: 4 };
const firstKeyId = 100;

/**
 * The schema for a changed definition. A feature keeps its column when it is read the same way, whatever it is called now;
 * a category may become a text. An embedding keeps it as long as its texts and its embedder are the same. What is gone is left in the files and never shown; what is new gets a new number. A
 * deprecated feature gives way to one that is a column's new name, and bars nothing.
 */
export function evolveSchema(before: StoredSchema | null, definition: DataDefinition): Evolution {
  const wanted = storedColumns(definition);
  const old = before?.columns ?? [];
  let nextId = before?.nextId ?? firstId;
  let change: Evolution["change"] = "none";
  const misfits: string[] = [];
  const declared = wanted.filter((feature) => feature.deprecated === undefined);
  const renamedTo = (one: StoredColumn) =>
    declared.find((feature) => readingOf(feature) === one.reading && !old.some(({ name }) => name === feature.name));
  const columns = wanted.map((feature): StoredColumn => {
    const { name, type } = feature;
    const reading = readingOf(feature);
    const same = old.find((one) => one.name === name);
    const renamed = old.find((one) => one.reading === reading && !declared.some((other) => other.name === one.name));
    const isGiven = feature.deprecated !== undefined && same !== undefined && renamedTo(same) !== undefined;
    const kept = isGiven ? undefined : (same ?? (feature.deprecated === undefined ? renamed : undefined));
    if (kept === undefined) {
      if (change === "none" && feature.deprecated === undefined) change = "extend";
      return { id: nextId++, name, type, reading };
    }
    if (kept.reading === reading && fits(kept.type, type)) return { id: kept.id, name, type, reading };
    // What is made of other columns can be made again of what is stored: it is a new column.
    if (feature.of !== undefined) {
      if (change === "none") change = "extend";
      return { id: nextId++, name, type, reading };
    }
    change = "rebuild";
    misfits.push(
      kept.type === type ? `${name} read in another way` : `${name} as ${type}, which was stored as ${kept.type}`,
    );
    return { id: nextId++, name, type, reading };
  });
  return { schema: { columns, nextId }, misfits, change: before === null ? "none" : change };
}

function readingOf({ from, format, decimal, dimensions, of, embedder }: FeatureDefinition): string {
  if (of !== undefined) return JSON.stringify({ of, embedder, dimensions });
  return JSON.stringify([from, format ?? null, decimal ?? ".", ...(dimensions === undefined ? [] : [dimensions])]);
}

function fits(before: FeatureType, after: FeatureType): boolean {
  return before === after || (before === "category" && after === "text");
}

/** For the Parquet writer: every column's number. */
export function fieldIds({ key }: DataDefinition, schema: StoredSchema): Record<string, number> {
  return {
    ...bookkeepingIds,
    ...Object.fromEntries(key.map((name, index) => [keyColumn(name), firstKeyId + index])),
    ...Object.fromEntries(schema.columns.map(({ name, id }) => [name, id])),
  };
}

/** Stored name → name now, of the columns that a file written by `then` shares with the group as of `now`; null when it has them all under their names and no others. */
export function renamedColumns(then: StoredSchema, now: StoredSchema): Readonly<Record<string, string>> | null {
  const names = then.columns.flatMap(({ id, name }) => {
    const current = now.columns.find((one) => one.id === id);
    return current === undefined ? [] : [[name, current.name] as const];
  });
  const plain = names.length === then.columns.length && names.every(([stored, name]) => stored === name);
  return plain ? null : Object.fromEntries(names);
}
