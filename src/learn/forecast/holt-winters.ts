// Exponential smoothing with an additive season (Holt–Winters): trend and damping chosen by AICc, beside the same without a season.

import { normalWidth } from "./naive.ts";
import type { Smooth } from "./plan.ts";

/** Which parts move beside the level. */
interface Shape {
  readonly trend: boolean;
  readonly damped: boolean;
  readonly seasonal: boolean;
}

interface Settings {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
  readonly level: number;
  readonly slope: number;
}

interface Start {
  readonly level: number;
  readonly slope: number;
  /** One per step of the season. */
  readonly season: Float64Array;
  /** What a unit of level or slope is. */
  readonly scale: number;
}

interface Fitted extends Settings {
  readonly shape: Shape;
  readonly aicc: number;
  readonly variance: number;
  readonly season: Float64Array;
}

/** Older values hardly move what is smoothed since. */
const mostValues = 1_000;
const mostSeasons = 10;

const shapes: readonly Shape[] = [true, false].flatMap((seasonal) => [
  { seasonal, trend: false, damped: false },
  { seasonal, trend: true, damped: false },
  { seasonal, trend: true, damped: true },
]);

/**
 * Continues a series without gaps by the additive state-space models of exponential smoothing (Hyndman, Koehler, Ord & Snyder 2008,
 * chapters 2, 5 and 6): smoothing and the first level and slope by the least squared one-step errors, the first season by classical
 * decomposition, the shape by AICc, intervals by the models' own variance. Undefined when there are fewer than two seasons, or when the
 * series has no season of its own: then smoothing without one does better.
 */
export const holtWinters: Smooth = (all, { horizon, season, coverage }) => {
  if (season < 2 || all.length < 2 * season + 3) return undefined;
  const values = all.subarray(Math.max(0, all.length - Math.max(mostValues, mostSeasons * season)));
  const fits = shapes.flatMap((shape) => fitShape(values, shape.seasonal ? season : 1, shape) ?? []);
  const [best] = fits.sort((a, b) => a.aicc - b.aicc);
  return best === undefined || !best.shape.seasonal ? undefined : continued(values, best, horizon, coverage);
};

function fitShape(values: Float64Array, m: number, shape: Shape): Fitted | undefined {
  const start = startOf(values, m, shape);
  const n = values.length;
  // Level, slope and smoothing are chosen, and the seasons but one, which the others give.
  const k = 3 + (shape.trend ? 2 : 0) + (shape.damped ? 1 : 0) + (shape.seasonal ? m : 0);
  if (n - k - 1 <= 0) return undefined;
  const settings = (x: Float64Array): Settings => {
    const alpha = between(x[0]!, 1e-4, 0.9999);
    return {
      alpha,
      level: start.level + start.scale * x[1]!,
      gamma: shape.seasonal ? (1 - alpha) * between(x[2]!, 1e-4, 0.9999) : 0,
      beta: shape.trend ? alpha * between(x[3]!, 1e-4, 0.9999) : 0,
      slope: shape.trend ? start.slope + start.scale * 0.1 * x[4]! : 0,
      phi: shape.damped ? between(x[5]!, 0.8, 0.98) : 1,
    };
  };
  const used = [0, 1, ...(shape.seasonal ? [2] : []), ...(shape.trend ? [3, 4] : []), ...(shape.damped ? [5] : [])];
  const whole = (part: Float64Array): Float64Array => {
    const x = new Float64Array(6);
    for (const [i, at] of used.entries()) x[at] = part[i]!;
    return x;
  };
  const loss = (part: Float64Array): number => squaredErrors(values, settings(whole(part)), start.season);
  const first = Float64Array.from(used, (at) => [-1, 0, -2, -2, 0, 1][at]!);
  const best = settings(whole(nelderMead(loss, first)));
  const sum = squaredErrors(values, best, start.season);
  if (!Number.isFinite(sum)) return undefined;
  // A perfect fit would be infinitely likely: as good as the numbers' own precision is enough.
  const size = Math.max(sum, n * (1e-13 * (Math.abs(start.level) + start.scale)) ** 2);
  const aicc = n * Math.log(size / n) + 2 * k + (2 * k * (k + 1)) / (n - k - 1);
  return { ...best, shape, aicc, variance: sum / Math.max(1, n - used.length), season: start.season };
}

function between(x: number, low: number, high: number): number {
  return low + (high - low) / (1 + Math.exp(-x));
}

