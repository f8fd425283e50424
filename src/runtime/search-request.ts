// Reads what a search asks of a feature group, and says what is wrong with it.

import { fail } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { FeatureDefinition } from "../define/definition.ts";
import type { Commit } from "../features/commits.ts";
import { searchedColumns } from "../features/search-index.ts";

const mostFound = 1_000;

/** A request that fits its group. */
export interface Asked {
  readonly text: string | null;
  readonly near: readonly number[] | null;
  /** Words whose meaning is looked for. */
  readonly like: string | null;
  /** The vector's column. */
  readonly column: string | null;
  readonly top: number;
  readonly where: string | null;
  readonly exact: boolean;
}

/** Throws FEATURES_SEARCH_INVALID. */
export function checkRequest({ definition, group }: Commit, request: unknown): Asked {
  const invalid = (message: string, hint?: string) =>
    fail("FEATURES_SEARCH_INVALID", message, hint === undefined ? {} : { hint });
  if (!isObject(request)) throw invalid('Expected a search such as {"text": "…"}, got something else');
  const known = ["text", "near", "like", "column", "top", "where", "exact"];
  for (const name of Object.keys(request))
    if (!known.includes(name)) throw invalid(`Expected ${known.join(", ")}, got ${JSON.stringify(name)}`);
  const { text = null, near = null, like = null, column = null, top = 10, where = null, exact = false } = request;
  const { texts, vectors } = searchedColumns(definition);
  if (text === null && near === null && like === null)
    throw invalid("Expected text, like or near to search for, got none of them");
  if (near !== null && like !== null)
    throw invalid("Expected near or like, got both", "Search for one after the other");
  for (const [field, words] of Object.entries({ text, like }))
    if (words !== null && (typeof words !== "string" || words.trim() === ""))
      throw invalid(`${field}: expected words, got ${JSON.stringify(words)}`);
  if (text !== null && texts.length === 0)
    throw invalid(
      `Expected data/${group} to hold a text() feature to search in, got none`,
      "Declare one: description: text()",
    );
  if (!Number.isInteger(top) || (top as number) < 1 || (top as number) > mostFound)
    throw invalid(`top: expected a whole number from 1 to ${mostFound}, got ${JSON.stringify(top)}`);
  if (where !== null && typeof where !== "string")
    throw invalid(`where: expected a condition such as "price < 10", got ${JSON.stringify(where)}`);
  if (typeof exact !== "boolean") throw invalid(`exact: expected true or false, got ${JSON.stringify(exact)}`);
  const vector =
    near !== null
      ? vectorOf(group, vectors, column, invalid)
      : like !== null
        ? embeddingOf(group, vectors, column, invalid)
        : undefined;
  if (vector !== undefined && near !== null) checkVector(near, vector, invalid);
  return {
    text: text as string | null,
    near: near as number[] | null,
    like: like as string | null,
    column: vector?.name ?? null,
    top: top as number,
    where,
    exact,
  };
}

type Invalid = (message: string, hint?: string) => Error;

function vectorOf(
  group: string,
  vectors: readonly FeatureDefinition[],
  column: unknown,
  invalid: Invalid,
): FeatureDefinition {
  const names = vectors.map(({ name }) => name).join(", ");
  const found = column === null ? vectors : vectors.filter(({ name }) => name === column);
  if (vectors.length === 0)
    throw invalid(
      `Expected data/${group} to hold a vector() feature to search in, got none`,
      "Declare one: embedding: vector({ dimensions: 384 })",
    );
  if (found.length !== 1)
    throw invalid(
      column === null
        ? `column: expected one of ${names}, got nothing`
        : `column: expected one of ${names}, got ${JSON.stringify(column)}`,
    );
  return found[0] as FeatureDefinition;
}

/** Other vectors do not count: nobody knows how they were made. */
function embeddingOf(
  group: string,
  vectors: readonly FeatureDefinition[],
  column: unknown,
  invalid: Invalid,
): FeatureDefinition {
  const made = vectors.filter(({ of }) => of !== undefined);
  const names = made.map(({ name }) => name).join(", ");
  const found = column === null ? made : made.filter(({ name }) => name === column);
  if (made.length === 0)
    throw invalid(
      `Expected data/${group} to hold an embedding() feature to compare meanings by, got none`,
      'Declare one: meaning: embedding({ of: "body", with: { dimensions, embed } }); or search by text',
    );
  if (found.length !== 1)
    throw invalid(
      `column: expected one of ${names}, got ${column === null ? "nothing" : JSON.stringify(column)}`,
      `Name the embedding: {"column": ${JSON.stringify(made[0]?.name)}}, or --column ${JSON.stringify(made[0]?.name)}`,
    );
  return found[0] as FeatureDefinition;
}

function checkVector(near: unknown, { name, dimensions }: FeatureDefinition, invalid: Invalid): void {
  if (
    !Array.isArray(near) ||
    near.length !== dimensions ||
    near.some((one) => typeof one !== "number" || !Number.isFinite(one))
  )
    throw invalid(
      `near: expected ${dimensions} numbers, as ${name} has, got ${Array.isArray(near) ? `a list of ${near.length}` : typeof near}`,
    );
}
