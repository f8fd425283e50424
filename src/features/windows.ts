// Windowed aggregates as SQL: over the rows as they stand, and as they were known at a moment.

import type { DataDefinition, WindowDefinition } from "../define/definition.ts";
import { sqlName } from "../ports/query.ts";
import {
  commitColumn,
  createdColumn,
  eventColumn,
  expressionColumn,
  identityColumns,
  keyColumn,
  ordinalColumn,
} from "./columns.ts";
import { expressionSql } from "./expression-sql.ts";

/** When a row, or the row that a join found, became known: the moment whose knowledge its windows show. */
export const knownColumn = "_known";

/** How far before a row a window looks at most. */
export function lookbackMs({ overMs, tumbling }: WindowDefinition): number {
  return tumbling === true ? 2 * overMs : overMs;
}

/**
 * A window over `b`, the group's rows, looks back over `(t - over, t]`; `last` leaves out t itself. A tumbling one looks at
 * the last whole stretch of its length before t. Rows that share a
 * moment are taken in the source's order, so that sums of fractions come out alike every time: the engine orders by one
 * number made of both, which costs a half more and is left out when no moment is `repeated`.
 */
export function windowSql(definition: DataDefinition, window: WindowDefinition, repeated: boolean): string {
  const column = expressionColumn(definition, "b");
  const past = window.aggregate === "last";
  const frame = `OVER (${partitionSql(definition)}ORDER BY ${frameSql(window, repeated, past)})`;
  const { value, filter } = aggregated(window, column);
  const filtered = filter === null ? "" : ` FILTER (WHERE ${filter})`;
  if (past)
    return `last_value(${filter === null ? value : `CASE WHEN ${filter} THEN ${value} END`} IGNORE NULLS) ${frame}`;
  return castSql(window, `${aggregateSql(window, value)}${filtered} ${frame}`);
}

function partitionSql(definition: DataDefinition): string {
  if (definition.key.length === 0) return "";
  return `PARTITION BY ${definition.key.map((key) => `b.${sqlName(keyColumn(key))}`).join(", ")} `;
}

/** Microseconds are the engine's grain. */
function frameSql(
  { overMs, tumbling }: Pick<WindowDefinition, "overMs" | "tumbling">,
  repeated: boolean,
  past: boolean,
): string {
  if (tumbling === true) return tumblingFrameSql(Math.round(overMs * 1000), repeated);
  const us = Math.round(overMs * 1000) - 1;
  if (!repeated)
    return `b.${eventColumn} RANGE BETWEEN to_microseconds(${us}) PRECEDING AND ${past ? "to_microseconds(1) PRECEDING" : "CURRENT ROW"}`;
  const ordinal = `CAST(b.${ordinalColumn} AS HUGEINT)`;
  const order = `(CAST(epoch_us(b.${eventColumn}) AS HUGEINT) * ${slots} + ${ordinal})`;
  const from = `(CAST(${us} AS HUGEINT) * ${slots} + ${ordinal} - 1) PRECEDING`;
  return `${order} RANGE BETWEEN ${from} AND ${past ? `${ordinal} PRECEDING` : `(${slots} - ${ordinal}) FOLLOWING`}`;
}

/** From the beginning of the stretch before the row's own to just before the beginning of the row's own. */
function tumblingFrameSql(us: number, repeated: boolean): string {
  const since = `(((epoch_us(b.${eventColumn}) % ${us}) + ${us}) % ${us})`;
  if (!repeated)
    return `b.${eventColumn} RANGE BETWEEN to_microseconds(${since} + ${us}) PRECEDING AND to_microseconds(${since} + 1) PRECEDING`;
  const ordinal = `CAST(b.${ordinalColumn} AS HUGEINT)`;
  const order = `(CAST(epoch_us(b.${eventColumn}) AS HUGEINT) * ${slots} + ${ordinal})`;
  return `${order} RANGE BETWEEN (CAST(${since} + ${us} AS HUGEINT) * ${slots} + ${ordinal} - 1) PRECEDING AND (CAST(${since} AS HUGEINT) * ${slots} + ${ordinal}) PRECEDING`;
}

/** More than rows can share a moment. */
const slots = 2 ** 32;

function aggregated(
  window: WindowDefinition,
  column: (name: string) => string | undefined,
): { value: string | null; filter: string | null } {
  return {
    value: window.column === null ? null : (column(window.column) as string),
    filter: window.where === null ? null : expressionSql(window.where, column),
  };
}

/** The aggregate without its frame; `order` is put inside it where the order of rows can tell. */
function aggregateSql(window: WindowDefinition, value: string | null, order = ""): string {
  const number = `CAST(${value} AS DOUBLE)${order}`;
  switch (window.aggregate) {
    case "count":
      return "count(*)";
    case "distinct":
      return `count(DISTINCT ${value})`;
    case "mean":
      return `avg(${number})`;
    case "sum":
      return `sum(${number})`;
    case "std":
      return `stddev_samp(${number})`;
    case "quantile":
      return `quantile_cont(CAST(${value} AS DOUBLE), ${window.level ?? 0.5})`;
    case "min":
    case "max":
      return `${window.aggregate}(${value})`;
    case "last":
      return `last(${value}${order})`;
  }
}

function castSql(window: WindowDefinition, sql: string): string {
  return window.aggregate === "count" || window.aggregate === "distinct" ? `CAST(${sql} AS DOUBLE)` : sql;
}

