// Where to say yes: the threshold of a binary model that costs least, or that meets a goal.

import type { Ranking } from "../class-scores.ts";

/** Cost of each outcome, in any unit; negative costs are gains. Right answers cost nothing unless said otherwise. */
export interface Costs {
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly truePositive?: number;
  readonly trueNegative?: number;
}

export interface ThresholdChoice {
  /** Say yes from this probability on; Infinity: never. */
  readonly threshold: number;
  /** Mean cost per row at this threshold. */
  readonly cost: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/**
 * The threshold with the least cost on these rows, which should not be training rows. Thresholds lie halfway between neighbouring
 * scores. On a tie the one with the fewest yeses is kept. NaN costs without rows.
 */
export function cheapestThreshold(ranking: Ranking, costs: Costs): ThresholdChoice {
  let best: ThresholdChoice | undefined;
  for (const choice of thresholdChoices(ranking, costs))
    if (best === undefined || choice.cost < best.cost) best = choice;
  return best!;
}

/** The threshold with the best F1 of the positive class (the highest one on a tie). */
export function bestF1Threshold(ranking: Ranking): ThresholdChoice {
  let best: ThresholdChoice | undefined;
  const f1 = ({ truePositives, falsePositives, falseNegatives }: ThresholdChoice): number =>
    truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
  for (const choice of thresholdChoices(ranking, { falsePositive: 1, falseNegative: 1 }))
    if (best === undefined || f1(choice) > f1(best)) best = choice;
  return best!;
}

/** Every distinct way to cut, from never saying yes to always. */
export function thresholdChoices({ scores, hits, weights, order }: Ranking, costs: Costs): ThresholdChoice[] {
  let positive = 0;
  let total = 0;
  for (let row = 0; row < scores.length; row++) {
    total += weights[row]!;
    if (hits[row] === 1) positive += weights[row]!;
  }
  const choices: ThresholdChoice[] = [];
  const add = (threshold: number, truePositives: number, falsePositives: number): void => {
    const falseNegatives = positive - truePositives;
    const trueNegatives = total - positive - falsePositives;
    const cost =
      (falsePositives * costs.falsePositive +
        falseNegatives * costs.falseNegative +
        truePositives * (costs.truePositive ?? 0) +
        trueNegatives * (costs.trueNegative ?? 0)) /
      total;
    choices.push({ threshold, cost, truePositives, falsePositives, trueNegatives, falseNegatives });
  };
  add(Number.POSITIVE_INFINITY, 0, 0);
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    if (hits[row] === 1) truePositives += weights[row]!;
    else falsePositives += weights[row]!;
    const next = i + 1 < order.length ? scores[order[i + 1]!]! : 0;
    if (i + 1 < order.length && next === scores[row]) continue;
    const middle = (scores[row]! + next) / 2;
    // Rounding must not move the threshold onto the lower score.
    add(i + 1 < order.length && middle > next ? middle : scores[row]!, truePositives, falsePositives);
  }
  return choices;
}
