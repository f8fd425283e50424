// The checks on rows that look at more than one cell, as SQL over rows whose cells passed: conditions, patterns, uniqueness.

import type { DataDefinition } from "../define/definition.ts";
import { expressionColumns, parseExpression } from "../define/expression.ts";
import { expressionColumn } from "../features/columns.ts";
import { expressionSql } from "../features/expression-sql.ts";
import { sqlText } from "../ports/query.ts";

/** The judged rows with further reasons in `_problem`; the same query when there is nothing more to check. */
export function ruledSql(definition: DataDefinition, judged: string): string {
  const { checks } = definition;
  if (checks === undefined) return judged;
  const column = expressionColumn(definition, "j");
  const reasons = [
    ...checks.rows.map((text) => conditionReason(text, column)),
    ...checks.patterns.map(({ column: name, pattern }) => {
      const value = `CAST(${column(name)} AS VARCHAR)`;
      return `CASE WHEN NOT regexp_full_match(${value}, ${sqlText(pattern)}) THEN ${sqlText(`${name}: expected a text like ${pattern}, got "`)} || left(${value}, 60) || '"' END`;
    }),
    ...checks.unique.map((name, index) => {
      const value = `CAST(${column(name)} AS VARCHAR)`;
      return `CASE WHEN ${value} IS NOT NULL AND _first_${index} < j._row THEN ${sqlText(`${name}: expected each value once, got "`)} || left(${value}, 60) || '" again after row ' || _first_${index} END`;
    }),
  ];
  if (reasons.length === 0) return judged;
  // A value may come again in another post: that is a new version of its row.
  const batch = definition.source.kind === "push" ? ", j._post" : "";
  const firsts = checks.unique.map(
    (name, index) =>
      `, min(CASE WHEN j._problem IS NULL THEN j._row END) OVER (PARTITION BY ${column(name)}${batch}) AS _first_${index}`,
  );
  const own = checks.unique.map((_, index) => `_first_${index}`);
  return `SELECT * EXCLUDE (${["_problem", ...own].join(", ")}), coalesce(_problem, NULLIF(concat_ws('; ', ${reasons.join(", ")}), '')) AS _problem FROM (SELECT j.*${firsts.join("")} FROM (${judged}) j) j`;
}

/** As with CHECK in SQL a condition on missing values holds. */
function conditionReason(text: string, column: (name: string) => string | undefined): string {
  const values = expressionColumns(parseExpression(text)).map(
    (name) => `${sqlText(`${name} = `)} || coalesce(CAST(${column(name)} AS VARCHAR), 'nothing')`,
  );
  return `CASE WHEN NOT ${expressionSql(text, column)} THEN ${sqlText(`expected ${text}, got `)} || concat_ws(', ', ${values.join(", ")}) END`;
}
