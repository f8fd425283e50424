// Computes on-demand features beside the server: a warm process for each version of the code, started anew when it ends.

import { fail, isFailure, type PentadError } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Value } from "../../base/table.ts";
import type { OnDemandDefinition } from "../../define/definition.ts";
import { computeRows, type OnDemandCompute } from "../../features/on-demand.ts";
import type { ComputeServing, ComputeTask, StepContext } from "../../ports/compute.ts";
import { loadOnDemand } from "./on-demand-code.ts";
import { servingPool } from "./serving-pool.ts";

/** What one request may take of the processor; code that is loaded first may take longer. */
const callMs = 2_000;
const startMs = 30_000;
const memoryMb = 512;
/** The live model's code, a candidate's, and one more while they change. */
const mostServices = 3;
/** Rows of one request that are computed at once, each call with its own time. */
const rowsPerCall = 100;

export interface OnDemandServing extends OnDemandCompute {
  close(): void;
}

export function openOnDemand(compute: ComputeServing, projectFolder: string): OnDemandServing {
  const pool = servingPool(compute, mostServices);

  function task(onDemand: OnDemandDefinition): ComputeTask {
    return {
      entry: "features/on-demand",
      input: { onDemand: onDemand as unknown as JsonObject },
      component: onDemand.file,
      run: newId("srv"),
      step: "on-demand features",
      attempt: 1,
      projectFolder,
      limits: { timeMs: startMs, memoryMb, callMs },
      environment: {},
    };
  }

  async function call(onDemand: OnDemandDefinition, rows: readonly (readonly Value[])[]): Promise<Value[][]> {
    const key = JSON.stringify([onDemand.file, onDemand.code]);
    try {
      return (await pool.call(key, () => task(onDemand), rows as unknown as Json)) as unknown as Value[][];
    } catch (error) {
      throw told(error);
    }
  }

  return {
    async compute(onDemand, rows) {
      const computed: Value[][] = [];
      // No rows at all make a call of none, which starts the process.
      for (let from = 0; from < Math.max(1, rows.length); from += rowsPerCall)
        computed.push(...(await call(onDemand, rows.slice(from, from + rowsPerCall))));
      return computed;
    },
    close: pool.close,
  };
}

/** At the other side: answers with the functions of kept code. */
export async function serveOnDemand(input: JsonObject, { task, serve }: StepContext): Promise<Json> {
  const onDemand = input.onDemand as unknown as OnDemandDefinition;
  const code = await loadOnDemand(task.projectFolder, onDemand);
  return serve(async (rows) => (await computeRows(onDemand, code, rows as unknown as Value[][])) as unknown as Json);
}

/** Whoever asked must hear the line, too; a program reads it in the details. */
function told(error: unknown): unknown {
  if (!isFailure(error)) return error;
  const { message, hint, location, cause }: PentadError = error;
  const code = error.code === "RUNTIME_INTERRUPTED" ? error.code : "FEATURES_ON_DEMAND_FAILED";
  const at = location === undefined ? undefined : `${location.file}:${location.line}`;
  return fail(code, message, {
    hint,
    location,
    ...(cause === undefined ? {} : { cause }),
    ...(at === undefined ? {} : { details: { at } }),
  });
}
