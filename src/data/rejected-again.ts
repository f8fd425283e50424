// Rows that were rejected before and are rejected again by a backfill of the same range: they wait in quarantine once.

import { readFile } from "node:fs/promises";
import { isWaiting, listRejected, type RejectedPart, stateOfLine } from "../features/quarantine.ts";
import type { DataParts } from "./commit-rows.ts";

/** Those of the group's waiting rows whose cells also stand in the file of newly rejected ones, whatever the reason is now. */
export async function rejectedAgain(
  group: string,
  path: string | null,
  { database, offline }: Pick<DataParts, "database" | "offline">,
): Promise<RejectedPart[]> {
  if (path === null) return [];
  const found = new Set((await linesOf(path)).map(cellsOfLine));
  const parts: RejectedPart[] = [];
  for (const one of await listRejected(database, group)) {
    if (one.rows === 0 || !(await offline.has(one.file))) continue;
    const lines = (await linesOf(await offline.localPath(one.file))).flatMap((line, index) =>
      line !== "" && isWaiting(stateOfLine(one, index + 1)) && found.has(cellsOfLine(line)) ? [index + 1] : [],
    );
    if (lines.length > 0) parts.push({ sequence: one.sequence, lines });
  }
  return parts;
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).split("\n");
}

/** Its number in the source may be another by now. */
function cellsOfLine(line: string): string {
  if (line === "") return "";
  const { values, text } = JSON.parse(line) as { values?: object; text?: string };
  return JSON.stringify(values ?? text);
}
