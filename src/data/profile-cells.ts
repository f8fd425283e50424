// The SQL of a file's profile: its cells with missing ones as NULL, and the facts of each column.

import { type Query, sqlName, sqlText } from "../ports/query.ts";

export interface CellsPlan {
  /** The table that `sql` creates: columns `c0`, `c1` … and `_row`. */
  readonly table: string;
  readonly sql: string;
}

/** How many cells are looked at; a larger table is sampled by the hash of its row numbers. */
const mostCells = 20_000_000;
const mostRows = 200_000;

/** How many rows the profile rests on, about. */
export function profiledRows(rowCount: number, columnCount: number): number {
  return Math.min(rowCount, mostRows, Math.max(5000, Math.floor(mostCells / Math.max(1, columnCount))));
}

/** The trimmed texts of a relation, or of a sample of it. */
export function planCells(relation: string, columns: readonly string[], rowCount: number): CellsPlan {
  const table = `${relation}_cells`;
  const cells = columns.map((column, index) => `nullif(trim(${sqlName(column)}), '') AS c${index}`);
  const share = profiledRows(rowCount, columns.length) / rowCount;
  const sampled = share < 1 ? ` WHERE hash(_row) % 1000000 < ${Math.round(share * 1_000_000)}` : "";
  return {
    table,
    sql: `CREATE TABLE ${sqlName(table)} AS SELECT ${cells.join(", ")}, _row FROM ${sqlName(relation)}${sampled}`,
  };
}

/** Texts that mean "missing" in most files and something in some: no damage, Namibia. */
const twoFaced = ["None", "NA"] as const;

/** Columns are counted so many at a time. */
const batch = 50;

/**
 * Takes the texts that mean "missing" out of the cells, and says which they are here. "None" and "NA" are values where
 * they stand among other words, as "None, Minor, Substantial" do, and no cell of their column is empty.
 */
export async function dropMissing(
  query: Query,
  table: string,
  columnCount: number,
  usual: readonly string[],
): Promise<string[]> {
  const longest = Math.max(0, ...usual.map((text) => text.length));
  // An IN list would become a join of its own for every column.
  const among = (column: string, texts: readonly string[]) =>
    `(length(${column}) <= ${longest} AND list_contains([${texts.map(sqlText).join(", ")}], ${column}))`;
  const found: { column: string; count: number; empty: number; of: Record<string, number> }[] = [];
  for (let from = 0; from < columnCount; from += batch) {
    const indexes = Array.from({ length: Math.min(batch, columnCount - from) }, (_, at) => from + at);
    const counts = indexes.flatMap((index) => [
      `count(*) FILTER (${among(`c${index}`, usual)}) AS n${index}`,
      `count(*) FILTER (c${index} IS NULL) AS e${index}`,
      ...twoFaced.map((text) => `count(*) FILTER (c${index} = ${sqlText(text)}) AS ${sqlName(`${text}${index}`)}`),
    ]);
    const [row = {}] = await query.rows<Record<string, number>>(`SELECT ${counts.join(", ")} FROM ${sqlName(table)}`);
    for (const index of indexes)
      found.push({
        column: `c${index}`,
        count: row[`n${index}`] ?? 0,
        empty: row[`e${index}`] ?? 0,
        of: Object.fromEntries(twoFaced.map((text) => [text, row[`${text}${index}`] ?? 0])),
      });
  }
  const values = new Set<string>();
  const markers = new Set<string>();
  for (const { column, empty, of } of found) {
    for (const text of twoFaced) {
      if ((of[text] ?? 0) === 0) continue;
      const [others] = await query.rows<Record<string, number>>(
        `SELECT count(*) AS kinds, count(TRY_CAST(v AS DOUBLE)) AS numbers, count(*) FILTER (regexp_full_match(v, '[A-Z]{2,3}')) AS codes
        FROM (SELECT DISTINCT ${column} AS v FROM ${sqlName(table)} WHERE NOT ${among(column, usual)})`,
      );
      const { kinds = 0, numbers = 0, codes = 0 } = others ?? {};
      const word = empty === 0 && kinds > 0 && numbers === 0 && kinds <= 1000 && (text === "None" || codes === kinds);
      (word ? values : markers).add(text);
    }
  }
  const missing = usual.filter((text) => !values.has(text) || markers.has(text));
  for (const { column, count } of found)
    if (count > 0) await query.run(`UPDATE ${sqlName(table)} SET ${column} = NULL WHERE ${among(column, missing)}`);
  return missing;
}

/** What is counted of every column. */
export interface ColumnFacts {
  readonly present: number;
  readonly distinct: number;
  /** Values that occur once. */
  readonly singles: number;
  /** Rows whose text is a number, a whole number, a number that begins with a needless zero. */
  readonly numbers: number;
  readonly integers: number;
  readonly leadingZeros: number;
  /** Different numbers; "1" and "1.0" are one. */
  readonly distinctNumbers: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly meanLength: number;
  readonly maxLength: number;
  /** Rows with a blank inside. */
  readonly spaced: number;
  /** The most frequent values, most frequent first; equal ones in the order of their texts. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
  /** Some of the values, by chance. */
  readonly some: readonly string[];
  /** Equal for columns with equal cells. */
  readonly fingerprint: string;
}

const topCount = 40;
const someCount = 200;

