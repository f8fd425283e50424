// The point-in-time training set: for every labelled row the feature values that were known at that moment.

import { fail } from "../base/failure.ts";
import { categoryColumn, type Table } from "../base/table.ts";
import type { DataDefinition, TrainingDefinition } from "../define/definition.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import {
  commitColumn,
  createdColumn,
  eventColumn,
  type GroupColumn,
  groupColumns,
  keyColumn,
  ordinalColumn,
} from "./columns.ts";
import { enrichedSql, type GroupFiles, orderSql, versionsSql } from "./relation.ts";

export interface PinnedGroup {
  readonly definition: DataDefinition;
  readonly files: GroupFiles;
  /** Some rows became known after their event time: the join must look at both times. */
  readonly late: boolean;
}

export interface TrainingSetPlan {
  /** A query whose rows are the training set, in its order: `_event`, the keys, the features, the label. */
  readonly sql: string;
  readonly features: readonly GroupColumn[];
  readonly label: GroupColumn;
}

/** Which rows of the label's group: those with a label, or the newest of every entity (every row when there is no entity). */
export type SpineRows = "labelled" | "newest";

/** Plans the join. `groups` holds every group that the training names, pinned to its commit. */
export function planTrainingSet(
  training: TrainingDefinition,
  groups: ReadonlyMap<string, PinnedGroup>,
  rows: SpineRows = "labelled",
): TrainingSetPlan {
  const spine = groups.get(training.label.data) as PinnedGroup;
  const label = columnOf(spine.definition, training.label.name);
  const wanted = rows === "labelled" ? `WHERE ${sqlName(label.name)} IS NOT NULL` : newestSql(spine.definition);
  const steps = [`spine AS (SELECT * FROM (${enrichedSql(spine.definition, spine.files)}) ${wanted})`];
  const features: GroupColumn[] = [];
  const selected: string[] = [];
  const joins: string[] = [];
  for (const [index, { data, names }] of training.features.entries()) {
    const group = groups.get(data) as PinnedGroup;
    const columns = names.map((name) => columnOf(group.definition, name));
    features.push(...columns);
    const own = data === training.label.data;
    const alias = own ? "s" : `g${index}`;
    selected.push(...columns.map((column) => `${alias}.${sqlName(column.name)} AS ${sqlName(column.name)}`));
    if (own) continue;
    const join = joinPlan(alias, spine.definition, group);
    steps.push(`${alias}_rows AS (${join.rows})`);
    joins.push(join.join);
  }
  const keys = spine.definition.key.map((key) => `s.${sqlName(keyColumn(key))}`);
  const columns = [`s.${eventColumn}`, ...keys, ...selected, `s.${sqlName(label.name)} AS ${sqlName(label.name)}`];
  const sql = `WITH ${steps.join(", ")} SELECT ${columns.join(", ")} FROM spine s ${joins.join(" ")} ORDER BY ${stableOrder(spine.definition)}`;
  return { sql, features, label };
}

