// Per-commit statistics of a feature group: the profile that people look at and that drift is measured against.

import type { Value } from "../base/table.ts";
import type { DataDefinition } from "../define/definition.ts";
import { type Query, sqlName } from "../ports/query.ts";
import { type GroupColumn, groupColumns } from "./columns.ts";

export interface ColumnStatistics {
  readonly name: string;
  readonly missing: number;
  /** Exact up to half a million rows, a sketch (HyperLogLog) beyond. */
  readonly distinct: number;
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly mean: number | null;
  readonly std: number | null;
  /** The 1, 25, 50, 75 and 99 % quantiles of a number. */
  readonly quantiles: readonly number[] | null;
  /** Twenty equal-width counts from min to max; null for columns that are not numbers. */
  readonly histogram: readonly number[] | null;
  readonly top: readonly { readonly value: string; readonly count: number }[] | null;
}

export interface GroupStatistics {
  readonly rows: number;
  readonly columns: readonly ColumnStatistics[];
}

const bins = 20;
const topCount = 20;
const quantileLevels = [0.01, 0.25, 0.5, 0.75, 0.99];
/** Up to this many rows distinct counts and quantiles are exact; beyond, sketches keep the pass short. */
const exactRows = 500_000;
/** Each distinct count holds a hash table per thread: a wide table's columns are summarised so many at a time. */
const batch = 25;

/** Computes the statistics of `relation`, which must hold every column of the group under its own name. */
export async function computeStatistics(
  query: Query,
  relation: string,
  definition: DataDefinition,
): Promise<GroupStatistics> {
  const columns = groupColumns(definition);
  const [size] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${relation}`);
  const exact = (size?.n ?? 0) <= exactRows;
  const facts = { n: size?.n ?? 0 } as Record<string, Value>;
  for (let from = 0; from < columns.length; from += batch)
    Object.assign(facts, await summarise(query, relation, columns.slice(from, from + batch), from, exact));
  const statistics: ColumnStatistics[] = [];
  for (const [index, column] of columns.entries()) {
    const fact = (name: string) => facts[`${name}${index}`] ?? null;
    const numeric = column.type === "number";
    const [low, high] = numeric ? [fact("min") as number | null, fact("max") as number | null] : [null, null];
    statistics.push({
      name: column.name,
      missing: (facts.n as number) - (fact("present") as number),
      distinct: fact("distinct") as number,
      min: orderedFact(column, fact("min")),
      max: orderedFact(column, fact("max")),
      mean: numeric ? (fact("mean") as number | null) : null,
      std: numeric ? (fact("std") as number | null) : null,
      quantiles:
        low === null || high === null
          ? null
          : // Between two equal values the engine's own last digits may leave them.
            quantileLevels.map((_, level) => Math.min(high, Math.max(low, fact(`q${level}_`) as number))),
      histogram: low === null || high === null ? null : await histogram(query, relation, column.name, low, high),
      top:
        column.type === "category" || column.type === "boolean" ? await topValues(query, relation, column.name) : null,
    });
  }
  return { rows: facts.n as number, columns: statistics };
}

/** The facts of some columns under names that end in their index, counted from `first`. */
async function summarise(
  query: Query,
  relation: string,
  columns: readonly GroupColumn[],
  first: number,
  exact: boolean,
): Promise<Record<string, Value>> {
  const parts = columns.flatMap((column, index) => summarySql(column, first + index, exact));
  // One list of quantiles a column sorts it once; five single ones would sort it five times.
  const quantiles = columns.flatMap(({ type }, index) =>
    type === "number"
      ? quantileLevels.map((_, level) => `quantiles${first + index}[${level + 1}] AS q${level}_${first + index}`)
      : [],
  );
  const [summary = {}] = await query.rows<Record<string, Value>>(
    `SELECT ${["*", ...quantiles].join(", ")} FROM (SELECT ${parts.join(", ")} FROM ${relation})`,
  );
  return summary;
}

function summarySql(column: GroupColumn, index: number, exact: boolean): string[] {
  const name = sqlName(column.name);
  // Vectors are told apart by 64 bits of each: the engine would hold them all.
  const [told, filter] =
    column.type === "vector" ? [`hash(${name})`, ` FILTER (WHERE ${name} IS NOT NULL)`] : [name, ""];
  const shared = [
    `count(${name}) AS present${index}`,
    `${exact ? `count(DISTINCT ${told})` : `approx_count_distinct(${told})`}${filter} AS distinct${index}`,
  ];
  if (column.type !== "number" && column.type !== "time") return shared;
  if (column.type === "time") return [...shared, `min(${name}) AS min${index}`, `max(${name}) AS max${index}`];
  const finite = `CASE WHEN isfinite(${name}) THEN ${name} END`;
  // The square of anything larger is no number any more, and the engine refuses the whole statement.
  const moderate = `CASE WHEN abs(${name}) < 1e150 THEN ${name} END`;
  const levels = quantileLevels.join(", ");
  return [
    ...shared,
    `min(${finite}) AS min${index}`,
    `max(${finite}) AS max${index}`,
    `avg(${moderate}) AS mean${index}`,
    `stddev_samp(${moderate}) AS std${index}`,
    `${exact ? "quantile_cont" : "approx_quantile"}(${finite}, [${levels}]) AS quantiles${index}`,
  ];
}

function orderedFact(column: GroupColumn, value: Value): number | string | null {
  return column.type === "number" || column.type === "time" ? (value as number | string | null) : null;
}

async function histogram(query: Query, relation: string, name: string, low: number, high: number): Promise<number[]> {
  const counts = new Array<number>(bins).fill(0);
  const bin = binSql(sqlName(name), low, high, bins);
  for (const row of await query.rows<{ bin: number; n: number }>(
    `SELECT ${bin} AS bin, count(*) AS n FROM ${relation} WHERE isfinite(${sqlName(name)}) GROUP BY 1`,
  ))
    counts[row.bin] = row.n;
  return counts;
}

/** The number of the bar, from 0, that a value falls into; values beyond the ends count to the outermost ones. */
export function binSql(value: string, low: number, high: number, count: number): string {
  const width = high / count - low / count;
  if (!(width > 0)) return "0";
  // The span of huge values is no number any more.
  const place = Number.isFinite(high - low)
    ? `(${value} - (${low})) / ${width}`
    : `${value} / ${width} - (${low / width})`;
  return `CAST(greatest(0, least(${count - 1}, floor(${place}))) AS INTEGER)`;
}

async function topValues(query: Query, relation: string, name: string): Promise<{ value: string; count: number }[]> {
  const rows = await query.rows<{ value: string; n: number }>(
    `SELECT CAST(${sqlName(name)} AS VARCHAR) AS value, count(*) AS n FROM ${relation} WHERE ${sqlName(name)} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT ${topCount}`,
  );
  return rows.map(({ value, n }) => ({ value, count: n }));
}
