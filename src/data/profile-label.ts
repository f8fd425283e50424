// Whether a column can be predicted, and as what: two classes, several, or a number. Pure.

import { fail } from "../base/failure.ts";
import { nearest } from "../define/check.ts";
import type { LabelTask } from "../define/metrics.ts";
import type { TableProfile } from "./profile.ts";
import { count } from "./profile-findings.ts";
import { checkClassCount, checkClasses, strayTexts } from "./profile-label-checks.ts";
import { soundsLikeCount } from "./profile-names.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface LabelPlan {
  readonly column: ProfiledColumn;
  readonly task: LabelTask;
  /** The classes as they stand in the data, in the order in which people list them; empty for a regression. */
  readonly classes: readonly string[];
  /** The share of the most frequent class; null for a regression. */
  readonly majority: number | null;
  /** Things to know, in sentences. */
  readonly notes: readonly string[];
}

/** The fewest labelled rows from which anything can be learned and judged. */
const fewestRows = 10;

/**
 * How a column can be predicted, or how it is when `task` says so; a forecast follows numbers. Throws DATA_COLUMN_MISSING
 * or TRAINING_LABEL_… with the reason why it cannot be.
 */
export function planLabel(
  profile: TableProfile,
  wanted: string,
  source: string,
  task?: LabelTask | "forecast",
): LabelPlan {
  const column = findColumn(profile.columns, wanted, `${source} has no column`, "--predict");
  const { facts, type, name } = column;
  const quoted = JSON.stringify(name);
  if (facts.present === 0)
    throw fail("TRAINING_LABEL_MISSING", `${quoted} is empty in all ${count(profile.profiledRows)} rows of ${source}`, {
      hint: "Choose a column that is filled",
    });
  if (profile.rows === 1)
    throw fail("TRAINING_TOO_FEW_ROWS", `${source} has one row; there is nothing to learn from a single row`);
  if (facts.distinct === 1)
    throw fail(
      "TRAINING_LABEL_CONSTANT",
      `${quoted} is ${JSON.stringify(facts.top[0]?.value)} in every row of ${source}`,
    );
  if (facts.present < fewestRows)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least ${fewestRows} rows with ${quoted}, got ${facts.present}`, {
      hint: "Collect more rows",
    });
  if (type === "time")
    throw fail("TRAINING_LABEL_INVALID", `${quoted} holds times, which cannot be predicted as they are`, {
      hint: "Add a column with the number of days until then, or with yes and no",
    });
  const notes =
    column.missing > 0
      ? [
          `${quoted} is missing in ${count(column.missing)} of ${count(profile.profiledRows)} rows; those are not trained on`,
        ]
      : [];
  const quantity = { column, task: "regression", classes: [], majority: null } as const;
  const isNumber = task === undefined && (isQuantity(column) || isSpoiltQuantity(column));
  if (isNumber || task === "regression" || task === "forecast")
    return { ...quantity, notes: [...notes, ...strayTexts(profile, column, source, task)] };
  if (task !== undefined) checkClassCount(column, task);
  checkClasses(column, source);
  const classes = orderedClasses(facts.top.map(({ value }) => value));
  const smallest = facts.top.at(-1);
  if (smallest !== undefined && smallest.count < 5)
    notes.push(
      `${quoted} has classes of very few rows (${JSON.stringify(smallest.value)}: ${smallest.count}); the model will hardly learn those`,
    );
  const majority = (facts.top[0]?.count ?? 0) / facts.present;
  if (majority > 0.9)
    notes.push(
      `${quoted} is ${JSON.stringify(facts.top[0]?.value)} in ${Math.round(majority * 100)} % of the rows: the others are rare`,
    );
  return { column, task: facts.distinct === 2 ? "binary" : "multiclass", classes, majority, notes };
}

/** Few whole numbers with many rows each are classes; counts and everything finer are quantities. */
function isQuantity({ type, facts, name, writing }: ProfiledColumn): boolean {
  if (type !== "number") return false;
  if (facts.distinct === 2) return false;
  if (writing !== "." || facts.integers < facts.numbers || facts.distinctNumbers !== facts.distinct) return true;
  return facts.distinct > 10 || facts.present < facts.distinct * 20 || soundsLikeCount(name);
}

/** A number in most rows, with so many different ones that they are no classes. */
function isSpoiltQuantity({ type, facts }: ProfiledColumn): boolean {
  const { numbers, present, distinct } = facts;
  return (type === "category" || type === "text") && numbers > present / 2 && distinct > Math.min(20, present / 2);
}

/** Numbers by size, no before yes, texts by the alphabet. */
export function orderedClasses(values: readonly string[]): string[] {
  const negatives = new Set(["no", "n", "false", "f", "off", "0", "none", "negative"]);
  return [...values].sort((a, b) => {
    const byNumber = Number(a) - Number(b);
    if (!Number.isNaN(byNumber) && byNumber !== 0) return byNumber;
    if (values.length === 2 && negatives.has(a.toLowerCase()) !== negatives.has(b.toLowerCase()))
      return negatives.has(a.toLowerCase()) ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

/** The column that a user names, in whatever case; throws DATA_COLUMN_MISSING with near names and the list. */
export function findColumn(
  columns: readonly ProfiledColumn[],
  wanted: string,
  complaint: string,
  flag: string,
): ProfiledColumn {
  const exact =
    columns.find(({ name }) => name === wanted) ??
    columns.find(({ name }) => name.toLowerCase() === wanted.trim().toLowerCase());
  if (exact !== undefined) return exact;
  const names = columns.map(({ name }) => name);
  const near = nearest(wanted, names);
  const shown = names
    .slice(0, 40)
    .map((name) => JSON.stringify(name))
    .join(", ");
  throw fail("DATA_COLUMN_MISSING", `${complaint} ${JSON.stringify(wanted)}`, {
    hint: `${near === undefined ? "" : `Did you mean ${flag} ${JSON.stringify(near)}? `}The columns are ${shown}${names.length > 40 ? `, and ${names.length - 40} more` : ""}`,
    details: { columns: names },
  });
}
