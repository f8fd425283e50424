// The expression language in SQL, with column names resolved by the caller.

import { fail } from "../base/failure.ts";
import { type Expression, parseExpression } from "../define/expression.ts";
import { sqlText } from "../ports/query.ts";

/** SQL for an expression. `column` gives the SQL of a column, or undefined when there is no such column. */
export function expressionSql(text: string, column: (name: string) => string | undefined): string {
  const write = (node: Expression): string => {
    switch (node.op) {
      case "column": {
        const sql = column(node.name);
        if (sql === undefined)
          throw fail(
            "DATA_EXPRESSION_INVALID",
            `Expected a column of the group in ${JSON.stringify(text)}, got ${JSON.stringify(node.name)}`,
          );
        return sql;
      }
      case "literal":
        return literalSql(node.value);
      case "not":
        return `(NOT ${write(node.of)})`;
      case "negate":
        return `(- ${write(node.of)})`;
      default:
        return binarySql(node.op, node.left, node.right, write);
    }
  };
  return write(parseExpression(text));
}

function binarySql(op: string, left: Expression, right: Expression, write: (node: Expression) => string): string {
  const isNull = (node: Expression) => node.op === "literal" && node.value === null;
  if ((op === "=" || op === "!=") && (isNull(left) || isNull(right)))
    return `(${write(isNull(left) ? right : left)} IS ${op === "=" ? "" : "NOT "}NULL)`;
  const operator = op === "!=" ? "<>" : op.toUpperCase();
  return `(${write(left)} ${operator} ${write(right)})`;
}

function literalSql(value: number | string | boolean | null): string {
  if (value === null) return "NULL";
  return typeof value === "string" ? sqlText(value) : String(value);
}