/** First states: the season as the mean distance from the moving average over some cycles, then a line through the first values without it. */
function startOf(values: Float64Array, m: number, { seasonal, trend }: Shape): Start {
  const season = new Float64Array(m);
  if (seasonal) {
    const counts = new Float64Array(m);
    const cycles = Math.min(5 * m, values.length);
    for (let at = Math.ceil(m / 2); at + Math.floor(m / 2) < cycles; at++) {
      let mean = 0;
      for (let i = -Math.floor(m / 2); i <= Math.floor(m / 2); i++) {
        const half = m % 2 === 0 && Math.abs(i) === m / 2 ? 0.5 : 1;
        mean += (half * values[at + i]!) / m;
      }
      season[at % m]! += values[at]! - mean;
      counts[at % m]!++;
    }
    for (let i = 0; i < m; i++) season[i] = counts[i]! > 0 ? season[i]! / counts[i]! : 0;
    const middle = season.reduce((sum, one) => sum + one / m, 0);
    for (let i = 0; i < m; i++) season[i]! -= middle;
  }
  const count = Math.min(values.length, Math.max(10, seasonal ? 2 * m : 10));
  const own = Float64Array.from({ length: count }, (_, i) => values[i]! - season[i % m]!);
  const mean = own.reduce((sum, one) => sum + one / count, 0);
  let [upper, lower] = [0, 0];
  for (let i = 0; i < count; i++) {
    const x = i - (count - 1) / 2;
    upper += x * (own[i]! - mean);
    lower += x * x;
  }
  const slope = trend ? upper / lower : 0;
  const spread = Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2 / values.length, 0));
  return { level: mean - slope * ((count + 1) / 2), slope, season, scale: spread > 0 ? spread : 1 };
}

interface State {
  level: number;
  slope: number;
  readonly season: Float64Array;
}

/** One step of the state, given the one-step error. */
function step(state: State, { alpha, beta, gamma, phi }: Settings, at: number, error: number): void {
  state.level += phi * state.slope + alpha * error;
  state.slope = phi * state.slope + beta * error;
  state.season[at]! += gamma * error;
}

function squaredErrors(values: Float64Array, settings: Settings, season: Float64Array): number {
  const state: State = { level: settings.level, slope: settings.slope, season: season.slice() };
  const m = season.length;
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    const error = values[t]! - (state.level + settings.phi * state.slope + state.season[t % m]!);
    sum += error * error;
    step(state, settings, t % m, error);
  }
  return sum;
}

function continued(values: Float64Array, fitted: Fitted, horizon: number, coverage: number) {
  const m = fitted.season.length;
  const state: State = { level: fitted.level, slope: fitted.slope, season: fitted.season.slice() };
  for (let t = 0; t < values.length; t++) {
    const error = values[t]! - (state.level + fitted.phi * state.slope + state.season[t % m]!);
    step(state, fitted, t % m, error);
  }
  const width = normalWidth(coverage);
  const [value, lower, upper] = [new Float64Array(horizon), new Float64Array(horizon), new Float64Array(horizon)];
  let damping = 0;
  let spread = 1;
  for (let ahead = 1; ahead <= horizon; ahead++) {
    damping += fitted.phi ** ahead;
    value[ahead - 1] = state.level + damping * state.slope + state.season[(values.length + ahead - 1) % m]!;
    const reach = width * Math.sqrt(fitted.variance * spread);
    lower[ahead - 1] = value[ahead - 1]! - reach;
    upper[ahead - 1] = value[ahead - 1]! + reach;
    spread += (fitted.alpha + fitted.beta * damping + (ahead % m === 0 ? fitted.gamma : 0)) ** 2;
  }
  return [...value, ...lower, ...upper].every(Number.isFinite) ? { value, lower, upper } : undefined;
}

const mostSteps = 400;

/** The simplex method (Nelder & Mead 1965), with the usual coefficients. */
function nelderMead(loss: (x: Float64Array) => number, first: Float64Array): Float64Array {
  const n = first.length;
  const point = (x: Float64Array) => ({ x, value: loss(x) });
  const simplex = [point(first)];
  for (let i = 0; i < n; i++) {
    const x = first.slice();
    x[i]! += 1;
    simplex.push(point(x));
  }
  const byValue = () =>
    simplex.sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : a.value - b.value));
  for (let count = 0; count < mostSteps * n; count++) {
    byValue();
    const [best, worst] = [simplex[0]!, simplex[n]!];
    if (Math.abs(worst.value - best.value) <= 1e-9 * (Math.abs(best.value) + 1e-300)) break;
    const center = new Float64Array(n);
    for (const { x } of simplex.slice(0, n)) for (let i = 0; i < n; i++) center[i]! += x[i]! / n;
    const moved = (by: number) => point(center.map((c, i) => c + by * (worst.x[i]! - c)));
    const reflected = moved(-1);
    let next = reflected;
    if (reflected.value < best.value) {
      const expanded = moved(-2);
      if (expanded.value < reflected.value) next = expanded;
    } else if (!(reflected.value < simplex[n - 1]!.value)) {
      next = moved(reflected.value < worst.value ? -0.5 : 0.5);
      if (!(next.value < Math.min(reflected.value, worst.value))) {
        for (let i = 1; i <= n; i++) simplex[i] = point(simplex[i]!.x.map((x, j) => (x + best.x[j]!) / 2));
        continue;
      }
    }
    simplex[n] = next;
  }
  byValue();
  return simplex[0]!.x;
}
