// The plot of a forecast: what was, what was said with its interval, and what came. Pure.

import { type Axis, at, framed } from "./svg.ts";

export interface BandPlot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly history: readonly (readonly [number, number])[];
  /** Moment, forecast, lower, upper, actual. */
  readonly points: readonly (readonly [number, number, number, number, number])[];
}

export function bandPlot({ title, x, y, history, points }: BandPlot): string {
  return framed({ width: 660, height: 260, x, y, title }, (atX, atY) => {
    const path = (line: readonly (readonly [number, number])[]) =>
      line.map(([a, b]) => `${at(atX(a))},${at(atY(b))}`).join(" ");
    const upper = points.map(([time, , , high]) => [time, high] as const);
    const lower = points.map(([time, , low]) => [time, low] as const);
    const actual = [...history.slice(-1), ...points.map(([time, , , , came]) => [time, came] as const)];
    return [
      `<polygon class="band" points="${path([...upper, ...lower.toReversed()])}"/>`,
      `<polyline class="past" points="${path(history)}"/>`,
      `<polyline class="past" points="${path(actual)}"/>`,
      `<polyline class="line" points="${path(points.map(([time, value]) => [time, value] as const))}"/>`,
    ].join("");
  });
}
