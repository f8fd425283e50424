// The checks of a data component as SQL: every raw text becomes a typed value, or a reason why it cannot.

import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { eventColumn, keyColumn, storedColumns } from "../features/columns.ts";
import { sqlName, sqlText } from "../ports/query.ts";

/** A typed column and the reason (SQL text, NULL when all is well) for which a row is rejected. */
export interface CheckedColumn {
  readonly name: string;
  readonly value: string;
  readonly problem: string;
}

/** The typed columns of a raw relation `r` whose cells are texts: keys, event time, features, labels. */
export function checkedColumns(definition: DataDefinition): CheckedColumn[] {
  const missing = missingTest(definition.missing);
  const keys = definition.key.map((key) => {
    const raw = `r.${sqlName(key)}`;
    return { name: keyColumn(key), value: `trim(${raw})`, problem: missingProblem(key, missing(raw)) };
  });
  const stored = storedColumns(definition).map((feature) => checkedFeature(feature, missing));
  return [...keys, ...eventTime(definition, missing), ...stored];
}

/** The source columns that the definition reads, each once. */
export function neededColumns(definition: DataDefinition): string[] {
  const event = definition.eventTime === null ? [] : [definition.eventTime.column];
  return [...new Set([...definition.key, ...event, ...storedColumns(definition).map((feature) => feature.from)])];
}

function eventTime(definition: DataDefinition, missing: (raw: string) => string): CheckedColumn[] {
  if (definition.eventTime === null) return [];
  const { column, format } = definition.eventTime;
  const raw = `r.${sqlName(column)}`;
  const value = timeSql(raw, format ?? undefined);
  const problem = `CASE WHEN ${missing(raw)} THEN ${sqlText(`${column}: expected an event time, got nothing`)} WHEN ${value} IS NULL THEN ${got(`${column}: expected a time${format === null ? "" : ` written as ${format}`}`, raw)} END`;
  return [{ name: eventColumn, value, problem }];
}

function checkedFeature(feature: FeatureDefinition, missing: (raw: string) => string): CheckedColumn {
  const raw = `r.${sqlName(feature.from)}`;
  const cases: string[] = feature.optional
    ? [`WHEN ${missing(raw)} THEN NULL`]
    : [`WHEN ${missing(raw)} THEN ${sqlText(`${feature.name}: expected ${kindOf(feature)}, got nothing`)}`];
  const value = valueSql(feature, raw);
  if (feature.type !== "category" && feature.type !== "text")
    cases.push(`WHEN ${value} IS NULL THEN ${got(`${feature.name}: expected ${kindOf(feature)}`, raw)}`);
  if (feature.min !== undefined)
    cases.push(`WHEN ${value} < ${feature.min} THEN ${got(`${feature.name}: expected at least ${feature.min}`, raw)}`);
  if (feature.max !== undefined)
    cases.push(`WHEN ${value} > ${feature.max} THEN ${got(`${feature.name}: expected at most ${feature.max}`, raw)}`);
  if (feature.values !== undefined)
    cases.push(
      `WHEN NOT ${oneOf(value, feature.values)} THEN ${got(`${feature.name}: expected one of ${feature.values.join(", ")}`, raw)}`,
    );
  return {
    name: feature.name,
    value: `CASE WHEN NOT ${missing(raw)} THEN ${value} END`,
    problem: `CASE ${cases.join(" ")} END`,
  };
}

function valueSql(feature: FeatureDefinition, raw: string): string {
  switch (feature.type) {
    case "number":
      return numberSql(raw, feature.decimal);
    case "boolean":
      return `CASE WHEN ${oneOf(`lower(trim(${raw}))`, ["true", "t", "yes", "y", "1", "1.0", "on"])} THEN true WHEN ${oneOf(`lower(trim(${raw}))`, ["false", "f", "no", "n", "0", "0.0", "off"])} THEN false END`;
    case "time":
      return timeSql(raw, feature.format);
    case "category":
      return `trim(${raw})`;
    case "text":
      return raw;
  }
}

/** Plain numbers first; 1,234,567.8 when the commas stand where thousands do; 1.234,5 when the column says so. */
function numberSql(raw: string, decimal: "," | "." | undefined): string {
  const text = `trim(${raw})`;
  const plain = `CASE WHEN isfinite(TRY_CAST(${text} AS DOUBLE)) THEN TRY_CAST(${text} AS DOUBLE) END`;
  if (decimal === ",") return `TRY_CAST(replace(replace(replace(${text}, '.', ''), ' ', ''), ',', '.') AS DOUBLE)`;
  return `COALESCE(${plain}, CASE WHEN regexp_full_match(${text}, '[+-]?\\d{1,3}(,\\d{3})+(\\.\\d+)?') THEN TRY_CAST(replace(${text}, ',', '') AS DOUBLE) END)`;
}

/** ISO 8601 with or without an offset (UTC when without), the named strptime format, or seconds or milliseconds since 1970. */
function timeSql(raw: string, format: string | undefined): string {
  const text = `trim(${raw})`;
  if (format === "epochSeconds") return `make_timestamp(CAST(TRY_CAST(${text} AS DOUBLE) * 1000000 AS BIGINT))`;
  if (format === "epochMilliseconds") return `make_timestamp(CAST(TRY_CAST(${text} AS DOUBLE) * 1000 AS BIGINT))`;
  if (format !== undefined) return `CAST(try_strptime(${text}, ${sqlText(format)}) AS TIMESTAMP)`;
  return `CAST(TRY_CAST(${text} AS TIMESTAMPTZ) AS TIMESTAMP)`;
}

function missingTest(texts: readonly string[]): (raw: string) => string {
  return (raw) => (texts.length === 0 ? `(${raw} IS NULL)` : `(${raw} IS NULL OR ${oneOf(`trim(${raw})`, texts)})`);
}

/** Not an IN list: the engine makes a join of each of those, which a wide table has no memory for. */
function oneOf(value: string, texts: readonly string[]): string {
  return `list_contains([${texts.map(sqlText).join(", ")}], ${value})`;
}

function missingProblem(name: string, test: string): string {
  return `CASE WHEN ${test} THEN ${sqlText(`${name}: expected a key, got nothing`)} END`;
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
    default:
      return "a text";
  }
}
