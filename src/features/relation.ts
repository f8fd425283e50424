// A feature group as SQL over its immutable files: its current rows, with windows and labels computed.

import type { DataDefinition, LabelDefinition } from "../define/definition.ts";
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
import { windowSql } from "./windows.ts";

export interface GroupFiles {
  /** Paths on this machine, oldest commit first. */
  readonly paths: readonly string[];
  /** True when some commit wrote a new version of a row that an earlier one holds. */
  readonly revised: boolean;
  /** False only when every row has a moment (key and event time) of its own; left out when that is not known. */
  readonly repeated?: boolean;
  /**
   * For each path what its columns are called now, where the group's columns have changed since: stored name → name; what
   * is not named is gone. Null for a file that holds them under their names; left out when all do.
   */
  readonly renamed?: readonly (Readonly<Record<string, string>> | null)[];
  /** Columns that are newer than every file, with their types in SQL; without a file all of them. */
  readonly absent?: Readonly<Record<string, string>>;
}

/** Every version of every row. */
export function versionsSql(files: GroupFiles): string {
  const parts = new Map<string, { renamed: Readonly<Record<string, string>> | null; paths: string[] }>();
  for (const [index, path] of files.paths.entries()) {
    const renamed = files.renamed?.[index] ?? null;
    const part = parts.get(JSON.stringify(renamed)) ?? { renamed, paths: [] };
    part.paths.push(path);
    parts.set(JSON.stringify(renamed), part);
  }
  const selects = [...parts.values()].map(({ renamed, paths }) => {
    // Bookkeeping names begin with an underscore, and no feature's does.
    const columns =
      renamed === null
        ? "*"
        : [
            "COLUMNS(name -> starts_with(name, '_'))",
            ...Object.entries(renamed).map(([stored, name]) => `${sqlName(stored)} AS ${sqlName(name)}`),
          ].join(", ");
    return `SELECT ${columns} FROM read_parquet([${paths.map(sqlText).join(", ")}], union_by_name = true)`;
  });
  const absent = Object.entries(files.absent ?? {}).map(([name, type]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`);
  // A group of which everything was forgotten has no files.
  if (selects.length === 0) return `SELECT ${absent.join(", ")} WHERE false`;
  // Files leave out that a row became known when it happened.
  const known = `* REPLACE (coalesce(${createdColumn}, ${eventColumn}) AS ${createdColumn})`;
  return `SELECT ${[known, ...absent].join(", ")} FROM (${selects.join(" UNION ALL BY NAME ")})`;
}

/** The newest version of every row; `versions` is a relation that holds them all, when there is one already. */
export function currentSql(definition: DataDefinition, files: GroupFiles, versions?: string): string {
  const all = versions === undefined ? versionsSql(files) : `SELECT * FROM ${versions}`;
  if (!files.revised) return all;
  const identity = identityColumns(definition).map(sqlName).join(", ");
  return `${all} QUALIFY row_number() OVER (PARTITION BY ${identity} ORDER BY ${commitColumn} DESC) = 1`;
}

/** The current rows with every window and every label, under their own names. */
export function enrichedSql(definition: DataDefinition, files: GroupFiles): string {
  return enrichedOver(definition, currentSql(definition, files), files.repeated !== false);
}

/** The same over any query that gives the group's current rows. `repeated`: several rows may share a moment. */
export function enrichedOver(definition: DataDefinition, current: string, repeated = true): string {
  const ahead = definition.labels.filter((label) => label.aheadMs !== null);
  const windows = definition.windows.map(
    (window) => `${windowSql(definition, window, repeated)} AS ${sqlName(window.name)}`,
  );
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

/**
 * The first row of the same entity at or after t + by, of several at that moment the source's first; further than by/2
 * late it is no longer "one `by` ahead".
 */
function aheadJoinSql(definition: DataDefinition, label: LabelDefinition, alias: string): string {
  const keys = definition.key
    .map((key) => `b.${sqlName(keyColumn(key))} = ${alias}.${sqlName(keyColumn(key))} AND `)
    .join("");
  return `ASOF LEFT JOIN (SELECT * FROM base WHERE ${ordinalColumn} = 1) ${alias} ON ${keys}b.${eventColumn} + ${interval(label.aheadMs as number)} <= ${alias}.${eventColumn}`;
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
