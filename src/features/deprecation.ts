// Features that a file does not declare any more, and that are kept until the last live model that takes them is replaced.

import type { DataDefinition, FeatureDefinition, WindowDefinition } from "../define/definition.ts";
import { expressionColumns, parseExpression } from "../define/expression.ts";

/** Feature or window of a group → what still takes it, e.g. `training/rain version 3`. */
export type FeatureUsers = ReadonlyMap<string, readonly string[]>;

/**
 * The definition with those features and windows of `before`, the definition of the newest commit, that are in use and
 * declared no more. They bar no row: what the source lacks of them is missing. Another key or event time makes other rows,
 * which no old feature belongs to.
 */
export function withDeprecated(
  definition: DataDefinition,
  before: DataDefinition | undefined,
  users: FeatureUsers,
): DataDefinition {
  if (before === undefined || users.size === 0 || !sameRows(definition, before)) return definition;
  const taken = new Set(
    [...definition.features, ...definition.windows, ...definition.labels]
      .map(({ name }) => name)
      .concat(definition.key),
  );
  const isDropped = ({ name }: { readonly name: string }) => users.has(name) && !taken.has(name);
  const windows = before.windows.filter(isDropped);
  const behind = new Set(windows.flatMap(columnsOf));
  const features = before.features.filter(
    (feature) => isDropped(feature) || (behind.has(feature.name) && !taken.has(feature.name)),
  );
  if (features.length + windows.length === 0) return definition;
  const usersOf = (name: string) =>
    users.get(name) ?? [
      ...new Set(windows.filter((one) => columnsOf(one).includes(name)).flatMap((one) => users.get(one.name) ?? [])),
    ];
  return {
    ...definition,
    features: [...definition.features, ...features.map((feature) => deprecated(feature, usersOf(feature.name)))],
    windows: [
      ...definition.windows,
      ...windows.map((window) => ({ ...window, description: kept(usersOf(window.name)) })),
    ],
  };
}

/** What was dropped and is kept, with what takes it. */
export function listDeprecated({ features }: DataDefinition): { name: string; users: readonly string[] }[] {
  return features.flatMap(({ name, deprecated }) => (deprecated === undefined ? [] : [{ name, users: deprecated }]));
}

function deprecated(feature: FeatureDefinition, users: readonly string[]): FeatureDefinition {
  const { min: _, max: __, values: ___, ...rest } = feature;
  return { ...rest, optional: true, deprecated: users, description: kept(users) };
}

function kept(users: readonly string[]): string {
  return `dropped from its file, kept for ${users.join(", ")}`;
}

function columnsOf({ column, where }: WindowDefinition): string[] {
  return [...(column === null ? [] : [column]), ...(where === null ? [] : expressionColumns(parseExpression(where)))];
}

function sameRows(a: DataDefinition, b: DataDefinition): boolean {
  return JSON.stringify([a.key, a.eventTime]) === JSON.stringify([b.key, b.eventTime]);
}
