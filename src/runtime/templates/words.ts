// Names and questions for a new project, from the names of its folder, file and label. Pure.

import { slug } from "../../base/ids.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
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
    "return static super switch this throw true try typeof var void while with yield await async arguments eval undefined problem training inference app logistic ridge gradient-boosting define-training"
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
  const plain = spoken(label);
  const words = lowered((column.unit === undefined ? plain : withoutUnit(plain)).replace(/[?!.:\s]+$/, ""));
  // A name with signs in it is no word of a sentence: it is quoted as it stands.
  const name = /^[\p{L}\p{N}' -]+$/u.test(words) ? words : JSON.stringify(oneLine(label));
  const subject = words === "" ? name : capitalised(words);
  if (task === "binary" && classes.every((one) => plainAnswers.has(one.toLowerCase()))) return `${subject}: yes or no?`;
  if (task === "binary") return `${subject}: ${classes.map(oneLine).join(" or ")}?`;
  if (name !== words) return `What is ${name}?`;
  if (task === "regression") return `How high is the ${words}?`;
  return words.includes(" ") ? `What is the ${words}?` : `Which ${words} is it?`;
}

/** Words within a sentence begin small, except abbreviations. */
function lowered(words: string): string {
  return words
    .split(" ")
    .map((word) => (/^\p{Lu}\p{Ll}+$/u.test(word) ? word.toLowerCase() : word))
    .join(" ");
}
