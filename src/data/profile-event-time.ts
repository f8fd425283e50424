// Which column says when a row held: the one that a user names, or the one that its name and its cells speak for. Pure.

import { fail } from "../base/failure.ts";
import type { TableProfile } from "./profile.ts";
import { share } from "./profile-findings.ts";
import { findColumn, type LabelPlan } from "./profile-label.ts";
import { soundsLikeEventTime, wordsOf } from "./profile-names.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface EventTimePlan {
  readonly column: ProfiledColumn;
  /** strptime letters; undefined for ISO 8601. */
  readonly format: string | undefined;
}

/** The share of rows that may lack a time before a column is no longer taken for the event's time. */
const lackingShare = 0.005;

export function guessTime(profile: TableProfile, label: LabelPlan | null): EventTimePlan | null {
  const rows = profile.profiledRows;
  const candidates = profile.columns.filter((column) => {
    if (column === label?.column || column.type !== "time" || column.duplicateOf !== null) return false;
    if (column.missing + column.misfits > rows * lackingShare || column.time?.ambiguous === true) return false;
    return soundsLikeEventTime(column.name) && column.facts.distinct >= Math.min(20, rows / 2);
  });
  // The name that says the least besides the time is the row's own: "date" before "order date".
  const best = candidates.sort(
    (a, b) => wordsOf(a.name).length - wordsOf(b.name).length || b.facts.distinct - a.facts.distinct,
  )[0];
  return best === undefined ? null : { column: best, format: best.time?.format };
}

export function namedTime(profile: TableProfile, label: LabelPlan | null, name: string, source: string): EventTimePlan {
  const column = findColumn(profile.columns, name, `--time: ${source} has no column`, "--time");
  const quoted = JSON.stringify(column.name);
  if (column === label?.column)
    throw fail("DEFINE_INVALID", `--time: expected another column than the one to predict, got ${quoted}`);
  const format = column.type === "time" ? { format: column.time?.format } : yearFormat(column);
  if (format === undefined) {
    const others = profile.columns.filter(({ type }) => type === "time").map((one) => JSON.stringify(one.name));
    throw fail(
      "DEFINE_INVALID",
      `--time: expected a column of dates or times, got ${quoted}, which holds ${describe(column)}`,
      {
        hint:
          others.length > 0
            ? `Columns with times: ${others.join(", ")}`
            : `${source} has no column of dates or times; leave --time out`,
      },
    );
  }
  const lacking = column.missing + column.misfits;
  if (lacking > profile.profiledRows * 0.08)
    throw fail(
      "DEFINE_INVALID",
      `--time: expected a time in nearly every row, got none in ${share(lacking, profile.profiledRows)} of ${quoted}`,
      { hint: "Fill the column, or leave --time out" },
    );
  return { column, ...format };
}

/** Plain years are numbers until someone says that they date the rows. */
export function yearFormat({ facts, type }: ProfiledColumn): { format: string } | undefined {
  const years =
    type === "number" && facts.integers === facts.numbers && (facts.min ?? 0) >= 1000 && (facts.max ?? 0) <= 2999;
  return years ? { format: "%Y" } : undefined;
}

function describe({ type, facts }: ProfiledColumn): string {
  const examples = facts.top
    .slice(0, 2)
    .map(({ value }) => JSON.stringify(value))
    .join(", ");
  return type === "empty" ? "nothing" : `${type === "number" ? "numbers" : "texts"} such as ${examples}`;
}
