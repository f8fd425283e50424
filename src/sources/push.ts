// Rows that others send: each post to /ingest is kept by the server, and a run takes those that wait for it.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fail } from "../base/failure.ts";
import { sqlName } from "../ports/query.ts";
import { type PostedRows, type Source, type SourceContext, type SourceResult, spelledRow } from "../ports/source.ts";
import { rows } from "./rows.ts";

/**
 * Rows that are posted as JSON to `/ingest/NAME`, where NAME is the data component's: one object or a list. They are judged,
 * kept durably and readable online when the answer comes; a run commits them to the group's files a moment later. `sender`
 * says in a few words where they come from, for the dashboard.
 *
 * @example
 * push("orders")
 */
export function push(sender = "anybody"): Source {
  if (typeof sender !== "string" || sender.trim() === "")
    throw fail(
      "DEFINE_INVALID",
      `push(): expected a few words on where the rows come from, got ${JSON.stringify(sender)}`,
    );
  return {
    kind: "push",
    description: `rows posted to /ingest (${sender})`,
    fingerprint: async () => null,
    open: openPosted,
  };
}

/** Each row carries `_post`, the number of its post, and `_posted`, when that came in milliseconds since 1970 UTC. */
async function openPosted(context: SourceContext): Promise<SourceResult> {
  const { query } = context;
  const posts: [string, string, string][] = [];
  async function* read() {
    if (context.posted === null || context.posted === undefined) return;
    const spelt = new Map<string, string>();
    let first = 1;
    for await (const line of createInterface({ input: createReadStream(context.posted) })) {
      const post = JSON.parse(line) as PostedRows;
      posts.push([String(first), String(post.number), String(post.atMs)]);
      first += post.rows.length;
      yield post.rows.map((row) => spelledRow(row, spelt));
    }
  }
  const opened = await rows(() => ({ rows: read(), position: context.position ?? "0" })).open(context);
  await query.run("CREATE TABLE posts (_first VARCHAR, _post VARCHAR, _posted VARCHAR)");
  await query.append("posts", ["_first", "_post", "_posted"], posts);
  await query.run(
    `CREATE VIEW posted AS SELECT r.*, p._post, p._posted FROM ${sqlName(opened.relation)} r
     ASOF JOIN (SELECT CAST(_first AS BIGINT) AS _first, CAST(_post AS BIGINT) AS _post, CAST(_posted AS BIGINT) AS _posted FROM posts) p ON r._row >= p._first`,
  );
  return { ...opened, relation: "posted" };
}
