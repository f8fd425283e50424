// The features of a model as fields that a person or a program fills in: type, range, choices and a typical value.

import { fail } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { FeatureType } from "../define/feature.ts";
import { groupColumns } from "./columns.ts";
import type { Commit } from "./commits.ts";
import type { ColumnStatistics } from "./statistics.ts";

export interface FeatureField {
  readonly name: string;
  readonly type: FeatureType;
  /** Of a vector. */
  readonly dimensions?: number;
  readonly unit: string | null;
  readonly description: string | null;
  /** Without a value a request is refused, unless a stored row gives one. Windows are never required. */
  readonly required: boolean;
  readonly min: number | null;
  readonly max: number | null;
  readonly values: readonly string[] | null;
  /** The source's column, where it has another name. */
  readonly from?: string;
  /** Times: how the source writes them; null for ISO 8601. */
  readonly format?: string | null;
  /** Of a vector that is made of texts: their names. */
  readonly of?: readonly string[];
  /** A text that the model knows only by this vector. */
  readonly behind?: string;
  /** Only a request gives it; nothing is stored that could stand in for it. */
  readonly request?: true;
}

/** The features that one model takes from one group. */
export interface SelectedGroup {
  readonly commit: Commit;
  readonly features: readonly string[];
}

/** One field per feature, in the model's order. */
export function featureFields(groups: readonly SelectedGroup[]): FeatureField[] {
  return groups.flatMap(({ commit, features }) => features.map((name) => featureField(commit, name)));
}

export function featureField({ definition }: Commit, name: string): FeatureField {
  const column = groupColumns(definition).find((one) => one.name === name);
  if (column === undefined)
    throw fail("DATA_COLUMN_MISSING", `Expected data/${definition.name} to hold ${JSON.stringify(name)}, got none`, {
      hint: `Run data/${definition.name}, so that its rows hold the new feature`,
    });
  const feature = definition.features.find((one) => one.name === name);
  const { type, unit, description, dimensions } = column;
  return {
    name,
    type,
    ...(dimensions === undefined ? {} : { dimensions }),
    unit,
    description,
    required: feature !== undefined && !feature.optional,
    min: feature?.min ?? null,
    max: feature?.max ?? null,
    values: feature?.values ?? null,
    format: feature?.format ?? null,
    ...(feature?.of === undefined || feature.deprecated !== undefined ? {} : { of: feature.of }),
    ...(feature === undefined || feature.from === name ? {} : { from: feature.from }),
  };
}

export function fieldStatistics(groups: readonly SelectedGroup[], name: string): ColumnStatistics | undefined {
  for (const { commit, features } of groups)
    if (features.includes(name)) return commit.statistics.columns.find((column) => column.name === name);
  return undefined;
}

/** The median or the most frequent value; null where the data has nothing to offer. */
export function typicalValue(field: FeatureField, statistics: ColumnStatistics | undefined): Value {
  if (statistics === undefined) return null;
  switch (field.type) {
    case "number":
      return median(statistics);
    case "boolean":
      return statistics.top?.[0] === undefined ? null : statistics.top[0].value === "true";
    case "category":
      return statistics.top?.[0]?.value ?? null;
    case "time":
      return statistics.max;
    case "text":
      return "";
    case "vector":
      return null;
  }
}

/** The median as a person would write it: whole where the data are whole, four digits otherwise. */
function median({ quantiles, min, max }: ColumnStatistics): number | null {
  const value = quantiles?.[2];
  if (value === undefined) return null;
  const rounded =
    Number.isInteger(min) && Number.isInteger(max) && Math.abs(value) >= 10
      ? Math.round(value)
      : Number(value.toPrecision(4));
  return Math.min(Math.max(rounded, Number(min)), Number(max));
}
