// The part of a model's report that explains it: where it errs, what it leans on, whether more rows would help. Pure.

import { metrics as metricFacts } from "../../learn/evaluation/metric-table.ts";
import type { Dependence } from "../../models/evaluation.ts";
import { show } from "../../models/gate.ts";
import type { ReportFacts } from "./facts.ts";
import { classLines, reasonDots } from "./plots.ts";
import { figure, section } from "./section.ts";
import { barPlot, linePlot, rangeOf, short } from "./svg.ts";
import {
  countText,
  dayText,
  escapeHtml,
  humanName,
  metricText,
  metricTitle,
  nameWithUnit,
  percentText,
} from "./text.ts";

export function sliceSection({ version, about }: ReportFacts): string {
  const { slices = [], metrics: overall } = version.evaluation;
  const metric = about.problem?.success.metric ?? Object.keys(overall)[0];
  if (metric === undefined || slices.length === 0) return "";
  const { better } = metricFacts[metric as keyof typeof metricFacts];
  const whole = overall[metric] ?? null;
  const features = [...new Set(slices.map(({ feature }) => feature))];
  const values = slices.flatMap(({ metrics: own }) => (typeof own[metric] === "number" ? [own[metric]] : []));
  const range = {
    from: Math.min(0, ...values),
    to: Math.max(...values, whole ?? 0) * (better === "lower" ? 1.05 : 1) || 1,
  };
  const plots = features.map((feature) => {
    const bars = slices
      .filter((slice) => slice.feature === feature && typeof slice.metrics[metric] === "number")
      .map(({ value, rows, metrics: own }) => ({
        name: value,
        value: own[metric] as number,
        text: metricText(own[metric]),
        note: countText(rows, "row"),
        class: rows < 30 ? "faint" : "",
      }));
    return bars.length === 0
      ? ""
      : `<h3>${escapeHtml(humanName(feature))}</h3>${barPlot(`${metricTitle(metric)} by ${feature}`, bars, range, { mark: whole ?? undefined })}`;
  });
  if (plots.every((plot) => plot === "")) return "";
  return section(
    "Where it errs",
    `<p>${escapeHtml(metricTitle(metric))} within each group of held-out rows; ${better === "higher" ? "longer is better" : "shorter is better"}. The dashed line is the whole. Pale bars rest on fewer than 30 rows and may be chance.</p>${plots.join("")}`,
  );
}

const mostReasons = 12;

export function reasonSection({ version, about }: ReportFacts): string {
  const { importance, dependence = [], shap = null, metrics: overall } = version.evaluation;
  if (importance === undefined || importance.features.length === 0) return "";
  const largest = Math.max(...importance.features.map(({ value }) => value), 1e-12);
  const shown = importance.features.filter(({ value }) => value > largest / 1000).slice(0, mostReasons);
  const metric = about.problem?.success.metric ?? Object.keys(overall)[0] ?? "";
  const how =
    importance.method === "permutation"
      ? `By how much ${metricTitle(metric)} gets worse when the values of one feature are shuffled among the held-out rows.`
      : "Each feature's share in what the model has learnt, by its own account.";
  const bars = shown.map(({ feature, value }) => ({ name: humanName(feature), value, text: show(value) }));
  const silent = importance.features.length - shown.length;
  return section(
    "What it leans on",
    `<p>${escapeHtml(how)}${silent > 0 ? ` ${countText(silent, "feature")} more ${silent === 1 ? "matters" : "matter"} little or not at all.` : ""}</p>
${bars.length === 0 ? "" : barPlot("What it leans on", bars, { from: 0, to: largest })}
${shap === null || shap.features.length === 0 ? "" : `<h3>Row by row</h3>${figure(reasonDots(shap, "What each feature adds, row by row"), "Each dot is a held-out row:", "how far the feature's value moved its answer. Dark dots are high values, pale ones low, rings are categories and missing values (Shapley values).")}`}
${dependence.length === 0 ? "" : `<h3>How its answer moves with the strongest</h3><div class="two">${dependenceFigures(dependence, about)}</div>`}`,
  );
}

/** One figure per feature; of several classes all in one. */
function dependenceFigures(dependence: readonly Dependence[], about: ReportFacts["about"]): string {
  return [...Map.groupBy(dependence, ({ feature }) => feature).values()]
    .map((own) => (own[0]!.class === undefined ? dependenceFigure(own[0]!, about) : classFigure(own, about)))
    .join("");
}

