// Joins one feature group to the label's rows as of their event time: the values that were known then.

import { fail } from "../../base/failure.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { sqlName } from "../../ports/query.ts";
import { commitColumn, createdColumn, eventColumn, type GroupColumn, keyColumn, ordinalColumn } from "../columns.ts";
import { currentSql, enrichedSql, type GroupFiles, versionsSql } from "../relation.ts";
import { knownColumn, knownWindowSteps } from "../windows.ts";
import { type PlaceableView, placeColumn, placedRowsSql, placedValue } from "./placed-views.ts";

export interface ViewPlan {
  /** The view's name in the query. */
  readonly alias: string;
  /** Query steps (`name AS (…)`) that the join needs. */
  readonly steps: readonly string[];
  /** Joins the view to the label's rows `s`. */
  readonly join: string;
  /** SQL of a column's value as of the label's row: missing when it is older than the group's time to live. */
  value(name: string): string;
  /** The same by place, where no windows are asked for: see `placeViews`. */
  readonly placed?: PlacedPlan;
}

export interface PlacedPlan {
  readonly view: PlaceableView;
  /** What must be joined beside the view's own table; null when that holds all. */
  rest(offsets: readonly number[]): Pick<ViewPlan, "steps" | "join"> | null;
  value(name: string): string;
}

export interface ViewGroup {
  readonly definition: DataDefinition;
  readonly files: GroupFiles;
  readonly late: boolean;
}

/** When a version of a row, and all that it rests on, could first be seen: not before it happened, not before it came in. */
const visibleColumn = "_visible";
/** A version's place among those of its key: by event time, then in the source's order, then the newest. */
const rankColumn = "_rank";
const rankSql = `(CAST(epoch_us(${eventColumn}) AS HUGEINT) * CAST('9223372036854775808' AS HUGEINT) + CAST(${ordinalColumn} AS HUGEINT) * 2147483648 + ${commitColumn})`;

/**
 * A group without an event time, or labels without one, give and take the newest row of the key; so does every group when
 * what is known at `nowMs` is asked for, as the online store answers. Otherwise, of the
 * versions that happened and were known by the label's event time, the highest ranked. Where none came in late, one row
 * a moment and ASOF do; else only versions that outranked all that could be seen before them are ever the answer, and
 * ASOF over the moments at which they could first be seen finds the last of those.
 */
