// How settings are varied under a budget: random search over each candidate's sensible ranges, with successive halving. Pure.

import type { Candidate } from "../define/candidate.ts";
import { type Random, random } from "../learn/random.ts";

type Draw = (source: Random) => number;

const between =
  (low: number, high: number): Draw =>
  (source) =>
    round(low + (high - low) * source.next());
/** As likely to lie between 1 and 10 as between 10 and 100. */
const spread =
  (low: number, high: number): Draw =>
  (source) =>
    round(low * (high / low) ** source.next());
const spreadWhole =
  (low: number, high: number): Draw =>
  (source) =>
    Math.round(low * (high / low) ** source.next());
const oneOf =
  (...values: readonly number[]): Draw =>
  (source) =>
    values[source.below(values.length)]!;

const forest = { minRowsInLeaf: spreadWhole(1, 30), splitFeatures: between(0.1, 1) };

/** The settings that matter, and where good values lie; what the user has set stays. */
const spaces: Readonly<Record<Exclude<Candidate["algorithm"], "auto" | "imported">, Readonly<Record<string, Draw>>>> = {
  gradientBoosting: {
    learningRate: spread(0.02, 0.2),
    leaves: spreadWhole(6, 96),
    minRowsInLeaf: spreadWhole(3, 80),
    l2: spread(0.1, 30),
    rowSample: between(0.6, 1),
    featureSample: between(0.5, 1),
  },
  randomForest: forest,
  extraTrees: forest,
  logistic: { l2: spread(1e-3, 1e3) },
  ridge: { l2: spread(1e-3, 1e4) },
  elasticNet: { penalty: spread(1e-4, 1), l1Share: between(0, 1) },
  nearestNeighbours: { neighbours: spreadWhole(2, 80) },
  naiveBayes: { smoothing: spread(0.01, 30) },
  neuralNetwork: {
    hidden: spreadWhole(8, 128),
    hidden2: oneOf(0, 8, 16, 32),
    learningRate: spread(1e-3, 1e-2),
    l2: spread(1e-5, 1e-1),
  },
};

/** The `number`-th variation: candidates take turns, settings are drawn by seed and number alone. */
export function variation(candidates: readonly Candidate[], number: number, seed: number): Candidate {
  const candidate = candidates[number % candidates.length]!;
  if (candidate.algorithm === "auto" || candidate.algorithm === "imported") return candidate;
  const source = random(seed, number);
  const drawn: Record<string, number> = {};
  for (const [name, draw] of Object.entries(spaces[candidate.algorithm])) {
    const value = draw(source);
    if (candidate.params[name] === undefined) drawn[name] = value;
  }
  if (candidate.params.gradientTop !== undefined) delete drawn.rowSample;
  return { ...candidate, params: { ...candidate.params, ...drawn } };
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

function round(value: number): number {
  return Number(value.toPrecision(4));
}
