// What a search over parameters draws from: sensible ranges per algorithm, seeded draws, and when a trial is not worth finishing.

import { fail } from "../base/failure.ts";
import type { Algorithm, CandidateSpec } from "./fit.ts";
import type { Task } from "./model.ts";
import type { Random } from "./random.ts";

/** What is known of the training rows before anything is fitted. */
export interface Shape {
  readonly rowCount: number;
  readonly featureCount: number;
  /** How many of the features are categories. Default 0. */
  readonly categoryCount?: number;
}

/** The values that one parameter is drawn from; `log` draws every order of magnitude equally often. */
export type Range =
  | {
      readonly name: string;
      readonly scale: "even" | "log";
      readonly from: number;
      readonly to: number;
      readonly whole?: true;
    }
  | { readonly name: string; readonly scale: "choice"; readonly values: readonly (number | string)[] };

/** The ranges of an algorithm for such rows. Throws DEFINE_INVALID when the algorithm is not for the task, or the shape is none. */
export function searchSpace(algorithm: Algorithm, task: Task, shape: Shape): readonly Range[] {
  const { rowCount, featureCount, categoryCount = 0 } = shape;
  if (!(rowCount >= 1 && featureCount >= 1 && categoryCount >= 0))
    throw fail("DEFINE_INVALID", `Expected a shape with rows and features, got ${rowCount} × ${featureCount}`);
  const regressionOnly = algorithm === "ridge" || algorithm === "elasticNet";
  const classesOnly = algorithm === "logistic" || algorithm === "naiveBayes";
  if ((regressionOnly && task !== "regression") || (classesOnly && task === "regression"))
    throw fail("DEFINE_INVALID", `Expected an algorithm for a ${task} task, got ${algorithm}`);
  const even = (name: string, from: number, to: number): Range => ({ name, scale: "even", from, to });
  const log = (name: string, from: number, to: number): Range => ({ name, scale: "log", from, to });
  const whole = (name: string, from: number, to: number): Range =>
    // A range must not be empty however few the rows are.
    ({ name, scale: "log", from, to: Math.max(from, Math.round(to)), whole: true });
  switch (algorithm) {
    case "gradientBoosting":
      return [
        log("learningRate", 0.02, 0.2),
        whole("leaves", 4, Math.min(255, Math.max(8, rowCount / 40))),
        whole("minRowsInLeaf", 2, Math.min(200, Math.max(5, rowCount / 20))),
        log("l2", 0.01, 30),
        even("rowSample", 0.5, 1),
        even("featureSample", featureCount > 4 ? 0.4 : 0.8, 1),
        ...(categoryCount > 0 ? [log("categorySmoothing", 1, 100), log("categoryL2", 1, 100)] : []),
      ];
    case "randomForest":
    case "extraTrees":
      return [
        whole("minRowsInLeaf", 1, Math.min(50, Math.max(2, rowCount / 50))),
        even("splitFeatures", Math.min(1, Math.max(0.05, 1 / featureCount)), 1),
        even("rowSample", 0.4, 1),
        { name: "leaves", scale: "choice", values: [64, 256, 1024, 4096] },
      ];
    case "logistic":
      return [log("l2", 1e-3, Math.max(1, rowCount / 10))];
    case "ridge":
      return [log("l2", 1e-3, Math.max(1, rowCount))];
    case "elasticNet":
      return [log("penalty", 1e-4, 1), even("l1Share", 0, 1)];
    case "naiveBayes":
      return [log("smoothing", 1e-3, 10)];
    case "nearestNeighbours":
      return [whole("neighbours", 1, Math.min(200, Math.max(3, rowCount / 5)))];
    case "neuralNetwork":
      return [
        whole("hidden", 8, Math.min(256, Math.max(16, rowCount / 10))),
        { name: "hidden2", scale: "choice", values: [0, 8, 16, 32, 64] },
        log("learningRate", 3e-4, 0.02),
        log("l2", 1e-6, 0.1),
      ];
    default:
      throw fail("DEFINE_INVALID", `Expected a known algorithm, got ${JSON.stringify(algorithm)}`);
  }
}

/** One draw from the algorithm's ranges: the same for the same state of `random`. Numbers have three digits, to be read and repeated. */
export function sampleSpec(algorithm: Algorithm, task: Task, shape: Shape, random: Random): CandidateSpec {
  const params: Record<string, number | string> = {};
  for (const range of searchSpace(algorithm, task, shape)) params[range.name] = draw(range, random);
  return { algorithm, params } as CandidateSpec;
}

function draw(range: Range, random: Random): number | string {
  const share = random.next();
  if (range.scale === "choice") return range.values[Math.floor(share * range.values.length)]!;
  const { scale, from, to, whole } = range;
  // Whole numbers are drawn from half a step beyond both ends, so that the ends are as likely as the others.
  const [low, high] = whole ? [from - 0.5, to + 0.5] : [from, to];
  const value = scale === "log" ? low * (high / low) ** share : low + (high - low) * share;
  return Math.min(to, Math.max(from, whole ? Math.round(value) : Number(value.toPrecision(3))));
}

/** Tells which trials of a search fall behind: stop those with their signal, and keep the rest. */
export interface TrialWatch {
  /**
   * Takes a trial's validation loss after an iteration (as `onProgress` reports it). True when the trial's best loss so far is worse
   * than the median of what earlier trials had reached by that iteration (Golovin et al. 2017, "Vizier").
   */
  fallsBehind(trial: number, iteration: number, validationLoss: number): boolean;
}

/** `leastTrials` must have reached an iteration, and a trial must have made `leastIterations`, before any is given up. */
export function medianWatch({ leastTrials = 4, leastIterations = 10 } = {}): TrialWatch {
  const best = new Map<number, number[]>();
  return {
    fallsBehind(trial, iteration, validationLoss) {
      let own = best.get(trial);
      if (own === undefined) {
        own = [];
        best.set(trial, own);
      }
      const before = own.at(-1) ?? Number.POSITIVE_INFINITY;
      // A loss that is no number never counts as an improvement.
      const reached = Number.isNaN(validationLoss) ? before : Math.min(validationLoss, before);
      for (let i = own.length; i < iteration; i++) own.push(i === iteration - 1 ? reached : before);
      if (iteration < leastIterations) return false;
      const others = [...best]
        .filter(([other, losses]) => other !== trial && losses.length > 0)
        // A trial that stopped early by itself had found its best by then.
        .map(([, losses]) => losses[Math.min(iteration, losses.length) - 1]!);
      if (others.length < leastTrials) return false;
      others.sort((a, b) => a - b);
      const middle = others.length >> 1;
      const median = others.length % 2 === 1 ? others[middle]! : (others[middle - 1]! + others[middle]!) / 2;
      return reached > median;
    },
  };
}
