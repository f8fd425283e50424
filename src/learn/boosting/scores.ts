// Carries a grown tree's answers to the scores of rows: those it was grown on, those left out of it, and the held-out ones.

import type { BoostingMemory } from "./memory.ts";
import type { Team } from "./team.ts";
import type { GrownTree } from "./tree.ts";

/** Adds each leaf's answer to the rows that the tree was grown on. */
export function addToGrown(
  { layout, u32, f32 }: BoostingMemory,
  team: Team,
  { leaves }: GrownTree,
  values: Float64Array,
  output: number,
): void {
  let grown = 0;
  for (const [n, { start, count }] of leaves.entries()) {
    const at = layout.walkNodes / 4 + n * 4;
    u32[at] = start;
    u32[at + 1] = count;
    f32[at + 2] = values[n]!;
    grown += count;
  }
  team.share("addLeaves", grown, [leaves.length, grown, layout.scores + output * layout.pitch]);
}

/** Adds the tree's answers to the first `count` rows of the bag: those that it was not grown on. */
export function addToOutside(
  memory: BoostingMemory,
  team: Team,
  tree: GrownTree,
  values: Float64Array,
  output: number,
  count: number,
): void {
  const { columns, columnPitch, bag, scores, pitch } = memory.layout;
  if (count > 0)
    walk(memory, team, tree, values, { columns, columnPitch, list: bag, count, scores: scores + output * pitch });
}

/** Adds the tree's answers to the held-out rows. */
export function addToHeld(
  memory: BoostingMemory,
  team: Team,
  tree: GrownTree,
  values: Float64Array,
  output: number,
): void {
  const { heldColumns, heldColumnPitch, heldRows, heldScores, heldPitch } = memory.layout;
  const scores = heldScores + output * heldPitch;
  if (heldRows > 0)
    walk(memory, team, tree, values, {
      columns: heldColumns,
      columnPitch: heldColumnPitch,
      list: 0,
      count: heldRows,
      scores,
    });
}

interface Walked {
  readonly columns: number;
  readonly columnPitch: number;
  /** Address of row numbers; 0 for all rows in order. */
  readonly list: number;
  readonly count: number;
  readonly scores: number;
}

function walk(
  { kernels, layout, bytes, u32, i32, f32 }: BoostingMemory,
  team: Team,
  { splits }: GrownTree,
  values: Float64Array,
  { columns, columnPitch, list, count, scores }: Walked,
): void {
  if (splits.length === 0) {
    if (list !== 0) kernels.addToScores(list, count, values[0]!, scores);
    else for (let i = 0; i < count; i++) f32[scores / 4 + i]! += values[0]!;
    return;
  }
  for (const [n, { feature, table, left, right }] of splits.entries()) {
    const at = layout.walkNodes / 4 + n * 4;
    u32[at] = columns + feature * columnPitch;
    i32[at + 1] = left;
    i32[at + 2] = right;
    bytes.set(table, layout.walkTables + n * 256);
  }
  f32.set(values, layout.walkValues / 4);
  team.share("walk", count, [list, count, scores]);
}
