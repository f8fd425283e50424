// A model that reads columns made from other columns, as people know it: it is asked for, and tells of, those that they were made from.

import type { Table, Value } from "../base/table.ts";
import type { Feature } from "./feature.ts";
import type { Row } from "./features.ts";
import type { Explanation, Interaction, Predictor } from "./model.ts";

export interface Derivation {
  /** As people know them. */
  readonly features: readonly Feature[];
  /** Which of these a column of the model stands for; undefined for one of these itself. */
  readonly ownerOf: ReadonlyMap<string, string>;
  table(table: Table): Table;
  /** From the values of `features` to those of the model's own. */
  row(values: readonly Value[]): Value[];
}

/** What made columns add, and how they matter, is their owner's. */
export function derivedPredictor(inner: Predictor, { features, ownerOf, table, row }: Derivation): Predictor {
  const nameOf = (name: string): string => ownerOf.get(name) ?? name;
  const whole = (given: Row): Row =>
    row(
      Array.isArray(given)
        ? (given as readonly Value[])
        : features.map(({ name }) => (given as Readonly<Record<string, Value>>)[name] ?? null),
    );
  const { explainInteractions } = inner;
  return {
    ...inner,
    features,
    predict: (given) => inner.predict(table(given)),
    predictRow: (given) => inner.predictRow(whole(given)),
    explainRow: (given, options) => summed(inner.explainRow(whole(given), options), nameOf),
    ...(explainInteractions !== undefined && {
      explainInteractions: (given: Row, options?: { readonly class?: string }) =>
        summedPairs(explainInteractions(whole(given), options), nameOf),
    }),
    importance() {
      const shares = new Map<string, number>();
      for (const { feature, share } of inner.importance())
        shares.set(nameOf(feature), (shares.get(nameOf(feature)) ?? 0) + share);
      return [...shares].map(([feature, share]) => ({ feature, share })).sort((a, b) => b.share - a.share);
    },
  };
}

/** Names of made columns that no feature has. */
export function freshNames(features: readonly Feature[], wanted: readonly string[]): string[] {
  const taken = new Set(features.map(({ name }) => name));
  return wanted.map((name) => {
    let own = name;
    while (taken.has(own)) own += "'";
    taken.add(own);
    return own;
  });
}

function summed({ contributions, ...rest }: Explanation, nameOf: (name: string) => string): Explanation {
  const sums = new Map<string, Explanation["contributions"][number]>();
  for (const one of contributions) {
    const feature = nameOf(one.feature);
    const known = sums.get(feature);
    const contribution = one.contribution + (known?.contribution ?? 0);
    sums.set(feature, { ...known, ...one, feature, contribution });
  }
  return {
    ...rest,
    contributions: [...sums.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
  };
}

function summedPairs(pairs: readonly Interaction[], nameOf: (name: string) => string): Interaction[] {
  const sums = new Map<string, Interaction>();
  for (const { features, contribution } of pairs) {
    const pair = [nameOf(features[0]), nameOf(features[1])].sort() as [string, string];
    const key = JSON.stringify(pair);
    sums.set(key, { features: pair, contribution: contribution + (sums.get(key)?.contribution ?? 0) });
  }
  return [...sums.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}
