// Turns times, numbers, names and metrics into words for people; pure, in English.

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const month = 30.44 * day;
const year = 365.25 * day;

/** At most four significant digits below 1000, whole numbers above, with thousands separated: `1,461`, `3.25`, `0.0012`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return "unknown";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e12 || size < 1e-4)) return value.toExponential(2).replace("e+", "e");
  const options = size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return new Intl.NumberFormat("en", options).format(value).replace("-", "−");
}

/** A value of the data as text; missing is "unknown", booleans are yes and no. */
export function valueText(
  value: number | string | boolean | null | readonly number[] | undefined,
  unit: string | null = null,
): string {
  if (value === null || value === undefined || value === "") return "unknown";
  if (typeof value === "object") return `${value.length} ${value.length === 1 ? "number" : "numbers"}`;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return withUnit(numberText(value), unit);
  return isIsoTime(value) ? dateText(value) : value;
}

export function withUnit(text: string, unit: string | null): string {
  if (unit === null || unit === "") return text;
  return unit === "°" || unit === "′" || unit === "″" ? text + unit : `${text} ${unit}`;
}

/** A share from 0 to 1 as a percentage that never claims certainty: `72 %`, `under 1 %`, `over 99 %`. */
export function percentText(share: number): string {
  if (!Number.isFinite(share)) return "unknown";
  if (share <= 0) return "0 %";
  if (share >= 1) return "100 %";
  const rounded = Math.round(share * 100);
  if (rounded < 1) return "under 1 %";
  if (rounded > 99) return "over 99 %";
  return `${rounded} %`;
}

/** `1 row`, `1,461 rows`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat("en").format(amount)} ${amount === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? "";
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

/** A span of time in one unit: `40 seconds`, `12 minutes`, `3 days`, `11 years`. */
export function spanText(seconds: number): string {
  const span = Math.max(0, seconds);
  if (span < minute) return count(Math.round(span), "second");
  if (span < hour) return count(Math.floor(span / minute), "minute");
  if (span < 2 * day) return count(Math.floor(span / hour), "hour");
  if (span < 2 * month) return count(Math.floor(span / day), "day");
  if (span < 2 * year) return count(Math.floor(span / month), "month");
  return count(Math.floor(span / year), "year");
}

export function agoText(seconds: number): string {
  return seconds < 10 ? "just now" : `${spanText(seconds)} ago`;
}

/** How long something took: `850 ms`, `3.2 s`, `1 min 12 s`, `2 h 5 min`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < hour) return joined(Math.floor(whole / minute), "min", whole % minute, "s");
  return joined(Math.floor(whole / hour), "h", Math.floor((whole % hour) / minute), "min");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A moment of the data, in UTC as it was recorded: `31 Dec 2015`, with the time of day unless it is midnight. */
/** `1.2 MB`; a dash for what is not known. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1_000 && unit < units.length - 1; unit++) size /= 1_000;
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function dateText(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  const date = moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const midnight = moment.getTime() % (day * 1000) === 0;
  return midnight ? date : `${date}, ${moment.toISOString().slice(11, 16)} UTC`;
}

/** The time of a forecast's step: the year or the month alone where every step is the first day of one. */
export function stepText(at: string, steps: readonly { readonly at: string }[]): string {
  const wholes = steps.length > 1 && steps.every((step) => /^\d{4}-\d\d-01T00:00:00/.test(step.at));
  if (!wholes) return dateText(at);
  if (steps.every((step) => step.at.slice(5, 7) === "01")) return at.slice(0, 4);
  return new Date(at).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
}

export function isIsoTime(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  );
}

/** A moment of the clock as people say it: `14:20`, `tomorrow at 06:00`, `3 Dec at 06:00`. */
export function clockText(iso: string, now: Date, timeZone?: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...zone });
  const dayOf = (date: Date) => date.toLocaleDateString("en-CA", zone);
  if (dayOf(moment) === dayOf(now)) return time;
  if (dayOf(moment) === dayOf(new Date(now.getTime() + day * 1000))) return `tomorrow at ${time}`;
  if (dayOf(moment) === dayOf(new Date(now.getTime() - day * 1000))) return `yesterday at ${time}`;
  const sameYear = dayOf(moment).slice(0, 4) === dayOf(now).slice(0, 4);
  const date = moment.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
    ...zone,
  });
  return `${date} at ${time}`;
}

