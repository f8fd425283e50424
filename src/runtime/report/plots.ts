// Plots of a model's report that show many things at once: a line per class, and every row's reasons as dots. Pure.

import type { ShapSummary } from "../../models/evaluation.ts";
import { type Axis, at, framed } from "./svg.ts";
import { escapeHtml, humanName } from "./text.ts";

export interface ClassLines {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

/** A line per class, told apart by colour and by dashes, each with its name at its end. */
export function classLines({ title, x, y, lines }: ClassLines): string {
  return framed({ width: 320, height: 230, x, y, title }, (atX, atY) =>
    lines
      .map(({ name, points }, index) => {
        const path = points.map(([a, b]) => `${at(atX(a))},${at(atY(b))}`).join(" ");
        const last = points.at(-1) ?? ([0, 0] as const);
        return `<polyline class="line c${index}" points="${path}"/><text class="tick c${index}" x="${at(atX(last[0]) - 3)}" y="${at(atY(last[1]) - 5)}" text-anchor="end">${escapeHtml(name)}</text>`;
      })
      .join(""),
  );
}

const width = 660;
const row = 34;
const left = 170;
const right = 16;

/** One band of dots per feature: to the right what raises the answer; dark for high values of the feature, light for low ones. */
export function reasonDots({ features }: ShapSummary, title: string): string {
  const all = features.flatMap(({ points }) => points.map(([, contribution]) => Math.abs(contribution)));
  const most = Math.max(...all, 1e-12);
  const x = (value: number) => left + ((value / most + 1) / 2) * (width - left - right);
  const height = features.length * row + 30;
  const bands = features.map(({ feature, points }, index) => {
    const middle = index * row + row / 2 + 4;
    const dots = points.map(([place, contribution], i) => {
      // Dots of one band lie on several lines, by a fixed pattern, so that they do not hide each other.
      const y = middle + (((i * 7) % 9) - 4) * 2.4;
      const shade = place === null ? "none" : place > 0.66 ? "high" : place < 0.33 ? "low" : "mid";
      return `<circle class="reason ${shade}" cx="${at(x(contribution))}" cy="${at(y)}" r="2.5"/>`;
    });
    const name = humanName(feature);
    const shown = name.length > 24 ? `${name.slice(0, 23)}…` : name;
    return `<text class="name" x="${left - 12}" y="${middle + 4}" text-anchor="end">${escapeHtml(shown)}</text><line class="grid" x1="${left}" x2="${width - right}" y1="${middle}" y2="${middle}"/>${dots.join("")}`;
  });
  const foot = height - 8;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><line class="mark" x1="${at(x(0))}" x2="${at(x(0))}" y1="2" y2="${height - 24}"/>${bands.join("")}<text class="axis" x="${left}" y="${foot}">← lowers the answer</text><text class="axis" x="${width - right}" y="${foot}" text-anchor="end">raises the answer →</text></svg>`;
}
