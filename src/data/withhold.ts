// Leaves out of what a source gives the rows of entities that were forgotten: they were deleted, and must not come back.

import type { DataDefinition } from "../define/definition.ts";
import { entityHashSql, momentSql } from "../features/entity.ts";
import type { Forgotten } from "../features/forgotten.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { timeSql } from "./time-sql.ts";

/** The relation without such rows, called `as`; the same relation when nothing was forgotten. Cells are texts. */
export async function withhold(
  query: Query,
  definition: DataDefinition,
  relation: string,
  forgotten: readonly Forgotten[],
  as: string,
): Promise<string> {
  if (forgotten.length === 0) return relation;
  const conditions = forgotten.map(({ columns, hash, fromMs, toMs }) => {
    const event =
      definition.eventTime === null
        ? "NULL"
        : timeSql(`r.${sqlName(definition.eventTime.column)}`, definition.eventTime.format ?? undefined);
    // A time that cannot be read counts as within: rather too little than a row that should be gone.
    const within = [
      ...(fromMs === null ? [] : [`coalesce(${event} >= ${momentSql(fromMs)}, true)`]),
      ...(toMs === null ? [] : [`coalesce(${event} < ${momentSql(toMs)}, true)`]),
    ];
    const own = entityHashSql(columns, (column) => `trim(r.${sqlName(column)})`);
    return [`${own} = ${sqlText(hash)}`, ...within].join(" AND ");
  });
  await query.run(
    `CREATE VIEW ${sqlName(as)} AS SELECT * FROM ${sqlName(relation)} r WHERE NOT coalesce(${conditions.map((one) => `(${one})`).join(" OR ")}, false)`,
  );
  return as;
}
