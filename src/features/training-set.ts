// The point-in-time training set: for every labelled row the feature values that were known at that moment.

import { fail } from "../base/failure.ts";
import { categoryColumn, type Table } from "../base/table.ts";
import type { DataDefinition, TrainingDefinition } from "../define/definition.ts";
import { mergeSelections } from "../define/on-demand-definition.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import {
  createdColumn,
  eventColumn,
  type GroupColumn,
  groupColumns,
  identityColumns,
  keyColumn,
  ordinalColumn,
  vectorSql,
} from "./columns.ts";
import { type PlaceableView, placedRelation, placeViews } from "./join/placed-views.ts";
import { countingSql, planView, type ViewPlan } from "./join/point-in-time.ts";
import { currentSql, enrichedOver, enrichedSql, type GroupFiles, orderSql, versionsSql } from "./relation.ts";
import { knownColumn, knownWindowSteps } from "./windows.ts";

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
  /** The column that says what each row counts, beside the features; null when all count the same. */
  readonly weight: GroupColumn | null;
  /** What can be joined by place, and the query then: see `placedSql`. */
  readonly placeable: {
    readonly views: readonly PlaceableView[];
    readonly spine: string;
    sql(placed: ReadonlyMap<string, readonly number[]>): string;
  };
  /** Null when the task looks at rows without a label. */
  readonly label: GroupColumn | null;
}

/**
 * Which rows of the label's group: those with a label (all of them where there is none), each with what was known at its
 * time; or the newest of every entity (every row when there is no entity) with what is known at `newestAtMs`, as the online
 * store answers: the newest row of every group, unless it is older than the group's time to live.
 */
export type SpineRows = "labelled" | { readonly newestAtMs: number };

/** Plans the join. `groups` holds every group that the training names, pinned to its commit. */
export function planTrainingSet(
  training: TrainingDefinition,
  groups: ReadonlyMap<string, PinnedGroup>,
  rows: SpineRows = "labelled",
): TrainingSetPlan {
  const spine = groups.get(training.label.data) as PinnedGroup;
  const { definition } = spine;
  const label = training.label.name === null ? null : columnOf(definition, training.label.name);
  const features: GroupColumn[] = [];
  const selected: ((values: ReadonlyMap<string, ValueOf>) => string)[] = [];
  const views: ViewPlan[] = [];
  const nowMs = rows === "labelled" ? null : rows.newestAtMs;
  let own: readonly string[] = [];
  let weight: GroupColumn | null = null;
  for (const [index, { data, names }] of weighed(training, nowMs).entries()) {
    const group = groups.get(data) as PinnedGroup;
    const columns = names.map((name) => columnOf(group.definition, name));
    for (const column of columns) {
      if (nowMs === null && training.weight?.data === data && training.weight.name === column.name) weight = column;
      else features.push(column);
    }
    const alias = `g${index}`;
    if (data === training.label.data) {
      own = names;
      selected.push(...names.map((name) => () => `${countingSql(definition, "s", name, nowMs)} AS ${sqlName(name)}`));
      continue;
    }
    views.push(planView(alias, definition, group, columns, nowMs));
    selected.push(
      ...names.map(
        (name) => (values: ReadonlyMap<string, ValueOf>) => `${values.get(alias)?.(name)} AS ${sqlName(name)}`,
      ),
    );
  }
  checkNames([...features, weight, label].filter((column) => column !== null));
  const spineSteps = nowMs !== null ? newestSteps(spine, own) : labelledSteps(spine, own, label);
  const keys = definition.key.map((key) => `s.${sqlName(keyColumn(key))}`);
  const last = label === null ? [] : [`s.${sqlName(label.name)} AS ${sqlName(label.name)}`];
  const order = orderSql(definition, "s");
  const setSql = (from: string, steps: readonly string[], parts: readonly JoinedView[], ordered = false) => {
    const values = new Map(parts.map(({ alias, value }) => [alias, value]));
    const columns = [`s.${eventColumn}`, ...keys, ...selected.map((one) => one(values)), ...last];
    const all = [...steps, ...parts.flatMap((part) => part.steps)];
    const joins = parts.map(({ join }) => join).join(" ");
    return `${all.length === 0 ? "" : `WITH ${all.join(", ")} `}SELECT ${columns.join(", ")} FROM ${from} ${joins}${ordered ? "" : ` ORDER BY ${order}`}`;
  };
  return {
    sql: setSql("spine s", spineSteps, views),
    features,
    weight,
    label,
    placeable: {
      views: views.flatMap(({ placed }) => placed?.view ?? []),
      spine: `WITH ${spineSteps.join(", ")} SELECT * FROM spine s ORDER BY ${order}`,
      sql(placed) {
        const parts = views.map((view) => placedView(view, placed.get(view.alias)));
        return setSql(
          placedRelation,
          [],
          parts,
          parts.every(({ join }) => join === ""),
        );
      },
    },
  };
}

/** What is read of each group: what weighs the rows too, except to answer them. */
function weighed({ features, weight }: TrainingDefinition, nowMs: number | null): TrainingDefinition["features"] {
  if (weight === undefined || nowMs !== null) return features;
  return mergeSelections([...features, { data: weight.data, names: [weight.name] }]);
}

