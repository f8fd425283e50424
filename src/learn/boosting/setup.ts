// Sets up a run over histogram trees: plans the memory, bins every column, and lays labels, weights and first margins out.

import type { Feature, Numbers } from "../feature.ts";
import { labelLength } from "../label.ts";
import type { Label } from "../model.ts";
import type { Bins } from "./bins.ts";
import { type BoostingMemory, boostingLayout, boostingMemory } from "./memory.ts";
import type { Objective, Target } from "./objective.ts";
import type { BoostingSettings } from "./params.ts";
import { writeBins } from "./rows.ts";
import { boostingTeam, type Team, type Threads } from "./team.ts";

/** Columns of encoded values, of which a run uses some rows. */
export interface Rows {
  readonly columns: readonly Numbers[];
  readonly label: Label;
  readonly weights: Float64Array | undefined;
  /** All rows in order when absent. */
  readonly order: Int32Array | undefined;
}

export interface Setup {
  readonly memory: BoostingMemory;
  readonly team: Team;
  readonly bins: readonly Bins[];
  readonly target: Target;
  readonly heldTarget: Target | undefined;
}

export interface SetupNeeds {
  readonly train: Rows;
  readonly held: Rows | undefined;
  readonly features: readonly Feature[];
  readonly settings: Pick<BoostingSettings, "leaves" | "maxBins">;
  readonly threads?: Threads | undefined;
  readonly oneHistogram?: boolean;
  readonly objective: Pick<Objective, "outputs" | "start" | "targetOf">;
}

/** Whoever sets up stops the team in the end. */
export function setUp({ train, held, features, settings, objective, threads, oneHistogram }: SetupNeeds): Setup {
  const memory = boostingMemory(
    boostingLayout({
      rowCount: train.order?.length ?? labelLength(train.label),
      heldRows: held === undefined ? 0 : (held.order?.length ?? labelLength(held.label)),
      outputs: objective.outputs,
      featureCount: features.length,
      leaves: settings.leaves,
      ...(oneHistogram !== undefined && { oneHistogram }),
      weighted: train.weights !== undefined,
      threads: threads?.count ?? 1,
    }),
  );
  const { layout } = memory;
  const team = boostingTeam(memory, threads);
  const target = objective.targetOf(train.label, train.order, train.weights);
  if (target.values instanceof Int32Array) memory.i32.set(target.values, layout.labels / 4);
  else memory.f32.set(target.values, layout.labels / 4);
  if (target.weights !== undefined) memory.f32.set(target.weights, layout.weights / 4);
  for (let k = 0; k < objective.outputs; k++) {
    const at = (layout.scores + k * layout.pitch) / 4;
    const heldAt = (layout.heldScores + k * layout.heldPitch) / 4;
    memory.f32.fill(objective.start[k]!, at, at + layout.padded);
    memory.f32.fill(objective.start[k]!, heldAt, heldAt + layout.heldPitch / 4);
  }
  const heldTarget = held === undefined ? undefined : objective.targetOf(held.label, held.order, held.weights);
  const bins = writeBins(memory, team, features, settings.maxBins, train, held);
  return { memory, team, bins, target, heldTarget };
}
