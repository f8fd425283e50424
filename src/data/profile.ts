// The profile of a file before anyone has described it: what each column holds, what is odd about it, what it may be used for.

import { type Query, sqlName } from "../ports/query.ts";
import {
  type ColumnFacts,
  columnFacts,
  dropMissing,
  type NumberSpread,
  numberSpreads,
  planCells,
} from "./profile-cells.ts";
import { type Finding, findingsOf, share } from "./profile-findings.ts";
import { soundsLikeKey, soundsLikeTime } from "./profile-names.ts";
import { fittingFormat, possibleFormats, type TimeFit } from "./profile-times.ts";
import { decideType, numberSql } from "./profile-types.ts";
import { boundsOf, unitOf } from "./profile-units.ts";
import type { ProfiledColumn } from "./profiled-column.ts";

export interface TableProfile {
  /** Rows of the source, and rows that were looked at. */
  readonly rows: number;
  readonly profiledRows: number;
  /** The texts that mean "missing" in this file. */
  readonly missing: readonly string[];
  readonly columns: readonly ProfiledColumn[];
  /** A view of the profiled rows in the engine: the source's columns, trimmed, missing ones NULL, and `_row`. */
  readonly cells: string;
  /** The relation that was profiled, with all its rows. */
  readonly relation: string;
  readonly findings: readonly Finding[];
}

export interface ProfileOptions {
  /** Rows of the relation, when they are known. */
  readonly rows?: number;
  /** Texts that mean "missing" in most files. */
  readonly missing: readonly string[];
}

/**
 * Profiles a relation whose columns are texts beside `_row`. Tables of more than 200,000 rows (fewer when wide) are
 * judged by a sample.
 */
export async function profileRelation(
  query: Query,
  relation: string,
  columns: readonly string[],
  options: ProfileOptions,
): Promise<TableProfile> {
  const rows = options.rows ?? (await countRows(query, relation));
  const { table, sql } = planCells(relation, columns, rows);
  await query.run(sql);
  const missing = await dropMissing(query, table, columns.length, options.missing);
  const profiledRows = await countRows(query, table);
  const found: ProfiledColumn[] = [];
  for (const [index, facts] of (await columnFacts(query, table, columns.length)).entries())
    found.push(await profileColumn(query, table, index, columns[index] as string, facts, profiledRows));
  const profiled = await markPairs(query, table, markTwins(await withSpreads(query, table, found)));
  const cells = `${table}_named`;
  const named = columns.map((name, index) => `c${index} AS ${sqlName(name)}`).join(", ");
  await query.run(`CREATE VIEW ${sqlName(cells)} AS SELECT ${named}, _row FROM ${sqlName(table)}`);
  const findings = findingsOf(rows, profiledRows, profiled);
  const repeats = profiledRows - (await differentRows(query, table, columns.length));
  if (repeats > profiledRows * 0.05)
    findings.push({
      severity: "warning",
      column: null,
      message: `${share(repeats, profiledRows)} of the rows are exact copies of others: rows that were held out may have been seen in training, and the model looks better than it is`,
    });
  return { rows, profiledRows, missing, columns: profiled, cells, relation, findings };
}

async function differentRows(query: Query, table: string, columnCount: number): Promise<number> {
  const cells = Array.from({ length: columnCount }, (_, index) => `c${index}`);
  const [row] = await query.rows<{ n: number }>(
    `SELECT count(DISTINCT hash(${cells.join(", ")})) AS n FROM ${sqlName(table)}`,
  );
  return row?.n ?? 0;
}

/** Marks columns that repeat an earlier one. */
function markTwins(columns: readonly ProfiledColumn[]): ProfiledColumn[] {
  const seen = new Map<string, string>();
  return columns.map((column) => {
    const { fingerprint, present } = column.facts;
    const twin = present === 0 ? undefined : seen.get(fingerprint);
    if (twin === undefined) seen.set(fingerprint, column.name);
    return twin === undefined ? column : { ...column, duplicateOf: twin };
  });
}

/** More pairs than this are not compared. */
const mostPairs = 200;

