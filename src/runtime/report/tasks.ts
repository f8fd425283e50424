// The parts of a model's report that only forecasts, odd rows or groups have. Pure.

import type { ClusterFacts, Oddness, SeriesFacts } from "../../models/evaluation.ts";
import { bandPlot } from "./band.ts";
import type { ReportFacts } from "./facts.ts";
import { figure, section } from "./section.ts";
import { histogram, linePlot, rangeOf, short } from "./svg.ts";
import { dayText, escapeHtml, humanName, nameWithUnit, percentText } from "./text.ts";

export function taskSection({ version, about }: ReportFacts): string {
  const { series, oddness, clusters } = version.evaluation;
  const unit = about.label?.unit ?? null;
  if (series !== undefined) return seriesSection(series, about.label?.name ?? "value", unit);
  if (oddness !== undefined) return oddSection(oddness, about);
  return clusters === undefined ? "" : clusterSection(clusters, about);
}

function seriesSection(
  { example, byAhead, coverage, series, leftOut, step }: SeriesFacts,
  name: string,
  unit: string | null,
): string {
  const numbers = [...example.history.map(([, value]) => value), ...example.points.flatMap(([, ...values]) => values)];
  const [low, high] = rangeOf(numbers);
  const times = [...example.history, ...example.points].map(([time]) => time);
  const axis = nameWithUnit(name, unit);
  const plots = [
    figure(
      bandPlot({
        title: "Past forecasts and what came",
        x: { from: Math.min(...times), to: Math.max(...times), label: "", text: dayText },
        y: { from: low, to: high, label: axis },
        history: example.history,
        points: example.points,
      }),
      example.key === "" ? "What it said, and what came." : `What it said of ${example.key}, and what came.`,
      `Coloured: its forecasts of the held-out steps, each made without knowing what came, in a band that is to hold ${percentText(coverage)} of the values. Grey: what was and what came.`,
    ),
  ];
  if (byAhead.length > 1)
    plots.push(
      figure(
        linePlot({
          title: "Error by steps ahead",
          x: { from: 1, to: byAhead.at(-1)!.ahead, label: "steps ahead", text: (value) => short(Math.round(value)) },
          y: {
            from: 0,
            to: Math.max(...byAhead.map(({ mae }) => mae)) * 1.1 || 1,
            label: `off by, ${unit ?? "on average"}`,
          },
          points: byAhead.map(({ ahead, mae }) => [ahead, mae] as const),
          dots: byAhead.length <= 40,
          width: 660,
          height: 210,
        }),
        "How the error grows with the steps ahead.",
        "Mean error of the past forecasts; the further ahead, the harder.",
      ),
    );
  const many = series === 1 ? "one series" : `${series.toLocaleString("en")} series`;
  const missing =
    leftOut === 0 ? "" : ` ${leftOut} more ${leftOut === 1 ? "was" : "were"} too short and cannot be asked for.`;
  return section(
    "Its forecasts",
    `<p>It forecasts ${escapeHtml(many)}, ${stepText(step)} by ${stepText(step)}.${missing}</p>${plots.join("")}`,
  );
}

function stepText({ unit, count }: SeriesFacts["step"]): string {
  if (unit === "months") return count === 1 ? "month" : `${count} months`;
  const hours = count / 3_600_000;
  if (hours === 24) return "day";
  if (hours === 168) return "week";
  return hours === 1 ? "hour" : hours % 24 === 0 ? `${hours / 24} days` : `${short(hours)} h`;
}

function oddSection(
  { histogram: bars, flagFrom, contamination, oddest }: Oddness,
  { features }: ReportFacts["about"],
): string {
  const names = Object.keys(oddest[0]?.values ?? {});
  const head = names.map((name) => `<th scope="col">${escapeHtml(humanName(name))}</th>`).join("");
  const rows = oddest.map(({ score, reason, values }) => {
    const cells = names.map((name) => {
      const text = valueText(values[name] ?? null);
      return `<td>${name === reason ? `<b>${text}</b>` : text}</td>`;
    });
    return `<tr><td>${short(score)}</td>${cells.join("")}</tr>`;
  });
  const shown = names.length > 0 && features.length > 0;
  return section(
    "What it finds odd",
    `<p>It was told to flag about ${percentText(contamination)} of rows like those it learnt from. A row is flagged from a score of ${short(flagFrom)} on; the score says how quickly the row can be set apart from the others.</p>
${figure(histogram({ title: "Scores", x: { from: bars.from, to: bars.to, label: "score: further right is odder" }, counts: bars.counts }), "How odd the held-out rows are.", `Most lie to the left; those from ${short(flagFrom)} on are flagged.`)}
${shown ? `<h3>The oddest of the held-out rows</h3><p class="note">Bold is what makes the row odd most.</p><div class="scroll"><table><thead><tr><th scope="col">score</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>` : ""}`,
  );
}

function valueText(value: string | number | boolean | null): string {
  if (value === null) return '<span class="dim">missing</span>';
  if (typeof value === "boolean") return value ? "yes" : "no";
  return escapeHtml(typeof value === "number" ? short(value) : value);
}

function clusterSection(clusters: readonly ClusterFacts[], { features }: ReportFacts["about"]): string {
  const nameOf = (feature: string) =>
    escapeHtml(nameWithUnit(feature, features.find(({ name }) => name === feature)?.unit));
  const groups = clusters.map(({ cluster, rows, share, traits }) => {
    const lines = traits.map((trait) =>
      "mean" in trait
        ? `<tr><th scope="row">${nameOf(trait.feature)}</th><td class="n">${short(trait.mean)}</td><td class="n dim">${short(trait.meanOfAll)}</td></tr>`
        : `<tr><th scope="row">${nameOf(trait.feature)} is ${escapeHtml(trait.value)}</th><td class="n">${percentText(trait.share)}</td><td class="n dim">${percentText(trait.shareOfAll)}</td></tr>`,
    );
    return `<h3>Group ${cluster}: ${percentText(share)} of the rows <span class="dim">(${rows.toLocaleString("en")})</span></h3>
<div class="scroll"><table><thead><tr><th scope="col">What sets it apart</th><th class="n" scope="col">in the group</th><th class="n" scope="col">over all</th></tr></thead><tbody>${lines.join("")}</tbody></table></div>`;
  });
  return section(
    "The groups",
    `<p>The largest first. A number is the mean; a value is given with the share of rows that have it.</p>${groups.join("")}`,
  );
}