function newestSql(definition: DataDefinition): string {
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  if (keys.length === 0 && definition.eventTime === null) return "";
  const partition = keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `;
  return `QUALIFY row_number() OVER (${partition}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
}

function stableOrder(definition: DataDefinition): string {
  return orderSql(definition, "s");
}

function columnOf(definition: DataDefinition, name: string): GroupColumn {
  const column = groupColumns(definition).find((one) => one.name === name);
  if (column === undefined)
    throw fail(
      "DATA_COLUMN_MISSING",
      `Expected data/${definition.name} to hold ${JSON.stringify(name)}, got ${groupColumns(definition)
        .map((one) => one.name)
        .join(", ")}`,
    );
  return column;
}

/**
 * Joins another group as of the spine row's event time. A group without an event time gives its newest row of the key.
 * With late or revised rows both times count: of the rows with event time ≤ t and creation time ≤ t the latest event,
 * and of its versions the newest; ASOF can express only one of the two, so that case is a ranked join.
 */
function joinPlan(alias: string, spine: DataDefinition, group: PinnedGroup): { rows: string; join: string } {
  const { definition, files } = group;
  const equalKeys = definition.key.map((key) => `s.${spineKey(spine, definition, key)} = g.${sqlName(keyColumn(key))}`);
  const on = (conditions: readonly string[], table: string) =>
    conditions.length === 0 ? "true" : conditions.join(" AND ").replaceAll("g.", `${table}.`);
  if (definition.eventTime === null || spine.eventTime === null) {
    const partition =
      definition.key.length === 0
        ? ""
        : `PARTITION BY ${definition.key.map((key) => sqlName(keyColumn(key))).join(", ")} `;
    const rows = `SELECT * FROM (${enrichedSql(definition, files)}) QUALIFY row_number() OVER (${partition}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
    return { rows, join: `LEFT JOIN ${alias}_rows ${alias} ON ${on(equalKeys, alias)}` };
  }
  const onePerMoment = `QUALIFY row_number() OVER (PARTITION BY ${[...definition.key.map((key) => sqlName(keyColumn(key))), eventColumn].join(", ")} ORDER BY ${ordinalColumn} DESC, ${commitColumn} DESC) = 1`;
  if (!group.late && !files.revised) {
    const rows = `SELECT * FROM (${enrichedSql(definition, files)}) ${onePerMoment}`;
    return {
      rows,
      join: `ASOF LEFT JOIN ${alias}_rows ${alias} ON ${on([...equalKeys, `s.${eventColumn} >= g.${eventColumn}`], alias)}`,
    };
  }
  const versions = definition.windows.length > 0 ? enrichedSql(definition, files) : versionsSql(files);
  const spineKeys = [
    ...new Set([eventColumn, ...definition.key.map((key) => unquoted(spineKey(spine, definition, key)))]),
  ].map(sqlName);
  const known = on(
    [...equalKeys, `g.${eventColumn} <= s.${eventColumn}`, `g.${createdColumn} <= s.${eventColumn}`],
    "v",
  );
  const rows = `SELECT ${spineKeys.map((name) => `s.${name} AS ${sqlName(`_s${unquoted(name)}`)}`).join(", ")}, v.* FROM (SELECT DISTINCT ${spineKeys.join(", ")} FROM spine) s JOIN (${versions}) v ON ${known}
    QUALIFY row_number() OVER (PARTITION BY ${spineKeys.map((name) => `s.${name}`).join(", ")} ORDER BY v.${eventColumn} DESC, v.${ordinalColumn} DESC, v.${commitColumn} DESC) = 1`;
  const same = spineKeys.map((name) => `s.${name} = ${alias}.${sqlName(`_s${unquoted(name)}`)}`).join(" AND ");
  return { rows, join: `LEFT JOIN ${alias}_rows ${alias} ON ${same}` };
}

/** The spine's column that holds the other group's key: its own key of that name, or a feature of that name. */
function spineKey(spine: DataDefinition, group: DataDefinition, key: string): string {
  if (spine.key.includes(key)) return sqlName(keyColumn(key));
  const feature = spine.features.find((one) => one.name === key || one.from === key);
  if (feature === undefined)
    throw fail(
      "DEFINE_INVALID",
      `Expected data/${spine.name} to hold ${JSON.stringify(key)}, the key of data/${group.name}, got ${[...spine.key, ...spine.features.map((one) => one.name)].join(", ")}`,
      {
        hint: `Add ${JSON.stringify(key)} to the key or the features of data/${spine.name}`,
      },
    );
  return sqlName(feature.name);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** Writes the training set as one Parquet file, in a fixed order, so that equal sets are equal bytes. */
export async function writeTrainingSet(query: Query, plan: TrainingSetPlan, path: string): Promise<{ rows: number }> {
  await query.run(`COPY (${plan.sql}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`);
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${sqlText(path)})`);
  return { rows: count?.n ?? 0 };
}

/** Reads a training set back: categories with a sorted dictionary, so that equal sets give equal tables. */
export async function loadTrainingSet(query: Query, path: string, columns: readonly GroupColumn[]): Promise<Table> {
  const file = `read_parquet(${sqlText(path)})`;
  const selected: string[] = [];
  for (const [index, { name, type }] of columns.entries()) {
    const [used] =
      type === "category" ? await query.rows<{ n: number }>(`SELECT count(${sqlName(name)}) AS n FROM ${file}`) : [];
    if ((used?.n ?? 0) === 0) {
      selected.push(sqlName(name));
      continue;
    }
    await query.run(
      `CREATE OR REPLACE TYPE set_column_${index} AS ENUM (SELECT DISTINCT ${sqlName(name)} FROM ${file} WHERE ${sqlName(name)} IS NOT NULL ORDER BY 1)`,
    );
    selected.push(`CAST(${sqlName(name)} AS set_column_${index}) AS ${sqlName(name)}`);
  }
  const table = await query.table(`SELECT ${[eventColumn, ...selected].join(", ")} FROM ${file}`);
  const wanted = new Map(columns.map(({ name, type }) => [name, type]));
  return {
    rowCount: table.rowCount,
    columns: new Map(
      [...table.columns].map(([name, column]) => [
        name,
        wanted.get(name) === "category" && column.type === "text" ? categoryColumn(column.values) : column,
      ]),
    ),
  };
}
