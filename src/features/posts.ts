// Rows that were posted and wait for their commit, in the catalog: numbered in the order in which they came, none lost or doubled.

import type { Json } from "../base/json.ts";
import type { Database, Statements } from "../ports/database.ts";
import type { PostedRows } from "../ports/source.ts";

/** Statements of this room's migrations; see `featuresMigrations`. */
export const postsTables = [
  `create table features_posts (
    group_name text not null,
    number integer not null,
    rows text,
    at integer not null,
    idempotency_key text,
    answer text,
    primary key (group_name, number)
  )`,
  "create unique index features_posts_keys on features_posts (group_name, idempotency_key)",
];

export interface NewPost {
  readonly atMs: number;
  readonly rows: readonly object[];
  /** Names the post for its sender: the same key again gets the same answer, and adds nothing. */
  readonly idempotencyKey: string | null;
  /** What its sender was told; kept with the key. */
  readonly answer: Json;
}

/** How long a key is remembered. */
const rememberMs = 86_400_000;

/** The number of the newest post, committed or not; 0 before the first. */
export async function newestPost(database: Statements, group: string): Promise<number> {
  const waiting = await database.get<{ number: number | null }>(
    "select max(number) as number from features_posts where group_name = ?",
    [group],
  );
  return Math.max(waiting?.number ?? 0, (await committedPosts(database, group)).upTo);
}

/** The newest commit of a group that is posted to, and the number up to which it holds the posts; zeros before the first. */
export async function committedPosts(database: Statements, group: string): Promise<{ sequence: number; upTo: number }> {
  const head = await database.get<{ sequence: number; source_position: string | null }>(
    "select sequence, source_position from features_commits where group_name = ? order by sequence desc limit 1",
    [group],
  );
  return { sequence: head?.sequence ?? 0, upTo: postOf(head?.source_position ?? null) };
}

/** Whether every commit of a group after that one added to the rows before it: none began anew or took rows away. */
export async function onlyAdded(database: Statements, group: string, since: number): Promise<boolean> {
  const other = await database.get(
    "select sequence from features_commits where group_name = ? and sequence > ? and mode in ('replace', 'delete') limit 1",
    [group, since],
  );
  return other === undefined;
}

/** A commit's position in a source of posts is the number of the last one that it holds. */
export function postOf(sourcePosition: string | null): number {
  return Math.max(0, Math.trunc(Number(sourcePosition ?? 0)) || 0);
}

/** Keeps posts, in their order; once the transaction is through they outlive the process and the machine. Gives the first's number. */
export async function keepPosts(tx: Statements, group: string, posts: readonly NewPost[]): Promise<number> {
  const first = (await newestPost(tx, group)) + 1;
  for (const [index, { rows, atMs, idempotencyKey, answer }] of posts.entries())
    await tx.run(
      "insert into features_posts (group_name, number, rows, at, idempotency_key, answer) values (?, ?, ?, ?, ?, ?)",
      [
        group,
        first + index,
        JSON.stringify(rows),
        atMs,
        idempotencyKey,
        idempotencyKey === null ? null : JSON.stringify(answer),
      ],
    );
  return first;
}

/** What the sender of this key was told before; undefined when the key is new. */
export async function findAnswer(
  database: Statements,
  group: string,
  idempotencyKey: string,
): Promise<Json | undefined> {
  const row = await database.get<{ answer: string }>(
    "select answer from features_posts where group_name = ? and idempotency_key = ?",
    [group, idempotencyKey],
  );
  return row === undefined ? undefined : (JSON.parse(row.answer) as Json);
}

const readAtOnce = 1000;

/** The posts after `number` that wait for a commit, oldest first, some at a time. */
export async function* waitingPosts(database: Database, group: string, number: number): AsyncGenerator<PostedRows[]> {
  for (let after = number; ; ) {
    const rows = await database.all<{ number: number; at: number; rows: string }>(
      `select number, at, rows from features_posts where group_name = ? and number > ? and rows is not null order by number limit ${readAtOnce}`,
      [group, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.number;
    yield rows.map((row) => ({ number: row.number, atMs: row.at, rows: JSON.parse(row.rows) as object[] }));
  }
}

/** How much waits for a commit. */
export async function waitingSize(database: Database, group: string): Promise<{ posts: number; characters: number }> {
  const row = await database.get<{ posts: number; characters: number | null }>(
    "select count(*) as posts, sum(length(rows)) as characters from features_posts where group_name = ? and rows is not null",
    [group],
  );
  return { posts: row?.posts ?? 0, characters: row?.characters ?? 0 };
}

/** Lets go of the posts that a commit holds, in the commit's transaction; their keys are remembered for a day. */
export async function settlePosts(tx: Statements, group: string, upTo: number, atMs: number): Promise<void> {
  await tx.run("delete from features_posts where group_name = ? and number <= ? and idempotency_key is null", [
    group,
    upTo,
  ]);
  await tx.run("update features_posts set rows = null where group_name = ? and number <= ?", [group, upTo]);
  await tx.run("delete from features_posts where group_name = ? and rows is null and at < ?", [
    group,
    atMs - rememberMs,
  ]);
}
