// The windows of posted rows, over what the group's files hold of their keys and what was posted since.

import type { DataDefinition } from "../define/definition.ts";
import {
  commitColumn,
  createdColumn,
  eventColumn,
  keyColumn,
  ordinalColumn,
  storedColumns,
} from "../features/columns.ts";
import { currentSql, enrichedOver, type GroupFiles, versionsSql } from "../features/relation.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";
import { postColumn } from "./checked-rows.ts";

export interface WindowHistory {
  /** The newest commit of the group and the last post that it holds; zeros before the first. */
  head(): Promise<{ readonly sequence: number; readonly upTo: number }>;
  /** The files that hold the group as of that commit; null while it is empty. */
  files(sequence: number): Promise<GroupFiles | null>;
}

/** Versions that are posted are newer than every commit's. */
const postedCommits = 1e12;
/** What is remembered of keys that were asked for lately; with more rows than this it starts anew. */
const mostRows = 1_000_000;

/**
 * `prepare` gathers what the windows of the rows in `checked` rest on; `sql` is then the current rows of their keys, windows
 * and all, with the number of the key's newest post.
 */
export async function openPostedWindows(
  definition: DataDefinition,
  query: Query,
  history: WindowHistory,
): Promise<{ sql: string; prepare(): Promise<void> }> {
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const stored = storedColumns(definition).map(({ name }) => sqlName(name));
  const names = [...keys, eventColumn, ordinalColumn, createdColumn, commitColumn, ...stored].join(", ");
  const posted = `SELECT ${[...keys, eventColumn, ordinalColumn].join(", ")}, ${eventColumn} AS ${createdColumn}, ${postedCommits} + ${postColumn} AS ${commitColumn}, ${[...stored, postColumn].join(", ")} FROM checked`;
  await query.run(
    `CREATE TABLE history AS SELECT * REPLACE (CAST(${commitColumn} AS BIGINT) AS ${commitColumn}) FROM (${posted}) LIMIT 0`,
  );
  const by = keys.length === 0 ? "HAVING count(*) > 0" : `GROUP BY ${keys.join(", ")}`;
  const touched = `SELECT ${[...keys, `max(${postColumn}) AS ${postColumn}`, `min(${eventColumn}) AS _from`].join(", ")} FROM checked ${by}`;
  await query.run(`CREATE VIEW touched AS ${touched}`);
  const join = (kind: string) => (keys.length === 0 ? "" : `${kind} JOIN touched USING (${keys.join(", ")})`);
  await query.run(`CREATE VIEW touched_rows AS SELECT ${names} FROM history ${join("SEMI")}`);
  const listTouched = await query.prepare(`SELECT ${[...keys, `epoch_ms(_from) AS from_ms`].join(", ")} FROM touched`);
  const addPosted = await query.prepare(`INSERT INTO history BY NAME ${posted}`);
  const countRows = await query.prepare("SELECT count(*) AS n FROM history");
  const longestMs = Math.max(...definition.windows.map(({ overMs }) => overMs));
  /** By key: from which event time on its rows are there. */
  const loaded = new Map<string, number>();
  let sequence = 0;

  async function forget(committed: number): Promise<void> {
    await query.run(`DELETE FROM history WHERE ${postColumn} IS NULL OR ${postColumn} <= ${committed}`);
    loaded.clear();
  }

  /** Rows of these keys from `fromMs` on, in place of what was there of them. */
  async function load(rows: readonly Record<string, unknown>[], fromMs: number): Promise<void> {
    const files = sequence === 0 ? null : await history.files(sequence);
    if (files === null) return;
    // An IN list for each column lets the engine skip most of the sorted files; several keys at once are exact in pairs only.
    const chosen = definition.key.map(
      (key) => `${sqlName(keyColumn(key))} IN (${rows.map((row) => sqlText(String(row[keyColumn(key)]))).join(", ")})`,
    );
    if (keys.length > 1) {
      const tuple = (row: Record<string, unknown>) =>
        `(${definition.key.map((key) => sqlText(String(row[keyColumn(key)]))).join(", ")})`;
      chosen.push(`(${keys.join(", ")}) IN (${rows.map(tuple).join(", ")})`);
    }
    const where = [...chosen, `${eventColumn} > make_timestamp(${Math.round(fromMs * 1000)})`].join(" AND ");
    await query.run(`DELETE FROM history WHERE ${postColumn} IS NULL${chosen.map((one) => ` AND ${one}`).join("")}`);
    await query.run(`INSERT INTO history BY NAME SELECT ${names} FROM (${versionsSql(files)}) WHERE ${where}`);
  }

  const current = currentSql({ ...definition, labels: [] }, { paths: [], revised: true }, "touched_rows");
  const enriched = enrichedOver({ ...definition, labels: [] }, current);
  const last = keys.length === 0 ? "CROSS JOIN touched t" : `JOIN touched t USING (${keys.join(", ")})`;
  return {
    sql: `SELECT e.*, t.${postColumn} FROM (${enriched}) e ${last}`,
    async prepare() {
      const head = await history.head();
      const [size] = await countRows.rows<{ n: number }>();
      if (head.sequence !== sequence || (size?.n ?? 0) > mostRows) await forget(head.upTo);
      sequence = head.sequence;
      const rows = await listTouched.rows<Record<string, unknown> & { from_ms: number }>();
      const wanted = rows.map((row) => ({
        row,
        id: JSON.stringify(definition.key.map((key) => row[keyColumn(key)])),
        fromMs: row.from_ms - longestMs,
      }));
      const absent = wanted.filter(({ id, fromMs }) => (loaded.get(id) ?? Number.POSITIVE_INFINITY) > fromMs);
      if (absent.length > 0) {
        const fromMs = Math.min(...absent.map((one) => one.fromMs));
        await load(
          absent.map(({ row }) => row),
          fromMs,
        );
        for (const { id } of absent) loaded.set(id, fromMs);
      }
      await addPosted.rows();
    },
  };
}
