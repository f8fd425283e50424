// Words of a model's report: numbers, times and metrics as people read them, safe to stand in HTML. Pure.

import { metrics } from "../../learn/evaluation/metric-table.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] as string);
}

/** "1 row", "1,168 rows". */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** "24 November 2026"; with its time of day when that matters. */
export function dayText(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

export function momentText(ms: number): string {
  const time = new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return `${dayText(ms)}, ${time} UTC`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function metricTitle(name: string): string {
  return Object.hasOwn(metrics, name) ? metrics[name as keyof typeof metrics].title : name;
}

/** Three digits after the point for what lies between 0 and 1, few significant ones for the rest. */
export function metricText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value) < 10 ? value.toFixed(3) : value.toLocaleString("en", { maximumSignificantDigits: 4 });
  return text.replace("-", "−");
}

const algorithms: Readonly<Record<string, string>> = {
  logistic: "logistic regression",
  ridge: "ridge regression",
  elasticNet: "linear regression (elastic net)",
  gradientBoosting: "gradient-boosted trees",
  randomForest: "a random forest",
  extraTrees: "extremely randomised trees",
  nearestNeighbours: "nearest neighbours",
  naiveBayes: "naive Bayes",
  neuralNetwork: "a small neural network",
  imported: "a model of another library, imported",
  custom: "a model of the project's own",
  seasonalNaive: "the last season, repeated",
  ets: "exponential smoothing",
  mstl: "exponential smoothing after the season is taken out (MSTL)",
  isolationForest: "an isolation forest",
  kMeans: "k-means",
};

export function algorithmText(name: string): string {
  return algorithms[name] ?? name;
}

/** "temp_max" in °C → "temp max (°C)"; a name that holds its unit already is not given it twice. */
export function nameWithUnit(name: string, unit: string | null | undefined): string {
  const human = humanName(name);
  return unit && !human.includes(`(${unit.toLowerCase()})`) ? `${human} (${unit})` : human;
}

/** "rainTomorrow" → "rain tomorrow". */
export function humanName(name: string): string {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/[_-]+/g, " ")
    .toLowerCase()
    .trim();
}

/** What a model is held against, as people say it. */
export function guessText(baseline: string): string {
  return baseline === "seasonalNaive" ? "last season" : `${baseline} guess`;
}
