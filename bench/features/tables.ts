// The tables of the feature benches: what a peer is given as it came, and the same as a feature group's sorted file.

import { join } from "node:path";
import type { DataDefinition, FeatureDefinition, TrainingDefinition } from "../../src/define/definition.ts";
import { missingTexts } from "../../src/define/definition.ts";
import type { PinnedGroup } from "../../src/features/training-set.ts";
import { type Query, sqlName, sqlText } from "../../src/ports/query.ts";

export interface BenchTable {
  readonly name: string;
  readonly rows: number;
  readonly entities: number;
  readonly features: readonly string[];
  readonly label?: string;
}

/** Writes `NAME.parquet` (in no order, whole-number keys) and `NAME.sorted.parquet` (a commit of a feature group). */
export async function writeTable(query: Query, folder: string, table: BenchTable, seed: number): Promise<PinnedGroup> {
  const columns = [...table.features, ...(table.label === undefined ? [] : [table.label])];
  const chance = (index: number) => `hash(i * 1000003 + ${seed * 7919 + index})`;
  const cells = columns.map((name, index) => `CAST(${chance(index)} % 100000 AS DOUBLE) / 1000 AS ${sqlName(name)}`);
  const raw = join(folder, `${table.name}.parquet`);
  const sorted = join(folder, `${table.name}.sorted.parquet`);
  await query.run(
    `COPY (SELECT CAST(${chance(-1)} % ${table.entities} AS BIGINT) AS entity, make_timestamp(CAST(1700000000000000 + (${chance(-2)} % 30000000) * 1000000 AS BIGINT)) AS ts, ${cells.join(", ")}
     FROM range(${table.rows}) t(i)) TO ${sqlText(raw)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await query.run(
    `COPY (SELECT CAST(entity AS VARCHAR) AS _key_entity, ts AS _event, row_number() OVER (PARTITION BY entity, ts) AS _ordinal, CAST(NULL AS TIMESTAMP) AS _created, CAST(1 AS BIGINT) AS _commit, ${columns.map(sqlName).join(", ")}
     FROM read_parquet(${sqlText(raw)}) ORDER BY _key_entity, _event, _ordinal) TO ${sqlText(sorted)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return { definition: definitionOf(table), files: { paths: [sorted], revised: false, repeated: true }, late: false };
}

function definitionOf({ name, features, label }: BenchTable): DataDefinition {
  const feature = (column: string): FeatureDefinition => ({
    name: column,
    type: "number",
    from: column,
    optional: false,
  });
  return {
    kind: "data",
    name,
    source: { kind: "none", description: "nothing", watch: null },
    schedule: null,
    key: ["entity"],
    eventTime: { column: "ts", format: null },
    features: features.map(feature),
    windows: [],
    labels:
      label === undefined
        ? []
        : [{ name: label, type: "number", column: feature(label), expression: null, aheadMs: null }],
    transform: false,
    missing: missingTexts,
    quarantineBudget: 0.1,
    freshForMs: null,
    limits: { timeMs: 1, memoryMb: 1 },
  };
}

export function trainingOf(label: BenchTable, views: readonly BenchTable[]): TrainingDefinition {
  return {
    kind: "training",
    name: "bench",
    label: { data: label.name, name: label.label as string },
    features: views.map(({ name, features }) => ({ data: name, names: features })),
  } as unknown as TrainingDefinition;
}

/** The join as one would write it by hand over the unsorted files. */
export function handWritten(folder: string, label: BenchTable, views: readonly BenchTable[]): string {
  const file = (name: string) => `read_parquet(${sqlText(join(folder, `${name}.parquet`))})`;
  const selected = views.flatMap(({ name, features }) => features.map((one) => `${name}.${sqlName(one)}`));
  const joins = views.map(
    ({ name }) => `ASOF LEFT JOIN ${file(name)} ${name} ON l.entity = ${name}.entity AND l.ts >= ${name}.ts`,
  );
  return `SELECT l.ts, l.entity, ${selected.join(", ")}, l.${label.label} FROM ${file(label.name)} l ${joins.join(" ")}`;
}
