// Rows that name an entity without being its own: it is a feature of theirs, or only a part of what they are keyed by.

import type { DataDefinition } from "../define/definition.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { keyColumn } from "./columns.ts";
import { type Entity, isKeyedBy } from "./entity.ts";
import { currentSql, type GroupFiles } from "./relation.ts";

/** Whether a group that is keyed otherwise could name the entity at all. */
export function mayMention(definition: DataDefinition, entity: Entity): boolean {
  return (
    !isKeyedBy(definition, entity) && Object.keys(entity).every((column) => columnSql(definition, column) !== null)
  );
}

/** How many of the group's rows name the entity. Numbers are compared as they are written without a fraction. */
export async function countMentions(
  query: Query,
  definition: DataDefinition,
  files: GroupFiles,
  entity: Entity,
): Promise<number> {
  const conditions = Object.entries(entity).map(
    ([column, value]) => `${columnSql(definition, column)} = ${sqlText(value)}`,
  );
  const [count] = await query.rows<{ n: number }>(
    `SELECT count(*) AS n FROM (${currentSql(definition, files)}) WHERE ${conditions.join(" AND ")}`,
  );
  return count?.n ?? 0;
}

function columnSql({ key, features }: DataDefinition, column: string): string | null {
  if (key.includes(column)) return sqlName(keyColumn(column));
  const feature = features.find(({ name, from }) => name === column || from === column);
  if (feature === undefined) return null;
  const value = `trim(CAST(${sqlName(feature.name)} AS VARCHAR))`;
  return feature.type === "number" ? `regexp_replace(${value}, '\\.0$', '')` : value;
}
