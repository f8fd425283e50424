// A model's report as one HTML file that needs nothing else: what it is, how good, where it errs, how it came to be. Pure.

import { metrics as metricFacts } from "../learn/metrics.ts";
import type { Dependence, Evaluation, Part } from "../models/evaluation.ts";
import { show } from "../models/gate.ts";
import type { ReportFacts } from "./report-facts.ts";
import { chosenSection, historySection, identitySection } from "./report-origin.ts";
import { reportStyle } from "./report-style.ts";
import { barPlot, gauge, histogram, linePlot, scatterPlot, short, timeline } from "./report-svg.ts";
import {
  algorithmText,
  countText,
  dayText,
  escapeHtml,
  humanName,
  metricText,
  metricTitle,
  momentText,
  percentText,
} from "./report-text.ts";
import { limitSentences, qualitySentences } from "./report-words.ts";

/** The whole page. Everything in it comes from the version itself, so the same version gives the same page. */
export function modelReport(facts: ReportFacts): string {
  const { version } = facts;
  const sections = [
    summarySection,
    subjectSection,
    qualitySection,
    sliceSection,
    reasonSection,
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

function section(title: string, body: string): string {
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}

export function figure(svg: string, title: string, caption: string): string {
  return `<figure>${svg}<figcaption><b>${escapeHtml(title)}</b> ${escapeHtml(caption)}</figcaption></figure>`;
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
    ...(baseline === null ? [] : [{ value: baseline, text: `${baselineName} guess`, class: "base" }]),
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
  const { label, features, problem, sources } = about;
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
  const seen = features
    .map(
      ({ name, unit }) =>
        `${escapeHtml(humanName(name))}${unit === null ? "" : ` <span class="dim">(${escapeHtml(unit)})</span>`}`,
    )
    .join(", ");
  return section(
    "What it predicts, and from what",
    `<dl>${what}${whom}<dt>From</dt><dd>${from || commits}</dd>${seen === "" ? "" : `<dt>Looks at</dt><dd>${seen}</dd>`}<dt>With</dt><dd>${escapeHtml(algorithmText(version.algorithm))}</dd></dl>
${parts === undefined ? "" : partsFigure(parts)}`,
  );
}

const taskText = { binary: "yes or no", multiclass: "one of several classes", regression: "a number" } as const;

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

function qualitySection({ version, about }: ReportFacts): string {
  const { evaluation } = version;
  const names = Object.keys(evaluation.metrics);
  const own = Object.keys(evaluation.baselines ?? {});
  const rows = names.map((name) => {
    const range = evaluation.intervals?.[name];
    const interval =
      range === undefined || range.low === null ? "–" : `${metricText(range.low)} to ${metricText(range.high)}`;
    const others = own.map((one) => `<td class="n">${metricText(evaluation.baselines?.[one]?.[name])}</td>`).join("");
    const judged = about.problem?.success.metric === name ? ' <span class="dim">(the goal)</span>' : "";
    return `<tr><th scope="row">${escapeHtml(metricTitle(name))}${judged}</th><td class="n">${metricText(evaluation.metrics[name])}</td><td class="n">${interval}</td>${others}</tr>`;
  });
  const head = own.map((one) => `<th class="n" scope="col">${escapeHtml(one)} guess</th>`).join("");
  return section(
    "How good it is",
    `${qualityPlots(evaluation)}
<div class="scroll"><table><thead><tr><th scope="col">On the held-out rows</th><th class="n" scope="col">model</th><th class="n" scope="col">95 % interval</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
  );
}

const share = (label: string) => ({ from: 0, to: 1, label, text: percentText });

function qualityPlots({ curves, confusion, residuals }: Evaluation): string {
  const plots: string[] = [];
  if (confusion) plots.push(confusionTable(confusion));
  if (curves) {
    plots.push(
      figure(
        linePlot({
          title: "Calibration",
          x: share("probability it gives"),
          y: share("share that came true"),
          points: curves.calibration.map(([predicted, actual]) => [predicted, actual]),
          reference: [
            [0, 0],
            [1, 1],
          ],
          dots: true,
        }),
        "Can its probabilities be believed?",
        "On the dashed line they are exactly right; below it, it promises too much.",
      ),
      figure(
        linePlot({
          title: "ROC curve",
          x: share("false alarms"),
          y: share("found"),
          points: curves.roc,
          reference: [
            [0, 0],
            [1, 1],
          ],
        }),
        "What finding more costs.",
        `Share of all that are ${curves.class} it finds, against the share of the others it takes for one (ROC curve). Guessing follows the dashed line.`,
      ),
      figure(
        linePlot({
          title: "Precision and recall",
          x: share("found"),
          y: share("of its alarms, right"),
          points: curves.precisionRecall,
        }),
        "How sure an alarm is.",
        "The more it is to find, the more of its alarms are false (precision and recall).",
      ),
    );
  }
  if (residuals) {
    const [low, high] = rangeOf(residuals.points.flat());
    plots.push(
      figure(
        scatterPlot({
          title: "Predicted and actual",
          x: { from: low, to: high, label: "it said" },
          y: { from: low, to: high, label: "it was" },
          points: residuals.points,
        }),
        "What it said, and what it was.",
        "Some of the held-out rows; on the dashed line it is exactly right.",
      ),
      figure(
        histogram({
          title: "Errors",
          x: { ...residuals.histogram, label: "what it was, less what it said" },
          counts: residuals.histogram.counts,
        }),
        "How far off it is.",
        "To the right of 0 it said too little, to the left too much.",
      ),
    );
  }
  return plots.length === 0 ? "" : `<div class="two">${plots.join("")}</div><br>`;
}

function rangeOf(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = (high - low || 1) * 0.04;
  return [low - margin, high + margin];
}

function confusionTable({ classes, counts }: NonNullable<Evaluation["confusion"]>): string {
  const head = classes.map((name) => `<th scope="col">says ${escapeHtml(name)}</th>`).join("");
  const body = counts.map((row, index) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count) => {
      const of = total === 0 ? 0 : Math.round((count / total) * 100);
      return `<td${of > 55 ? ' class="deep"' : ""} style="--share:${of}%">${count.toLocaleString("en")}</td>`;
    });
    return `<tr><th scope="row">is ${escapeHtml(classes[index] as string)}</th>${cells.join("")}</tr>`;
  });
  return `<figure><div class="scroll"><table class="matrix"><thead><tr><td style="background:none"></td>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div><figcaption><b>What it takes for what.</b> Held-out rows; on the diagonal it is right.</figcaption></figure>`;
}

function sliceSection({ version, about }: ReportFacts): string {
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

function reasonSection({ version, about }: ReportFacts): string {
  const { importance, dependence = [], metrics: overall } = version.evaluation;
  if (importance === undefined || importance.features.length === 0) return "";
  const shown = importance.features.filter(({ value }) => value > 0).slice(0, mostReasons);
  const largest = Math.max(...shown.map(({ value }) => value), 1e-12);
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
${dependence.length === 0 ? "" : `<h3>How its answer moves with the strongest</h3><div class="two">${dependence.map((one) => dependenceFigure(one, about)).join("")}</div>`}`,
  );
}

function dependenceFigure(
  { feature, type, points }: Dependence,
  { label, features, problem }: ReportFacts["about"],
): string {
  const answers = points.map(([, mean]) => mean);
  const isNumber = problem?.task === "regression";
  const [low, high] = isNumber ? rangeOf(answers) : [0, Math.min(1, Math.ceil(Math.max(...answers) * 5 + 1e-9) / 5)];
  const unit = features.find(({ name }) => name === feature)?.unit;
  const name = `${humanName(feature)}${unit ? ` (${unit})` : ""}`;
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

function moreRowsSection({ version, about }: ReportFacts): string {
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
  const verdict =
    gain > noise
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
