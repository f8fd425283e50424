// Plots as SVG text: one function per kind, sized in their own units, coloured by the page's style sheet. Pure.

import { escapeHtml } from "./text.ts";

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly text?: (value: number) => string;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly title: string;
}

const left = 60;
const bottom = 38;
const top = 10;
const right = 12;

/** Axes with four ticks each; `draw` gets the two scales. */
export function framed(
  frame: Frame,
  draw: (x: (value: number) => number, y: (value: number) => number) => string,
): string {
  const { width, height, title } = frame;
  const x = scale(frame.x, left, width - right);
  const y = scale(frame.y, height - bottom, top);
  const text = (axis: Axis, value: number) => escapeHtml((axis.text ?? short)(value));
  // Long texts, such as days, need more room: then fewer of them.
  const ticks = (axis: Axis) =>
    (text(axis, axis.to).length > 8 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map(
      (share) => axis.from + (axis.to - axis.from) * share,
    );
  const grid = ticks(frame.y)
    .map(
      (value) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${at(y(value))}" y2="${at(y(value))}"/><text class="tick" x="${left - 6}" y="${at(y(value) + 3.5)}" text-anchor="end">${text(frame.y, value)}</text>`,
    )
    .join("");
  const under = ticks(frame.x)
    .map(
      (value) =>
        `<text class="tick" x="${at(x(value))}" y="${height - bottom + 15}" text-anchor="middle">${text(frame.x, value)}</text>`,
    )
    .join("");
  const names = `<text class="axis" x="${(left + width - right) / 2}" y="${height - 5}" text-anchor="middle">${escapeHtml(frame.x.label)}</text><text class="axis" x="${-(top + height - bottom) / 2}" y="10" transform="rotate(-90)" text-anchor="middle">${escapeHtml(frame.y.label)}</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${grid}${under}${names}${draw(x, y)}</svg>`;
}

export interface LinePlot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly (readonly [number, number])[];
  /** A dashed line for what guessing gives. */
  readonly reference?: readonly (readonly [number, number])[];
  readonly dots?: boolean;
  readonly width?: number;
  readonly height?: number;
}

export function linePlot({ title, x, y, points, reference, dots, width = 320, height = 250 }: LinePlot): string {
  return framed({ width, height, x, y, title }, (atX, atY) => {
    const path = (line: LinePlot["points"]) => line.map(([a, b]) => `${at(atX(a))},${at(atY(b))}`).join(" ");
    return [
      reference === undefined ? "" : `<polyline class="reference" points="${path(reference)}"/>`,
      `<polyline class="line" points="${path(points)}"/>`,
      dots === true
        ? points.map(([a, b]) => `<circle class="dot" cx="${at(atX(a))}" cy="${at(atY(b))}" r="3.5"/>`).join("")
        : "",
    ].join("");
  });
}

export interface ScatterPlot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly (readonly [number, number])[];
}

/** Points around the line where both are equal. */
export function scatterPlot({ title, x, y, points }: ScatterPlot): string {
  return framed({ width: 320, height: 250, x, y, title }, (atX, atY) => {
    const low = Math.max(x.from, y.from);
    const high = Math.min(x.to, y.to);
    const line = `<line class="reference" x1="${at(atX(low))}" y1="${at(atY(low))}" x2="${at(atX(high))}" y2="${at(atY(high))}"/>`;
    return (
      line + points.map(([a, b]) => `<circle class="point" cx="${at(atX(a))}" cy="${at(atY(b))}" r="2.6"/>`).join("")
    );
  });
}

export interface Histogram {
  readonly title: string;
  readonly x: Axis;
  readonly counts: readonly number[];
}

export function histogram({ title, x, counts }: Histogram): string {
  const y: Axis = {
    from: 0,
    to: Math.max(1, ...counts),
    label: "held-out rows",
    text: (value) => short(Math.round(value)),
  };
  return framed({ width: 320, height: 250, x, y, title }, (atX, atY) => {
    const step = (x.to - x.from) / counts.length;
    return counts
      .map((count, index) => {
        const from = atX(x.from + index * step);
        const to = atX(x.from + (index + 1) * step);
        return `<rect class="bar" x="${at(from + 0.5)}" y="${at(atY(count))}" width="${at(Math.max(0.5, to - from - 1))}" height="${at(atY(0) - atY(count))}"/>`;
      })
      .join("");
  });
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly note?: string;
  readonly class?: string;
}

