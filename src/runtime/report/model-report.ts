// A model's report as one HTML file that needs nothing else: what it is, how good, where it errs, how it came to be. Pure.

import { metrics as metricFacts } from "../../learn/evaluation/metric-table.ts";
import type { Evaluation, Part } from "../../models/evaluation.ts";
import type { ReportFacts } from "./facts.ts";
import { moreRowsSection, reasonSection, sliceSection } from "./insight.ts";
import { chosenSection, historySection, identitySection } from "./origin.ts";
import { qualitySection } from "./quality.ts";
import { figure, section } from "./section.ts";
import { reportStyle } from "./style.ts";
import { gauge, timeline } from "./svg.ts";
import { taskSection } from "./tasks.ts";
import { termSection } from "./terms.ts";
import {
  algorithmText,
  countText,
  dayText,
  escapeHtml,
  guessText,
  humanName,
  metricText,
  metricTitle,
  momentText,
  nameWithUnit,
} from "./text.ts";
import { limitSentences, qualitySentences } from "./words.ts";

/** The whole page. Everything in it comes from the version itself, so the same version gives the same page. */
export function modelReport(facts: ReportFacts): string {
  const { version } = facts;
  const sections = [
    summarySection,
    subjectSection,
    taskSection,
    qualitySection,
    sliceSection,
    reasonSection,
    termSection,
    moreRowsSection,
    limitSection,
    gateSection,
    chosenSection,
    historySection,
    identitySection,
  ];
  const title = `${facts.about.problem?.question ?? version.training} · version ${version.version}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${header(facts)}
${sections
  .map((section) => section(facts))
  .filter((text) => text !== "")
  .join("\n")}
<footer>Written by Pentad from version ${version.version} of training/${escapeHtml(version.training)} as the registry keeps it.</footer>
</main>
</body>
</html>
`;
}

function header({ version, about }: ReportFacts): string {
  const aliases = version.aliases.map((alias) => `<span class="badge plain">${alias}</span>`).join("");
  const verdict = version.gate.passed
    ? '<span class="badge ok">passed its gate</span>'
    : '<span class="badge bad">refused by its gate</span>';
  return `<header>
<p class="kicker">Model card · training/${escapeHtml(version.training)} · version ${version.version} · ${momentText(version.atMs)}</p>
<h1>${escapeHtml(about.problem?.question ?? `${version.training}, version ${version.version}`)}</h1>
${verdict}${aliases}
</header>`;
}

function summarySection({ version, about }: ReportFacts): string {
  const { evaluation } = version;
  const sentences = qualitySentences(evaluation, about);
  const warnings = (evaluation.suspicions ?? []).map(
    ({ message }) => `<p class="warn">Worth a look: ${escapeHtml(message)}.</p>`,
  );
  return section(
    "In short",
    `${warnings.join("")}<p class="lead">${escapeHtml(sentences[0] ?? "")}</p>
<p>${escapeHtml(sentences.slice(1).join(" "))}</p>
${goalFigure({ evaluation, about })}`,
  );
}

/** The problem's metric on its scale, beside the goal and the baseline. */
function goalFigure({ evaluation, about }: { evaluation: Evaluation; about: ReportFacts["about"] }): string {
  const success = about.problem?.success;
  const value = success === undefined ? null : (evaluation.metrics[success.metric] ?? null);
  if (success === undefined || value === null) return "";
  const facts = metricFacts[success.metric];
  const { low, high } = evaluation.intervals?.[success.metric] ?? evaluation.interval;
  const goal = success.atLeast ?? success.atMost;
  const [baselineName, baseline] = baselineOf(evaluation, success.metric, success.beats);
  const shown = [value, low, high, goal, baseline].filter((one) => typeof one === "number");
  const bounded = facts.scale.min === 0 && facts.scale.max === 1;
  const reach = Math.max(...shown);
  const from = bounded ? Math.min(facts.name === "rocAuc" ? 0.5 : 0, ...shown) : Math.min(0, ...shown);
  const to = bounded ? 1 : reach + (reach - from) * 0.08;
  const marks = [
    ...(goal === undefined ? [] : [{ value: goal, text: "goal", class: "goal" }]),
    ...(baseline === null ? [] : [{ value: baseline, text: guessText(baselineName), class: "base" }]),
  ];
  const title = metricTitle(success.metric);
  const better = facts.better === "higher" ? "further right is better" : "further left is better";
  const range =
    low === null
      ? ""
      : `; with other rows of the same kind it would lie between ${metricText(low)} and ${metricText(high)} in 19 of 20 cases`;
  return figure(
    gauge({ title, from, to, value, low, high, marks, text: metricText }),
    title,
    `on the held-out rows, ${better}${range}.`,
  );
}

