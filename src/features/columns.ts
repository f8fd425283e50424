// How a feature group is stored: its own columns beside the bookkeeping ones, whose names begin with an underscore.

import type { DataDefinition, FeatureDefinition, LabelDefinition, WindowDefinition } from "../define/definition.ts";
import type { FeatureType } from "../define/feature.ts";
import { sqlName } from "../ports/query.ts";

/** The moment a row's values held, in UTC; the commit's time when the source names none. */
export const eventColumn = "_event";
/** The moment a row became known. */
export const createdColumn = "_created";
/** Tells rows of the same key and event time apart, in the source's order, from 1. */
export const ordinalColumn = "_ordinal";
/** The number of the commit that wrote the row. */
export const commitColumn = "_commit";

export function keyColumn(name: string): string {
  return `_key_${name}`;
}

export const sqlTypes: Readonly<Record<FeatureType, string>> = {
  number: "DOUBLE",
  category: "VARCHAR",
  boolean: "BOOLEAN",
  text: "VARCHAR",
  time: "TIMESTAMP",
  vector: "FLOAT[]",
};

/** SQL that reads a stored vector as numbers: the engine gives lists that may be of any length as texts. */
export function vectorSql(column: string, dimensions: number, name: string): string {
  return `CAST(${column} AS FLOAT[${dimensions}]) AS ${name}`;
}

export type ColumnRole = "feature" | "window" | "label";

export interface GroupColumn {
  readonly name: string;
  readonly role: ColumnRole;
  readonly type: FeatureType;
  /** Of a vector. */
  readonly dimensions?: number;
  readonly unit: string | null;
  readonly description: string | null;
}

/** Features, then windows, then labels: what a reader of the group sees besides key and event time. */
export function groupColumns(definition: DataDefinition): GroupColumn[] {
  const column = (
    role: ColumnRole,
    { name, unit, description }: FeatureDefinition | WindowDefinition | LabelDefinition,
    type: FeatureType,
    dimensions?: number,
  ): GroupColumn => ({
    name,
    role,
    type,
    ...(dimensions === undefined ? {} : { dimensions }),
    unit: unit ?? null,
    description: description ?? null,
  });
  return [
    ...definition.features.map((feature) => column("feature", feature, feature.type, feature.dimensions)),
    ...definition.windows.map((window) => {
      const type = windowType(definition, window);
      const of = definition.features.find(({ name }) => name === window.column);
      return column("window", window, type, type === "vector" ? of?.dimensions : undefined);
    }),
    ...definition.labels.map((label) => column("label", label, label.type)),
  ];
}

/** `min`, `max` and `last` keep their column's type; the other aggregates are numbers. */
export function windowType(definition: DataDefinition, window: WindowDefinition): FeatureType {
  if (window.aggregate !== "min" && window.aggregate !== "max" && window.aggregate !== "last") return "number";
  return definition.features.find((feature) => feature.name === window.column)?.type ?? "category";
}

/** The columns that are written to the group's files: features and the labels that are columns of the source. */
export function storedColumns(definition: DataDefinition): FeatureDefinition[] {
  return [
    ...definition.features,
    ...definition.labels.flatMap((label) => (label.column === null ? [] : [label.column])),
  ];
}

/** What tells one row of the group from another. Without an event time of its own, the commit's time does not count. */
export function identityColumns(definition: DataDefinition): string[] {
  return [...definition.key.map(keyColumn), ...(definition.eventTime === null ? [] : [eventColumn]), ordinalColumn];
}

/** The bookkeeping columns with their types in SQL. */
export function bookkeepingTypes({ key }: DataDefinition): [name: string, type: string][] {
  return [
    ...key.map((name): [string, string] => [keyColumn(name), "VARCHAR"]),
    [eventColumn, "TIMESTAMP"],
    [ordinalColumn, "BIGINT"],
    [createdColumn, "TIMESTAMP"],
    [commitColumn, "BIGINT"],
  ];
}

/** SQL of a column that an expression of the group names. */
export function expressionColumn(definition: DataDefinition, table: string): (name: string) => string | undefined {
  return (name) => {
    if (definition.features.some((feature) => feature.name === name)) return `${table}.${sqlName(name)}`;
    return definition.key.includes(name) ? `${table}.${sqlName(keyColumn(name))}` : undefined;
  };
}
