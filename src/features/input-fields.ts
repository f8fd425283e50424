// What a request to a model may hold: the model's stored features, and what its on-demand features are computed from.

import type { Value } from "../base/table.ts";
import type { FeatureDefinition, OnDemandDefinition } from "../define/definition.ts";
import type { Commit } from "./commits.ts";
import { embeddingsOf } from "./embedding.ts";
import {
  type FeatureField,
  featureField,
  featureFields,
  fieldStatistics,
  type SelectedGroup,
  typicalValue,
} from "./fields.ts";
import { requestFeatures } from "./on-demand.ts";
import type { ColumnStatistics } from "./statistics.ts";

/**
 * One field each, the request's own first. A stored feature of a request field's name is given by the request. A vector that is
 * made of texts may come as these.
 */
export function inputFields(
  groups: readonly SelectedGroup[],
  onDemand: OnDemandDefinition | undefined,
): FeatureField[] {
  const asked = requestFeatures(onDemand).map(requestField);
  const names = new Set(asked.map(({ name }) => name));
  const fields = [...asked, ...featureFields(groups).filter(({ name }) => !names.has(name))];
  for (const { name } of fields) names.add(name);
  for (const { commit, features } of groups)
    for (const { name: vector, of = [] } of embeddingsOf(commit.definition))
      for (const text of features.includes(vector) ? of : []) {
        if (names.has(text)) continue;
        names.add(text);
        fields.push({ ...featureField(commit, text), required: false, behind: vector });
      }
  return fields;
}

function requestField({
  name,
  type,
  unit,
  description,
  optional,
  min,
  max,
  values,
  format,
  dimensions,
}: FeatureDefinition): FeatureField {
  return {
    name,
    type,
    ...(dimensions === undefined ? {} : { dimensions }),
    unit: unit ?? null,
    description: description ?? null,
    required: !optional,
    min: min ?? null,
    max: max ?? null,
    values: values ?? null,
    format: format ?? null,
    request: true,
  };
}

/** What is known of a field's values: its column's statistics, of the label's rows for what a request gives. */
export function inputStatistics(
  field: FeatureField,
  groups: readonly SelectedGroup[],
  onDemand: OnDemandDefinition | undefined,
  label: Commit | undefined,
): ColumnStatistics | undefined {
  if (field.request !== true) return fieldStatistics(groups, field.name);
  const from = requestFeatures(onDemand).find(({ name }) => name === field.name)?.from;
  return label?.statistics.columns.find(({ name }) => name === from);
}

/** A typical value: of what the data tells, otherwise the plainest one that fits. */
export function typicalInput(
  field: FeatureField,
  groups: readonly SelectedGroup[],
  onDemand: OnDemandDefinition | undefined,
  label: Commit | undefined,
): Value {
  if (field.behind !== undefined) return null;
  // No vector is typical, but one that is needed must be there.
  if (field.type === "vector") return field.required ? new Array<number>(field.dimensions ?? 0).fill(0) : null;
  const typical = typicalValue(field, inputStatistics(field, groups, onDemand, label));
  if (typical !== null || field.request !== true || !field.required) return typical;
  // Keys and event times have no statistics of their own.
  if (field.type === "time") return new Date(label?.eventToMs ?? 0).toISOString();
  if (field.type === "number") return Math.max(field.min ?? 0, Math.min(field.max ?? 0, 0));
  return field.type === "boolean" ? false : (field.values?.[0] ?? "");
}
