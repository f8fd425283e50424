// What the calendar says of a time: hour, weekday, month and day of the year, as columns that a model gets beside the time itself.

import type { Column, Table } from "../base/table.ts";
import { corrupt } from "./artifact.ts";
import { derivedPredictor, freshNames } from "./derived.ts";
import { type Feature, type Numbers, wholeFeatures } from "./feature.ts";
import { encodeTable, timeOf } from "./features.ts";
import type { FitInput } from "./fit-input.ts";
import type { Artifact, Predictor } from "./model.ts";

export const dayMs = 86_400_000;

/*
 * All parts are worked out from the days since 1970 in UTC by divisions that round down, which other runtimes can do as exactly. Years
 * begin in March, so that leap days come last (Hinnant, chrono-compatible low-level date algorithms).
 */
const floor = Math.floor;
const hourOf = (time: number): number => (time - dayMs * floor(time / dayMs)) / 3_600_000;
const weekdayOf = (time: number): number => {
  const days = floor(time / dayMs) + 4;
  return days - 7 * floor(days / 7);
};
/** From 0 for 1 March. */
const yearDayOf = (time: number): number => {
  const days = floor(time / dayMs) + 719_468;
  const day = days - 146_097 * floor(days / 146_097);
  const year = floor((day - floor(day / 1_460) + floor(day / 36_524) - floor(day / 146_096)) / 365);
  return day - (365 * year + floor(year / 4) - floor(year / 100));
};
/** From 0 for March. */
const monthOf = (time: number): number => floor((5 * yearDayOf(time) + 2) / 153);

interface Part {
  readonly read: (time: number) => number;
  readonly cycleMs: number;
  /** Of a part with levels. */
  readonly levels?: number;
}

const parts = {
  hour: { read: hourOf, cycleMs: dayMs },
  hourLevel: { read: (time) => floor(hourOf(time)), cycleMs: dayMs, levels: 24 },
  weekday: { read: weekdayOf, cycleMs: 7 * dayMs },
  weekdayLevel: { read: weekdayOf, cycleMs: 7 * dayMs, levels: 7 },
  yearDay: { read: yearDayOf, cycleMs: 365 * dayMs },
  monthLevel: { read: monthOf, cycleMs: 365 * dayMs, levels: 12 },
} as const satisfies Record<string, Part>;
export type PartName = keyof typeof parts;

/** Trees find their own borders in numbers; all others need levels, since Sunday is no seven times Monday. */
const forTrees: readonly PartName[] = ["hour", "weekday", "yearDay"];
const forOthers: readonly PartName[] = ["hourLevel", "weekdayLevel", "monthLevel"];

/** A column that stands behind the features' own. */
export interface CalendarColumn {
  /** The place of the time among the features. */
  readonly of: number;
  readonly part: PartName;
}

/**
 * What a cycle does to the label can be told once the times run through it twice, and only where they are not all at one place in it.
 * The times of `except` stay as they are.
 */
export function calendarColumns(
  { table, features }: FitInput,
  { isTree, except }: { readonly isTree: boolean; readonly except: readonly string[] },
): CalendarColumn[] {
  return wholeFeatures(features).flatMap(({ name, type }, of) => {
    const column = table.columns.get(name);
    if (type !== "time" || column?.type !== "time" || except.includes(name)) return [];
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const time of column.values) {
      if (time < first) first = time;
      if (time > last) last = time;
    }
    return (isTree ? forTrees : forOthers)
      .filter((part) => {
        const { read, cycleMs } = parts[part];
        if (!(last - first >= 2 * cycleMs)) return false;
        const seen = column.values.find((time) => !Number.isNaN(time))!;
        return column.values.some((time) => !Number.isNaN(time) && read(time) !== read(seen));
      })
      .map((part) => ({ of, part }));
  });
}

