// What a quick look at a problem found, in plain words. Pure.

import type { MetricName } from "../define/metrics.ts";
import type { Interval } from "../learn/evaluation/bootstrap.ts";
import { score } from "../learn/evaluation/metrics.ts";
import type { Label, Prediction } from "../learn/model.ts";

export type Verdict = "feasible" | "weak" | "doubtful" | "suspicious" | "unknown";

/** What is predicted, and whether it was tried on the newest rows. */
interface Tried {
  readonly labelName: string;
  readonly labelUnit?: string | undefined;
  readonly times: Float64Array | null;
}

const conclusions: Readonly<Record<Verdict, string>> = {
  feasible: "this looks feasible",
  weak: "there is something to learn, but not much; more telling columns would help most",
  doubtful: "that is no better than guessing, as far as these rows can tell; more rows or other columns are needed",
  suspicious: "nearly perfect, so make sure that no column is known only together with the answer",
  unknown: "that is too few held-out rows to say anything",
};

export function conclude(verdict: Verdict, importance: readonly { readonly feature: string }[]): string {
  const first = importance[0];
  return verdict === "suspicious" && first !== undefined
    ? `${conclusions[verdict]} (it leans on ${JSON.stringify(first.feature)} most)`
    : conclusions[verdict];
}

export function measured(
  input: Tried,
  metric: MetricName,
  interval: Interval,
  baseline: { readonly value: number },
  accuracy: string,
): string {
  const { value, low, high } = interval;
  const half = Math.max(high - value, value - low);
  const held = input.times === null ? "held-out rows" : "the newest rows, which it had not seen";
  switch (metric) {
    case "accuracy":
      return `A quick model is right on ${percents(value, half)} of ${held}, always guessing the most frequent class on ${percent(baseline.value)}`;
    case "rocAuc":
      return `A quick model tells the two classes apart with a ROC AUC of ${value.toFixed(2)} ± ${half.toFixed(2)} on ${held}, where guessing gives 0.50${accuracy}`;
    case "balancedAccuracy":
      return `A quick model is right on ${percents(value, half)} of the rows of a class, averaged over the classes, on ${held}; always guessing the most frequent class gives ${percent(baseline.value)}`;
    default:
      return `A quick model of ${JSON.stringify(input.labelName)} is off by ${amount(value)} ± ${amount(half, 2)}${input.labelUnit === undefined ? "" : ` ${input.labelUnit}`} (RMSE) on ${held}, always guessing the mean by ${amount(baseline.value)}`;
  }
}

export function accuracyWords(label: Label, model: Prediction, guess: Prediction): string {
  if (label.task !== "binary") return "";
  const [right, guessed] = [model, guess].map((prediction) => score("accuracy", label, prediction));
  return ` (it is right on ${percent(right as number)} of them, always guessing the most frequent class on ${percent(guessed as number)})`;
}

function percents(value: number, half: number): string {
  return Number.isNaN(half) ? percent(value) : `${percent(value)} ± ${Math.max(1, Math.round(half * 100))}`;
}

export function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Few significant digits, with separators. */
export function amount(value: number, digits = 3): string {
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}
