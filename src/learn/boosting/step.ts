// One boosting step's derivatives in fixed point: scales that no subset of rows can overflow, and the search's parameters.

import type { BoostingMemory } from "./memory.ts";
import type { Objective } from "./objective.ts";
import type { BoostingSettings } from "./params.ts";
import type { Team } from "./team.ts";
import { partRows } from "./work.ts";

/** Derives one output's gradients and curvatures, rounds them to fixed point, and tells the search how to read them. */
export function deriveFixedPoint(
  memory: BoostingMemory,
  team: Team,
  objective: Objective,
  output: number,
  settings: SearchSettings,
): void {
  const sums = derive(memory, team, objective, output);
  fixPoint(memory, team, { ...sums, countsRows: objective.countsRows }, settings);
}

/** Derives one output's gradients and curvatures; returns the sums of their absolute values. */
export function derive(
  { layout, f64 }: BoostingMemory,
  team: Team,
  objective: Objective,
  output: number,
): { sumG: number; sumH: number } {
  objective.derive(team, layout.rowCount, output);
  // Partial sums are added in one order whatever the number of threads was that made them.
  let sumG = 0;
  let sumH = 0;
  for (let part = 0; part * partRows < layout.rowCount; part++) {
    sumG += f64[layout.parts / 8 + part * 2]!;
    sumH += f64[layout.parts / 8 + part * 2 + 1]!;
  }
  return { sumG, sumH };
}

export type SearchSettings = Pick<
  BoostingSettings,
  "l1" | "l2" | "minCurvature" | "minRowsInLeaf" | "categorySmoothing" | "categoryL2" | "monotone"
>;

/** Rounds the gradients and curvatures that are in place, given the sums of their absolute values. */
export function fixPoint(
  { layout, f64 }: BoostingMemory,
  team: Team,
  { sumG, sumH, countsRows }: { sumG: number; sumH: number; countsRows: boolean },
  settings: SearchSettings,
): void {
  const scaleG = scaleFor(sumG);
  // A curvature of 1 per row stays 1: then sums are exact counts.
  const scaleH = countsRows && layout.weights === 0 ? 1 : scaleFor(sumH);
  team.share("quantise", layout.rowCount, [scaleG, scaleH]);
  const isConstrained = settings.monotone.some((sign) => sign !== 0);
  f64.set(
    [
      1 / scaleG,
      1 / scaleH,
      settings.l1,
      settings.l2,
      settings.minCurvature,
      settings.minRowsInLeaf,
      settings.categorySmoothing,
      settings.categoryL2,
      settings.l1 > 0 || isConstrained ? 1 : 0,
    ],
    layout.params / 8,
  );
}

/** The power of two that brings a sum of absolute values just below 2^31; rounding adds at most half a step per row. */
function scaleFor(sum: number): number {
  if (!(sum > 0)) return 1;
  const exponent = Math.floor(Math.log2((2 ** 31 * 0.98) / sum));
  return 2 ** Math.max(-120, Math.min(22, exponent));
}
