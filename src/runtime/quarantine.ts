// Rejected rows as people see them: read, asked to be read again after a fix, or discarded with a reason.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { listOpen, settleRejected } from "../features/quarantine.ts";
import type { Project } from "./open-project.ts";

export interface QuarantinedRow {
  /** The commit that rejected it. */
  readonly commit: number;
  /** The row's number in the source, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The cells as they stood in the source; absent for a line that could not be read as a row. */
  readonly values?: Readonly<Record<string, string | null>>;
  readonly text?: string;
}

/** The rejected rows that wait for somebody, oldest commit first. */
export async function readQuarantine(project: Project, group: string, limit: number): Promise<QuarantinedRow[]> {
  const rows: QuarantinedRow[] = [];
  for (const { sequence, file } of await listOpen(project.database, group)) {
    const lines = createInterface({
      input: createReadStream(await project.offline.localPath(file)),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      if (rows.length >= limit) break;
      if (line !== "") rows.push({ commit: sequence, ...(JSON.parse(line) as Omit<QuarantinedRow, "commit">) });
    }
    lines.close();
  }
  return rows;
}

/** Asks the group's next run to read its rejected rows again, beside what the source has. Returns how many there are. */
export async function requestReplay(project: Project, group: string): Promise<number> {
  return settleOpen(project, group, { state: "requested", note: null });
}

/** The rows stay on record, but wait for nobody any more. Returns how many there were. */
export async function discardQuarantine(project: Project, group: string, reason: string): Promise<number> {
  return settleOpen(project, group, { state: "discarded", note: reason });
}

async function settleOpen(
  project: Project,
  group: string,
  what: { state: "requested" | "discarded"; note: string | null },
): Promise<number> {
  return project.database.transaction(async (tx) => {
    const open = await listOpen(tx, group);
    const sequences = open.map(({ sequence }) => sequence);
    await settleRejected(tx, group, sequences, what, Date.now());
    return open.reduce((sum, { rows }) => sum + rows, 0);
  });
}
