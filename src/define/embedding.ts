// The word embedding: a vector that is made of texts of the same group, by a function of the user's or of a ready embedder.

import { isObject } from "../base/json.ts";
import type { Embedder } from "../ports/embedder.ts";
import { checkNumber, checkOneOf, checkOptions, checkText, checkTexts, invalid } from "./check.ts";
import { type Feature, feature, type OptionalOf, type VectorOptions } from "./feature.ts";

export interface EmbeddingOptions<Of extends string = string>
  extends Pick<VectorOptions, "optional" | "description" | "similarity"> {
  /** The features that it is made of, each a `text()` or `category()` of the same component; several are put together in this order. */
  readonly of: Of | readonly Of[];
  /** What turns texts into vectors: `{ dimensions, embed }`, or a ready one such as `transformersEmbedder()`. */
  readonly with: Embedder;
}

/** A vector feature that is made of texts. */
export interface Embedding<Of extends string = string, Optional extends boolean = boolean>
  extends Feature<readonly number[], Optional> {
  readonly of: readonly Of[];
  readonly embedder: Embedder;
  /** Where it was declared, as a stack trace. */
  readonly declaredAt: string;
}

/**
 * A vector made of texts when rows come in, in batches and only for texts that are new; `pentad search --like` finds rows by
 * meaning. A row without any of the texts has none: it goes to quarantine unless the embedding is `optional`.
 *
 * @example
 * embedding({ of: ["title", "body"], with: { dimensions: 384, embed: async (texts) => askTheModel(texts) } })
 */
export function embedding<const Of extends string, const Options extends { readonly optional?: boolean }>(
  options: EmbeddingOptions<Of> & Options,
): Embedding<Of, OptionalOf<Options>> {
  checkOptions("embedding()", options, ["of", "with", "optional", "description", "similarity"]);
  const { of, with: embedder, similarity, ...common } = options as EmbeddingOptions;
  const names = typeof of === "string" ? [of] : of;
  checkTexts("embedding().of", names);
  if (new Set(names).size < names.length) throw invalid("embedding().of", "each feature once", names);
  if (similarity !== undefined) checkOneOf("embedding().similarity", similarity, ["cosine", "dot", "l2"]);
  checkEmbedder(embedder);
  const { dimensions } = embedder;
  const vector = { ...common, dimensions, ...(similarity === undefined ? {} : { similarity }) };
  return { ...feature("vector", vector), of: names, embedder, declaredAt: new Error("declared").stack ?? "" } as never;
}

export function isEmbedding(one: Feature): one is Embedding {
  return "embedder" in one;
}

function checkEmbedder(embedder: unknown): asserts embedder is Embedder {
  if (!isObject(embedder) || typeof embedder.embed !== "function")
    throw invalid("embedding().with", "{ dimensions, embed: async (texts) => … }", embedder);
  for (const field of ["dimensions", "batchSize"] as const) {
    const value = embedder[field];
    if (value === undefined && field === "batchSize") continue;
    checkNumber(`embedding().with.${field}`, value, { min: 1, max: 10_000 });
    if (!Number.isInteger(value)) throw invalid(`embedding().with.${field}`, "a whole number", value);
  }
  if (embedder.version !== undefined) checkText("embedding().with.version", embedder.version);
}
