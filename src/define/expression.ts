// The small expression language of windows and labels ("precipitation > 0 and city = 'Oslo'"): text to a checked tree.

import { fail } from "../base/failure.ts";

export type Expression =
  | { readonly op: "column"; readonly name: string }
  | { readonly op: "literal"; readonly value: number | string | boolean | null }
  | { readonly op: "not" | "negate"; readonly of: Expression }
  | { readonly op: BinaryOperator; readonly left: Expression; readonly right: Expression };

export type BinaryOperator = "and" | "or" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/";

interface Token {
  readonly text: string;
  readonly kind: "name" | "number" | "string" | "symbol" | "end";
  readonly at: number;
}

const tokenPattern =
  /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|"((?:[^"]|"")+)"|'((?:[^']|'')*)'|(<=|>=|!=|<>|==|[=<>+\-*/()]))/uy;

const precedence: Record<string, number> = {
  or: 1,
  and: 2,
  "=": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
};

/** Parses an expression. Names are columns (quote odd ones with double quotes), texts stand in single quotes. */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  let position = 0;
  const peek = () => tokens[position] as Token;
  const next = () => tokens[position++] as Token;

  function parseBinary(minimum: number): Expression {
    let left = parseUnary();
    for (;;) {
      const operator = operatorOf(peek());
      const level = operator === undefined ? 0 : (precedence[operator] as number);
      if (operator === undefined || level < minimum) return left;
      next();
      left = { op: operator, left, right: parseBinary(level + 1) };
    }
  }

  function parseUnary(): Expression {
    const token = peek();
    if (token.kind === "name" && token.text.toLowerCase() === "not") {
      next();
      return { op: "not", of: parseBinary(3) };
    }
    if (token.text === "-" && token.kind === "symbol") {
      next();
      return { op: "negate", of: parseUnary() };
    }
    return parsePrimary();
  }

  function parsePrimary(): Expression {
    const token = next();
    if (token.kind === "number") return { op: "literal", value: Number(token.text) };
    if (token.kind === "string") return { op: "literal", value: token.text };
    if (token.kind === "name") {
      const word = token.text.toLowerCase();
      if (word === "true" || word === "false") return { op: "literal", value: word === "true" };
      if (word === "null") return { op: "literal", value: null };
      return { op: "column", name: token.text };
    }
    if (token.text === "(") {
      const inner = parseBinary(1);
      if (next().text !== ")") throw mistake(text, "a closing bracket", tokens[position - 1] as Token);
      return inner;
    }
    throw mistake(text, "a column, a number or a text", token);
  }

  const expression = parseBinary(1);
  if (peek().kind !== "end") throw mistake(text, "an operator or the end", peek());
  return expression;
}

/** The columns that an expression reads, each once. */
export function expressionColumns(expression: Expression): string[] {
  const names = new Set<string>();
  const visit = (node: Expression): void => {
    if (node.op === "column") names.add(node.name);
    else if ("of" in node) visit(node.of);
    else if ("left" in node) {
      visit(node.left);
      visit(node.right);
    }
  };
  visit(expression);
  return [...names];
}

/** True when the expression answers yes or no, false when it gives a number or a text. */
export function isCondition(expression: Expression): boolean {
  return (
    ["and", "or", "not", "=", "!=", "<", "<=", ">", ">="].includes(expression.op) ||
    (expression.op === "literal" && typeof expression.value === "boolean")
  );
}

function operatorOf(token: Token): BinaryOperator | undefined {
  if (token.kind === "symbol") {
    if (token.text === "<>") return "!=";
    if (token.text === "==") return "=";
    return token.text in precedence ? (token.text as BinaryOperator) : undefined;
  }
  const word = token.text.toLowerCase();
  return token.kind === "name" && (word === "and" || word === "or") ? word : undefined;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (match === null)
      throw mistake(text, "a column, a number, a text or an operator", {
        text: text.slice(at).trim()[0] as string,
        kind: "symbol",
        at,
      });
    if (match[1] !== undefined) tokens.push({ text: match[1], kind: "number", at });
    else if (match[2] !== undefined) tokens.push({ text: match[2], kind: "name", at });
    else if (match[3] !== undefined) tokens.push({ text: match[3].replaceAll('""', '"'), kind: "name", at });
    else if (match[4] !== undefined) tokens.push({ text: match[4].replaceAll("''", "'"), kind: "string", at });
    else tokens.push({ text: match[5] as string, kind: "symbol", at });
    at = tokenPattern.lastIndex;
  }
  tokens.push({ text: "the end", kind: "end", at });
  return tokens;
}

function mistake(text: string, expected: string, got: Token) {
  return fail(
    "DATA_EXPRESSION_INVALID",
    `Expected ${expected} in ${JSON.stringify(text)}, got ${got.kind === "end" ? "the end" : JSON.stringify(got.text)}`,
  );
}
