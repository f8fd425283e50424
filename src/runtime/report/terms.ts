// The part of a model's report on texts: which words move its answer, and how far. Pure.

import type { TermSummary } from "../../models/evaluation.ts";
import type { ReportFacts } from "./facts.ts";
import { section } from "./section.ts";
import { barPlot, short } from "./svg.ts";
import { escapeHtml, humanName, percentText } from "./text.ts";

export function termSection({ version, about }: ReportFacts): string {
  const { terms = [] } = version.evaluation;
  if (terms.length === 0) return "";
  const isNumber = about.problem?.task === "regression";
  const unit = about.label?.unit ? ` ${about.label.unit}` : "";
  // Other models are given what a linear one makes of the text alone.
  const whose = ["logistic", "ridge"].includes(version.algorithm) ? "the" : "the text's own";
  const how = isNumber
    ? `How far a word, or a pair of words, moves ${whose} answer${unit === "" ? "" : `, in${unit},`} on average where it stands`
    : `How far a word, or a pair of words, moves ${whose} log-odds on average where it stands (0.7 doubles the odds, −0.7 halves them)`;
  return section(
    "Which words matter",
    `<p>${escapeHtml(how)}, the most telling first; beside it the share of the texts that have it. Other words add little, or stood in one text only.</p>${terms.map(termPlots).join("")}`,
  );
}

function termPlots({ feature, class: name, up, down }: TermSummary): string {
  const subject = name === undefined ? ["raise it", "lower it"] : [`speak for ${name}`, `speak against ${name}`];
  const to = Math.max(...[...up, ...down].map(({ contribution }) => Math.abs(contribution)));
  const plots = [up, down].flatMap((list, index) => {
    if (list.length === 0) return [];
    const title = `Words of ${humanName(feature)} that ${subject[index]}`;
    const bars = list.map(({ term, contribution, share }) => ({
      name: `“${term}”`,
      value: Math.abs(contribution),
      text: `${contribution > 0 ? "+" : "−"}${short(Math.abs(contribution))}`,
      note: share < 0.01 ? "under 1 %" : percentText(share),
    }));
    return [`<h3>${escapeHtml(title)}</h3>${barPlot(title, bars, { from: 0, to })}`];
  });
  return plots.join("");
}