function classFigure(own: readonly Dependence[], { features }: ReportFacts["about"]): string {
  const { feature, type } = own[0]!;
  const name = nameWithUnit(feature, features.find((one) => one.name === feature)?.unit);
  const top = Math.min(
    1,
    Math.ceil(Math.max(...own.flatMap(({ points }) => points.map(([, mean]) => mean))) * 5 + 1e-9) / 5,
  );
  const y = { from: 0, to: top, label: "mean probability", text: percentText };
  const caption = "mean probability of each class, all else as it is.";
  if (type !== "number" && type !== "time") {
    const rows = own[0]!.points.slice(0, 8).map(([value], index) => {
      const cells = own.map(({ points }) => `<td class="n">${percentText(points[index]?.[1] ?? 0)}</td>`);
      return `<tr><th scope="row">${escapeHtml(String(value))}</th>${cells.join("")}</tr>`;
    });
    const head = own.map((one) => `<th class="n" scope="col">${escapeHtml(one.class ?? "")}</th>`);
    return `<figure><div class="scroll"><table><thead><tr><td></td>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div><figcaption><b>${escapeHtml(name)}:</b> ${caption}</figcaption></figure>`;
  }
  const lines = own.map((one) => ({
    name: one.class ?? "",
    points: one.points.flatMap(([value, mean]) => {
      const x = typeof value === "number" ? value : Date.parse(value);
      return Number.isFinite(x) ? [[x, mean] as const] : [];
    }),
  }));
  const ends = lines.flatMap(({ points }) => points.map(([x]) => x));
  if (ends.length < 2) return "";
  const x = { from: Math.min(...ends), to: Math.max(...ends), label: name, text: type === "time" ? dayText : short };
  return figure(classLines({ title: name, x, y, lines }), `${name}:`, caption);
}

function dependenceFigure(
  { feature, type, points }: Dependence,
  { label, features, problem }: ReportFacts["about"],
): string {
  const answers = points.map(([, mean]) => mean);
  const isNumber = problem?.task === "regression";
  const [low, high] = isNumber ? rangeOf(answers) : [0, Math.min(1, Math.ceil(Math.max(...answers) * 5 + 1e-9) / 5)];
  const unit = features.find(({ name }) => name === feature)?.unit;
  const name = nameWithUnit(feature, unit);
  const y = {
    from: low,
    to: high,
    label: isNumber ? "mean answer" : "mean probability",
    ...(isNumber ? {} : { text: percentText }),
  };
  const caption = `mean answer for ${label === null ? "the label" : humanName(label.name)}, all else as it is.`;
  if (type === "number" || type === "time") {
    const line = points.flatMap(([value, mean]) => {
      const x = typeof value === "number" ? value : Date.parse(value);
      return Number.isFinite(x) ? [[x, mean] as const] : [];
    });
    if (line.length < 2) return "";
    const ends = line.map(([x]) => x);
    const text = type === "time" ? dayText : short;
    const x = { from: Math.min(...ends), to: Math.max(...ends), label: name, text };
    return figure(linePlot({ title: name, x, y, points: line, dots: true, height: 210 }), `${name}:`, caption);
  }
  const bars = points.map(([value, mean]) => ({
    name: String(value),
    value: mean,
    text: isNumber ? short(mean) : percentText(mean),
  }));
  return figure(
    barPlot(name, bars.slice(0, 8), { from: Math.min(0, low), to: high }, { narrow: true }),
    `${name}:`,
    caption,
  );
}

export function moreRowsSection({ version, about }: ReportFacts): string {
  const { learning = [] } = version.evaluation;
  const metric = about.problem?.success.metric;
  const points = learning.flatMap(({ rows, value }) => (value === null ? [] : [[rows, value] as const]));
  if (metric === undefined || points.length < 3) return "";
  const { better } = metricFacts[metric];
  const sign = better === "higher" ? 1 : -1;
  const gain =
    sign * ((points.at(-1) as readonly [number, number])[1] - (points.at(-2) as readonly [number, number])[1]);
  const { low, high } = version.evaluation.intervals?.[metric] ?? { low: null, high: null };
  const noise = low === null || high === null ? 0 : (high - low) / 4;
  // On a scale no finer than chance, so that noise does not look like a trend.
  const [from, to] = rangeOf([...points.map(([, value]) => value), ...[low, high].filter((one) => one !== null)]);
  const { scale } = metricFacts[metric];
  const last = (points.at(-1) as readonly [number, number])[1];
  const nearlyPerfect = scale.min === 0 && scale.max === 1 && better === "higher" && last > 0.97;
  const verdict = nearlyPerfect
    ? "There is little left to gain, with more rows or without."
    : gain > noise
      ? "The last doubling of the rows made it clearly better: more rows would most likely help."
      : "The last doubling of the rows changed little: other columns would most likely help more than more rows.";
  return section(
    "Would more rows help?",
    `<p>${verdict}</p>${figure(
      linePlot({
        title: "Learning curve",
        x: { from: 0, to: points.at(-1)![0], label: "rows learnt from", text: (value) => short(Math.round(value)) },
        y: { from, to, label: metricTitle(metric) },
        points,
        dots: true,
        width: 660,
        height: 220,
      }),
      "The same kind of model, learnt from fewer rows,",
      "judged on the same held-out rows.",
    )}`,
  );
}
