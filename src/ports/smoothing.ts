// The port for exponential smoothing of one series of numbers: values in, the path ahead out.

export interface SmoothingOptions {
  /** Steps ahead. */
  readonly horizon: number;
  /** Steps after which the series repeats itself; what is repeated is taken out by loess first. 1 for no season. */
  readonly season: number;
  /** The share that the interval is to hold, from 0 to 1. */
  readonly coverage: number;
}

export interface SmoothPath {
  readonly value: ArrayLike<number>;
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
}

/** Fits one series without gaps and continues it; undefined when no model fits it. The same values give the same path. */
export type Smooth = (values: Float64Array, options: SmoothingOptions) => SmoothPath | undefined;
