// The checks of a data component as SQL: every raw text becomes a typed value, or a reason why it cannot.

import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn, sqlTypes, storedColumns } from "../features/columns.ts";
import { sqlName, sqlText } from "../ports/query.ts";
import { timeSql } from "./time-sql.ts";

/**
 * A column in three layers of SQL, each over the one before, so that nothing is computed twice and the costly words are
 * computed for bad cells only: `parsed` over the raw row `r`; `sound` over that; `value` and `problem` over both.
 */
interface CheckedColumn {
  readonly name: string;
  /** A first reading of the cell, e.g. a number. */
  readonly parsed: string;
  /** True when that reading is the value and breaks no rule. */
  readonly sound: string;
  readonly value: string;
  /** Why the row is rejected; NULL when all is well. */
  readonly problem: string;
}

/**
 * A query that gives every row of `raw` (cells are texts) typed under the stored names, its number `_row`, and `_problem`:
 * every reason against it, or NULL. `extra` are further columns of the result.
 */
export function judgedSql(definition: DataDefinition, raw: string, extra: readonly string[] = []): string {
  const columns = checkedColumns(definition);
  const values = columns.map(
    (column, index) =>
      `CASE WHEN _sound_${index} THEN _parsed_${index} ELSE ${column.value} END AS ${sqlName(column.name)}`,
  );
  const problem = `NULLIF(concat_ws('; ', ${problemsOf(columns).join(", ")}), '') AS _problem`;
  return `SELECT r._row, ${[...values, ...extra, problem].join(", ")} FROM ${soundSql(columns, raw)} r`;
}

/** How many rows of `raw` each column would reject, under the stored names, and how many rows that makes (`refused`). */
export function refusalsSql(definition: DataDefinition, raw: string): { sql: string; columns: readonly string[] } {
  const columns = checkedColumns(definition);
  const problems = problemsOf(columns).map((problem, index) => `${problem} AS _problem_${index}`);
  const counts = columns.map((_, index) => `count(_problem_${index}) AS n${index}`);
  const any = `coalesce(${columns.map((_, index) => `_problem_${index}`).join(", ")}, NULL)`;
  return {
    sql: `SELECT count(*) AS rows, count(${any}) AS refused, ${counts.join(", ")} FROM (SELECT ${problems.join(", ")} FROM ${soundSql(columns, raw)} r)`,
    columns: columns.map(({ name }) => name),
  };
}

function problemsOf(columns: readonly CheckedColumn[]): string[] {
  return columns.map((column, index) => `CASE WHEN NOT _sound_${index} THEN ${column.problem} END`);
}

/** The lower two layers: every cell parsed, and whether that is sound. */
function soundSql(columns: readonly CheckedColumn[], raw: string): string {
  const parsed = columns.map((column, index) => `${column.parsed} AS _parsed_${index}`);
  const sound = columns.map((column, index) => `coalesce(${column.sound}, false) AS _sound_${index}`);
  return `(SELECT *, ${sound.join(", ")} FROM (SELECT *, ${parsed.join(", ")} FROM ${raw} r) r)`;
}

function checkedColumns(definition: DataDefinition): CheckedColumn[] {
  const missing = missingTest(definition.missing);
  const columns = [
    ...definition.key.map((key) => keyCheck(key, missing)),
    ...eventTimeCheck(definition, missing),
    ...storedColumns(definition).map((feature) =>
      feature.of === undefined ? featureCheck(feature, missing) : embeddingCheck(feature),
    ),
  ];
  return columns.map((check, index) => check(`_parsed_${index}`));
}

/** Takes the name under which the parsed cell is known to the later layers. */
type Check = (parsed: string) => CheckedColumn;
interface MissingTest {
  (text: string): string;
  readonly texts: readonly string[];
}

/** The source columns that the definition reads, each once. */
export function neededColumns(definition: DataDefinition): string[] {
  const event = definition.eventTime === null ? [] : [definition.eventTime.column];
  const features = storedColumns(definition).filter(({ of }) => of === undefined);
  return [...new Set([...definition.key, ...event, ...features.map((feature) => feature.from)])];
}

function keyCheck(key: string, missing: MissingTest): Check {
  const raw = `r.${sqlName(key)}`;
  return (parsed) => ({
    name: keyColumn(key),
    parsed: `trim(${raw})`,
    sound: `NOT ${missing(parsed)}`,
    value: "NULL",
    problem: sqlText(`${key}: expected a key, got nothing`),
  });
}

function eventTimeCheck(definition: DataDefinition, missing: MissingTest): Check[] {
  if (definition.eventTime === null) return [];
  const { column, format } = definition.eventTime;
  const raw = `r.${sqlName(column)}`;
  const wanted = `${column}: expected a time ${format === null ? "in ISO 8601, or its format named in eventTime" : `written as ${format}`}`;
  const problem = `CASE WHEN ${missing(`trim(${raw})`)} THEN ${sqlText(`${column}: expected an event time, got nothing`)} ELSE ${got(wanted, raw)} END`;
  return [
    (parsed) => ({
      name: eventColumn,
      parsed: timeSql(raw, format ?? undefined),
      sound: `${parsed} IS NOT NULL`,
      value: "NULL",
      problem,
    }),
  ];
}

