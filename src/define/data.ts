// Step 2, data: where rows come from, what they must look like, how often they are fetched.

import { invalid } from "./check.ts";
import { checkData, suggestion } from "./check-data.ts";
import type { Component } from "./component.ts";
import type { DataOptions, EventTime } from "./data-options.ts";
import type { Features } from "./feature.ts";
import type { Labels } from "./label.ts";
import type {
  ChosenInputs,
  ChosenValues,
  FeatureReference,
  FeatureSelection,
  LabelReference,
  LabelValueOf,
  PlainNames,
} from "./selection.ts";
import type { Windows } from "./window.ts";

export interface DataComponent<
  F extends Features = Features,
  W extends Windows = Windows,
  L extends Labels = Labels,
  K extends string = string,
  Stored extends boolean = boolean,
> extends Component<"data"> {
  readonly options: DataOptions<F, W, L, K, string | EventTime>;
  readonly features: {
    readonly [N in (keyof F | keyof W) & string]: FeatureReference<
      N,
      ChosenInputs<F, W, K, Stored, N>,
      ChosenValues<F, N>
    >;
  };
  readonly labels: { readonly [N in keyof L & string]: LabelReference<N, LabelValueOf<L[N], F>> };
  /** Every feature and window of the group, but for vectors: hundreds of numbers are asked for by name, with `pick("meaning")`. */
  all(): FeatureSelection<
    ChosenInputs<F, W, K, Stored, PlainNames<F> | keyof W>,
    ChosenValues<F, PlainNames<F> | keyof W>
  >;
  /** Some of the group's features and windows. */
  pick<const Names extends keyof F | keyof W>(
    ...names: readonly Names[]
  ): FeatureSelection<ChosenInputs<F, W, K, Stored, Names>, ChosenValues<F, Names>>;
}

type NoNames = Readonly<Record<never, never>>;

/**
 * Declares where rows come from and what they must look like.
 *
 * @example
 * export default defineData({
 *   source: csv("weather.csv"),
 *   eventTime: "date",
 *   features: { precipitation: number({ unit: "mm", min: 0 }) },
 *   labels: { rainTomorrow: ahead("precipitation > 0", { by: "1d" }) },
 * });
 */
export function defineData<
  const F extends Features,
  const W extends Windows = NoNames,
  const L extends Labels = NoNames,
  const K extends string = never,
  const T extends string | EventTime = never,
>(
  options: DataOptions<F, W, L, K, T>,
): DataComponent<F, W, L, K, [K] extends [never] ? ([T] extends [never] ? false : true) : true> {
  checkData(options as DataOptions<Features, Windows, Labels, string, string | EventTime>);
  const featureNames = [...Object.keys(options.features), ...Object.keys(options.windows ?? {})];
  const component = { kind: "data", name: options.name, options } as unknown as DataComponent<F, W, L, K>;
  const features = Object.fromEntries(featureNames.map((feature) => [feature, { data: component, feature }]));
  const labels = Object.fromEntries(
    Object.keys(options.labels ?? {}).map((label) => [label, { data: component, label }]),
  );
  const pick = (...names: readonly string[]) => {
    for (const name of names)
      if (!featureNames.includes(name))
        throw invalid("pick()", `one of ${featureNames.join(", ")}`, name, suggestion(name, featureNames));
    return { data: component, names };
  };
  return Object.assign(component, {
    features,
    labels,
    all: () => ({ data: component, names: featureNames.filter((name) => options.features[name]?.type !== "vector") }),
    pick,
  }) as never;
}
