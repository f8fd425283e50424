// Asks models that run apart: a warm process for each version that answers, with a limit of time for each call.

import { readFile } from "node:fs/promises";
import { fail, isFailure, type PentadError } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { ApartAnswer, ApartModels, FeatureRow } from "../../inference/apart.ts";
import { decodeModel } from "../../models/model-file.ts";
import { modelBlob } from "../../models/model-store.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { ComputeServing, StepContext } from "../../ports/compute.ts";
import { servingPool } from "./serving-pool.ts";

/** What one call may take; code and model that are loaded first may take longer. */
const callMs = 2_000;
const startMs = 60_000;
const memoryMb = 1_024;
/** The live model, its shadow, and one more while they change. */
const mostServices = 3;
const rowsPerCall = 100;

export function openApart(
  compute: ComputeServing,
  projectFolder: string,
  models: BlobStore,
): ApartModels & { close(): void } {
  const pool = servingPool(compute, mostServices);
  return {
    async predict({ id, training }, rows, explain) {
      const path = await models.localPath(modelBlob(id));
      const task = () => ({
        entry: "inference/model",
        input: { id, path },
        component: `training/${training}`,
        run: newId("srv"),
        step: "answering",
        attempt: 1,
        projectFolder,
        limits: { timeMs: startMs, memoryMb, callMs },
        environment: {},
      });
      const answers: ApartAnswer[] = [];
      for (let from = 0; from < rows.length; from += rowsPerCall) {
        const asked = { rows: rows.slice(from, from + rowsPerCall), explain } as unknown as Json;
        try {
          answers.push(...((await pool.call(id, task, asked)) as unknown as ApartAnswer[]));
        } catch (error) {
          throw told(error);
        }
      }
      return answers;
    },
    close: pool.close,
  };
}

/** At the other side: opens the model with whatever it needs, and answers. */
export async function serveModel({ id, path }: JsonObject, { task, serve }: StepContext): Promise<Json> {
  // The learners are loaded on this side alone.
  const [{ openServed }, { outsideModels }] = await Promise.all([
    import("../../models/served-model.ts"),
    import("./outside-models.ts"),
  ]);
  const artifact = decodeModel(await readFile(String(path)), String(id));
  await outsideModels(task.projectFolder).prepare(artifact);
  const model = openServed(artifact);
  return serve(async (input) => {
    const { rows, explain } = input as unknown as { rows: FeatureRow[]; explain: boolean };
    return rows.map((row) => ({
      output: model.predictRow(row),
      explanation: explain ? model.explainRow(row) : null,
    })) as unknown as Json;
  });
}

/** Whoever asked must hear the line, too; a program reads it in the details. */
function told(error: unknown): unknown {
  if (!isFailure(error)) return error;
  const { message, hint, location, cause, code }: PentadError = error;
  if (location === undefined) return error;
  return fail(code, message, {
    hint,
    location,
    details: { at: `${location.file}:${location.line}` },
    ...(cause === undefined ? {} : { cause }),
  });
}
