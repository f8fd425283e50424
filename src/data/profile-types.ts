// Which type a column is, judged by the facts about its cells. Pure.

import { sqlName } from "../ports/query.ts";
import type { ColumnFacts } from "./profile-cells.ts";
import { soundsLikeCode, soundsLikeCount } from "./profile-names.ts";
import type { TimeFit } from "./profile-times.ts";

/** `text` is free text; `empty` has no value at all. */
export type ProfiledType = "number" | "category" | "boolean" | "time" | "text" | "empty";

/** How numbers are written: 1234.5, 1.234,5 or 1,234.5. */
export type NumberWriting = "." | "," | "thousands";

export interface Decision {
  readonly type: ProfiledType;
  readonly writing: NumberWriting;
  /** Present cells that the type can read. */
  readonly fit: number;
}

/** The share of cells that may be unreadable in a column of numbers or times; their rows go to quarantine. */
const strayShare = 0.02;

/** `commas` says how many cells are numbers when read with the writing that an earlier decision proposed. */
export function decideType(
  name: string,
  facts: ColumnFacts,
  time: TimeFit | null,
  commas: { readonly writing: NumberWriting; readonly rows: number } | undefined,
  rows: number,
): Decision {
  const { present, numbers } = facts;
  if (present === 0) return { type: "empty", writing: ".", fit: 0 };
  const enough = present * (1 - strayShare);
  if (isYesNo(facts)) return { type: "boolean", writing: ".", fit: present };
  if (time !== null && time.rows >= enough) return { type: "time", writing: ".", fit: time.rows };
  if (numbers >= enough)
    return isNameInDigits(name, facts, rows)
      ? { type: "category", writing: ".", fit: present }
      : { type: "number", writing: ".", fit: numbers };
  if (commas === undefined) {
    const proposed = commaWriting(facts.some);
    if (proposed !== undefined) return { type: "number", writing: proposed, fit: 0 };
  } else if (commas.rows >= enough) return { type: "number", writing: commas.writing, fit: commas.rows };
  return { type: isFreeText(facts) ? "text" : "category", writing: ".", fit: present };
}

const yesNo: readonly (readonly [string, string])[] = [
  ["false", "true"],
  ["no", "yes"],
  ["n", "y"],
  ["f", "t"],
  ["off", "on"],
  ["0", "1"],
];

/** Exactly one of the pairs that `boolean()` reads, both sides of it. */
function isYesNo(facts: ColumnFacts): boolean {
  const words = new Set(facts.top.map(({ value }) => value.toLowerCase()));
  return facts.distinct <= 4 && words.size === 2 && yesNo.some(([no, yes]) => words.has(no) && words.has(yes));
}

/** Digits that name something: zip codes with zeros in front, or few different codes by their name. */
function isNameInDigits(name: string, facts: ColumnFacts, rows: number): boolean {
  if (facts.leadingZeros > 0 && facts.leadingZeros >= facts.numbers * 0.01) return true;
  if (facts.integers < facts.numbers || !soundsLikeCode(name) || soundsLikeCount(name)) return false;
  return facts.distinct <= Math.min(1000, rows / 5) && !/\b(?:class|group)\b/i.test(name);
}

function commaWriting(texts: readonly string[]): NumberWriting | undefined {
  const decimal = texts.filter((text) => /^[+-]?(?:\d+|\d{1,3}(?:[. ]\d{3})+),\d+$/.test(text)).length;
  const thousands = texts.filter((text) => /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)).length;
  if (decimal === 0 && thousands === 0) return undefined;
  // "1,234" may be either; where another text can be one only, that decides.
  return thousands >= decimal && !texts.some((text) => /,\d{1,2}$|,\d{4,}$/.test(text)) ? "thousands" : ",";
}

/** Sentences rather than names: long, of several words, and nearly all different. */
function isFreeText(facts: ColumnFacts): boolean {
  if (facts.meanLength > 60) return facts.distinct > facts.present * 0.1;
  return (
    facts.meanLength > 25 &&
    facts.spaced > facts.present * 0.8 &&
    facts.distinct > facts.present * 0.5 &&
    facts.distinct > 20
  );
}

/** SQL for the number that a text means, the way the data component will read it. */
export function numberSql(column: string, writing: NumberWriting): string {
  const text = sqlName(column);
  const finite = (sql: string) => `CASE WHEN isfinite(TRY_CAST(${sql} AS DOUBLE)) THEN TRY_CAST(${sql} AS DOUBLE) END`;
  if (writing === ",") return finite(`replace(replace(replace(${text}, '.', ''), ' ', ''), ',', '.')`);
  if (writing === ".") return finite(text);
  return `COALESCE(${finite(text)}, CASE WHEN regexp_full_match(${text}, '[+-]?\\d{1,3}(,\\d{3})+(\\.\\d+)?') THEN TRY_CAST(replace(${text}, ',', '') AS DOUBLE) END)`;
}
