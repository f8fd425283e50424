// What the page of a forecast, of odd rows and of groups holds that other pages do not: series to choose from, groups in words, quality.

import type { AppDocument } from "../define/answer-documents.ts";
import type { Task } from "../define/metrics.ts";
import type { ClusterFacts } from "../models/evaluation.ts";
import { show } from "../models/gate.ts";
import type { Version } from "../models/registry.ts";

/** The series of a forecast, to choose one from; null when there is one only. */
export function storedSeries(version: Version | undefined): AppDocument["stored"] {
  const { series, parts } = version?.evaluation ?? {};
  if (series === undefined || series.keyColumns.length === 0) return null;
  return { key: series.keyColumns, examples: series.names, asOf: parts?.test.to ?? null };
}

/** Each group with its share and what sets it apart; none for other tasks. */
export function groupsInWords(version: Version | undefined): AppDocument["groups"] {
  return (version?.evaluation.clusters ?? []).map(({ cluster, share, traits }) => ({
    group: cluster,
    share,
    traits: traits.map((trait) => traitText(trait)),
  }));
}

export function traitText(trait: ClusterFacts["traits"][number]): string {
  if ("mean" in trait) return `${trait.feature} ${show(trait.mean)} on average (${show(trait.meanOfAll)} over all)`;
  return `${trait.feature} ${trait.value} in ${percent(trait.share)} (${percent(trait.shareOfAll)} of all)`;
}

/** In words that need no statistics; undefined for tasks with a label. */
export function taskQuality(task: Task, { evaluation }: Version, unit: string | null): string | undefined {
  const { metrics, series, rows, baselines } = evaluation;
  const held = `${rows.test.toLocaleString("en")} rows it had not seen`;
  const of = unit === null ? "" : ` ${unit}`;
  if (task === "forecast") {
    const guess = baselines?.seasonalNaive?.mae;
    const beside = typeof guess === "number" ? `, where repeating the last season is off by ${show(guess)}${of}` : "";
    return `off by ${show(metrics.mae ?? null)}${of} on average in past forecasts of ${series?.horizon ?? 1} steps${beside}`;
  }
  if (task === "anomaly") return `flags ${percent(metrics.flaggedShare ?? 0)} of ${held}`;
  if (task === "clustering")
    return `tells ${evaluation.clusters?.length ?? 0} groups apart with a silhouette of ${show(metrics.silhouette ?? null)} (1 is best, 0 is none) on ${held}`;
  return undefined;
}

function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10;
  return `${rounded >= 10 ? Math.round(rounded) : rounded} %`;
}