/** Bars to the right of their names; a line where `mark` lies. */
export function barPlot(
  title: string,
  bars: readonly Bar[],
  range: { from: number; to: number },
  { mark, narrow = false }: { readonly mark?: number | undefined; readonly narrow?: boolean } = {},
): string {
  const width = narrow ? 320 : 660;
  const row = 26;
  const from = narrow ? 96 : 190;
  const to = width - (narrow ? 56 : 150);
  const x = scale(range, from, to);
  const height = bars.length * row + 6;
  const lines = bars.map((bar, index) => {
    const y = index * row + 4;
    const zero = x(Math.min(Math.max(0, range.from), range.to));
    const end = x(Math.min(range.to, Math.max(range.from, bar.value)));
    return `<text class="name" x="${from - 10}" y="${y + 14}" text-anchor="end">${escapeHtml(clipped(bar.name, narrow ? 13 : 26))}</text><rect class="track" x="${from}" y="${y + 3}" width="${to - from}" height="14" rx="3"/><rect class="bar ${bar.class ?? ""}" x="${at(Math.min(zero, end))}" y="${y + 3}" width="${at(Math.max(1.5, Math.abs(end - zero)))}" height="14" rx="3"/><text class="value" x="${to + 8}" y="${y + 14}">${escapeHtml(bar.text)}<tspan class="dim"> ${escapeHtml(bar.note ?? "")}</tspan></text>`;
  });
  const marked =
    mark === undefined || mark < range.from || mark > range.to
      ? ""
      : `<line class="mark" x1="${at(x(mark))}" x2="${at(x(mark))}" y1="2" y2="${height - 4}"/>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${lines.join("")}${marked}</svg>`;
}

export interface Gauge {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly marks: readonly { readonly value: number; readonly text: string; readonly class: string }[];
  readonly text: (value: number) => string;
}

/** One value with its interval on a scale, and what it is held against. */
export function gauge({ title, from, to, value, low, high, marks, text }: Gauge): string {
  const width = 660;
  const x = scale({ from, to }, 20, width - 20);
  const clamp = (one: number) => Math.min(to, Math.max(from, one));
  const range =
    low === null || high === null
      ? ""
      : `<rect class="interval" x="${at(x(clamp(low)))}" y="32" width="${at(Math.max(2, x(clamp(high)) - x(clamp(low))))}" height="20" rx="10"/>`;
  // Marks that lie close take turns above and below.
  const placed = marks
    .filter((mark) => mark.value >= from && mark.value <= to)
    .toSorted((a, b) => a.value - b.value)
    .map((mark, index) => {
      const y = index % 2 === 0 ? 74 : 88;
      const place = x(mark.value);
      const anchor = place < 120 ? "start" : place > width - 120 ? "end" : "middle";
      return `<line class="${mark.class}" x1="${at(place)}" x2="${at(place)}" y1="28" y2="${y - 11}"/><text class="tick ${mark.class}" x="${at(place)}" y="${y}" text-anchor="${anchor}">${escapeHtml(`${mark.text} ${text(mark.value)}`)}</text>`;
    });
  const place = x(clamp(value));
  const anchor = place < 60 ? "start" : place > width - 60 ? "end" : "middle";
  return `<svg viewBox="0 0 ${width} 96" role="img" aria-label="${escapeHtml(title)}"><rect class="track" x="20" y="36" width="${width - 40}" height="12" rx="6"/>${range}${placed.join("")}<circle class="dot" cx="${at(place)}" cy="42" r="8"/><text class="figure" x="${at(place)}" y="20" text-anchor="${anchor}">${escapeHtml(text(value))}</text></svg>`;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly class: string;
  readonly text: string;
}

/** Stretches of time side by side, each with its name. */
export function timeline(title: string, spans: readonly Span[], text: (value: number) => string): string {
  const width = 660;
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  const x = scale({ from, to: to > from ? to : from + 1 }, 4, width - 4);
  const bars = spans.map((span) => {
    const start = x(span.from);
    const wide = Math.max(3, x(span.to) - start - 2);
    return `<rect class="${span.class}" x="${at(start)}" y="4" width="${at(wide)}" height="28" rx="5"/>${wide > span.text.length * 7.4 ? `<text class="on" x="${at(start + wide / 2)}" y="22" text-anchor="middle">${escapeHtml(span.text)}</text>` : ""}`;
  });
  const test = spans.at(-1);
  const middle =
    test === undefined
      ? ""
      : `<text class="tick" x="${at(Math.max(110, Math.min(width - 110, x(test.from))))}" y="48" text-anchor="middle">${escapeHtml(text(test.from))}</text>`;
  return `<svg viewBox="0 0 ${width} 54" role="img" aria-label="${escapeHtml(title)}">${bars.join("")}<text class="tick" x="4" y="48">${escapeHtml(text(from))}</text>${spans.length > 1 ? middle : ""}<text class="tick" x="${width - 4}" y="48" text-anchor="end">${escapeHtml(text(to))}</text></svg>`;
}

function scale({ from, to }: { from: number; to: number }, start: number, end: number): (value: number) => number {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

/** Pixels need no more than a tenth. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 10_000 && size < 1e9) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(3)));
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** From the least to the largest, with a little room. */
export function rangeOf(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = (high - low || 1) * 0.04;
  return [low - margin, high + margin];
}