/**
 * Query steps that give `prefix_windows`: for every anchor (the keys, `_event` and `_known` of `anchors`) the windows at
 * that event time over the versions of rows that were known at that moment. Where the rows as they stand were all known
 * by then, which is nearly everywhere, their windows are taken; the rest is computed from the versions, each of which held
 * from its creation until its successor's.
 */
export function knownWindowSteps(
  definition: DataDefinition,
  windows: readonly WindowDefinition[],
  relations: { readonly versions: string; readonly current: string; readonly anchors: string },
  prefix: string,
): string[] {
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const moment = [...keys, eventColumn];
  const anchor = [...moment, knownColumn];
  const frameOf = ({ overMs, tumbling = undefined }: WindowDefinition) =>
    `${tumbling === true ? "tumbling " : ""}${overMs}`;
  const frames = [...new Map(windows.map((window) => [frameOf(window), window])).values()];
  const numberOf = (window: WindowDefinition) => frames.findIndex((one) => frameOf(one) === frameOf(window));
  const newest = (window: WindowDefinition) => `_newest_${numberOf(window)}`;
  const fresh = frames.map(
    (frame) =>
      `max(b.${createdColumn}) OVER (${partitionSql(definition)}ORDER BY ${frameSql(frame, false, false)}) AS ${newest(frame)}`,
  );
  const plain = windows.map((window) => `${windowSql(definition, window, true)} AS ${sqlName(window.name)}`);
  const late = (window: WindowDefinition) => `(m.${newest(window)} IS NULL OR m.${newest(window)} > a.${knownColumn})`;
  const same = (columns: readonly string[], table: string) =>
    `ON ${columns.map((name) => `a.${name} = ${table}.${name}`).join(" AND ")}`;
  const steps = [
    `${prefix}_anchors AS (SELECT DISTINCT ${anchor.join(", ")} FROM ${relations.anchors})`,
    `${prefix}_moments AS (SELECT ${moment.map((name) => `b.${name}`).join(", ")}, ${[...plain, ...fresh].join(", ")} FROM (${relations.current}) b
      QUALIFY row_number() OVER (PARTITION BY ${moment.map((name) => `b.${name}`).join(", ")} ORDER BY b.${ordinalColumn}) = 1)`,
    `${prefix}_held AS (SELECT *, lead(${createdColumn}) OVER (PARTITION BY ${identityColumns(definition).map(sqlName).join(", ")} ORDER BY ${commitColumn}) AS _until FROM (${relations.versions}))`,
  ];
  for (const [number, frame] of frames.entries()) {
    const us = Math.round(frame.overMs * 1000);
    const slot = (name: string) => `CAST(floor(epoch_us(${name}) / ${us}) AS BIGINT)`;
    const own = slot(`a.${eventColumn}`);
    const aggregates = windows
      .filter((window) => numberOf(window) === number)
      .map((window) => `${lateAggregateSql(definition, window)} AS ${sqlName(window.name)}`);
    const within = `b.${eventColumn} > a.${eventColumn} - to_microseconds(${us}) AND b.${eventColumn} <= a.${eventColumn} AND`;
    steps.push(
      // Two slots as wide as the window hold all of it, which makes an equality of the engine's costly inequality; a
      // tumbling window is a slot.
      `${prefix}_late_${number} AS (SELECT a.*, unnest([${frame.tumbling === true ? `${own} - 1` : `${own}, ${own} - 1`}]) AS _slot FROM ${prefix}_anchors a LEFT JOIN ${prefix}_moments m ${same(moment, "m")} WHERE ${late(frame)})`,
      `${prefix}_known_${number} AS (SELECT ${anchor.map((name) => `a.${name}`).join(", ")}, ${aggregates.join(", ")} FROM ${prefix}_late_${number} a LEFT JOIN ${prefix}_held b
        ON ${[...keys.map((key) => `a.${key} = b.${key}`), `a._slot = ${slot(`b.${eventColumn}`)}`].join(" AND ")}
        AND ${frame.tumbling === true ? "" : within}
        b.${createdColumn} <= a.${knownColumn} AND (b._until IS NULL OR b._until > a.${knownColumn}) GROUP BY ALL)`,
    );
  }
  const values = windows.map(
    (window) =>
      `CASE WHEN ${late(window)} THEN k${numberOf(window)}.${sqlName(window.name)} ELSE m.${sqlName(window.name)} END AS ${sqlName(window.name)}`,
  );
  const joins = frames.map((_, index) => `LEFT JOIN ${prefix}_known_${index} k${index} ${same(anchor, `k${index}`)}`);
  steps.push(
    `${prefix}_windows AS (SELECT ${anchor.map((name) => `a.${name}`).join(", ")}, ${values.join(", ")} FROM ${prefix}_anchors a LEFT JOIN ${prefix}_moments m ${same(moment, "m")} ${joins.join(" ")})`,
  );
  return steps;
}

/** The aggregate over the matched versions `b` of an anchor `a`; an anchor without any counts none. */
function lateAggregateSql(definition: DataDefinition, window: WindowDefinition): string {
  const { value, filter } = aggregated(window, expressionColumn(definition, "b"));
  const conditions = [
    `b.${eventColumn} IS NOT NULL`,
    ...(filter === null ? [] : [filter]),
    ...(window.aggregate === "last" ? [`b.${eventColumn} < a.${eventColumn}`, `${value} IS NOT NULL`] : []),
  ];
  const order = ` ORDER BY b.${eventColumn}, b.${ordinalColumn}`;
  return castSql(window, `${aggregateSql(window, value, order)} FILTER (WHERE ${conditions.join(" AND ")})`);
}
