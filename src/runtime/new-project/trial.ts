// Tries a planned data component on the profiled rows: which rows it would refuse, and its typed columns for a first model.

import { type Column, categoryColumn, type Table, takeRows } from "../../base/table.ts";
import { judgedSql, refusalsSql } from "../../data/checks.ts";
import type { TableProfile } from "../../data/profile.ts";
import { defineData } from "../../define/data.ts";
import type { DataOptions, EventTime } from "../../define/data-options.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { describe } from "../../define/describe.ts";
import { boolean, category, type Feature, type Features, number, text, time } from "../../define/feature.ts";
import type { Labels } from "../../define/label.ts";
import type { Windows } from "../../define/window.ts";
import { eventColumn, storedColumns } from "../../features/columns.ts";
import { toLabel } from "../../learn/label.ts";
import type { Label, Task } from "../../learn/model.ts";
import { type Query, sqlName, sqlText } from "../../ports/query.ts";
import type { Source } from "../../ports/source.ts";
import { type FieldPlan, hourPattern, type SchemaPlan } from "./schema.ts";

/** The definition that the written file will give, made by the same words. */
export function definitionOf(plan: SchemaPlan, source: Source, name: string): DataDefinition {
  const { key, eventTime, missing } = plan;
  const options = {
    source,
    ...(key.length === 0 ? {} : { key: key.length === 1 ? (key[0] as string) : key }),
    ...(eventTime === null ? {} : { eventTime: eventTime as EventTime }),
    ...(missing === null ? {} : { missing }),
    features: Object.fromEntries(plan.features.map((field) => [field.name, feature(field)])),
    labels: plan.label === null ? {} : { [plan.label.name]: feature(plan.label) },
  } as DataOptions<Features, Windows, Labels, string, string | EventTime>;
  return describe(defineData(options), () => name) as DataDefinition;
}

function feature({ word, options }: FieldPlan): Feature {
  const words = { number, category, boolean, text, time } as unknown as Record<string, (options: object) => Feature>;
  return (words[word] as (options: object) => Feature)(options);
}

/** The profiled rows with the hour of the event time as one more column. */
export async function addHour(query: Query, profile: TableProfile, timeColumn: string): Promise<TableProfile> {
  const cells = `${profile.cells}_hour`;
  const hour = `nullif(regexp_extract(${sqlName(timeColumn)}, ${sqlText(hourPattern)}, 1), '')`;
  await query.run(`CREATE VIEW ${sqlName(cells)} AS SELECT *, ${hour} AS hour FROM ${sqlName(profile.cells)}`);
  return { ...profile, cells };
}

/** The profiled rows with their times rewritten as the transform will do it. */
export async function rewriteTimes(query: Query, profile: TableProfile, plan: SchemaPlan): Promise<TableProfile> {
  if (plan.rewrite === null || plan.eventTime === null) return profile;
  const cells = `${profile.cells}_rewritten`;
  const column = sqlName(plan.eventTime.column);
  await query.run(
    `CREATE VIEW ${sqlName(cells)} AS SELECT * REPLACE (${plan.rewrite.sql} AS ${column}) FROM ${sqlName(profile.cells)}`,
  );
  return { ...profile, cells };
}

export interface Trial {
  readonly rows: number;
  /** Rows that the component would send to quarantine. */
  readonly refused: number;
  /** By column, the most refused rows first. */
  readonly refusedBy: readonly { readonly name: string; readonly rows: number }[];
}

/** A share of the rows by chance, the same ones each time. */
function some(profile: TableProfile, rows: number, of: number): string {
  const share = rows / Math.max(1, of);
  const where = share < 1 ? ` WHERE hash(_row, 7) % 1000000 < ${Math.ceil(share * 1_000_000)}` : "";
  return `(SELECT * FROM ${sqlName(profile.cells)}${where})`;
}

const triedRows = 50_000;

/** Holds the profiled rows, at most about 50,000 of them, against the definition. */
export async function tryOut(query: Query, profile: TableProfile, definition: DataDefinition): Promise<Trial> {
  const { sql, columns } = refusalsSql(definition, some(profile, triedRows, profile.profiledRows));
  const [row] = await query.rows<Record<string, number>>(sql);
  const refusedBy = columns
    .map((name, index) => ({ name, rows: row?.[`n${index}`] ?? 0 }))
    .filter(({ rows }) => rows > 0);
  return { rows: row?.rows ?? 0, refused: row?.refused ?? 0, refusedBy: refusedBy.sort((a, b) => b.rows - a.rows) };
}

export interface Sample {
  readonly features: Table;
  /** Milliseconds; null without an event time. */
  readonly times: Float64Array | null;
}

export interface LabelledSample extends Sample {
  readonly label: Label;
}

/** What one look needs; more rows would only take longer. */
const sampleRows = 20_000;

/** The labelled rows, at most 20,000 by chance, typed as the component will type them. */
export async function labelledSample(
  query: Query,
  profile: TableProfile,
  definition: DataDefinition,
  labelName: string,
  task: Task,
): Promise<LabelledSample> {
  const from = definition.labels[0]?.column?.from ?? labelName;
  const labelled = profile.columns.find(({ name }) => name === from)?.facts.present ?? 0;
  const { columns, ...sample } = await typedRows(query, profile, definition, {
    rows: labelled,
    where: `${sqlName(labelName)} IS NOT NULL`,
  });
  const features = new Map([...columns].filter(([name]) => name !== labelName));
  return {
    ...sample,
    features: { ...sample.features, columns: features },
    label: toLabel(columns.get(labelName) as Column, task),
  };
}

/** At most 20,000 rows by chance, typed as the component will type them. */
export async function unlabelledSample(
  query: Query,
  profile: TableProfile,
  definition: DataDefinition,
): Promise<Sample> {
  const { features, times } = await typedRows(query, profile, definition, {
    rows: profile.profiledRows,
    where: "true",
  });
  return { features, times };
}

async function typedRows(
  query: Query,
  profile: TableProfile,
  definition: DataDefinition,
  { rows, where }: { readonly rows: number; readonly where: string },
): Promise<Sample & { readonly columns: ReadonlyMap<string, Column> }> {
  const event = definition.eventTime === null ? [] : [eventColumn];
  const wanted = [...event, ...storedColumns(definition).map(({ name }) => name)];
  const judged = judgedSql(definition, some(profile, sampleRows * 1.1, rows));
  const table = await query.table(
    `SELECT ${wanted.map(sqlName).join(", ")} FROM (${judged}) WHERE _problem IS NULL AND ${where} ORDER BY _row`,
  );
  const kept = table.rowCount > sampleRows ? takeRows(table, everyNth(table.rowCount, sampleRows)) : table;
  const texts = new Set(definition.features.flatMap(({ name, type }) => (type === "text" ? [name] : [])));
  const typed = new Map(
    wanted.map((name) => {
      const column = kept.columns.get(name) as Column;
      return [name, column.type === "text" && !texts.has(name) ? categoryColumn(column.values) : column];
    }),
  );
  const times = typed.get(eventColumn);
  const columns = new Map([...typed].filter(([name]) => name !== eventColumn));
  return {
    columns,
    features: { rowCount: kept.rowCount, columns },
    times: times !== undefined && times.type === "time" ? times.values : null,
  };
}

function everyNth(count: number, wanted: number): Int32Array {
  return Int32Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
}
