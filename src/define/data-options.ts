// What the file of a data component may say.

import type { Source } from "../ports/source.ts";
import type { Component } from "./component.ts";
import type { Checks } from "./expectations.ts";
import type { Feature, Features } from "./feature.ts";
import type { Labels } from "./label.ts";
import type { Limits } from "./limits.ts";
import type { ScheduleOptions } from "./schedule.ts";
import type { Window, Windows } from "./window.ts";

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
