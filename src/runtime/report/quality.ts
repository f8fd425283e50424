// The part of a model's report that shows how good it is: every metric, and the plots of its task. Pure.

import type { Evaluation } from "../../models/evaluation.ts";
import type { ReportFacts } from "./facts.ts";
import { figure, section } from "./section.ts";
import { histogram, linePlot, rangeOf, scatterPlot } from "./svg.ts";
import { escapeHtml, guessText, metricText, metricTitle, percentText } from "./text.ts";

export function qualitySection({ version, about }: ReportFacts): string {
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
  const head = own.map((one) => `<th class="n" scope="col">${escapeHtml(guessText(one))}</th>`).join("");
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
    if (curves.lift !== undefined)
      plots.push(
        figure(
          linePlot({
            title: "Lift",
            x: share("share of rows looked at"),
            y: share("found"),
            points: curves.lift,
            reference: [
              [0, 0],
              [1, 1],
            ],
          }),
          "What looking at the likeliest first brings.",
          liftWords(curves.lift, curves.class),
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

/** "The 10 % that it holds likeliest contain 40 % of all that are yes, 4 times what chance would find." */
function liftWords(lift: readonly (readonly [number, number])[], name: string): string {
  const [looked, found] = lift.find(([rows]) => rows >= 0.099) ?? [0, 0];
  if (looked === 0) return "Guessing follows the dashed line (cumulative gains).";
  return `The ${percentText(looked)} of rows that it holds likeliest contain ${percentText(found)} of all that are ${name}, ${Number((found / looked).toPrecision(2))} times what chance would find (lift). Guessing follows the dashed line.`;
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
