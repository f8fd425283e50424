// What a model learns to predict: a column of the source, or a fact about a later row.

import { checkDuration, checkOptions, checkText } from "./check.ts";
import { parseExpression } from "./expression.ts";
import type { Feature } from "./feature.ts";

/** What an expression gives: a condition yes or no, arithmetic a number. */
type ExpressionValue<E extends string> = string extends E
  ? boolean | number | string
  : E extends `${string}${"<" | ">" | "="}${string}` | `${string} ${"and" | "or"} ${string}` | `not ${string}`
    ? boolean
    : E extends `${string}${"+" | "-" | "*" | "/"}${string}`
      ? number
      : boolean | number | string;

/** A label that is read off the same entity's row one `by` later, so that it is known only then. */
export interface AheadLabel<Value = unknown, Expression extends string = string> {
  readonly ahead: string;
  readonly expression: Expression;
  readonly unit?: string;
  readonly description?: string;
  readonly valueType?: Value;
}

export type Label = Feature | AheadLabel;

/** By name. */
export type Labels = Readonly<Record<string, Label>>;

export interface AheadOptions {
  /** How far ahead, e.g. "1d". */
  readonly by: string;
  readonly unit?: string;
  readonly description?: string;
}

/**
 * What holds for the same entity a while later: a condition gives a yes/no label, a column or arithmetic a number.
 *
 * @example
 * ahead("precipitation > 0", { by: "1d" })
 */
export function ahead<const Expression extends string>(
  expression: Expression,
  options: AheadOptions,
): AheadLabel<ExpressionValue<Expression>, Expression> {
  checkText("ahead()", expression);
  checkOptions("ahead()", options, ["by", "unit", "description"]);
  checkDuration("ahead().by", options.by);
  parseExpression(expression);
  const { by, ...rest } = options;
  return { ...rest, ahead: by, expression };
}
