// On-demand features as JSON: what the catalog and a model's report keep, beside the hash of the code that computes them.

import type { SourceLocation } from "../base/failure.ts";
import type { Component } from "./component.ts";
import type { FeatureDefinition, OnDemandDefinition, OnDemandView, TrainingDefinition } from "./definition.ts";
import type { Feature } from "./feature.ts";
import { isOnDemand, namesOf, type OnDemand } from "./on-demand.ts";
import type { FeatureReference, FeatureSelection } from "./selection.ts";

type Selections = TrainingDefinition["features"];

/** The code behind a component, as whoever loads it knows it. */
export interface ComponentCode {
  readonly file: string;
  hash(): string;
  locate(stack: string): SourceLocation | null;
}

/** Undefined for a training without on-demand features. */
export function describeOnDemand(
  features: readonly unknown[],
  nameOf: (component: Component) => string,
  code: ComponentCode,
): OnDemandDefinition | undefined {
  const views = features.filter(isOnDemand).map(
    ({ onDemand, declaredAt }: OnDemand): OnDemandView => ({
      request: describeFeatures(onDemand.request ?? {}),
      stored: groupSelections(onDemand.stored ?? [], nameOf),
      features: describeFeatures(onDemand.features),
      location: code.locate(declaredAt),
    }),
  );
  return views.length === 0 ? undefined : { file: code.file, code: code.hash(), views };
}

function describeFeatures(features: Readonly<Record<string, Feature>>): FeatureDefinition[] {
  return Object.entries(features).map(([name, { valueType: _, from, ...given }]) => ({
    ...given,
    name,
    from: from ?? name,
  }));
}

/** One selection a group, with each name once. */
export function groupSelections(
  selections: readonly (FeatureSelection | FeatureReference)[],
  nameOf: (component: Component) => string,
): Selections {
  return mergeSelections(selections.map((one) => ({ data: nameOf(one.data), names: namesOf(one) })));
}

/** What a model takes of each group, with what its on-demand features are computed from. */
export function storedSelections({
  features,
  onDemand,
}: Pick<TrainingDefinition, "features" | "onDemand">): Selections {
  return mergeSelections([...features, ...(onDemand?.views ?? []).flatMap(({ stored }) => stored)]);
}

/** The groups behind a training, its label's first. */
export function groupsOf(training: Pick<TrainingDefinition, "features" | "onDemand" | "label" | "weight">): string[] {
  const { label, weight } = training;
  const selected = storedSelections(training).map(({ data }) => data);
  return [...new Set([label.data, ...selected, ...(weight === undefined ? [] : [weight.data])])];
}

export function mergeSelections(selections: Selections): Selections {
  const groups = new Map<string, Set<string>>();
  for (const { data, names } of selections) {
    const known = groups.get(data) ?? new Set();
    for (const name of names) known.add(name);
    groups.set(data, known);
  }
  return [...groups].map(([data, names]) => ({ data, names: [...names] }));
}
