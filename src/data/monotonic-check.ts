// The check that a column never falls, or never rises, along the time of an entity.

import type { DataDefinition } from "../define/definition.ts";
import { eventColumn, expressionColumn, keyColumn } from "../features/columns.ts";
import { sqlName, sqlText } from "../ports/query.ts";

/**
 * The judged rows with further reasons in `_problem`; the same query when there is nothing to check. A row is held against
 * the sound ones before it, so that what passes is monotonic whatever is rejected; with `stored`, a query that gives the
 * group's rows, also against those before and after it that this run does not replace. Missing values say nothing.
 */
export function monotonicSql(definition: DataDefinition, judged: string, stored: string | null): string {
  const monotonic = definition.checks?.monotonic ?? [];
  if (monotonic.length === 0) return judged;
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const value = (name: string, table: string) => expressionColumn(definition, table)(name) as string;
  const columns = (table: string) =>
    [
      ...keys.map((key) => `${table}.${key}`),
      `${table}.${eventColumn}`,
      ...monotonic.map(({ column }, index) => `${value(column, table)} AS _value_${index}`),
    ].join(", ");
  const moment = [...keys, eventColumn].map((name) => `j.${name} = s.${name}`).join(" AND ");
  const rows = [
    `SELECT j._row, false AS _stored, j._problem IS NULL AS _sound, ${columns("j")} FROM j`,
    ...(stored === null
      ? []
      : [
          `SELECT NULL, true, true, ${columns("s")} FROM (${stored}) s WHERE NOT EXISTS (SELECT 1 FROM j WHERE ${moment})`,
        ]),
  ].join(" UNION ALL ");
  const order = `OVER (${keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `}ORDER BY ${eventColumn}, _stored DESC, _row ROWS BETWEEN`;
  const bounds = monotonic.flatMap(({ direction }, index) => {
    const [before, after] = direction === "increasing" ? ["max", "min"] : ["min", "max"];
    return [
      `${before}(_value_${index}) FILTER (WHERE _sound) ${order} UNBOUNDED PRECEDING AND 1 PRECEDING) AS _before_${index}`,
      `${after}(_value_${index}) FILTER (WHERE _stored) ${order} 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS _after_${index}`,
    ];
  });
  const reasons = monotonic.flatMap(({ column, direction }, index) => {
    const [own, up] = [value(column, "j"), direction === "increasing"];
    const reason = (bound: string, least: boolean, whose: string) =>
      `CASE WHEN ${own} ${least ? "<" : ">"} b.${bound} THEN ${sqlText(`${column}: expected at ${least ? "least" : "most"} `)} || ${shown(`b.${bound}`)} || ${sqlText(`, as in a row ${whose}, got `)} || ${shown(own)} END`;
    return [reason(`_before_${index}`, up, "before"), reason(`_after_${index}`, !up, "after")];
  });
  return `WITH j AS MATERIALIZED (${judged}), b AS (SELECT _row, ${bounds.join(", ")} FROM (${rows}))
    SELECT j.* EXCLUDE (_problem), coalesce(j._problem, NULLIF(concat_ws('; ', ${reasons.join(", ")}), '')) AS _problem FROM j JOIN b ON j._row = b._row`;
}

/** A whole number without its fraction. */
function shown(value: string): string {
  return `regexp_replace(CAST(${value} AS VARCHAR), '\\.0$', '')`;
}
