// Turns a column's profile into sentences for those who cannot see its picture; pure.

import { percentText, valueText } from "./words.ts";

type Bound = number | string | null;

/** A histogram in a sentence: its range, and where most of the values lie. */
export function histogramSummary(counts: readonly number[], min: Bound, max: Bound, unit: string | null): string {
  const range = `${valueText(min, unit)} to ${valueText(max, unit)}`;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...counts);
  if (rows === 0 || typeof min !== "number" || typeof max !== "number") return `Values from ${range}`;
  const bin = counts.indexOf(most);
  const width = (max - min) / counts.length;
  const from = Number((min + bin * width).toPrecision(3));
  const to = Number((min + (bin + 1) * width).toPrecision(3));
  return `Values from ${range}; the fullest part, ${valueText(from)} to ${valueText(to, unit)}, holds ${percentText(most / rows)}`;
}
