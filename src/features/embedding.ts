// Embeddings as features: which texts they are made of, and what an embedder is asked and held to.

import { join } from "node:path";
import { fail, isFailure, type SourceLocation } from "../base/failure.ts";
import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { isEmbedding } from "../define/embedding.ts";
import type { Features } from "../define/feature.ts";
import type { EmbeddedAs, Embedder } from "../ports/embedder.ts";
import { sqlName } from "../ports/query.ts";

/** An embedder with where it is declared, and how to find a line of the project's in a stack trace. */
export interface LoadedEmbedder {
  readonly feature: FeatureDefinition;
  readonly embedder: Embedder;
  readonly location: SourceLocation | undefined;
  locate(stack: string | undefined): SourceLocation | undefined;
}

/** The features that are made of texts; one that its file dropped has no embedder any more. */
export function embeddingsOf({ features }: Pick<DataDefinition, "features">): FeatureDefinition[] {
  return features.filter(({ of, deprecated }) => of !== undefined && deprecated === undefined);
}

/**
 * The embedders of a component's features by name; undefined when one that the definition tells of is not there, or another:
 * the code is kept, and a model's files may have been replaced.
 */
export function loadedEmbedders(
  definition: Pick<DataDefinition, "features">,
  features: Features,
  locate: LoadedEmbedder["locate"],
): ReadonlyMap<string, LoadedEmbedder> | undefined {
  const loaded = new Map<string, LoadedEmbedder>();
  for (const feature of embeddingsOf(definition)) {
    const found = Object.hasOwn(features, feature.name) ? features[feature.name] : undefined;
    if (found === undefined || !isEmbedding(found)) return undefined;
    const { embedder, declaredAt } = found;
    if (embedder.version !== undefined && embedder.version !== feature.embedder) return undefined;
    loaded.set(feature.name, { feature, embedder, location: locate(declaredAt), locate });
  }
  return loaded;
}

/** Where a group's new vectors wait until a run commits them: a run that fails leaves them to the next. */
export function waitingVectors(temporaryFolder: string, group: string): string {
  return join(temporaryFolder, `embedded-${group}`);
}

/** The text that an embedding is made of, as SQL over a row's columns: those that are there, one a line; NULL when none is. */
export function embeddedTextSql({ of = [] }: FeatureDefinition, table: string): string {
  const parts = of.map((name) => {
    const column = `${table}.${sqlName(name)}`;
    return `CASE WHEN trim(${column}) <> '' THEN ${column} END`;
  });
  return `nullif(concat_ws(chr(10), ${parts.join(", ")}), '')`;
}

/**
 * A vector for each text, or in its place why it is none: not the declared number of numbers, or one that is not finite as
 * a 32-bit float. Throws FEATURES_EMBEDDING_FAILED for anything but one for each, and what the embedder throws.
 */
export async function embedBatch(
  loaded: LoadedEmbedder,
  texts: readonly string[],
  as: EmbeddedAs,
): Promise<(Float32Array | string)[]> {
  const { feature, embedder } = loaded;
  const given: unknown = await ask(loaded, texts, as);
  const wrong = (got: string) =>
    fail(
      "FEATURES_EMBEDDING_FAILED",
      `Expected embed of ${feature.name} to return one vector for each of ${texts.length} texts, got ${got}`,
      { location: loaded.location },
    );
  if (!Array.isArray(given)) throw wrong(given === null || given === undefined ? "nothing" : typeof given);
  if (given.length !== texts.length)
    throw wrong(typeof given[0] === "number" ? `one list of ${given.length} numbers` : String(given.length));
  return given.map((one) => vectorOf(one, embedder.dimensions));
}

/** Whatever is thrown comes with a line of the project's: its own, otherwise that of the embedding. */
async function ask({ embedder, location, locate }: LoadedEmbedder, texts: readonly string[], as: EmbeddedAs) {
  try {
    return await embedder.embed(texts, as);
  } catch (error) {
    const stack = (error as { stack?: string } | null)?.stack;
    if (isFailure(error))
      throw error.location === undefined
        ? fail(error.code, error.message, { hint: error.hint, location, cause: error.cause })
        : error;
    if (locate(stack) !== undefined || !(error instanceof Error)) throw error;
    const { name, message, cause } = error;
    throw fail("RUNS_STEP_THROWS", name === "Error" ? message : `${name}: ${message}`, { location, cause });
  }
}

function vectorOf(given: unknown, dimensions: number): Float32Array | string {
  const wanted = `expected ${dimensions} numbers from embed, got`;
  const isList = Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
  if (!isList) return `${wanted} ${given === null || given === undefined ? "nothing" : `a ${typeof given}`}`;
  const list = given as unknown as ArrayLike<number>;
  if (list.length !== dimensions) return `${wanted} ${list.length}`;
  const vector = new Float32Array(dimensions);
  for (let index = 0; index < dimensions; index++) {
    const value: unknown = list[index];
    vector[index] = typeof value === "number" ? value : Number.NaN;
    if (!Number.isFinite(vector[index])) return `${wanted} ${String(value)} among them`;
  }
  return vector;
}
