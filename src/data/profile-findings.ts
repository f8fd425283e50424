// What a profile says in plain words: what is odd about a column, and what that means for its rows. Pure.

import { soundsLikeCode, soundsLikeKey } from "./profile-names.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface Finding {
  readonly severity: "info" | "warning";
  /** Null when it is about the whole table. */
  readonly column: string | null;
  readonly message: string;
}

/** Less than this is what most tables have. */
const noteworthyMissing = 0.1;

/** What is odd about each column, in sentences. */
export function findingsOf(rows: number, profiledRows: number, columns: readonly ProfiledColumn[]): Finding[] {
  const findings: Finding[] = [];
  const say = (severity: Finding["severity"], column: string | null, message: string) =>
    findings.push({ severity, column, message });
  if (profiledRows < rows) say("info", null, `The profile rests on ${count(profiledRows)} of ${count(rows)} rows`);
  for (const column of columns) {
    const { name, facts, spread } = column;
    const quoted = JSON.stringify(name);
    if (facts.present === 0) say("warning", name, `${quoted} is empty in every row`);
    else if (column.duplicateOf !== null)
      say("warning", name, `${quoted} repeats ${JSON.stringify(column.duplicateOf)} in every row`);
    else if (facts.distinct === 1 && column.missing === 0)
      say("warning", name, `${quoted} is ${JSON.stringify(facts.top[0]?.value)} in every row`);
    else if (column.missing > profiledRows * noteworthyMissing)
      say(
        column.missing > profiledRows / 2 ? "warning" : "info",
        name,
        `${quoted} is missing in ${share(column.missing, profiledRows)} of the rows`,
      );
    if (column.misfits > 0)
      say(
        "warning",
        name,
        `${quoted} holds ${column.type === "time" ? "times" : "numbers"} except in ${count(column.misfits)} row${column.misfits === 1 ? "" : "s"}, e.g. ${example(column)}, which will go to quarantine`,
      );
    if (column.time?.ambiguous === true)
      say(
        "warning",
        name,
        `${quoted} is read as ${column.time.format}; day and month cannot be told apart, so check it`,
      );
    if (spread !== null && spread.outliers > 0 && spread.std > 0) {
      const far =
        Math.abs(spread.max - spread.quantiles[2]) >= Math.abs(spread.min - spread.quantiles[2])
          ? spread.max
          : spread.min;
      if (spread.outliers <= profiledRows * 0.02)
        say(
          "info",
          name,
          `${quoted} has ${count(spread.outliers)} value${spread.outliers === 1 ? "" : "s"} far from the others, ${far < spread.quantiles[2] ? "down" : "up"} to ${short(far)} (the middle one is ${short(spread.quantiles[2])})`,
        );
    }
    if (
      column.type === "number" &&
      facts.integers === facts.numbers &&
      facts.distinct <= 20 &&
      soundsLikeCode(name) &&
      !soundsLikeKey(name)
    )
      say("info", name, `${quoted} is treated as a number; make it a category if its values are only names`);
  }
  return findings;
}

function example(column: ProfiledColumn): string {
  const odd = [...column.facts.top.map(({ value }) => value), ...column.facts.some].find(
    (text) => !/\d/.test(text) || (column.type === "number" && Number.isNaN(Number(text))),
  );
  return odd === undefined ? "texts of another form" : JSON.stringify(odd.slice(0, 40));
}

/** 12,345 */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** "4 %", "under 1 %" */
export function share(part: number, whole: number): string {
  const percent = (part / Math.max(1, whole)) * 100;
  return percent < 1 ? "under 1 %" : `${Math.round(percent)} %`;
}

/** Four significant digits. */
export function short(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 });
}
