// Takes rows that somebody posted: keeps them durably, has them committed by a run, and tells what became of them.

import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { isObject } from "../base/json.ts";
import { type Commit, listCommits } from "../features/commits.ts";
import type { Project } from "./open-project.ts";
import { type QuarantinedRow, readQuarantine } from "./quarantine.ts";

export interface IngestDocument {
  readonly data: string;
  readonly run: string;
  /** `done` once the rows are committed and readable online; `accepted` while their run still waits. */
  readonly state: "done" | "accepted";
  /** Of the run, which may have taken rows that others posted at the same time. */
  readonly rows: { readonly read: number; readonly accepted: number; readonly quarantined: number } | null;
  /** The first rejected rows of the run, each with its reason. */
  readonly rejected: readonly QuarantinedRow[];
}

/** How long a post waits for its run. */
const waitMs = 30_000;
const lookMs = 20;
const rejectedShown = 20;

/** Throws FEATURES_UNKNOWN, HTTP_BODY_INVALID, or the failure of the run; the rows are kept for the next run then. */
export async function ingest(
  project: Project,
  name: string,
  body: unknown,
  startRun: (component: string) => Promise<string>,
): Promise<IngestDocument> {
  const definition = (await project.components.list()).find(({ id }) => id === `data/${name}`)?.definition;
  if (definition?.kind !== "data")
    throw fail("FEATURES_UNKNOWN", `Expected a data component, got ${JSON.stringify(name)}`);
  if (definition.source.kind !== "push" || definition.source.watch === null)
    throw fail(
      "HTTP_BODY_INVALID",
      `Expected data/${name} to take rows that are posted, got one that reads ${definition.source.description}`,
      { hint: `Give it the source push(${JSON.stringify(name)})` },
    );
  const file = await keep(join(project.folder, definition.source.watch), readRows(body));
  const run = await startRun(`data/${name}`);
  for (const end = performance.now() + waitMs; performance.now() < end; ) {
    const now = await project.ledger.find(run);
    if (now !== undefined && now.state !== "requested" && now.state !== "running") {
      // A run that was due anyway may have been faster: whichever it was, its commit is the first to name the file.
      const commit = (await listCommits(project.database, name)).find(({ sourcePosition }) =>
        sourcePosition?.includes(JSON.stringify(file)),
      );
      if (commit !== undefined) return describeCommit(project, commit);
      if (now.failure !== null) throw fail(now.failure.code, now.failure.message, { hint: now.failure.hint });
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return { data: name, run, state: "accepted", rows: null, rejected: [] };
}

async function describeCommit(project: Project, { group, run, sequence, rows }: Commit): Promise<IngestDocument> {
  const rejected = rows.quarantined === 0 ? [] : await readQuarantine(project, group, Number.POSITIVE_INFINITY);
  return {
    data: group,
    run,
    state: "done",
    rows: { read: rows.read, accepted: rows.read - rows.quarantined, quarantined: rows.quarantined },
    rejected: rejected.filter(({ commit }) => commit === sequence).slice(0, rejectedShown),
  };
}

function readRows(body: unknown): readonly object[] {
  const rows = Array.isArray(body) ? body : [body];
  const wrong = rows.findIndex((row) => !isObject(row));
  if (rows.length === 0 || wrong >= 0)
    throw fail(
      "HTTP_BODY_INVALID",
      `Expected an object or a list of objects, got ${rows.length === 0 ? "an empty list" : `${JSON.stringify(rows[wrong])?.slice(0, 60)} as row ${wrong + 1}`}`,
    );
  return rows as object[];
}

/** Once this returns the rows outlive the process and the machine. Gives the name of their file. */
async function keep(folder: string, rows: readonly object[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const name = newId("push");
  const path = join(folder, name);
  const file = await open(`${path}.new`, "w");
  try {
    await file.writeFile(JSON.stringify(rows));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, `${path}.json`);
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return `${name}.json`;
}
