// The texts of a linear model, at rest and at work: what each known word or pair of words adds where it stands.

import { fail } from "../../base/failure.ts";
import { corrupt, readArray, readStrings } from "../artifact.ts";
import type { Feature } from "../features.ts";
import type { Artifact, ArtifactArray, TermContribution, TermEffect } from "../model.ts";
import { type TermReader, termReader } from "../text-terms.ts";
import type { Design } from "./design.ts";

/*
 * Of the text features in their order, one after the other, T terms in all; meta.vocabulary holds a list of terms for each:
 *   rarity T · use (its mean weight over the training rows) T · terms T·K, entry [t * K + k]
 * A text adds the sum over its terms of their weight in it times terms[…].
 */

/** The places of the text features. */
export function textFeatures(features: readonly Feature[]): number[] {
  return [...features.keys()].filter((f) => features[f]!.type === "text");
}

/** `columnMeans` of the whole design; one coefficient array per output. Nothing for a model without texts. */
export function textArrays(
  { terms: blocks }: Design,
  features: readonly Feature[],
  outputs: readonly Float64Array[],
  columnMeans: Float64Array,
): { readonly vocabulary?: string[][]; readonly arrays: Record<string, ArtifactArray> } {
  const places = textFeatures(features);
  if (places.length === 0) return { arrays: {} };
  // A text without any term that enough rows have has no columns.
  const own = places.map((f) => blocks.find(({ feature }) => feature === f));
  const found = own.filter((block) => block !== undefined);
  const columns = found.flatMap(({ start, count }) => Array.from({ length: count }, (_, term) => start + term));
  return {
    vocabulary: own.map((block) => [...(block?.vocabulary.terms ?? [])]),
    arrays: {
      rarity: Float64Array.from(found.flatMap(({ vocabulary }) => Array.from(vocabulary.rarity))),
      use: Float64Array.from(columns, (column) => columnMeans[column]!),
      terms: Float64Array.from(columns.flatMap((column) => outputs.map((beta) => beta[column]!))),
    },
  };
}

export interface TextPart {
  /** What a text of feature f adds to output k. */
  contribution(f: number, k: number, text: string): number;
  /** The same by term, the largest in absolute value first. */
  explain(f: number, k: number, text: string): TermContribution[];
  /** What all known terms do to output k, the most telling first. */
  effects(f: number, k: number): TermEffect[];
}

interface OneText {
  readonly read: TermReader;
  readonly words: readonly string[];
  readonly rarity: Float64Array;
  readonly use: Float64Array;
  readonly terms: Float64Array;
}

/** Throws MODELS_ARTIFACT_CORRUPT for what is damaged, and for texts that an earlier version read in another way. */
export function readTextPart(artifact: Artifact, features: readonly Feature[], K: number): TextPart {
  const texts = readTexts(artifact, features, K);
  const at = (f: number) => texts.get(f)!;
  return {
    contribution(f, k, text) {
      const { read, terms } = at(f);
      let sum = 0;
      read(text, (term, weight) => {
        sum += weight * terms[term * K + k]!;
      });
      return sum;
    },
    explain(f, k, text) {
      const { read, words, terms } = at(f);
      const found: TermContribution[] = [];
      read(text, (term, weight) => {
        found.push({ term: words[term]!, contribution: weight * terms[term * K + k]! });
      });
      return found.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    },
    effects(f, k) {
      const { words, rarity, use, terms } = at(f);
      return words
        .map((term, t) => {
          // Rarity is the logarithm of (texts + 1) / (texts with the term + 1), and 1 more.
          const share = Math.min(1, Math.exp(1 - rarity[t]!));
          return { term, contribution: (terms[t * K + k]! * use[t]!) / share, share };
        })
        .filter(({ contribution }) => contribution !== 0)
        .sort((a, b) => Math.abs(b.contribution) * b.share - Math.abs(a.contribution) * a.share);
    },
  };
}

function readTexts(artifact: Artifact, features: readonly Feature[], K: number): Map<number, OneText> {
  const places = textFeatures(features);
  if (places.length === 0) return new Map();
  const lists = artifact.meta.vocabulary;
  if (lists === undefined)
    throw fail(
      "MODELS_ARTIFACT_CORRUPT",
      `Expected the words of the text feature ${JSON.stringify(features[places[0]!]!.name)}, got a model of an earlier version, which did not keep them`,
      { hint: "Train again: pentad run training/NAME" },
    );
  if (!Array.isArray(lists) || lists.length !== places.length)
    throw corrupt(`Expected a vocabulary for each of ${places.length} text features`);
  const vocabularies = lists.map((list, i) => readStrings(list, `the vocabulary of feature ${places[i]}`));
  const T = vocabularies.reduce((sum, { length }) => sum + length, 0);
  const rarity = readArray(artifact, "rarity", Float64Array, T);
  const use = readArray(artifact, "use", Float64Array, T);
  const terms = readArray(artifact, "terms", Float64Array, T * K);
  if (rarity.some((value) => value < 1)) throw corrupt("Expected rarities from 1");
  const texts = new Map<number, OneText>();
  let start = 0;
  for (const [i, words] of vocabularies.entries()) {
    const end = start + words.length;
    const own = rarity.subarray(start, end);
    texts.set(places[i]!, {
      read: termReader({ terms: words, rarity: own }),
      words,
      rarity: own,
      use: use.subarray(start, end),
      terms: terms.subarray(start * K, end * K),
    });
    start = end;
  }
  return texts;
}
