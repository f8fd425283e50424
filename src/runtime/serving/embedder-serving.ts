// Embeds the words of searches and the texts of requests beside the server: a warm process with the code that the group's vectors were made with.

import { fail, isFailure, type PentadError } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { embedBatch, type LoadedEmbedder } from "../../features/embedding.ts";
import type { ComputeServing, ComputeTask, StepContext } from "../../ports/compute.ts";
import type { EmbeddedAs } from "../../ports/embedder.ts";
import { hideSecrets, secretsOf } from "../secrets.ts";
import { loadEmbedders } from "./embedder-code.ts";
import { servingPool } from "./serving-pool.ts";

/** What one search, or so many texts of requests, may wait for; a model that is loaded first may take longer. */
const callMs = 5_000;
const textsPerCall = 16;
const startMs = 120_000;
const mostServices = 2;
/** A model may hold hundreds of megabytes: unused it is let go. */
const idleMs = 600_000;

export interface EmbedderServing {
  /**
   * A vector for each text, of a search's words or as of stored rows. Throws FEATURES_EMBEDDING_FAILED, RUNTIME_NOT_AVAILABLE,
   * RUNTIME_SECRET_MISSING.
   */
  embed(
    definition: DataDefinition,
    feature: string,
    texts: readonly string[],
    as: EmbeddedAs,
  ): Promise<readonly (readonly number[])[]>;
  close(): void;
}

export function openEmbedders(compute: ComputeServing, projectFolder: string): EmbedderServing {
  const pool = servingPool(compute, mostServices);
  let idle: NodeJS.Timeout | undefined;

  return {
    async embed(definition, feature, texts, as) {
      const secrets = secretsOf(definition);
      const task = (): ComputeTask => ({
        entry: "features/embed",
        input: { definition: definition as unknown as JsonObject, feature, text: texts[0] ?? "", as },
        component: `data/${definition.name}`,
        run: newId("srv"),
        step: "embedding",
        attempt: 1,
        projectFolder,
        limits: { timeMs: startMs, memoryMb: definition.limits.memoryMb, callMs },
        environment: secrets,
      });
      clearTimeout(idle);
      idle = setTimeout(pool.close, idleMs).unref();
      try {
        const key = JSON.stringify([definition.name, feature, definition.code?.hash]);
        const vectors: number[][] = [];
        for (let from = 0; from < texts.length; from += textsPerCall) {
          const some = { texts: texts.slice(from, from + textsPerCall), as };
          for (const one of (await pool.call(key, task, some)) as unknown as number[][]) vectors.push(one);
        }
        return vectors;
      } catch (error) {
        throw told(error, feature, secrets);
      }
    },
    close() {
      clearTimeout(idle);
      pool.close();
    },
  };
}

/** At the other side: loads the embedder and its model by a first call, and answers. */
export async function serveEmbedder(input: JsonObject, { task, serve }: StepContext): Promise<Json> {
  const definition = input.definition as unknown as DataDefinition;
  const loaded = (await loadEmbedders(task.projectFolder, definition)).get(String(input.feature)) as LoadedEmbedder;
  const embed = async (texts: readonly string[], as: EmbeddedAs) => {
    const vectors: number[][] = [];
    const step = loaded.embedder.batchSize ?? textsPerCall;
    for (let from = 0; from < texts.length; from += step)
      for (const vector of await embedBatch(loaded, texts.slice(from, from + step), as)) {
        if (typeof vector === "string")
          throw fail("FEATURES_EMBEDDING_FAILED", `${loaded.feature.name}: ${vector}`, { location: loaded.location });
        vectors.push(Array.from(vector));
      }
    return vectors;
  };
  await embed([String(input.text)], input.as as EmbeddedAs);
  return serve(async (asked) => {
    const { texts, as } = asked as unknown as { readonly texts: readonly string[]; readonly as: EmbeddedAs };
    return embed(texts, as);
  });
}

/** Whoever asks must hear the line, too, and no secret. */
function told(error: unknown, feature: string, secrets: Readonly<Record<string, string>>): unknown {
  if (!isFailure(error)) return error;
  const { code, message, hint, location, cause }: PentadError = error;
  const own =
    code === "RUNTIME_INTERRUPTED" || code === "RUNTIME_NOT_AVAILABLE" || code === "FEATURES_EMBEDDING_FAILED";
  const text = code === "RUNS_STEP_THROWS" ? `embed of ${feature} threw: ${message}` : message;
  const details = location === undefined ? {} : { details: { at: `${location.file}:${location.line}` } };
  return fail(own ? code : "FEATURES_EMBEDDING_FAILED", hideSecrets(text, secrets), {
    hint: hideSecrets(hint, secrets),
    location,
    ...(cause === undefined ? {} : { cause: hideSecrets(String(cause), secrets) }),
    ...details,
  });
}