/** Marks one of two categories that tell the same in other words: the one that sounds like a code, or the later one. */
async function markPairs(query: Query, table: string, columns: readonly ProfiledColumn[]): Promise<ProfiledColumn[]> {
  const marked = [...columns];
  let pairs = 0;
  for (const [index, column] of columns.entries()) {
    for (let other = 0; other < index && pairs < mostPairs; other++) {
      const earlier = columns[other] as ProfiledColumn;
      if (!mayBePair(earlier, column)) continue;
      pairs++;
      const [row] = await query.rows<{ n: number }>(
        `SELECT count(*) AS n FROM (SELECT DISTINCT c${other}, c${index} FROM ${sqlName(table)} WHERE c${index} IS NOT NULL)`,
      );
      if (row?.n !== column.facts.distinct) continue;
      const [leave, keep] =
        soundsLikeKey(earlier.name) && !soundsLikeKey(column.name) ? [other, index] : [index, other];
      marked[leave] = { ...(marked[leave] as ProfiledColumn), sameAs: (columns[keep] as ProfiledColumn).name };
      break;
    }
  }
  return marked;
}

function mayBePair(a: ProfiledColumn, b: ProfiledColumn): boolean {
  const comparable = (column: ProfiledColumn) =>
    column.type === "category" &&
    column.duplicateOf === null &&
    column.facts.distinct >= 3 &&
    column.facts.distinct <= column.facts.present / 2;
  return comparable(a) && comparable(b) && a.facts.distinct === b.facts.distinct && a.facts.present === b.facts.present;
}

async function withSpreads(query: Query, table: string, columns: readonly ProfiledColumn[]): Promise<ProfiledColumn[]> {
  const numeric = columns.map((column, index) => ({ column, index })).filter(({ column }) => column.type === "number");
  const spreads = new Map<number, NumberSpread | null>();
  for (let from = 0; from < numeric.length; from += 50) {
    const part = numeric.slice(from, from + 50);
    const found = await numberSpreads(
      query,
      table,
      part.map(({ column, index }) => numberSql(`c${index}`, column.writing)),
    );
    for (const [at, { index }] of part.entries()) spreads.set(index, found[at] ?? null);
  }
  return columns.map((column, index) => {
    const spread = spreads.get(index) ?? null;
    return spread === null
      ? column
      : { ...column, spread, bounds: boundsOf(column.name, column.unit, spread.min, spread.max) };
  });
}

async function countRows(query: Query, relation: string): Promise<number> {
  const [row] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${sqlName(relation)}`);
  return row?.n ?? 0;
}

async function profileColumn(
  query: Query,
  table: string,
  index: number,
  name: string,
  facts: ColumnFacts,
  rows: number,
): Promise<ProfiledColumn> {
  const column = `c${index}`;
  const formats = facts.numbers < facts.present * 0.5 ? possibleFormats(facts.some) : numericFormats(name, facts);
  const time = (await fittingFormat(query, sqlName(table), column, formats)) ?? null;
  const { type, writing, fit } = await decided(query, table, column, name, facts, time, rows);
  const unit = type === "number" ? unitOf(name) : undefined;
  return {
    name,
    type,
    facts,
    missing: rows - facts.present,
    unit,
    spread: null,
    bounds: {},
    writing,
    time: type === "time" ? time : null,
    misfits: facts.present - fit,
    duplicateOf: null,
    sameAs: null,
    unique: facts.distinct >= Math.max(2, facts.present * 0.99) && facts.present > rows * 0.5,
  };
}

/** Whole numbers that may be times: seconds or milliseconds since 1970, or days such as 20240131. */
function numericFormats(name: string, facts: ColumnFacts) {
  if (facts.integers < facts.numbers || facts.min === null || facts.max === null || !soundsLikeTime(name)) return [];
  const between = (low: number, high: number) => (facts.min as number) >= low && (facts.max as number) <= high;
  if (between(946_684_800, 2_208_988_800)) return [{ format: "epochSeconds", daily: true }];
  if (between(946_684_800_000, 2_208_988_800_000)) return [{ format: "epochMilliseconds", daily: true }];
  return between(19_000_101, 21_001_231) ? [{ format: "%Y%m%d", daily: true }] : [];
}

async function decided(
  query: Query,
  table: string,
  column: string,
  name: string,
  facts: ColumnFacts,
  time: TimeFit | null,
  rows: number,
) {
  const first = decideType(name, facts, time, undefined, rows);
  if (first.writing === ".") return first;
  // Numbers written with commas: count how many cells read that way before believing it.
  const [row] = await query.rows<{ n: number }>(
    `SELECT count(${numberSql(column, first.writing)}) AS n FROM ${sqlName(table)}`,
  );
  return decideType(name, facts, time, { writing: first.writing, rows: row?.n ?? 0 }, rows);
}
