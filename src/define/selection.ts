// How other components name what a data component holds: features, labels, and their types in rows and in requests.

import type { Component } from "./component.ts";
import type { Feature, Features } from "./feature.ts";
import type { AheadLabel } from "./label.ts";
import type { Windows } from "./window.ts";

/** One feature of a group, as a training names it; `Inputs` is its type in a request, `Values` in a row. */
export interface FeatureReference<Name extends string = string, Inputs = unknown, Values = unknown> {
  readonly data: Component<"data">;
  readonly feature: Name;
  readonly inputsType?: Inputs;
  readonly valuesType?: Values;
}

/** One label of a group, as a training names it. */
export interface LabelReference<Name extends string = string, Value = unknown> {
  readonly data: Component<"data">;
  readonly label: Name;
  readonly valueType?: Value;
}

/** Several features of a group; `Inputs` are their types in a request, `Values` in a row. */
export interface FeatureSelection<Inputs = unknown, Values = unknown> {
  readonly data: Component<"data">;
  readonly names: readonly string[];
  readonly inputsType?: Inputs;
  readonly valuesType?: Values;
}

type Flat<T> = { -readonly [K in keyof T]: T[K] } & {};
type ValueOf<T> = T extends { readonly valueType?: infer Value } ? Exclude<Value, undefined> : never;
/** A label that is a column some time ahead has that column's type. */
export type LabelValueOf<L, F> =
  L extends AheadLabel<unknown, infer Column> ? (Column extends keyof F ? ValueOf<F[Column]> : ValueOf<L>) : ValueOf<L>;
/** All but the vectors. */
export type PlainNames<F> = { [N in keyof F]: ValueOf<F[N]> extends readonly number[] ? never : N }[keyof F];
/** What is made of texts may come as these. */
type MadeOfTexts = { readonly of: readonly string[] };
type RequiredNames<F> = {
  [N in keyof F]: F[N] extends Feature<unknown, true> | MadeOfTexts ? never : N;
}[keyof F];
/** The texts that the chosen vectors are made of. */
type TextsBehind<F, Names> = {
  [N in keyof F]: N extends Names ? (F[N] extends { readonly of: readonly (infer Of)[] } ? Of : never) : never;
}[keyof F];

/** What a request may hold for a group's features: stored groups (a key or an event time) fill in what is left out. */
export type InputsOf<F extends Features, W extends Windows, Stored extends boolean> = Flat<
  (Stored extends true
    ? { [N in keyof F]?: ValueOf<F[N]> | null }
    : { [N in RequiredNames<F>]: ValueOf<F[N]> } & {
        [N in Exclude<keyof F, RequiredNames<F>>]?: ValueOf<F[N]> | null;
      }) & {
    [N in keyof W]?: number | null;
  }
>;

/** What a request may hold for the chosen names, and the key that says whose stored values fill the rest. */
export type ChosenInputs<F extends Features, W extends Windows, K extends string, Stored extends boolean, Names> = Flat<
  Pick<InputsOf<F, W, Stored>, Names & keyof InputsOf<F, W, Stored>> & {
    [N in Exclude<TextsBehind<F, Names> & string, Names>]?: string | null;
  } & { [N in K]?: string | number }
>;

/** The chosen names as stored rows hold them: any may be missing, for an unknown key or a value that is too old. */
export type ChosenValues<F extends Features, Names> = {
  readonly [N in Names & string]: (N extends keyof F ? ValueOf<F[N]> : number) | null;
};