type ValueOf = ViewPlan["value"];
type JoinedView = Pick<ViewPlan, "alias" | "steps" | "join" | "value">;

/** A view whose answers stand beside the label rows needs a join only for what no number holds. */
function placedView(view: ViewPlan, offsets: readonly number[] | undefined): JoinedView {
  const { alias, placed } = view;
  if (offsets === undefined || placed === undefined) return view;
  return { alias, steps: [], join: "", ...placed.rest(offsets), value: placed.value };
}

/**
 * The training set's query, with large sorted groups merged: the same rows in the same order. Leaves tables in the engine
 * that the query reads.
 */
export async function placedSql(query: Query, { sql, placeable }: TrainingSetPlan, manyRows?: number): Promise<string> {
  if (placeable.views.length === 0) return sql;
  const placed = await placeViews(query, placeable.spine, placeable.views, manyRows);
  return placed.size === 0 ? sql : placeable.sql(placed);
}

/** The newest rows show all that is known now, as the online store does. */
function newestSteps({ definition, files }: PinnedGroup, own: readonly string[]): string[] {
  const windows = definition.windows.filter(({ name }) => own.includes(name));
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const partition = keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `;
  const newest =
    keys.length === 0 && definition.eventTime === null
      ? ""
      : `QUALIFY row_number() OVER (${partition}ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC) = 1`;
  return [`spine AS (SELECT * FROM (${enrichedSql({ ...definition, windows }, files)}) ${newest})`];
}

/**
 * The labelled rows with the group's own features. A row's windows show what was known when the row itself became known:
 * rows that came in later than it are not in them, although the newest export of the group counts them.
 */
function labelledSteps(
  { definition, files, late }: PinnedGroup,
  own: readonly string[],
  label: GroupColumn | null,
): string[] {
  const labelled = label === null ? "true" : `${sqlName(label.name)} IS NOT NULL`;
  const windows = definition.windows.filter(({ name }) => own.includes(name));
  if (windows.length === 0 || (!late && !files.revised)) {
    return [`spine AS (SELECT * FROM (${enrichedSql({ ...definition, windows }, files)}) WHERE ${labelled})`];
  }
  const identity = identityColumns(definition).map(sqlName).join(", ");
  const first = files.revised ? `min(${createdColumn}) OVER (PARTITION BY ${identity})` : createdColumn;
  const rows = enrichedOver({ ...definition, windows: [] }, "SELECT * FROM spine_current");
  const anchor = [...definition.key.map((key) => sqlName(keyColumn(key))), eventColumn, knownColumn];
  const values = windows.map(({ name }) => `w.${sqlName(name)}`);
  return [
    `spine_versions AS MATERIALIZED (SELECT *, ${first} AS ${knownColumn} FROM (${versionsSql(files)}))`,
    `spine_current AS MATERIALIZED (${currentSql(definition, files, "spine_versions")})`,
    `spine_rows AS MATERIALIZED (SELECT * FROM (${rows}) WHERE ${labelled})`,
    ...knownWindowSteps(
      definition,
      windows,
      {
        versions: `SELECT * EXCLUDE (${knownColumn}) FROM spine_versions`,
        current: "SELECT * FROM spine_current",
        anchors: "spine_rows",
      },
      "spine",
    ),
    `spine AS (SELECT s.*, ${values.join(", ")} FROM spine_rows s LEFT JOIN spine_windows w ON ${anchor.map((name) => `s.${name} = w.${name}`).join(" AND ")})`,
  ];
}

function columnOf(definition: DataDefinition, name: string): GroupColumn {
  const columns = groupColumns(definition);
  const column = columns.find((one) => one.name === name);
  if (column === undefined)
    throw fail(
      "DATA_COLUMN_MISSING",
      `Expected data/${definition.name} to hold ${JSON.stringify(name)}, got ${columns.map((one) => one.name).join(", ")}`,
    );
  return column;
}

/** A model knows its columns by name alone. */
function checkNames(columns: readonly GroupColumn[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      throw fail("DEFINE_INVALID", `Expected every feature and label of a training once, got two called "${name}"`, {
        hint: `Rename one of them in its data component, e.g. other: number({ from: "${name}" })`,
      });
    seen.add(name);
  }
}

/** Writes the training set as one Parquet file, in a fixed order, so that equal sets are equal bytes. */
export async function writeTrainingSet(query: Query, plan: TrainingSetPlan, path: string): Promise<{ rows: number }> {
  await query.run(`COPY (${await placedSql(query, plan)}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`);
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${sqlText(path)})`);
  return { rows: count?.n ?? 0 };
}

/** Reads a training set back: categories with a sorted dictionary, so that equal sets give equal tables. */
export async function loadTrainingSet(query: Query, path: string, columns: readonly GroupColumn[]): Promise<Table> {
  const file = `read_parquet(${sqlText(path)})`;
  const selected: string[] = [];
  for (const [index, { name, type, dimensions }] of columns.entries()) {
    if (dimensions !== undefined) {
      selected.push(vectorSql(sqlName(name), dimensions, sqlName(name)));
      continue;
    }
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
