// Which partitions a backfill of a range of time is made of: pure.

import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { Known } from "./commit-input.ts";

/** What a backfill's run is asked to do; kept with the run, so that a later run of the same goes on with it. */
export interface BackfillInput {
  /** Milliseconds since 1970 UTC: rows that happened from ≤ t < to. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How much time one partition covers; chosen by the range when null. */
  readonly partitionMs: number | null;
  /**
   * Since when the rows count as known. When null: since they happened where the group is empty, as with any first commit,
   * otherwise since the backfill, so that nothing that is made as of an earlier moment sees them.
   */
  readonly known: Known | null;
  /** The component's definition and code: a changed component's partitions are read anew. */
  readonly code: string | null;
}

/** The backfill that a run was asked for; undefined for a usual run. */
export function backfillOf(input: JsonObject | null): BackfillInput | undefined {
  return input?.backfill as BackfillInput | undefined;
}

export interface TimePartition {
  /** Its beginning, as a date where that is enough. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const dayMs = 86_400_000;
const usualPartitions = 100;
const mostPartitions = 10_000;

/** Every moment of the range is in exactly one partition, oldest first. Throws CLI_USAGE for more than 10,000 of them. */
export function planPartitions({
  fromMs,
  toMs,
  partitionMs,
}: Pick<BackfillInput, "fromMs" | "toMs" | "partitionMs">): TimePartition[] {
  const step = partitionMs ?? Math.max(1, Math.ceil((toMs - fromMs) / dayMs / usualPartitions)) * dayMs;
  const count = Math.ceil((toMs - fromMs) / step);
  if (count > mostPartitions)
    throw fail(
      "CLI_USAGE",
      `--partition: expected at most ${mostPartitions.toLocaleString("en")} partitions, got ${count.toLocaleString("en")}`,
      { hint: "Choose larger partitions, or a shorter range" },
    );
  return Array.from({ length: count }, (_, index) => {
    const start = fromMs + index * step;
    return { name: nameOf(start), fromMs: start, toMs: Math.min(toMs, start + step) };
  });
}

function nameOf(ms: number): string {
  const text = new Date(ms).toISOString();
  return ms % dayMs === 0 ? text.slice(0, 10) : ms % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
}
