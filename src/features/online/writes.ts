// What the newest rows of some keys are in the online store: which bytes stand under which key, and the schema to read them by.

import { contentHash } from "../../base/ids.ts";
import type { DataDefinition } from "../../define/definition.ts";
import type { OnlineWrite } from "../../ports/online-store.ts";
import { groupColumns } from "../columns.ts";
import { encodeRecord, type OnlineRow, type RecordSchema } from "./record.ts";

/** One line of a commit's online file: the newest row of a key, or that it has none any more. */
export type OnlineLine = { readonly key: readonly string[] } & (
  | (OnlineRow & { readonly deleted?: never })
  | { readonly deleted: true }
);

/** The text under which a key is stored: its values in the order of the definition. */
export function onlineKey(values: readonly string[]): string {
  if (values.length === 1 && !/[\\|]/.test(values[0] as string)) return values[0] as string;
  return values.map((value) => value.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

/** The values of a key from the text that `onlineKey` made of them. */
export function readOnlineKey(text: string): string[] {
  const values = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "|") values.push("");
    else values.push(`${values.pop()}${text[at] === "\\" ? text[++at] : text[at]}`);
  }
  return values;
}

export function schemaSpace(group: string): string {
  return `schema of ${group}`;
}

/** The schema, under its id: it comes before the first row that is written by it. */
export function schemaWrite(definition: DataDefinition): OnlineWrite {
  const { id, described } = describeSchema(definition);
  return { space: schemaSpace(definition.name), key: String(id), value: Buffer.from(described) };
}

/** In the order of the lines. */
export function rowWrites(definition: DataDefinition, lines: readonly OnlineLine[]): OnlineWrite[] {
  const { id, schema } = describeSchema(definition);
  return lines.map((line) => ({
    space: definition.name,
    key: onlineKey(line.key),
    value: line.deleted === true ? undefined : encodeRecord(id, schema, line),
  }));
}

function describeSchema(definition: DataDefinition): { id: number; schema: RecordSchema; described: string } {
  const schema = groupColumns(definition)
    .filter(({ role }) => role !== "label")
    .map(({ name, type }) => ({ name, type }));
  const described = JSON.stringify(schema);
  return { id: Number.parseInt(contentHash(described).slice(0, 8), 16), schema, described };
}
