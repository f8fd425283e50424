// Works out which keys a commit changed and what their newest row is, as the lines of its online file.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { DataDefinition } from "../define/definition.ts";
import { type Query, sqlName } from "../ports/query.ts";
import { eventColumn, groupColumns, keyColumn, ordinalColumn } from "./columns.ts";
import type { OnlineLine } from "./online-writes.ts";

/** A group may have an online side when a request can name a row of it: by key, or as the newest one of a series. */
export function hasOnlineSide(definition: DataDefinition): boolean {
  return definition.key.length > 0 || definition.eventTime !== null;
}

/** What online rows are made of, as a text: two definitions with the same have the same online rows. */
export function onlineShape(definition: DataDefinition): string {
  const columns = groupColumns(definition).flatMap(({ name, type, role }) => (role === "label" ? [] : [[name, type]]));
  const windows = definition.windows.map(({ unit: _, description: __, ...rest }) => rest);
  return JSON.stringify([columns, windows]);
}

/**
 * Writes the newest row of every key that occurs in `changed` to a gzipped NDJSON file.
 * `enriched` is a relation with all columns of the group, `changed` one with the keys of the commit's rows.
 */
export async function writeOnlineFile(
  query: Query,
  definition: DataDefinition,
  enriched: string,
  changed: string,
  path: string,
): Promise<void> {
  const keys = definition.key.map((key) => sqlName(keyColumn(key)));
  const columns = groupColumns(definition).filter((column) => column.role !== "label");
  // Rows that share their moment are no series: "the newest observation" would be any one of them.
  const series = `WHERE NOT EXISTS (SELECT 1 FROM ${enriched} WHERE ${ordinalColumn} > 1)`;
  const filter =
    keys.length === 0 ? series : `WHERE (${keys.join(", ")}) IN (SELECT DISTINCT (${keys.join(", ")}) FROM ${changed})`;
  const newest = `ORDER BY ${eventColumn} DESC, ${ordinalColumn} DESC`;
  // One series has one newest row: the engine finds it without sorting the others.
  const choice =
    keys.length === 0
      ? `${newest} LIMIT 1`
      : `QUALIFY row_number() OVER (PARTITION BY ${keys.join(", ")} ${newest}) = 1`;
  const sql = `SELECT ${[...keys, `${eventColumn}`, ...columns.map((column) => sqlName(column.name))].join(", ")} FROM ${enriched} ${filter} ${choice}`;
  async function* lines(): AsyncGenerator<string> {
    for await (const rows of query.stream(sql)) {
      let text = "";
      for (const row of rows) {
        const line: OnlineLine = {
          key: definition.key.map((key) => String(row[keyColumn(key)])),
          eventMs: Date.parse(String(row[eventColumn])),
          values: Object.fromEntries(columns.map((column) => [column.name, row[column.name] ?? null])),
        };
        text += `${JSON.stringify(line)}\n`;
      }
      yield text;
    }
  }
  await pipeline(lines, createGzip({ level: 1 }), createWriteStream(path));
}
