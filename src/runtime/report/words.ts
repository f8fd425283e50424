// How good a model is, in sentences for people who are no data scientists. Pure.

import type { Evaluation } from "../../models/evaluation.ts";
import type { AboutModel } from "./facts.ts";
import { short } from "./svg.ts";
import { forecastLimits, taskSentences } from "./task-words.ts";
import { countText, humanName, metricTitle, percentText } from "./text.ts";

/** Two to four sentences, from the most telling to the finer ones. */
export function qualitySentences(evaluation: Evaluation, about: AboutModel): string[] {
  const told = taskSentences(evaluation, about);
  if (told !== undefined) return told;
  const { metrics, rows } = evaluation;
  const task = about.problem?.task ?? (metrics.rmse === undefined ? "binary" : "regression");
  const counted = about.weight === null ? "" : ` (each counted by its ${humanName(about.weight.name)})`;
  const judged = `Judged on ${countText(rows.test, "row")} that it had not seen${counted}`;
  if (task === "regression") return [judged, ...numberSentences(evaluation, about)].flatMap(joinFirst());
  const guess = evaluation.baselines?.majority?.accuracy ?? null;
  const right = metrics.accuracy ?? null;
  const cost = costSentence(evaluation, about, judged);
  const sentences: string[] = cost === null ? [] : [cost];
  if (right !== null)
    sentences.push(
      `${cost === null ? `${judged}, it` : "It"} is right in ${percentText(right)} of them${guess === null ? "" : `; always giving the most frequent answer would be right in ${percentText(guess)}`}.`,
    );
  const { rocAuc, precision, recall } = metrics;
  const yes = `“${evaluation.confusion?.classes[1] ?? "yes"}”`;
  if (task === "binary" && typeof rocAuc === "number")
    sentences.push(
      `Of a row that is ${yes} and one that is not, it gives the first the higher probability ${timesIn100(rocAuc)} times in 100; guessing would do so 50 times.`,
    );
  if (task === "binary" && typeof precision === "number" && typeof recall === "number")
    sentences.push(
      recall === 0 && precision === 0
        ? `It never rightly says ${yes}.`
        : `When it says ${yes}, that is right ${timesIn100(precision)} times in 100; of all that are ${yes}, it finds ${timesIn100(recall)} in 100.`,
    );
  if (task === "multiclass" && typeof metrics.balancedAccuracy === "number")
    sentences.push(
      `Taken class by class, each counting the same, it is right in ${percentText(metrics.balancedAccuracy)} on average.`,
    );
  return sentences;
}

/** Where the problem says what errors cost, that is what counts: next to always giving the same answer. */
function costSentence({ threshold, confusion }: Evaluation, { problem }: AboutModel, judged: string): string | null {
  const costs = problem?.success.costs;
  if (costs === undefined || !confusion || threshold?.cost === undefined) return null;
  const [no = 0, yes = 0] = confusion.counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const same = Math.min(no * costs.falsePositive, yes * costs.falseNegative) / (no + yes || 1);
  return `${judged}, its errors cost ${short(threshold.cost)} per row, at ${costs.falsePositive} for a false yes and ${costs.falseNegative} for a false no; always giving the same answer would cost ${short(same)} at best.`;
}

/** The first word goes in front of the first sentence. */
function joinFirst() {
  let lead: string | undefined;
  return (text: string): string[] => {
    if (lead === undefined) {
      lead = text;
      return [];
    }
    if (lead === "") return [text];
    const joined = `${lead}, ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
    lead = "";
    return [joined];
  };
}

function numberSentences({ metrics, baselines, residuals }: Evaluation, about: AboutModel): string[] {
  const unit = about.label?.unit === null || about.label === null ? "" : ` ${about.label.unit}`;
  const sentences: string[] = [];
  const guess = baselines?.median?.mae ?? null;
  if (typeof metrics.mae === "number")
    sentences.push(
      `It is off by ${short(metrics.mae)}${unit} on average${guess === null ? "" : `; always answering the median would be off by ${short(guess)}${unit}`}.`,
    );
  if (typeof metrics.medianAbsoluteError === "number")
    sentences.push(`Half of its answers lie within ${short(metrics.medianAbsoluteError)}${unit} of the truth.`);
  if (residuals?.quantiles !== undefined)
    sentences.push(
      `In nine of ten rows the truth lies between ${short(residuals.quantiles[0]!)}${unit} and ${short(residuals.quantiles[4]!)}${unit} from its answer.`,
    );
  if (typeof metrics.r2 === "number")
    sentences.push(
      metrics.r2 <= 0
        ? "It explains none of why the rows differ."
        : `It explains ${percentText(metrics.r2)} of why the rows differ (R²).`,
    );
  return sentences;
}

function timesIn100(share: number): string {
  const times = Math.round(share * 100);
  return times === 100 && share < 1 ? "more than 99" : String(times);
}

/** What a reader must know before leaning on it. */
export function limitSentences(evaluation: Evaluation, about: AboutModel): string[] {
  const { rows, parts, curves, threshold, calibration } = evaluation;
  if (evaluation.series !== undefined) return forecastLimits(evaluation);
  const sentences: string[] = [];
  if (rows.test < 100)
    sentences.push(
      `It was judged on ${countText(rows.test, "row")} only, so every figure here may be off by a good deal: look at the intervals.`,
    );
  if (parts?.train.to)
    sentences.push(
      `It knows the world up to ${parts.train.to.slice(0, 10)}. What has changed since, it has not learnt; ${parts.by === "time" ? "it was judged on what came after" : "it was judged on rows of the same time"}.`,
    );
  else sentences.push("It was judged on rows like those it learnt from. Other people, places or times may differ.");
  if (curves?.calibrationError !== null && curves?.calibrationError !== undefined)
    sentences.push(
      curves.calibrationError <= 0.05
        ? `Its probabilities can be read as they stand: they are off by ${percentText(curves.calibrationError)} on average.`
        : `Its probabilities are off by ${percentText(curves.calibrationError)} on average: read them as an order rather than as shares.`,
    );
  if (calibration && calibration.method !== "none")
    sentences.push(
      `Its probabilities are corrected by ${calibration.method === "platt" ? "Platt's method" : "an isotonic curve"}, learnt on rows held back from the training part.`,
    );
  if (threshold)
    sentences.push(
      `It says yes from a probability of ${percentText(threshold.value)} on, which ${threshold.reason}${threshold.cost === undefined ? "" : `; that costs ${short(threshold.cost)} per row on the held-out rows`}.`,
    );
  const { outOfBag } = evaluation;
  if (outOfBag && outOfBag.value !== null)
    sentences.push(
      `While it was grown it was also judged on ${countText(outOfBag.rows, "training row")}, each by the trees that had not seen it: ${metricTitle(outOfBag.metric)} ${short(outOfBag.value)} (out-of-bag score).`,
    );
  if (about.features.some(({ type }) => type === "category"))
    sentences.push("A category that it has not seen in training counts as missing.");
  sentences.push("What it leans on shows what goes together in these rows, not what causes what.");
  return sentences;
}
