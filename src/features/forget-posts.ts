// Takes an entity's rows out of what was posted and waits for a commit, and out of what is online of it.

import type { Json } from "../base/json.ts";
import { isObject } from "../base/json.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { type EntityRows, entityHash, isOfEntity } from "./entity.ts";
import type { Forgotten } from "./forgotten.ts";
import type { PostedLine } from "./online/posted.ts";
import { removePosted } from "./online/posted.ts";

/** Returns how many rows waited. What senders were told about their rejected rows goes too. */
export async function forgetPosts(
  database: Database,
  online: OnlineStore,
  definition: DataDefinition,
  rows: EntityRows,
): Promise<number> {
  const { name, eventTime } = definition;
  const isOwn = (row: unknown) => {
    const values = isObject(row) ? (row as Record<string, unknown>) : {};
    const event = eventTime === null ? Number.NaN : Date.parse(String(values[eventTime.column] ?? ""));
    return isOfEntity(rows, (column) => values[column], event);
  };
  const forgotten = await database.transaction(async (tx) => {
    let count = 0;
    const posts = await tx.all<{ number: number; rows: string | null; answer: string | null }>(
      "select number, rows, answer from features_posts where group_name = ?",
      [name],
    );
    for (const post of posts) {
      const all = post.rows === null ? [] : (JSON.parse(post.rows) as unknown[]);
      const left = all.filter((row) => !isOwn(row));
      const answer = post.answer === null ? null : (JSON.parse(post.answer) as { rejected?: { values: Json }[] });
      const told = answer?.rejected?.filter(({ values }) => !isOwn(values));
      if (left.length === all.length && told?.length === answer?.rejected?.length) continue;
      count += all.length - left.length;
      await tx.run("update features_posts set rows = ?, answer = ? where group_name = ? and number = ?", [
        post.rows === null ? null : JSON.stringify(left),
        answer === null ? null : JSON.stringify({ ...answer, rejected: told }),
        name,
        post.number,
      ]);
    }
    return count;
  });
  await removePosted(online, name, (values) =>
    Object.entries(rows.entity).every(([column, value]) => values[definition.key.indexOf(column)] === value),
  );
  return forgotten;
}

/** Leaves out lines of entities that were forgotten, as their commit will. */
export function withoutForgotten<Line extends PostedLine>(
  { key }: DataDefinition,
  lines: readonly Line[],
  forgotten: readonly Forgotten[],
): readonly Line[] {
  if (forgotten.length === 0) return lines;
  return lines.filter(
    (line) =>
      !forgotten.some(
        ({ columns, hash, fromMs, toMs }) =>
          entityHash(Object.fromEntries(columns.map((name) => [name, line.key[key.indexOf(name)] ?? ""]))) === hash &&
          !(fromMs !== null && line.eventMs < fromMs) &&
          !(toMs !== null && line.eventMs >= toMs),
      ),
  );
}