function baselineOf(evaluation: Evaluation, metric: string, named: string | undefined): [string, number | null] {
  const name = named ?? Object.keys(evaluation.baselines ?? {})[0] ?? evaluation.baseline?.name ?? "";
  const value =
    evaluation.baselines?.[name]?.[metric] ?? (evaluation.baseline?.name === name ? evaluation.baseline.value : null);
  return [name, value ?? null];
}

function subjectSection({ version, about }: ReportFacts): string {
  const { label, features, weight, problem, sources } = about;
  const { parts } = version.evaluation;
  const what =
    label === null
      ? ""
      : `<dt>Predicts</dt><dd>${escapeHtml(humanName(label.name))}${label.unit === null ? "" : `, in ${escapeHtml(label.unit)}`}${label.description === null ? "" : `: ${escapeHtml(label.description)}`}${problem === null ? "" : ` <span class="dim">(${taskText[problem.task]})</span>`}</dd>`;
  const whom = problem?.audience ? `<dt>For</dt><dd>${escapeHtml(problem.audience)}</dd>` : "";
  const from = sources
    .map(
      ({ data, source, commit, rows }) =>
        `data/${escapeHtml(data)}, commit ${commit} <span class="dim">(${countText(rows, "row")} from ${escapeHtml(source)})</span>`,
    )
    .join("<br>");
  const commits = Object.entries(version.commits)
    .map(([name, sequence]) => `data/${escapeHtml(name)}, commit ${sequence}`)
    .join("<br>");
  const seen = features.map(({ name, unit }) => escapeHtml(nameWithUnit(name, unit))).join(", ");
  return section(
    "What it predicts, and from what",
    `<dl>${what}${whom}<dt>From</dt><dd>${from || commits}</dd>${seen === "" ? "" : `<dt>Looks at</dt><dd>${seen}</dd>`}${weight === null ? "" : `<dt>Counts rows by</dt><dd>${escapeHtml(humanName(weight.name))} <span class="dim">(in the fit and in every figure below; it is no input)</span></dd>`}<dt>With</dt><dd>${escapeHtml(algorithmText(version.algorithm))}</dd></dl>
${parts === undefined ? "" : partsFigure(parts)}`,
  );
}

const taskText = {
  binary: "yes or no",
  multiclass: "one of several classes",
  regression: "a number",
  forecast: "the values to come",
  anomaly: "odd rows",
  clustering: "groups of rows that are alike",
} as const;

const splitText = {
  time: "The newest rows were held out.",
  stratified: "A share of each class was held out, drawn by chance.",
  random: "The held-out rows were drawn by chance.",
  group: "Whole groups were held out.",
} as const;

function partsFigure(parts: NonNullable<Evaluation["parts"]>): string {
  const { train, test } = parts;
  const proof = `Learnt from ${countText(train.rows, "row")}, judged on ${countText(test.rows, "row")} that no choice was made on${parts.leftOut > 0 ? `; ${countText(parts.leftOut, "row")} between them left out` : ""}. ${splitText[parts.by]}`;
  const ms = (text: string | null) => (text === null ? Number.NaN : Date.parse(text));
  const timed = parts.by === "time" && [train, test].every((part: Part) => Number.isFinite(ms(part.from)));
  const spans = timed
    ? [
        {
          from: ms(train.from),
          to: ms(train.to),
          class: "train",
          text: `learnt from ${train.rows.toLocaleString("en")}`,
        },
        ...(parts.leftOut > 0 ? [{ from: ms(train.to), to: ms(test.from), class: "gap", text: "gap" }] : []),
        { from: ms(test.from), to: ms(test.to), class: "test", text: `judged on ${test.rows.toLocaleString("en")}` },
      ]
    : [
        { from: 0, to: train.rows, class: "train", text: `learnt from ${train.rows.toLocaleString("en")}` },
        {
          from: train.rows,
          to: train.rows + test.rows,
          class: "test",
          text: `judged on ${test.rows.toLocaleString("en")}`,
        },
      ];
  return figure(timeline("Which rows went where", spans, timed ? dayText : () => ""), "Which rows went where.", proof);
}

function limitSection({ version, about }: ReportFacts): string {
  const items = limitSentences(version.evaluation, about).map((text) => `<li>${escapeHtml(text)}</li>`);
  return section("What to keep in mind", `<ul class="plain">${items.join("")}</ul>`);
}

function gateSection({ version }: ReportFacts): string {
  const checks = version.gate.checks.map(
    ({ passed, message }) => `<li class="${passed ? "ok" : "bad"}">${escapeHtml(message)}.</li>`,
  );
  return section(
    version.gate.passed ? "Why it may answer" : "Why it may not answer",
    `<p>The gate checks each version by machine against the goal of the problem, before anyone sees an answer of it.</p><ul class="checks">${checks.join("")}</ul>`,
  );
}
