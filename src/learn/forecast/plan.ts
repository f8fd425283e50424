// What every kind of forecast is told, and needs to know of its series.

import type { FitOptions } from "../fit-input.ts";
import type { LagPlan } from "./lags.ts";

/** Continues one series without gaps; undefined when no model fits it. A season of 1 is none. */
export type Smooth = (
  values: Float64Array,
  options: { readonly horizon: number; readonly season: number; readonly coverage: number },
) =>
  | { readonly value: ArrayLike<number>; readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> }
  | undefined;

export type ForecastOptions = Pick<FitOptions, "seed" | "threads" | "signal"> & {
  /** Exponential smoothing, for `ets` and `mstl`. */
  readonly smooth?: Smooth;
  /** The columns that keys are made of, for messages and requests. */
  readonly keyColumns?: readonly string[];
};

/** What every kind of forecast needs to know of its series. */
export interface ForecastPlan extends LagPlan {
  readonly horizon: number;
  readonly coverage: number;
}
