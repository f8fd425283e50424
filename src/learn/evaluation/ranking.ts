// Curves over all thresholds: ROC, precision-recall and calibration, ties treated exactly.

import type { Ranking } from "../class-scores.ts";

/** Calls `visit` once per distinct score, from the highest on, with the weight of hits and of others that score at least that. */
function forEachStep(ranking: Ranking, visit: (threshold: number, hits: number, others: number) => void): void {
  const { scores, hits, weights, order } = ranking;
  let hitWeight = 0;
  let otherWeight = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    if (hits[row] === 1) hitWeight += weights[row]!;
    else otherWeight += weights[row]!;
    if (i + 1 === order.length || scores[order[i + 1]!] !== scores[row]) visit(scores[row]!, hitWeight, otherWeight);
  }
}

/** The probability that a hit scores above another row, ties counting half (Mann-Whitney). NaN unless both occur. */
export function rocAuc(ranking: Ranking): number {
  let area = 0;
  let hits = 0;
  let others = 0;
  forEachStep(ranking, (_threshold, hitsNow, othersNow) => {
    area += ((othersNow - others) * (hits + hitsNow)) / 2;
    hits = hitsNow;
    others = othersNow;
  });
  return hits > 0 && others > 0 ? area / (hits * others) : Number.NaN;
}

/** Average precision: Σ (recall gained) · precision, without interpolation. NaN unless both kinds of row occur. */
export function prAuc(ranking: Ranking): number {
  let area = 0;
  let hits = 0;
  let others = 0;
  forEachStep(ranking, (_threshold, hitsNow, othersNow) => {
    if (hitsNow > hits) area += ((hitsNow - hits) * hitsNow) / (hitsNow + othersNow);
    hits = hitsNow;
    others = othersNow;
  });
  return hits > 0 && others > 0 ? area / hits : Number.NaN;
}

interface Step {
  readonly threshold: number;
  readonly hits: number;
  readonly others: number;
}

function steps(ranking: Ranking): Step[] {
  const result: Step[] = [];
  forEachStep(ranking, (threshold, hits, others) => result.push({ threshold, hits, others }));
  return result;
}

export interface RocPoint {
  readonly threshold: number;
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

/** From (0, 0) at threshold Infinity to (1, 1); corners only, at most about `maxPoints`. Empty unless both kinds of row occur. */
export function rocCurve(ranking: Ranking, maxPoints = 200): RocPoint[] {
  const all = steps(ranking);
  const end = all.at(-1);
  if (end === undefined || end.hits === 0 || end.others === 0) return [];
  const point = (step: Step): RocPoint => ({
    threshold: step.threshold,
    falsePositiveRate: step.others / end.others,
    truePositiveRate: step.hits / end.hits,
  });
  const corners = all.filter((step, i) => i === all.length - 1 || i === 0 || !straight(all[i - 1]!, step, all[i + 1]!));
  return [
    { threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 },
    ...thin(corners, maxPoints).map(point),
  ];
}

export interface PrPoint {
  readonly threshold: number;
  readonly recall: number;
  readonly precision: number;
}

/** Precision and recall at each distinct score, at most about `maxPoints`. Empty unless both kinds of row occur. */
export function prCurve(ranking: Ranking, maxPoints = 200): PrPoint[] {
  const all = steps(ranking);
  const end = all.at(-1);
  if (end === undefined || end.hits === 0 || end.others === 0) return [];
  return thin(all, maxPoints).map((step) => ({
    threshold: step.threshold,
    recall: step.hits / end.hits,
    precision: step.hits / (step.hits + step.others),
  }));
}

function straight(a: Step, b: Step, c: Step): boolean {
  return (b.hits - a.hits) * (c.others - b.others) === (c.hits - b.hits) * (b.others - a.others);
}

/** Evenly chosen items, the first and the last among them. */
function thin<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}

export interface CalibrationBin {
  /** Mean predicted probability, and the share of hits, of the rows in this bin. */
  readonly predicted: number;
  readonly actual: number;
  readonly weight: number;
}

/** Reliability curve: rows sorted by probability and cut into bins of equal weight; equal probabilities share a bin. */
export function calibrationCurve(ranking: Ranking, bins = 10): CalibrationBin[] {
  const { scores, hits, weights } = ranking;
  const order = ranking.order.toReversed();
  let total = 0;
  for (const weight of weights) total += weight;
  const result: CalibrationBin[] = [];
  let weight = 0;
  let sum = 0;
  let hitWeight = 0;
  let seen = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    weight += weights[row]!;
    sum += weights[row]! * scores[row]!;
    hitWeight += hits[row] === 1 ? weights[row]! : 0;
    const last = i + 1 === order.length;
    const full = seen + weight >= (((result.length + 1) * total) / bins) * (1 - 1e-12);
    if (weight === 0 || (!last && (!full || scores[order[i + 1]!] === scores[row]))) continue;
    result.push({ predicted: sum / weight, actual: hitWeight / weight, weight });
    seen += weight;
    weight = sum = hitWeight = 0;
  }
  return result;
}

/** Expected calibration error: the mean distance between predicted and actual over the bins, by weight. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  let sum = 0;
  let total = 0;
  for (const { predicted, actual, weight } of bins) {
    sum += weight * Math.abs(predicted - actual);
    total += weight;
  }
  return sum / total;
}