/** Young data by its age, old data by its date: `4 minutes old`, `from 31 Dec 2015`. */
export function freshText(at: string, now: Date): string {
  const seconds = secondsSince(at, now);
  return seconds < 2 * day ? `${spanText(seconds)} old` : `from ${dateText(at)}`;
}

/** The same beside the words "newest data": `4 minutes old`, `31 Dec 2015`. */
export function newestText(at: string, now: Date): string {
  return freshText(at, now).replace(/^from /, "");
}

/** Seconds from an ISO time to now; never negative. */
export function secondsSince(iso: string, now: Date): number {
  return Math.max(0, (now.getTime() - Date.parse(iso)) / 1000);
}

/** `wetDays7d` becomes `Wet days 7d`, `min_temp` becomes `Min temp`. */
export function humanName(name: string): string {
  const words = name
    .replace(/[_\-.]+/g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/([a-z])(\d+[a-z])/g, "$1 $2")
    .replace(/\s+/g, " ")
    .trim();
  if (words === "") return name;
  const lower = words
    .split(" ")
    .map((word) => (/^[A-Z][a-z]+$/.test(word) ? word.toLowerCase() : word))
    .join(" ");
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** Starts with a capital and ends with a full stop, so that a message can stand alone. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const closed = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return /^[a-z]+[ ,]/.test(closed) ? closed.charAt(0).toUpperCase() + closed.slice(1) : closed;
}

const metricTitles: Readonly<Record<string, { title: string; better: "higher" | "lower" }>> = {
  rocAuc: { title: "ROC AUC", better: "higher" },
  prAuc: { title: "PR AUC", better: "higher" },
  accuracy: { title: "Accuracy", better: "higher" },
  balancedAccuracy: { title: "Balanced accuracy", better: "higher" },
  f1: { title: "F1", better: "higher" },
  logLoss: { title: "Log loss", better: "lower" },
  brier: { title: "Brier score", better: "lower" },
  rmse: { title: "RMSE", better: "lower" },
  mae: { title: "Mean absolute error", better: "lower" },
  medianAbsoluteError: { title: "Median absolute error", better: "lower" },
  r2: { title: "R²", better: "higher" },
  mase: { title: "MASE", better: "lower" },
  smape: { title: "sMAPE", better: "lower" },
  intervalCoverage: { title: "Interval coverage", better: "higher" },
  flaggedShare: { title: "Share of rows flagged", better: "lower" },
  silhouette: { title: "Silhouette", better: "higher" },
};

export function metricTitle(name: string): string {
  return metricTitles[name]?.title ?? humanName(name);
}

/** The direction in which a metric is better; null when the metric is not known here. */
export function betterDirection(name: string): "higher" | "lower" | null {
  return metricTitles[name]?.better ?? null;
}

export function metricText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return Math.abs(value) < 10 ? value.toFixed(3).replace("-", "−") : numberText(value);
}

const algorithms: Readonly<Record<string, string>> = {
  logistic: "logistic regression",
  ridge: "ridge regression",
  elasticNet: "elastic net",
  gradientBoosting: "gradient boosting",
  randomForest: "random forest",
  extraTrees: "extra trees",
  nearestNeighbours: "nearest neighbours",
  naiveBayes: "naive Bayes",
  neuralNetwork: "neural network",
  seasonalNaive: "the season before, repeated",
  ets: "exponential smoothing",
  mstl: "season by loess and exponential smoothing",
  isolationForest: "isolation forest",
  kMeans: "k-means",
  custom: "a model of the project's own",
  imported: "an imported model",
};

export function algorithmText(name: string): string {
  return algorithms[name] ?? humanName(name).toLowerCase();
}
