// What each column of a profiled file is used for: key, event time, feature, or left out with the reason. Pure.

import { fail } from "../base/failure.ts";
import type { TableProfile } from "./profile.ts";
import { type EventTimePlan, guessTime, namedTime } from "./profile-event-time.ts";
import { count, share } from "./profile-findings.ts";
import { findColumn, type LabelPlan } from "./profile-label.ts";
import { soundsLikeKey, soundsLikeLaterTime } from "./profile-names.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface Roles {
  readonly key: readonly ProfiledColumn[];
  readonly time: EventTimePlan | null;
  readonly features: readonly ProfiledColumn[];
  readonly left: readonly LeftOut[];
  /** Things to know, in sentences. */
  readonly notes: readonly string[];
}

export interface LeftOut {
  readonly column: ProfiledColumn;
  readonly reason: string;
}

export interface RoleOptions {
  readonly key?: readonly string[] | undefined;
  /** "none" for no event time. */
  readonly time?: string | undefined;
}

/** Throws DATA_COLUMN_MISSING or DEFINE_INVALID for a key or a time that cannot be one. */
export function planRoles(profile: TableProfile, label: LabelPlan | null, options: RoleOptions, source: string): Roles {
  const notes: string[] = [];
  const time =
    options.time === undefined
      ? guessTime(profile, label)
      : options.time === "none" && !profile.columns.some(({ name }) => name === "none")
        ? null
        : namedTime(profile, label, options.time, source);
  if (options.time === undefined && time !== null)
    notes.push(
      `${JSON.stringify(time.column.name)} is taken as the time of each row: the newest rows are held out to judge the model`,
    );
  const assign = (key: readonly ProfiledColumn[]) => {
    const given = assignOthers(key);
    // A time that leaves nothing to learn from is all there is: it tells the model how far the calendar has gone.
    return label !== null && given.features.length === 0 && time !== null
      ? { ...given, features: [time.column] }
      : given;
  };
  const assignOthers = (key: readonly ProfiledColumn[]) => {
    const features: ProfiledColumn[] = [];
    const left: LeftOut[] = [];
    for (const column of profile.columns) {
      if (column === label?.column || key.includes(column) || column === time?.column) continue;
      const reason = reasonToLeave(column, profile, label, time);
      if (reason === undefined) features.push(column);
      else left.push({ column, reason });
    }
    return { key, features, left };
  };
  if (options.key !== undefined)
    return { ...assign(options.key.map((name) => namedKey(profile, label, name, source))), time, notes };
  const guessed = assign(guessKey(profile, label, time));
  // A key that leaves nothing to learn from is worth more as a feature.
  const alone = guessed.features.every((column) => column === time?.column);
  const chosen = guessed.key.length > 0 && alone ? assign([]) : guessed;
  if (chosen.key.length > 0)
    notes.push(
      `${chosen.key.map(({ name }) => JSON.stringify(name)).join(" and ")} names each row and becomes the key`,
    );
  return { ...chosen, time, notes };
}

function guessKey(profile: TableProfile, label: LabelPlan | null, time: EventTimePlan | null): ProfiledColumn[] {
  const rows = profile.profiledRows;
  const complete = profile.columns.filter(
    (column) =>
      column !== label?.column &&
      column !== time?.column &&
      column.missing === 0 &&
      column.duplicateOf === null &&
      (column.type === "category" || column.type === "number") &&
      soundsLikeKey(column.name),
  );
  // Unique by itself; with a time it may come again, once a moment, which a few of its values show.
  const unique = complete.find(({ facts }) => facts.distinct === rows);
  if (unique !== undefined) return [unique];
  if (time === null) return [];
  const repeating = complete.filter(
    ({ facts }) =>
      facts.distinct > 1 && facts.distinct <= rows / 2 && (facts.top[0]?.count ?? 0) <= time.column.facts.distinct,
  );
  return repeating.length === 1 && rows / time.column.facts.distinct <= (repeating[0] as ProfiledColumn).facts.distinct
    ? [repeating[0] as ProfiledColumn]
    : [];
}

export function namedKey(profile: TableProfile, label: LabelPlan | null, name: string, source: string): ProfiledColumn {
  const column = findColumn(profile.columns, name, `--key: ${source} has no column`, "--key");
  const quoted = JSON.stringify(column.name);
  if (column === label?.column)
    throw fail("DEFINE_INVALID", `--key: expected another column than the one to predict, got ${quoted}`);
  if (column.missing > profile.profiledRows * 0.08)
    throw fail(
      "DEFINE_INVALID",
      `--key: expected a value in nearly every row, got none in ${share(column.missing, profile.profiledRows)} of ${quoted}`,
      { hint: "Fill the column, or leave --key out" },
    );
  return column;
}

/** Why texts are left out to begin with: whether they are worth a field that people must fill is to be tried. */
export const freeText = "free text";

/** Fewer filled rows than this teach nothing. */
const fewestFilled = 20;

function reasonToLeave(
  column: ProfiledColumn,
  profile: TableProfile,
  label: LabelPlan | null,
  time: EventTimePlan | null,
): string | undefined {
  const { facts, type, missing, name } = column;
  const rows = profile.profiledRows;
  if (type === "empty") return "empty in every row";
  if (label !== null && (column.duplicateOf === label.column.name || label.column.duplicateOf === name))
    return "the same as what is predicted";
  if (column.duplicateOf !== null) return `repeats ${JSON.stringify(column.duplicateOf)}`;
  if (column.sameAs !== null && column.sameAs !== label?.column.name)
    return `goes with ${JSON.stringify(column.sameAs)} value by value`;
  if (facts.distinct === 1 && missing === 0) return `${JSON.stringify(short(facts.top[0]?.value ?? ""))} in every row`;
  if (facts.present < Math.min(fewestFilled, rows / 4))
    return `filled in ${count(facts.present)} of ${count(rows)} rows only`;
  if (type === "text") return label === null ? "free text, which says nothing of how alike rows are" : freeText;
  if (type === "time") {
    if (time !== null)
      return "another point in time, which may be known only later; the row's own time is the event time";
    return soundsLikeLaterTime(name) ? "a time that may be known only afterwards" : undefined;
  }
  if (type === "category" && facts.distinct > facts.present * 0.5 && facts.distinct > 20)
    return column.unique
      ? "a different text in nearly every row: it names the row"
      : "a different text in most rows: too little to learn from";
  if (isRunningNumber(column, rows)) return "numbers the rows";
  if (type !== "boolean" && soundsLikeKey(name) && facts.distinct > 50 && facts.distinct > rows * 0.1)
    return "names things rather than describing them; use it as the key if the rows are about them";
  return undefined;
}

/** 1, 2, 3 … in some order, or a different whole number in every row of a column that sounds like an id. */
function isRunningNumber({ type, facts, unique, name }: ProfiledColumn, rows: number): boolean {
  if (type !== "number" || facts.integers < facts.numbers || facts.distinct < rows || rows < 20) return false;
  const gapless = (facts.max ?? 0) - (facts.min ?? 0) === rows - 1;
  return (
    (gapless && (facts.min === 0 || facts.min === 1)) ||
    (unique && soundsLikeKey(name)) ||
    /^(?:column_1|index|unnamed.*|row|row ?(?:id|number|num|no)|nr|no)$/i.test(name)
  );
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
