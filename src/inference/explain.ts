// The reasons of an answer: what each feature adds, which words of a text, and on request how features work together.

import type { Value } from "../base/table.ts";
import type { Explanation } from "../define/answer-documents.ts";
import type { ApartAnswer } from "./apart.ts";
import type { Live } from "./live.ts";

/** `interactions`: also how features work together. */
export type Explain = boolean | "interactions";

/** Of a long text, the words that move the answer most. */
const shownTerms = 10;

const shownPairs = 50;
/** Each feature, and each number of a vector, costs two explanations, which others wait for. */
const mostInteracting = 100;

/** What moved an answer: each feature's exact share, and how features work together where that is asked for. */
export function explain(
  live: Live,
  features: Readonly<Record<string, Value>>,
  wanted: Explain,
  said: ApartAnswer | undefined,
): Explanation {
  const { base, contributions, class: explained } = said?.explanation ?? live.model.explainRow(features);
  return {
    base,
    unit: live.model.task === "regression" ? "value" : "margin",
    class: explained ?? null,
    contributions: contributions.map(({ feature, contribution, terms }) => ({
      feature,
      value: features[feature] ?? null,
      contribution,
      ...(terms && { terms: terms.slice(0, shownTerms) }),
    })),
    ...(wanted === "interactions" && { interactions: interactionsOf(live, features) }),
  };
}

function interactionsOf({ model }: Live, features: Readonly<Record<string, Value>>) {
  const numbers = model.features.reduce((sum, { dimensions = 1 }) => sum + dimensions, 0);
  if (numbers > mostInteracting) return null;
  return model.explainInteractions?.(features).slice(0, shownPairs) ?? null;
}