function featureCheck(feature: FeatureDefinition, missing: MissingTest): Check {
  const raw = `r.${sqlName(feature.from)}`;
  const absent = missing(`trim(${raw})`);
  return (parsed) => {
    const { first, value } = readings(feature, raw, parsed);
    const rules = rulesOf(feature, value, raw);
    const nothing = feature.optional ? "NULL" : sqlText(`${feature.name}: expected ${kindOf(feature)}, got nothing`);
    // A text such as "-1" may mean "missing" and still read as a number.
    const numeric = missing.texts.some((text) => text.trim() !== "" && Number.isFinite(Number(text)));
    const doubtful = feature.type === "number" && !numeric ? "false" : absent;
    return {
      name: feature.name,
      parsed: first,
      sound: [`${parsed} IS NOT NULL`, `NOT ${doubtful}`, ...soundness(feature, parsed)].join(" AND "),
      value: `CASE WHEN NOT ${absent} THEN ${value} END`,
      problem: `CASE WHEN ${absent} THEN ${nothing} ${rules.map((rule) => `WHEN ${rule.broken} THEN ${rule.words}`).join(" ")} END`,
    };
  };
}

/** It is made of other columns once they have been checked. */
function embeddingCheck({ name, type }: FeatureDefinition): Check {
  return () => ({ name, parsed: `CAST(NULL AS ${sqlTypes[type]})`, sound: "true", value: "NULL", problem: "NULL" });
}

/** The plain reading of a cell, and the full one for cells of which the plain one made nothing. */
function readings(feature: FeatureDefinition, raw: string, parsed: string): { first: string; value: string } {
  switch (feature.type) {
    case "number":
      return feature.decimal === ","
        ? { first: numberSql(raw, ","), value: parsed }
        : { first: `TRY_CAST(${raw} AS DOUBLE)`, value: numberSql(raw, ".") };
    case "boolean":
      return { first: booleanSql(raw), value: parsed };
    case "time":
      return { first: timeSql(raw, feature.format), value: parsed };
    case "category":
      return { first: `trim(${raw})`, value: parsed };
    case "text":
      return { first: raw, value: parsed };
    case "vector":
      return { first: `TRY_CAST(${raw} AS FLOAT[])`, value: parsed };
  }
}

function soundness(feature: FeatureDefinition, parsed: string): string[] {
  return [
    ...(feature.type === "number" ? [`isfinite(${parsed})`] : []),
    ...(feature.type === "vector" ? [vectorSql(feature, parsed)] : []),
    ...(feature.min === undefined ? [] : [`${parsed} >= ${feature.min}`]),
    ...(feature.max === undefined ? [] : [`${parsed} <= ${feature.max}`]),
    ...(feature.values === undefined ? [] : [oneOf(parsed, feature.values)]),
  ];
}

function rulesOf(feature: FeatureDefinition, value: string, raw: string): { broken: string; words: string }[] {
  const { name, min, max, values } = feature;
  const rules: { broken: string; words: string }[] = [
    { broken: `${value} IS NULL`, words: got(`${name}: expected ${kindOf(feature)}`, raw) },
  ];
  if (feature.type === "vector")
    rules.push({ broken: `NOT ${vectorSql(feature, value)}`, words: got(`${name}: expected ${kindOf(feature)}`, raw) });
  if (min !== undefined)
    rules.push({ broken: `${value} < ${min}`, words: got(`${name}: expected at least ${min}`, raw) });
  if (max !== undefined)
    rules.push({ broken: `${value} > ${max}`, words: got(`${name}: expected at most ${max}`, raw) });
  if (values !== undefined)
    rules.push({
      broken: `NOT ${oneOf(value, values)}`,
      words: got(`${name}: expected one of ${values.join(", ")}`, raw),
    });
  return rules;
}

function booleanSql(raw: string): string {
  const text = `lower(trim(${raw}))`;
  const yes = oneOf(text, ["true", "t", "yes", "y", "1", "1.0", "on"]);
  const no = oneOf(text, ["false", "f", "no", "n", "0", "0.0", "off"]);
  return `CASE WHEN ${yes} THEN true WHEN ${no} THEN false END`;
}

/** Plain numbers first; 1,234,567.8 when the commas stand where thousands do; 1.234,5 when the column says so. */
function numberSql(raw: string, decimal: "," | "." | undefined): string {
  const text = `trim(${raw})`;
  const plain = `CASE WHEN isfinite(TRY_CAST(${text} AS DOUBLE)) THEN TRY_CAST(${text} AS DOUBLE) END`;
  if (decimal === ",") return `TRY_CAST(replace(replace(replace(${text}, '.', ''), ' ', ''), ',', '.') AS DOUBLE)`;
  return `COALESCE(${plain}, CASE WHEN regexp_full_match(${text}, '[+-]?\\d{1,3}(,\\d{3})+(\\.\\d+)?') THEN TRY_CAST(replace(${text}, ',', '') AS DOUBLE) END)`;
}

function missingTest(texts: readonly string[]): MissingTest {
  const test = (text: string) =>
    texts.length === 0 ? `(${text} IS NULL)` : `(${text} IS NULL OR ${oneOf(text, texts)})`;
  return Object.assign(test, { texts });
}

/** Not an IN list: the engine makes a join of each of those, which a wide table has no memory for. */
function oneOf(value: string, texts: readonly string[]): string {
  return `list_contains([${texts.map(sqlText).join(", ")}], ${value})`;
}

function got(expected: string, raw: string): string {
  return `${sqlText(`${expected}, got "`)} || left(${raw}, 60) || '"'`;
}

function kindOf(feature: FeatureDefinition): string {
  switch (feature.type) {
    case "number":
      return "a number";
    case "boolean":
      return "yes or no";
    case "time":
      return feature.format === undefined ? "a time" : `a time written as ${feature.format}`;
    case "vector":
      return `a list of ${feature.dimensions} numbers`;
    default:
      return "a text";
  }
}

/** Missing and infinite numbers are none. */
function vectorSql({ dimensions }: FeatureDefinition, value: string): string {
  return `(len(${value}) = ${dimensions} AND len(list_filter(${value}, lambda x: isfinite(x))) = ${dimensions})`;
}
