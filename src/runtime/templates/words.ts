// Names and questions for a new project, from the names of its folder, file and label. Pure.

import { slug } from "../../base/ids.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
import type { Task, UnlabelledTask } from "../../define/metrics.ts";
import type { Step } from "../../learn/forecast/series.ts";
import { stepsInWords } from "../../learn/forecast/step-words.ts";
import { oneLine } from "./code.ts";

export interface ProjectNames {
  readonly name: string;
  readonly title: string;
  readonly stem: string;
  readonly variable: string;
}

export function namesFor(project: string, file: string): ProjectNames {
  const bare = file.replace(/(?:\.(?:gz|csv|tsv|tab|txt|dat|json|ndjson|jsonl|parquet|pq))+$/i, "");
  const stem = slug(bare).slice(0, 60).replace(/-+$/, "") || "table";
  return {
    name: slug(project) || "project",
    title: capitalised(spoken(project)) || "My project",
    stem,
    variable: variableFor(stem),
  };
}

/** Words of the language and of the files that a variable must not shadow. */
const taken = new Set(
  (
    "break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public " +
    "return static super switch this throw true try typeof var void while with yield await async arguments eval undefined problem training inference app logistic ridge gradient-boosting seasonal-naive ets mstl isolation-forest k-means define-training"
  ).split(" "),
);

function variableFor(stem: string): string {
  const words = stem.split("-");
  const camel = words
    .map((word, index) => (index === 0 ? word : `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`))
    .join("");
  if (/^\d/.test(camel)) return `data${camel}`;
  return taken.has(stem) ? `${camel}Data` : camel;
}

/** `rainTomorrow` and `rain_tomorrow` are "rain tomorrow"; names with blanks stay as they are. */
export function spoken(name: string): string {
  const line = oneLine(name);
  if (/\s/.test(line)) return line;
  return line
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .replace(/[_-]+/g, " ")
    .trim();
}

function capitalised(text: string): string {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}

/** "delay (minutes)", "delay in minutes" and "delay minutes" ask for a delay: the unit stands beside the answer. */
function withoutUnit(words: string): string {
  const bare = words.replace(/\s*[([{][^)\]}]*[)\]}]\s*$/, "").trim();
  const rest = bare === words ? words.replace(/\s+(?:in\s+)?\S+$/, "") : bare;
  return rest === "" ? words : rest;
}

const plainAnswers = new Set(["yes", "no", "y", "n", "true", "false", "t", "f", "0", "1"]);

/** The question that the page asks, plainly; the user will say it better. */
export function questionFor(label: string, { task, classes, column }: LabelPlan): string {
  const { words, name } = nameInSentence(label, column.unit);
  const subject = words === "" ? name : capitalised(words);
  if (task === "binary" && classes.every((one) => plainAnswers.has(one.toLowerCase()))) return `${subject}: yes or no?`;
  if (task === "binary") return `${subject}: ${classes.map(oneLine).join(" or ")}?`;
  if (name !== words) return `What is ${name}?`;
  if (task === "regression") return `How high is the ${words}?`;
  return words.includes(" ") ? `What is the ${words}?` : `Which ${words} is it?`;
}

/** "How high will the price be in each of the next 12 months, for each symbol?" */
export function forecastQuestion(
  label: string,
  unit: string | undefined,
  step: Step,
  horizon: number,
  key: readonly string[],
): string {
  const { name } = nameInSentence(label, unit);
  const next = stepsInWords(step, horizon);
  const when = horizon === 1 ? `the next ${next.replace(/^1 /, "")}` : `each of the next ${next}`;
  const series = key.map((column) => nameInSentence(column, undefined).name).join(" and ");
  return `How high will ${name.startsWith('"') ? name : `the ${name}`} be ${/day/.test(next) ? "on" : "in"} ${when}${series === "" ? "" : `, for each ${series}`}?`;
}

export function rowsQuestion(task: UnlabelledTask, title: string): string {
  return task === "anomaly"
    ? `${title}: is this row unlike the others?`
    : `${title}: which group does this row belong to?`;
}

/** What the first of the five files is about. */
export function purposeOf(task: Task): string {
  if (task === "forecast") return "what is forecast, how far ahead, and how good it must be";
  if (task === "anomaly") return "which rows are looked for, and how many alarms there may be";
  if (task === "clustering") return "which rows are grouped, and how clearly groups must stand apart";
  return "what is predicted, and how good it must be";
}

/** A name as words of a sentence; one with signs in it is quoted as it stands. */
function nameInSentence(label: string, unit: string | undefined): { readonly words: string; readonly name: string } {
  const plain = spoken(label);
  const words = lowered((unit === undefined ? plain : withoutUnit(plain)).replace(/[?!.:\s]+$/, ""));
  return { words, name: /^[\p{L}\p{N}' -]+$/u.test(words) ? words : JSON.stringify(oneLine(label)) };
}

/** Words within a sentence begin small, except abbreviations. */
function lowered(words: string): string {
  return words
    .split(" ")
    .map((word) => (/^\p{Lu}\p{Ll}+$/u.test(word) ? word.toLowerCase() : word))
    .join(" ");
}
