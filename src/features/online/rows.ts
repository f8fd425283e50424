// Works out which keys a commit changed and what their newest row is, as the lines of its online file.

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Value } from "../../base/table.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { type Query, sqlName } from "../../ports/query.ts";
import { eventColumn, groupColumns, keyColumn, ordinalColumn, vectorSql } from "../columns.ts";
import { vectorText } from "./record.ts";
import type { OnlineLine } from "./writes.ts";

/** Characters that are handed on at a time. */
const partLength = 2 ** 20;

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
  const values = columns.map(({ name, dimensions }) =>
    dimensions === undefined ? sqlName(name) : vectorSql(sqlName(name), dimensions, sqlName(name)),
  );
  const sql = `SELECT ${[...keys, eventColumn, ...values].join(", ")} FROM ${enriched} ${filter} ${choice}`;
  async function* lines(): AsyncGenerator<string> {
    for await (const rows of query.stream(sql)) {
      let text = "";
      for (const row of rows) {
        const line: OnlineLine = {
          key: definition.key.map((key) => String(row[keyColumn(key)])),
          eventMs: Date.parse(String(row[eventColumn])),
          values: Object.fromEntries(columns.map((column) => [column.name, lineValue(row[column.name] ?? null)])),
        };
        text += `${JSON.stringify(line)}\n`;
        if (text.length < partLength) continue;
        yield text;
        text = "";
      }
      yield text;
    }
  }
  await pipeline(lines, createGzip({ level: 1 }), createWriteStream(path));
}

function lineValue(value: Value): Value {
  return typeof value === "object" && value !== null ? vectorText(value) : value;
}

/** The lines of an online file, many at a time, never all at once. */
export async function* readOnlineFile(path: string): AsyncGenerator<OnlineLine[]> {
  const unzipped = createGunzip().setEncoding("utf8");
  // What goes wrong ends the reading below as well, which tells it.
  pipeline(createReadStream(path), unzipped).catch(() => undefined);
  let text = "";
  const take = (end: number): OnlineLine[] => {
    const lines = text.slice(0, end).split("\n");
    text = text.slice(end);
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as OnlineLine);
  };
  for await (const chunk of unzipped) {
    text += chunk;
    if (text.length >= 4 * partLength) yield take(text.lastIndexOf("\n") + 1);
  }
  if (text !== "") yield take(text.length);
}
