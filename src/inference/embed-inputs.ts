// Vectors of the texts that a request gives: made by the group's own embedder, as those of its stored rows were.

import type { Value } from "../base/table.ts";
import type { DataDefinition } from "../define/definition.ts";
import { embeddingsOf } from "../features/embedding.ts";
import type { EmbeddedAs } from "../ports/embedder.ts";

/** A vector that a model takes and that is made of texts. */
export interface MadeOfTexts {
  readonly feature: string;
  readonly of: readonly string[];
  /** As its rows were made. */
  readonly definition: DataDefinition;
}

export interface TextEmbedder {
  /** A vector for each text. */
  embed(
    definition: DataDefinition,
    feature: string,
    texts: readonly string[],
    as: EmbeddedAs,
  ): Promise<readonly (readonly number[])[]>;
}

/** The embeddings among the features that are taken of each group. */
export function embeddingsBehind(
  groups: readonly { readonly commit: { readonly definition: DataDefinition }; readonly features: readonly string[] }[],
): MadeOfTexts[] {
  return groups.flatMap(({ commit: { definition }, features }) =>
    embeddingsOf(definition)
      .filter(({ name }) => features.includes(name))
      .map(({ name, of = [] }) => ({ feature: name, of, definition })),
  );
}

/** What is to be embedded for one request, by feature: those whose vector it does not give, but some text. */
export function textsToEmbed(
  embeddings: readonly MadeOfTexts[],
  given: ReadonlyMap<string, Value>,
  values: ReadonlyMap<string, Value>,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { feature, of } of embeddings) {
    if ((given.get(feature) ?? null) !== null || !of.some((name) => isText(given.get(name)))) continue;
    // As stored rows are put together: the texts that are there, one a line.
    texts.set(
      feature,
      of
        .map((name) => values.get(name))
        .filter(isText)
        .join("\n"),
    );
  }
  return texts;
}

function isText(value: Value | undefined): value is string {
  return typeof value === "string" && value.trim() !== "";
}

/** One map of vectors for each request; equal texts are embedded once. */
export async function embedAll(
  embeddings: readonly MadeOfTexts[],
  requests: readonly ReadonlyMap<string, string>[],
  embedder: TextEmbedder,
): Promise<Map<string, readonly number[]>[]> {
  const made = requests.map(() => new Map<string, readonly number[]>());
  for (const { feature, definition } of embeddings) {
    const texts = [...new Set(requests.flatMap((one) => one.get(feature) ?? []))];
    if (texts.length === 0) continue;
    const vectors = await embedder.embed(definition, feature, texts, "document");
    const vectorOf = new Map(texts.map((text, index) => [text, vectors[index] as readonly number[]]));
    for (const [index, one] of requests.entries()) {
      const vector = vectorOf.get(one.get(feature) ?? "");
      if (one.has(feature) && vector !== undefined) made[index]?.set(feature, vector);
    }
  }
  return made;
}
