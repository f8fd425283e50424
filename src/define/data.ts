// Step 2, data: where rows come from, what they must look like, how often they are fetched.

import type { Source } from "../ports/source.ts";
import { invalid } from "./check.ts";
import { checkData, suggestion } from "./check-data.ts";
import type { Component } from "./component.ts";
import type { Checks } from "./expectations.ts";
import type { Feature } from "./feature.ts";
import type { Label } from "./label.ts";
import type { Limits } from "./limits.ts";
import type { ScheduleOptions } from "./schedule.ts";
import type {
  ChosenInputs,
  ChosenValues,
  FeatureReference,
  FeatureSelection,
  LabelReference,
  LabelValueOf,
  PlainNames,
} from "./selection.ts";
import type { Window } from "./window.ts";

export type Features = Readonly<Record<string, Feature>>;
export type Windows = Readonly<Record<string, Window>>;
export type Labels = Readonly<Record<string, Label>>;

/** A source row as a transform sees it: texts, or null when missing. */
export type RawRow = Record<string, string | null>;

export interface EventTime {
  readonly column: string;
  /** strptime letters, e.g. `%d/%m/%Y`; ISO 8601 when left out. */
  readonly format?: string;
}

export interface DataOptions<
  F extends Features,
  W extends Windows,
  L extends Labels,
  K extends string,
  T extends string | EventTime,
> {
  /** The file's name unless given. */
  readonly name?: string;
  /** What the rows are, in a sentence; exported data sets carry it. */
  readonly description?: string;
  /** Under which terms the rows may be used: an address, or an SPDX name such as "CC-BY-4.0". */
  readonly license?: string;
  /** `csv("weather.csv")`, or another source. */
  readonly source: Source;
  /**
   * Cron ("0 6 * * *"), "@hourly", "@daily" or an interval ("15m"), or `{ cron, timeZone, missed }`; when left out it runs on
   * demand and when its file changes.
   */
  readonly schedule?: string | ScheduleOptions;
  /**
   * Run after every success of these, e.g. `["data/orders"]` or the components themselves, and after events that somebody
   * raises, e.g. `["event/orders-loaded"]`, by `POST /api/events/orders-loaded` or `pentad tick --event orders-loaded`.
   */
  readonly after?: readonly (string | Component)[];
  /** The column or columns that name the entity. */
  readonly key?: K | readonly K[];
  /** The column that says when a row's values held. */
  readonly eventTime?: T;
  /** Name → `number()`, `category()`, `boolean()`, `text()`, `time()`, `vector()` or `embedding()`. */
  readonly features: F & { readonly [N in keyof F]: Feature & { readonly of?: readonly (keyof F & string)[] } };
  /** Name → `count()`, `sum()`, `mean()` and their like, over the rows before each row. */
  readonly windows?: W & { readonly [N in keyof W]: Window<(keyof F & string) | K> };
  /** Name → `ahead()`, or a feature word for a column of the source. */
  readonly labels?: L;
  /** Changes a source row, or returns null to leave it out, or several rows. */
  readonly transform?: (row: RawRow) => RawRow | readonly RawRow[] | null;
  /** Texts that mean "missing"; by default the empty text, NA, N/A, null, NaN and the like. */
  readonly missing?: readonly string[];
  /** What rows and whole batches must hold beyond each column's own type and range. */
  readonly checks?: Checks;
  /** The share of rows that may go to quarantine before the whole run is refused; 0.1 by default. */
  readonly quarantineBudget?: number;
  /** How old the newest row may be before the component counts as stale, e.g. "2d". */
  readonly freshFor?: string;
  /** How long a row's values count, e.g. "7d": older ones are missing, in training sets and in answers alike. */
  readonly ttl?: string;
  /**
   * How long the state of the group before a commit can still be asked for, e.g. "90d"; always when left out. What a
   * training set was made from is kept in any case.
   */
  readonly retention?: string;
  /**
   * The environment variables that its steps may see, e.g. `["WEATHER_TOKEN"]`: in `process.env`, and in the `secrets` of a
   * source of your own. They see no others.
   */
  readonly secrets?: readonly string[];
  /** Time and memory of each step. */
  readonly limits?: Limits;
}

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