/** Columns counted by one query: its parts run side by side, and a short table keeps one core busy per part only. */
const factsBatch = 8;

/** The facts of every column, in order. */
export async function columnFacts(query: Query, table: string, columnCount: number): Promise<ColumnFacts[]> {
  const found: ColumnFacts[] = [];
  for (let from = 0; from < columnCount; from += factsBatch) {
    const indexes = Array.from({ length: Math.min(factsBatch, columnCount - from) }, (_, at) => from + at);
    const rows = await query.rows<Record<string, number | string | null>>(
      `${indexes.map((index) => `(${factsSql(table, index)})`).join(" UNION ALL ")} ORDER BY "index"`,
    );
    for (const facts of rows)
      found.push({
        ...facts,
        top: JSON.parse((facts.top as string | null) ?? "[]"),
        some: JSON.parse((facts.some as string | null) ?? "[]"),
      } as unknown as ColumnFacts);
  }
  return found;
}

function factsSql(table: string, index: number): string {
  const column = `c${index}`;
  const number = "CASE WHEN isfinite(TRY_CAST(v AS DOUBLE)) THEN TRY_CAST(v AS DOUBLE) END";
  return `WITH g AS MATERIALIZED (SELECT ${column} AS v, count(*) AS n FROM ${sqlName(table)} WHERE ${column} IS NOT NULL GROUP BY 1),
      f AS (SELECT v, n, ${number} AS x FROM g)
    SELECT ${index} AS "index", coalesce(sum(n), 0) AS present, count(*) AS "distinct", count(*) FILTER (n = 1) AS singles,
      coalesce(sum(n) FILTER (x IS NOT NULL), 0) AS numbers, coalesce(sum(n) FILTER (x = trunc(x)), 0) AS integers,
      coalesce(sum(n) FILTER (x IS NOT NULL AND length(v) > 1 AND v[1] = '0' AND v[2] BETWEEN '0' AND '9'), 0) AS "leadingZeros",
      count(DISTINCT x) AS "distinctNumbers", min(x) AS min, max(x) AS max,
      coalesce(sum(length(v) * n) / sum(n), 0) AS "meanLength", coalesce(max(length(v)), 0) AS "maxLength",
      coalesce(sum(n) FILTER (contains(v, ' ')), 0) AS spaced,
      (SELECT to_json(list({'value': v, 'count': n} ORDER BY n DESC, v)) FROM (SELECT v, n FROM g ORDER BY n DESC, v LIMIT ${topCount}))::VARCHAR AS top,
      (SELECT to_json(list(v ORDER BY v)) FROM (SELECT v FROM g ORDER BY hash(v) LIMIT ${someCount}))::VARCHAR AS some,
      (SELECT sum(hash(${column}, _row)::HUGEINT)::VARCHAR || ':' || count(${column}) FROM ${sqlName(table)}) AS fingerprint
    FROM f`;
}

/** The spread of a number column: quantiles at 1, 25, 50, 75 and 99 %, mean and standard deviation. */
export interface NumberSpread {
  readonly quantiles: readonly [number, number, number, number, number];
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Values further than three interquartile ranges from the middle half. */
  readonly outliers: number;
}

/** The spreads of many columns at once; `numbers` are SQL texts. Null where a column has no number. */
export async function numberSpreads(
  query: Query,
  table: string,
  numbers: readonly string[],
): Promise<(NumberSpread | null)[]> {
  if (numbers.length === 0) return [];
  const cast = `(SELECT ${numbers.map((sql, index) => `${sql} AS x${index}`).join(", ")} FROM ${sqlName(table)})`;
  const percents = [1, 25, 50, 75, 99];
  const facts = numbers.flatMap((_, index) => {
    const x = `x${index}`;
    const quantiles = percents.map(
      (percent, at) =>
        `list_extract(quantile_cont(${x}, [${percents.map((one) => one / 100).join(", ")}]), ${at + 1}) AS q${percent}_${index}`,
    );
    return [
      ...quantiles,
      `avg(${x}) AS mean_${index}`,
      `coalesce(stddev_samp(${x}), 0) AS std_${index}`,
      `min(${x}) AS min_${index}`,
      `max(${x}) AS max_${index}`,
    ];
  });
  const [row = {}] = await query.rows<Record<string, number | null>>(`SELECT ${facts.join(", ")} FROM ${cast}`);
  const far = numbers.map((_, index) => {
    const low = row[`q25_${index}`] ?? 0;
    const high = row[`q75_${index}`] ?? 0;
    return `count(*) FILTER (x${index} < ${low - 3 * (high - low)} OR x${index} > ${high + 3 * (high - low)}) AS n${index}`;
  });
  const [outliers = {}] = await query.rows<Record<string, number>>(`SELECT ${far.join(", ")} FROM ${cast}`);
  return numbers.map((_, index) => {
    const fact = (name: string) => row[`${name}_${index}`] as number;
    if (row[`mean_${index}`] === null || row[`mean_${index}`] === undefined) return null;
    const quantiles = percents.map((percent) => fact(`q${percent}`)) as unknown as NumberSpread["quantiles"];
    return {
      quantiles,
      mean: fact("mean"),
      std: fact("std"),
      min: fact("min"),
      max: fact("max"),
      outliers: outliers[`n${index}`] ?? 0,
    };
  });
}