export function planView(
  alias: string,
  spine: DataDefinition,
  group: ViewGroup,
  columns: readonly GroupColumn[],
  nowMs: number | null = null,
): ViewPlan {
  const { definition, files } = group;
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const equal = definition.key.map((key, index) => `${spineKey(spine, definition, key)} = ${alias}.${keys[index]}`);
  const windows = definition.windows.filter(({ name }) => columns.some((column) => column.name === name));
  const needed = { ...definition, windows, labels: [] };
  const kept = [...keys, eventColumn, ...columns.map(({ name }) => sqlName(name))];
  const rows = `${alias}_rows`;
  const value = (name: string) => `${alias}.${sqlName(name)}`;
  if (definition.eventTime === null || spine.eventTime === null || nowMs !== null) {
    const newest = `SELECT ${kept.join(", ")} FROM (${enrichedSql(needed, files)}) QUALIFY row_number() OVER (${partition(keys)}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
    return {
      alias,
      steps: [`${rows} AS (${newest})`],
      join: `LEFT JOIN ${rows} ${alias} ON ${equal.length === 0 ? "true" : equal.join(" AND ")}`,
      value: (name) => countingSql(definition, alias, name, nowMs),
    };
  }
  const ttlMs = definition.ttlMs ?? null;
  const aged = (name: string) =>
    ttlMs === null
      ? value(name)
      : `CASE WHEN s.${eventColumn} - to_microseconds(${Math.round(ttlMs * 1000)}) <= ${alias}.${eventColumn} THEN ${value(name)} END`;
  const asof = (moment: string) =>
    `ASOF LEFT JOIN ${rows} ${alias} ON ${[...equal, `s.${eventColumn} >= ${alias}.${moment}`].join(" AND ")}`;
  const placed = windows.length > 0 ? {} : { placed: placedPlan(alias, spine, group, columns) };
  if (!group.late && !files.revised) {
    return {
      alias,
      steps: [
        `${rows} AS (SELECT ${kept.join(", ")} FROM (${enrichedSql(needed, files)}) ${lastOfMoment(definition, files)})`,
      ],
      join: asof(eventColumn),
      value: aged,
      ...placed,
    };
  }
  const steps =
    windows.length === 0
      ? [`${rows} AS (SELECT ${[...kept, visibleColumn].join(", ")} FROM (${rankedSql(files)}) ${outranking(keys)})`]
      : statesWithWindows(alias, needed, files, kept);
  return { alias, steps, join: asof(visibleColumn), value: aged, ...placed };
}

function placedPlan(
  alias: string,
  spine: DataDefinition,
  group: ViewGroup,
  columns: readonly GroupColumn[],
): PlacedPlan {
  const { definition, files } = group;
  const numeric = columns.filter(({ type }) => type === "number" || type === "boolean");
  const others = columns.filter((column) => !numeric.includes(column)).map(({ name }) => name);
  const rest = `${alias}_rest`;
  return {
    view: {
      alias,
      files,
      keys: definition.key.map(keyColumn),
      labelKeys: definition.key.map((key) => spineKey(spine, definition, key)),
      numbers: numeric.map(({ name }) => name),
      others,
      versions: group.late || files.revised,
      ttlUs: definition.ttlMs === undefined || definition.ttlMs === null ? null : Math.round(definition.ttlMs * 1000),
    },
    rest: (offsets) =>
      others.length === 0
        ? null
        : {
            steps: [`${rest} AS (${placedRowsSql(files, offsets, others)})`],
            join: `LEFT JOIN ${rest} ON CAST(${placedValue(alias, placeColumn)} AS BIGINT) = ${rest}.${placeColumn}`,
          },
    value(name) {
      if (others.includes(name)) return `${rest}.${sqlName(name)}`;
      const number = placedValue(alias, name);
      return numeric.some((one) => one.name === name && one.type === "boolean") ? `CAST(${number} AS BOOLEAN)` : number;
    },
  };
}

/** A value as of `nowMs`: missing when its row is older than the group's time to live; always there when no moment is given. */
export function countingSql(
  { ttlMs = null }: DataDefinition,
  alias: string,
  name: string,
  nowMs: number | null,
): string {
  const value = `${alias}.${sqlName(name)}`;
  if (ttlMs === null || nowMs === null) return value;
  return `CASE WHEN ${alias}.${eventColumn} >= make_timestamp(${Math.round((nowMs - ttlMs) * 1000)}) THEN ${value} END`;
}

/** Few rows share their moment with others, so that it is cheapest to leave out those that have a successor. */
function lastOfMoment({ key }: DataDefinition, files: GroupFiles): string {
  if (files.repeated === false) return "";
  const moment = [...key.map((name) => sqlName(keyColumn(name))), eventColumn].join(", ");
  return `ANTI JOIN (SELECT ${moment}, ${ordinalColumn} - 1 AS ${ordinalColumn} FROM (${versionsSql(files)}) WHERE ${ordinalColumn} > 1) n USING (${moment}, ${ordinalColumn})`;
}

function rankedSql(files: GroupFiles): string {
  return `SELECT *, greatest(${eventColumn}, ${createdColumn}) AS ${visibleColumn}, ${rankSql} AS ${rankColumn} FROM (${versionsSql(files)})`;
}

function outranking(keys: readonly string[]): string {
  return `QUALIFY ${rankColumn} = max(${rankColumn}) OVER (${partition(keys)}ORDER BY ${visibleColumn})`;
}

/** A row that comes in late changes the windows of the answer that stands: one state for each moment at which any came in. */
function statesWithWindows(
  alias: string,
  definition: DataDefinition,
  files: GroupFiles,
  kept: readonly string[],
): string[] {
  const { windows } = definition;
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const plain = kept.filter((name) => !windows.some((window) => sqlName(window.name) === name));
  const anchor = [...keys, eventColumn, knownColumn];
  return [
    `${alias}_ranked AS MATERIALIZED (${rankedSql(files)})`,
    `${alias}_moments_in AS (SELECT DISTINCT ${[...keys, visibleColumn].join(", ")}, max(${rankColumn}) OVER (${partition(keys)}ORDER BY ${visibleColumn}) AS ${rankColumn} FROM ${alias}_ranked)`,
    `${alias}_states AS MATERIALIZED (SELECT ${plain.map((name) => `r.${name}`).join(", ")}, i.${visibleColumn}, i.${visibleColumn} AS ${knownColumn} FROM ${alias}_moments_in i
      JOIN ${alias}_ranked r ON ${[...keys, rankColumn].map((name) => `i.${name} = r.${name}`).join(" AND ")})`,
    ...knownWindowSteps(
      definition,
      windows,
      { versions: versionsSql(files), current: currentSql(definition, files), anchors: `${alias}_states` },
      alias,
    ),
    `${alias}_rows AS (SELECT t.*, ${windows.map(({ name }) => `w.${sqlName(name)}`).join(", ")} FROM ${alias}_states t LEFT JOIN ${alias}_windows w ON ${anchor.map((name) => `t.${name} = w.${name}`).join(" AND ")})`,
  ];
}

function partition(keys: readonly string[]): string {
  return keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `;
}

/**
 * The other group's key as the label's rows hold it, as a text: the spine's own key of that name, or a feature of that
 * name. Keys are texts as they stand in the source, so a whole number is written without a fraction, as it is online.
 */
function spineKey(spine: DataDefinition, group: DataDefinition, key: string): string {
  if (spine.key.includes(key)) return `s.${sqlName(keyColumn(key))}`;
  const feature = spine.features.find((one) => one.name === key || one.from === key);
  if (feature === undefined)
    throw fail(
      "DEFINE_INVALID",
      `Expected data/${spine.name} to hold ${JSON.stringify(key)}, the key of data/${group.name}, got ${[...spine.key, ...spine.features.map((one) => one.name)].join(", ")}`,
      {
        hint: `Add ${JSON.stringify(key)} to the key or the features of data/${spine.name}`,
      },
    );
  const value = `s.${sqlName(feature.name)}`;
  if (feature.type === "category" || feature.type === "text") return `trim(${value})`;
  if (feature.type !== "number") return `CAST(${value} AS VARCHAR)`;
  return `CASE WHEN ${value} = trunc(${value}) AND abs(${value}) < 1e15 THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE CAST(${value} AS VARCHAR) END`;
}
