// Gives checked rows their embeddings: of texts that are known from the last commit again, of others by the user's embedder.

import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { bookkeepingTypes, commitColumn, createdColumn, identityColumns, storedColumns } from "../features/columns.ts";
import { embeddedTextSql, embeddingsOf, type LoadedEmbedder, waitingVectors } from "../features/embedding.ts";
import { currentSql, type GroupFiles, versionsSql } from "../features/relation.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { postColumn, postColumns, postedColumn } from "./checked-rows.ts";
import { type EmbedTextsInput, embedTexts } from "./embed-texts.ts";

export interface EmbedRowsInput extends Pick<EmbedTextsInput, "folder" | "progress"> {
  /** By feature name. */
  readonly embedders: ReadonlyMap<string, LoadedEmbedder>;
  /** The group whose vectors are taken again; null while it is empty. */
  readonly known: GroupFiles | null;
  /** The group whose own rows get what they lack; null when they are given anew or lack nothing. */
  readonly lacking: GroupFiles | null;
}

/** Where new vectors wait for a commit, and the group whose vectors are taken again. */
export interface EmbeddingInput {
  readonly folder: string;
  readonly known: GroupFiles | null;
}

/** What a step needs to embed; nothing without embeddings. `temporaryFolder` is that of all runs. */
export function embeddingInput(
  definition: DataDefinition,
  known: GroupFiles | null,
  temporaryFolder: string,
): { readonly embedding?: EmbeddingInput } {
  if (embeddingsOf(definition).length === 0) return {};
  return { embedding: { folder: waitingVectors(temporaryFolder, definition.name), known } };
}

/**
 * `judged` as SQL over the typed rows of `typed`: with vectors, and with a reason against each row that got none. Leaves the
 * tables `embedded_0`, `embedded_1` … of every embedding's texts.
 */
export async function embedRows(
  query: Query,
  definition: DataDefinition,
  typed: string,
  { embedders, known, lacking, folder, progress }: EmbedRowsInput,
): Promise<string> {
  const made = embeddingsOf(definition);
  for (const [index, feature] of made.entries()) {
    const loaded = embedders.get(feature.name);
    if (loaded === undefined) continue;
    const texts = [
      `SELECT ${embeddedTextSql(feature, "j")} AS text FROM ${typed} j WHERE _problem IS NULL`,
      ...(lacking === null
        ? []
        : [`SELECT ${embeddedTextSql(feature, "c")} FROM (${lackingSql(definition, lacking, [feature])}) c`]),
    ].join(" UNION ALL ");
    await embedTexts(query, embeddedTable(index), loaded, {
      texts,
      known: known === null ? null : knownSql(known, feature),
      folder,
      progress,
    });
  }
  const vectors = made.map((feature, index) => `e${index}.vector AS ${sqlName(feature.name)}`);
  const reasons = made.map((feature, index) => reasonSql(feature, `e${index}`));
  const joins = joinsSql(made, "j");
  return `SELECT j.* REPLACE (${vectors.join(", ")}, coalesce(j._problem, NULLIF(concat_ws('; ', ${reasons.join(", ")}), '')) AS _problem) FROM ${typed} j ${joins}`;
}

/**
 * Rows of the group that lack an embedding which their texts allow, with it, like those that passed the checks: an embedding
 * that is new, or made by another embedder, is made of what is stored. `checked` are rows that replace others anyway.
 */
export function lackingRowsSql(definition: DataDefinition, lacking: GroupFiles, checked: string, atMs: number): string {
  const made = embeddingsOf(definition);
  const vectors = made.map((feature, index) => {
    const column = sqlName(feature.name);
    return `coalesce(c.${column}, e${index}.vector) AS ${column}`;
  });
  const post =
    postColumns(definition).length === 0 ? "" : `, 0 AS ${postColumn}, ${Math.round(atMs)} AS ${postedColumn}`;
  const same = identityColumns(definition).map((name) => `n.${sqlName(name)} = c.${sqlName(name)}`);
  return `SELECT c.* EXCLUDE (${createdColumn}, ${commitColumn}) REPLACE (${vectors.join(", ")})${post}
    FROM (${lackingSql(definition, lacking, made)}) c ${joinsSql(made, "c")}
    WHERE (${made.map((_, index) => `e${index}.vector IS NOT NULL`).join(" OR ")})
    AND NOT EXISTS (SELECT 1 FROM ${checked} n WHERE ${same.join(" AND ")})`;
}

function embeddedTable(index: number): string {
  return `embedded_${index}`;
}

function joinsSql(made: readonly FeatureDefinition[], table: string): string {
  return made
    .map(
      (feature, index) =>
        `LEFT JOIN ${embeddedTable(index)} e${index} ON e${index}.text = ${embeddedTextSql(feature, table)}`,
    )
    .join(" ");
}

function reasonSql({ name, of = [], optional }: FeatureDefinition, embedded: string): string {
  const nothing = sqlText(`${name}: expected a text in ${of.join(" or ")} to embed, got nothing`);
  const absent = optional ? "NULL" : nothing;
  return `CASE WHEN ${embedded}.text IS NULL THEN ${absent} ELSE ${sqlText(`${name}: `)} || ${embedded}.wrong END`;
}

/** Columns that the files lack are NULL: an embedding with another embedder is a column that they lack. */
function knownSql(known: GroupFiles, feature: FeatureDefinition): string {
  const vector = `c.${sqlName(feature.name)}`;
  return `SELECT ${embeddedTextSql(feature, "c")} AS text, ${vector} AS vector, c.${commitColumn} AS commit FROM (${versionsSql(known)}) c WHERE ${vector} IS NOT NULL`;
}

function lackingSql(definition: DataDefinition, files: GroupFiles, made: readonly FeatureDefinition[]): string {
  const columns = [
    ...bookkeepingTypes(definition).map(([name]) => name),
    ...storedColumns(definition).map(({ name }) => name),
  ];
  const conditions = made.map(
    (feature) => `(g.${sqlName(feature.name)} IS NULL AND ${embeddedTextSql(feature, "g")} IS NOT NULL)`,
  );
  return `SELECT ${columns.map((name) => `g.${sqlName(name)}`).join(", ")} FROM (${currentSql(definition, files)}) g WHERE ${conditions.join(" OR ")}`;
}
