// How good a forecast, a detector of odd rows or a model of groups is, in sentences for people who are no data scientists. Pure.

import type { Evaluation } from "../../models/evaluation.ts";
import type { AboutModel } from "./facts.ts";
import { short } from "./svg.ts";
import { countText, percentText } from "./text.ts";

/** Undefined for tasks with a label. */
export function taskSentences(evaluation: Evaluation, about: AboutModel): string[] | undefined {
  const { metrics, rows, series, clusters, oddness } = evaluation;
  const held = countText(rows.test, "row");
  if (series !== undefined) return forecastSentences(evaluation, about);
  if (oddness !== undefined)
    return [
      `Of ${held} that it had not seen, it flags ${percentText(metrics.flaggedShare ?? 0)}.`,
      "Nobody told it which rows are odd, so this says how many alarms to expect, not how many of them are right: look at the oddest rows below.",
    ];
  if (clusters === undefined) return undefined;
  const silhouette = metrics.silhouette ?? 0;
  const apart =
    silhouette >= 0.5
      ? "clearly apart"
      : silhouette >= 0.25
        ? "fairly apart"
        : silhouette > 0.1
          ? "only loosely apart"
          : "hardly apart";
  return [
    `It finds ${countText(clusters.length, "group")}, which lie ${apart}: the silhouette of ${held} that it had not seen is ${short(silhouette)}, where 1 is best and 0 is no difference.`,
    "Groups are a way to look at the rows; whether they mean something is for people to say.",
  ];
}

function forecastSentences({ metrics, baselines, series, rows }: Evaluation, { label }: AboutModel): string[] {
  const unit = label?.unit === null || label === null ? "" : ` ${label.unit}`;
  const guess = baselines?.seasonalNaive?.mae ?? null;
  const off = metrics.mae ?? 0;
  const beside = guess === null ? "" : `; repeating the last season would have been off by ${short(guess)}${unit}`;
  return [
    `In past forecasts of ${countText(series?.horizon ?? 1, "step")}, judged on ${countText(rows.test, "value")} that it had not seen, it was off by ${short(off)}${unit} on average${beside}.`,
    ...(typeof metrics.intervalCoverage === "number"
      ? [
          `Its intervals are to hold ${percentText(series?.coverage ?? 0.8)} of the true values, and held ${percentText(metrics.intervalCoverage)}.`,
        ]
      : []),
  ];
}

export function forecastLimits({ parts, rows }: Evaluation): string[] {
  return [
    ...(rows.test < 50
      ? [`It was judged on ${countText(rows.test, "value")} only, so every figure here may be off by a good deal.`]
      : []),
    `It was judged by forecasts from the past, each fitted to what was known then; what answers now has also seen the values up to ${parts?.test.to?.slice(0, 10) ?? "the end"}.`,
    "It continues what the series did before. What has never happened in it (a price change, a strike, a new product), it does not see coming.",
    "The further ahead, the less certain: look at the width of the intervals.",
  ];
}
