// What a label must hold to be predicted as it is asked for: numbers without too many texts, classes that come again. Pure.

import { fail } from "../base/failure.ts";
import type { LabelTask } from "../define/metrics.ts";
import type { TableProfile } from "./profile.ts";
import { count } from "./profile-findings.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

const mostClasses = 100;

/** The share of rows that may hold a text where a number is wanted: they go to quarantine, whose budget must suffice. */
const strayShare = 0.08;

/** What is said of texts among the numbers of a label. Throws TRAINING_LABEL_INVALID when they are too many. */
export function strayTexts(
  { profiledRows }: TableProfile,
  { name, type, facts, misfits, writing }: ProfiledColumn,
  source: string,
  task?: LabelTask | "forecast",
): string[] {
  const strays = type === "number" ? misfits : facts.present - facts.numbers;
  if (strays === 0) return [];
  const quoted = JSON.stringify(name);
  const texts = [...new Set([...facts.top.map(({ value }) => value), ...facts.some])]
    .filter((text) => writing === "." && !Number.isFinite(Number(text)))
    .slice(0, 5)
    .map((text) => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text));
  const which = texts.length === 0 ? "" : ` (${texts.join(", ")}${strays > texts.length ? ", …" : ""})`;
  const rows = `${count(strays)} row${strays === 1 ? "" : "s"}`;
  if (type !== "number" && facts.numbers === 0)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `--task ${task}: expected numbers in ${quoted} of ${source}, got texts${which}`,
      {
        hint:
          task === "forecast"
            ? "A forecast continues numbers; choose a column that holds some"
            : "Leave --task out, or choose a column that holds numbers",
      },
    );
  if (strays > profiledRows * strayShare)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `${quoted} is a number in ${count(facts.numbers)} rows of ${source}, but holds texts in ${rows}${which}: too many to leave out`,
      { hint: "Empty or correct those cells, or move the texts to a column of their own" },
    );
  return [`${quoted} holds numbers except in ${rows}${which}, which will go to quarantine`];
}

export function checkClassCount({ name, facts }: ProfiledColumn, task: "binary" | "multiclass"): void {
  const { distinct, top } = facts;
  if ((task === "binary") === (distinct === 2)) return;
  const some = top.slice(0, 5).map(({ value }) => JSON.stringify(value));
  throw fail(
    "TRAINING_LABEL_INVALID",
    `--task ${task}: expected ${task === "binary" ? "two" : "more than two"} different values in ${JSON.stringify(name)}, got ${count(distinct)}: ${some.join(", ")}${distinct > some.length ? ", …" : ""}`,
    {
      hint:
        task === "binary" ? "Predict several classes with --task multiclass" : "Predict one of two with --task binary",
    },
  );
}

export function checkClasses({ name, type, facts }: ProfiledColumn, source: string): void {
  const quoted = JSON.stringify(name);
  if (type === "text" || facts.distinct > facts.present / 2)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `${quoted} has a different ${type === "number" ? "number" : "text"} in nearly every row of ${source} (${count(facts.distinct)} in ${count(facts.present)} rows): there is no class to learn`,
      {
        hint:
          type === "number"
            ? "Predict the number itself with --task regression"
            : "Choose a column whose values repeat, or one that holds numbers",
      },
    );
  if (facts.distinct > mostClasses)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `${quoted} has ${count(facts.distinct)} different values; at most ${mostClasses} classes can be told apart`,
      {
        hint: "Group the values into fewer classes first, or choose another column",
      },
    );
  if (facts.singles === facts.distinct || (facts.top[1]?.count ?? 0) < 2)
    throw fail(
      "TRAINING_LABEL_INVALID",
      `${quoted} has at most one row per class beside the first (${facts.top
        .slice(0, 3)
        .map(({ value, count: rows }) => `${JSON.stringify(value)}: ${rows}`)
        .join(", ")}): nothing can be held out to judge a model`,
      {
        hint: "Collect more rows of each class",
      },
    );
}
