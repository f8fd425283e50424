// A feature group as SQL over its immutable files: its current rows, with windows and labels computed.

import type { DataDefinition, LabelDefinition, WindowDefinition } from "../define/definition.ts";
import { sqlName, sqlText } from "../ports/query.ts";
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

export interface GroupFiles {
  /** Paths on this machine, oldest commit first. */
  readonly paths: readonly string[];
  /** True when some commit wrote a new version of a row that an earlier one holds. */
  readonly revised: boolean;
}

/** Every version of every row. */
export function versionsSql(files: GroupFiles): string {
  return `SELECT * FROM read_parquet([${files.paths.map(sqlText).join(", ")}], union_by_name = true)`;
}

/** The newest version of every row. */
export function currentSql(definition: DataDefinition, files: GroupFiles): string {
  if (!files.revised) return versionsSql(files);
  const identity = identityColumns(definition).map(sqlName).join(", ");
  return `${versionsSql(files)} QUALIFY row_number() OVER (PARTITION BY ${identity} ORDER BY ${commitColumn} DESC) = 1`;
}

/** The current rows with every window and every label, under their own names. */
export function enrichedSql(definition: DataDefinition, files: GroupFiles): string {
  return enrichedOver(definition, currentSql(definition, files));
}

/** The same over any query that gives the group's current rows. */
export function enrichedOver(definition: DataDefinition, current: string): string {
  const ahead = definition.labels.filter((label) => label.aheadMs !== null);
  const windows = definition.windows.map((window) => `${windowSql(definition, window)} AS ${sqlName(window.name)}`);
  const columns = [
    ...windows,
    ...ahead.map((label, index) => `${aheadValueSql(definition, label, `a${index}`)} AS ${sqlName(label.name)}`),
  ];
  const joins = ahead.map((label, index) => aheadJoinSql(definition, label, `a${index}`));
  if (columns.length === 0) return current;
  return `WITH base AS (${current}) SELECT b.*, ${columns.join(", ")} FROM base b ${joins.join(" ")}`;
}

/** A stable order of rows: by time, then key, then the source's order. */
export function orderSql(definition: DataDefinition, table = ""): string {
  const prefix = table === "" ? "" : `${table}.`;
  return [...(definition.eventTime === null ? [] : [eventColumn]), ...definition.key.map(keyColumn), ordinalColumn]
    .map((name) => prefix + sqlName(name))
    .join(", ");
}

/** Aggregates look back over `(t - over, t]`; `last` leaves out t itself. Microseconds are the engine's grain. */
function windowSql(definition: DataDefinition, window: WindowDefinition): string {
  const column = expressionColumn(definition, "b");
  const value = window.column === null ? null : (column(window.column) as string);
  const condition = window.where === null ? null : expressionSql(window.where, column);
  const from = `to_microseconds(${Math.round(window.overMs * 1000) - 1}) PRECEDING`;
  const partition =
    definition.key.length === 0
      ? ""
      : `PARTITION BY ${definition.key.map((key) => `b.${sqlName(keyColumn(key))}`).join(", ")} `;
  const frame = `OVER (${partition}ORDER BY b.${eventColumn} RANGE BETWEEN ${from} AND CURRENT ROW)`;
  const filter = condition === null ? "" : ` FILTER (WHERE ${condition})`;
  switch (window.aggregate) {
    case "count":
      return `CAST(count(*)${filter} ${frame} AS DOUBLE)`;
    case "distinct":
      return `CAST(count(DISTINCT ${value})${filter} ${frame} AS DOUBLE)`;
    case "mean":
      return `avg(CAST(${value} AS DOUBLE))${filter} ${frame}`;
    case "sum":
      return `sum(CAST(${value} AS DOUBLE))${filter} ${frame}`;
    case "std":
      return `stddev_samp(CAST(${value} AS DOUBLE))${filter} ${frame}`;
    case "min":
    case "max":
      return `${window.aggregate}(${value})${filter} ${frame}`;
    case "last": {
      const past = `OVER (${partition}ORDER BY b.${eventColumn} RANGE BETWEEN ${from} AND to_microseconds(1) PRECEDING)`;
      return `last_value(${condition === null ? value : `CASE WHEN ${condition} THEN ${value} END`} IGNORE NULLS) ${past}`;
    }
  }
}

/** The first row of the same entity at or after t + by; further than by/2 late it is no longer "one `by` ahead". */
function aheadJoinSql(definition: DataDefinition, label: LabelDefinition, alias: string): string {
  const keys = definition.key
    .map((key) => `b.${sqlName(keyColumn(key))} = ${alias}.${sqlName(keyColumn(key))} AND `)
    .join("");
  return `ASOF LEFT JOIN base ${alias} ON ${keys}b.${eventColumn} + ${interval(label.aheadMs as number)} <= ${alias}.${eventColumn}`;
}

function aheadValueSql(definition: DataDefinition, label: LabelDefinition, alias: string): string {
  const ahead = label.aheadMs as number;
  const value = expressionSql(label.expression as string, expressionColumn(definition, alias));
  return `CASE WHEN ${alias}.${eventColumn} <= b.${eventColumn} + ${interval(ahead * 1.5)} THEN ${value} END`;
}

function interval(ms: number): string {
  return `to_microseconds(${Math.round(ms * 1000)})`;
}

/** The bookkeeping columns, in the order in which files hold them. */
export function bookkeepingColumns(definition: DataDefinition): string[] {
  return [...definition.key.map(keyColumn), eventColumn, ordinalColumn, createdColumn, commitColumn];
}
