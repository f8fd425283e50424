// How settings are varied under a budget: random search over each candidate's sensible ranges, with successive halving. Pure.

import type { Candidate } from "../define/candidate.ts";
import type { LabelTask } from "../define/metrics.ts";
import type { Algorithm } from "../learn/fit.ts";
import { random } from "../learn/random.ts";
import { type Shape, sampleSpec } from "../learn/search-space.ts";

/**
 * The `number`-th variation: candidates take turns, settings are drawn by seed and number alone from where good values lie. What
 * the user has set stays.
 */
export function variation(
  candidates: readonly Candidate[],
  number: number,
  facts: { readonly seed: number; readonly task: LabelTask; readonly shape: Shape },
): Candidate {
  const candidate = candidates[number % candidates.length]!;
  const { algorithm, params } = candidate;
  if (!isSearched(algorithm)) return candidate;
  const drawn: Record<string, unknown> = {
    ...sampleSpec(algorithm, facts.task, facts.shape, random(facts.seed, number)).params,
  };
  // Rows are drawn in one way only.
  if (params.gradientTop !== undefined) delete drawn.rowSample;
  if (params.rowSample !== undefined) delete drawn.gradientTop;
  return { ...candidate, params: { ...drawn, ...params } as Candidate["params"] };
}

/** What comes as a file has no settings to vary, and what has no label nothing to vary them by. */
export function isSearched(algorithm: Candidate["algorithm"]): algorithm is Algorithm {
  return !["auto", "imported", "custom", "seasonalNaive", "ets", "mstl", "isolationForest", "kMeans"].includes(
    algorithm,
  );
}

export interface Rung {
  /** The share of the rows that its trials are fitted on. */
  readonly resource: number;
  /** How many trials it takes: the best of the rung before. */
  readonly trials: number;
}

/** Below this many rows a third of them says too little of what all would say. */
const fewestRowsForHalving = 3_000;

/** One round of successive halving (Jamieson & Talwalkar 2016): many on few rows, a third of them on three times as many. */
export function bracket(trainRows: number, trialsLeft: number): Rung[] {
  if (trainRows < fewestRowsForHalving) return [{ resource: 1, trials: Math.min(2, trialsLeft) }];
  const trials = Math.min(9, trialsLeft);
  const rungs: Rung[] = [
    { resource: 1 / 9, trials },
    { resource: 1 / 3, trials: Math.ceil(trials / 3) },
    { resource: 1, trials: Math.ceil(trials / 9) },
  ];
  return trainRows / 9 >= 500 ? rungs : [{ resource: 1 / 3, trials }, rungs[2]!];
}