/** The rows with their calendar columns, as an algorithm is given them. */
export function withCalendar(input: FitInput, columns: readonly CalendarColumn[]): FitInput {
  if (columns.length === 0) return input;
  const { options } = input;
  const features = wholeFeatures(input.features);
  const names = namesOf(features, columns);
  const own = columns.map(({ part }, i): Feature => {
    const { levels } = parts[part] as Part;
    return levels === undefined
      ? { name: names[i]!, type: "number" }
      : { name: names[i]!, type: "category", dictionary: levelsOf(levels) };
  });
  const { validation } = options;
  const extend = (table: Table) => extended(table, features, columns, names);
  return {
    ...input,
    table: extend(input.table),
    features: [...input.features, ...own],
    options:
      validation === undefined
        ? options
        : { ...options, validation: { ...validation, features: extend(validation.features) } },
  };
}

const levelsOf = (count: number): string[] => Array.from({ length: count }, (_, level) => String(level));

function extended(
  table: Table,
  features: readonly Feature[],
  columns: readonly CalendarColumn[],
  names: readonly string[],
): Table {
  const all = new Map<string, Column>(table.columns);
  const times = new Map<number, Numbers>();
  for (const [i, { of, part }] of columns.entries()) {
    const time = times.get(of) ?? encodeTable([features[of]!], table)[0]!;
    times.set(of, time);
    const { read, levels } = parts[part] as Part;
    const values = Float64Array.from(time, read);
    all.set(
      names[i]!,
      levels === undefined
        ? { type: "number", values }
        : {
            type: "category",
            codes: Int32Array.from(values, (level) => (Number.isNaN(level) ? -1 : level)),
            dictionary: levelsOf(levels),
          },
    );
  }
  return { rowCount: table.rowCount, columns: all };
}

function namesOf(features: readonly Feature[], columns: readonly CalendarColumn[]): string[] {
  return freshNames(
    features,
    columns.map(({ of, part }) => `${features[of]!.name} ${part}`),
  );
}

/** The artifact of a model whose last features are these columns: it keeps what they are made of. */
export function markCalendar(artifact: Artifact, columns: readonly CalendarColumn[]): Artifact {
  if (columns.length === 0) return artifact;
  return { ...artifact, meta: { ...artifact.meta, calendar: columns.map(({ of, part }) => ({ of, part })) } };
}

/** Throws MODELS_ARTIFACT_CORRUPT unless every column follows the features and rests on a time among them. */
export function readCalendar(artifact: Artifact, features: readonly Feature[]): readonly CalendarColumn[] {
  const list = artifact.meta.calendar;
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length >= features.length) throw corrupt("Expected a list of calendar columns");
  const first = features.length - list.length;
  return list.map((entry: unknown, i) => {
    const { of, part } = (entry ?? {}) as Partial<CalendarColumn>;
    if (typeof part !== "string" || !Object.hasOwn(parts, part)) throw corrupt(`Expected a known part of the calendar`);
    if (typeof of !== "number" || of >= first || features[of]?.type !== "time")
      throw corrupt(`Expected the ${part} of a time, got feature ${of}`);
    const { levels } = parts[part] as Part;
    const own = features[first + i] as Feature;
    if (levels === undefined ? own.type !== "number" : own.dictionary?.join() !== levelsOf(levels).join())
      throw corrupt(`Expected ${part} to be a ${levels === undefined ? "number" : "category"} of its own`);
    return { of, part };
  });
}

/** The model as people know it: calendar columns are worked out from their time, and what they add is the time's. */
export function calendarPredictor(inner: Predictor, columns: readonly CalendarColumn[]): Predictor {
  if (columns.length === 0) return inner;
  const own = inner.features.length - columns.length;
  const features = inner.features.slice(0, own);
  const names = inner.features.slice(own).map(({ name }) => name);
  return derivedPredictor(inner, {
    features,
    ownerOf: new Map(columns.map(({ of }, i) => [names[i]!, features[of]!.name])),
    table: (table) => extended(table, features, columns, names),
    row: (values) => [
      ...values.slice(0, own),
      ...columns.map(({ of, part }) => {
        const { read, levels } = parts[part] as Part;
        const value = read(timeOf(values[of]));
        return Number.isNaN(value) ? null : levels === undefined ? value : String(value);
      }),
    ],
  });
}
