// Rejected rows as people see them: read, asked to be read again after a fix, or discarded with a reason.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fail } from "../base/failure.ts";
import type { QuarantinedRow } from "../define/documents.ts";
import { isWaiting, listOpen, type RejectedPart, settleRejected, stateOfLine } from "../features/quarantine.ts";
import type { Project } from "./open-project.ts";

/** Which rejected rows are meant: those with these ids, or whose reason holds this text. All when left out. */
export interface QuarantineSelection {
  readonly ids?: readonly string[];
  readonly rule?: string;
}

/** The rejected rows that wait for somebody, oldest commit first. */
export async function readQuarantine(project: Project, group: string, limit: number): Promise<QuarantinedRow[]> {
  const rows: QuarantinedRow[] = [];
  for (const rejected of await listOpen(project.database, group)) {
    const lines = createInterface({
      input: createReadStream(await project.offline.localPath(rejected.file)),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    let number = 0;
    for await (const line of lines) {
      if (rows.length >= limit) break;
      number++;
      if (line === "" || !isWaiting(stateOfLine(rejected, number))) continue;
      const { sequence } = rejected;
      rows.push({
        id: `${sequence}:${number}`,
        commit: sequence,
        ...(JSON.parse(line) as Omit<QuarantinedRow, "id" | "commit">),
      });
    }
    lines.close();
  }
  return rows;
}

/** Asks the group's next run to read rejected rows again, beside what the source has. Returns how many there are. */
export function requestReplay(project: Project, group: string, selection: QuarantineSelection = {}): Promise<number> {
  return settle(project, group, selection, { state: "requested", note: null });
}

/** The rows stay on record, but wait for nobody any more. Returns how many there were. */
export function discardQuarantine(
  project: Project,
  group: string,
  reason: string,
  selection: QuarantineSelection = {},
): Promise<number> {
  return settle(project, group, selection, { state: "discarded", note: reason });
}

async function settle(
  project: Project,
  group: string,
  { ids, rule }: QuarantineSelection,
  what: { state: "requested" | "discarded"; note: string | null },
): Promise<number> {
  if (ids === undefined && rule === undefined)
    return project.database.transaction(async (tx) => {
      const open = await listOpen(tx, group);
      await settleRejected(
        tx,
        group,
        open.map(({ sequence }) => sequence),
        what,
        Date.now(),
      );
      return open.reduce((sum, { rows }) => sum + rows, 0);
    });
  const waiting = await readQuarantine(project, group, Number.POSITIVE_INFINITY);
  const unknown = ids?.find((id) => !waiting.some((row) => row.id === id));
  if (unknown !== undefined)
    throw fail(
      "FEATURES_ROW_UNKNOWN",
      `Expected the id of a row in quarantine, such as ${waiting[0]?.id ?? "3:1"}, got ${JSON.stringify(unknown)}`,
      {
        hint: `See \`pentad quarantine show ${group}\``,
      },
    );
  const chosen = waiting.filter(
    (row) => (ids === undefined || ids.includes(row.id)) && (rule === undefined || row.reason.includes(rule)),
  );
  const parts = chosen.map(({ id, commit }): RejectedPart => ({ sequence: commit, lines: [Number(id.split(":")[1])] }));
  await project.database.transaction((tx) => settleRejected(tx, group, parts, what, Date.now()));
  return chosen.length;
}
