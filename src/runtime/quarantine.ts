// Reads the rejected rows of a feature group's newest commit.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { findHead } from "../features/commits.ts";
import type { Project } from "./open-project.ts";

export interface QuarantinedRow {
  /** The row's number in the source, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The cells as they stood in the source; absent for a line that could not be read as a row. */
  readonly values?: Readonly<Record<string, string | null>>;
  readonly text?: string;
}

export async function readQuarantine(project: Project, group: string, limit: number): Promise<QuarantinedRow[]> {
  const file = (await findHead(project.database, group))?.quarantineFile ?? null;
  if (file === null) return [];
  const rows: QuarantinedRow[] = [];
  const lines = createInterface({
    input: createReadStream(await project.offline.localPath(file)),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    if (rows.length >= limit) break;
    if (line !== "") rows.push(JSON.parse(line) as QuarantinedRow);
  }
  lines.close();
  return rows;
}
