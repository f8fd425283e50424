// Which words of a text matter to a model: those that move its answers most, up and down.

import type { Label, Predictor } from "../learn/model.ts";
import type { TermSummary } from "../models/evaluation.ts";
import { frequentClasses } from "./insight.ts";

/** Each way. */
const shownTerms = 12;

/** By text feature; of several classes, for each frequent one. Nothing for a model that knows no words. */
export function termsOf(model: Predictor, label: Label): TermSummary[] {
  const { termEffects } = model;
  if (termEffects === undefined) return [];
  const classes = model.task === "multiclass" ? frequentClasses(label) : [undefined];
  return model.features
    .filter(({ type }) => type === "text")
    .flatMap(({ name: feature }) =>
      classes.map((name) => {
        const effects = termEffects(feature, name === undefined ? {} : { class: name });
        const way = (sign: number) =>
          effects
            .filter(({ contribution }) => sign * contribution > 0)
            .slice(0, shownTerms)
            .map(({ term, contribution, share }) => ({ term, contribution: short(contribution), share: short(share) }));
        const explained = name ?? model.classes[1];
        return { feature, ...(explained === undefined ? {} : { class: explained }), up: way(1), down: way(-1) };
      }),
    )
    .filter(({ up, down }) => up.length + down.length > 0);
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
