// What an export holds: the rows of a feature group, a training set or a batch of predictions as a query, and what its columns mean.

import { fail } from "../../base/failure.ts";
import type { ColumnType } from "../../base/table.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { eventColumn, type GroupColumn, groupColumns, keyColumn } from "../../features/columns.ts";
import { findCommit, findHead } from "../../features/commits.ts";
import { groupFiles } from "../../features/group-files.ts";
import { enrichedSql, orderSql } from "../../features/relation.ts";
import { newestBatch } from "../../inference/batches.ts";
import { type Query, sqlName, sqlPath } from "../../ports/query.ts";
import type { Project } from "../open-project.ts";
import { finder } from "../run-component.ts";
import { trainingSet } from "./training-set-sql.ts";

export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: "key" | "event time" | GroupColumn["role"] | "prediction";
  readonly unit: string | null;
  readonly description: string | null;
}

/** What is known of a data set beside its rows. */
export interface ExportFacts {
  readonly title: string;
  readonly description: string;
  readonly license: string | null;
  /** Where the rows came from, as their components say it. */
  readonly sources: readonly string[];
  /** What tells one row from another; empty when nothing does. */
  readonly key: readonly string[];
}

export interface ExportRows {
  readonly sql: string;
  readonly facts: ExportFacts;
  /** What is known of columns; others are what the engine takes them for. */
  readonly known: readonly ExportColumn[];
}

/** Throws FEATURES_UNKNOWN, FEATURES_GROUP_EMPTY, INFERENCE_UNKNOWN and what a training set may throw. */
export async function rowsToExport(project: Project, what: string, folder: string): Promise<ExportRows> {
  const [kind, ...rest] = what.split("/");
  const name = rest.join("/");
  if (kind === "features") return groupRows(project, name);
  if (kind === "training") return trainingRows(project, name, folder);
  const { file, version, at } = await newestBatch(project.database, name);
  const when = new Date(at).toISOString();
  return {
    sql: `SELECT * FROM read_parquet(${sqlPath(await project.offline.localPath(file))})`,
    facts: {
      title: `${project.name}: predictions of ${name}`,
      description: `What version ${version} of the model behind inference/${name} predicted at ${when}`,
      license: null,
      sources: [],
      key: [],
    },
    known: [],
  };
}

/**
 * Key and event time under the source's names, then features, windows and labels; a key that is a feature too stands once.
 * `NAME@COMMIT` gives the rows as they stood then; FEATURES_EXPIRED and FEATURES_PURGED say why they may be gone.
 */
async function groupRows(project: Project, what: string): Promise<ExportRows> {
  const [, name = what, number] = /^(.*)@(\d+)$/.exec(what) ?? [];
  const newest = await findHead(project.database, name);
  if (newest === undefined)
    throw fail("FEATURES_UNKNOWN", `Expected a feature group with rows, got ${JSON.stringify(name)}`);
  const head = number === undefined ? newest : await findCommit(project.database, name, Number(number));
  if (head === undefined)
    throw fail(
      "FEATURES_UNKNOWN",
      `Expected a commit of the feature group ${name} from 1 to ${newest.sequence}, got ${number}`,
    );
  const { definition } = head;
  const [declared = definition] = await declaredNow(project, [definition]);
  const own = groupColumns(definition);
  const names = own.map((column) => column.name);
  const keys = definition.key.filter((key) => !names.includes(key));
  const { eventTime } = definition;
  const event = eventTime === null || names.includes(eventTime.column) ? [] : [eventTime.column];
  const columns = [
    ...keys.map((key) => `e.${sqlName(keyColumn(key))} AS ${sqlName(key)}`),
    ...event.map((column) => `e.${eventColumn} AS ${sqlName(column)}`),
    ...names.map((column) => `e.${sqlName(column)}`),
  ];
  const files = await groupFiles(project.database, project.offline, name, head.sequence);
  return {
    sql: `SELECT ${columns.join(", ")} FROM (${enrichedSql(definition, files)}) e ORDER BY ${orderSql(definition, "e")}`,
    facts: {
      title: `${project.name}: ${name}`,
      description:
        declared.description ?? `The rows of data/${name} at its commit ${head.sequence}, each as its newest version`,
      ...origin([declared]),
      key: definition.key.length === 0 ? [] : [...definition.key, ...(eventTime === null ? [] : [eventTime.column])],
    },
    known: [...keyFields(keys), ...eventFields(event), ...own],
  };
}

async function trainingRows(project: Project, name: string, folder: string): Promise<ExportRows> {
  const { sql, training, groups, features, weight, label } = await trainingSet(project, name, folder);
  const problem = finder(await project.components.list())("problem", training.problem);
  const definitions = [...groups.values()].map(({ definition }) => definition);
  const keys = groups.get(training.label.data)?.definition.key ?? [];
  return {
    sql,
    facts: {
      title: `${project.name}: training set of ${name}`,
      description: `${problem.question} For every row${label === null ? "" : ` with the label ${label.name}`}, the features that were known at that time`,
      ...origin(await declaredNow(project, definitions)),
      key: keys.length === 0 ? [] : [...keys.map(keyColumn), eventColumn],
    },
    known: [
      ...eventFields([eventColumn]),
      ...keyFields(keys.map(keyColumn)),
      ...features,
      ...(weight === null ? [] : [weight]),
      ...(label === null ? [] : [label]),
    ],
  };
}

/** What is said of rows may change without a new commit. */
async function declaredNow(project: Project, definitions: readonly DataDefinition[]): Promise<DataDefinition[]> {
  const components = await project.components.list();
  return definitions.map((definition) => {
    const now = components.find(({ id }) => id === `data/${definition.name}`)?.definition;
    return now?.kind === "data" ? now : definition;
  });
}

/** A licence holds for a set only when all of its parts have it. */
function origin(definitions: readonly DataDefinition[]): Pick<ExportFacts, "license" | "sources"> {
  const licenses = new Set(definitions.map(({ license }) => license ?? null));
  return {
    license: licenses.size === 1 ? ([...licenses][0] ?? null) : null,
    sources: definitions.map(({ source }) => source.description),
  };
}

function keyFields(names: readonly string[]): ExportColumn[] {
  return names.map((name) => ({ name, type: "text", role: "key", unit: null, description: "Names the entity" }));
}

function eventFields(names: readonly string[]): ExportColumn[] {
  const description = "When the row's values held, in UTC";
  return names.map((name) => ({ name, type: "time", role: "event time", unit: null, description }));
}

/** The columns of a finished query, in its order. */
export async function exportColumns(query: Query, rows: ExportRows, relation: string): Promise<ExportColumn[]> {
  const described = await query.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM ${relation}`,
  );
  const known = new Map(rows.known.map((column) => [column.name, column]));
  return described.map(({ column_name: name, column_type: type }): ExportColumn => {
    const column = known.get(name) ?? { name, type: typeOf(type), role: "prediction", unit: null, description: null };
    return type.endsWith("[]") ? { ...column, type: "vector" } : column;
  });
}

function typeOf(sqlType: string): ColumnType {
  if (/^(?:TIMESTAMP|DATE)/.test(sqlType)) return "time";
  if (sqlType === "BOOLEAN") return "boolean";
  return sqlType === "VARCHAR" ? "text" : "number";
}
