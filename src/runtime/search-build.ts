// Builds the search index of a feature group in a process of its own, as two files beside the commits: rows and index.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromFailure } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { Commit } from "../features/commits.ts";
import { purgedAfter } from "../features/forgotten.ts";
import { buildSearchIndex } from "../features/search-index.ts";
import type { StepContext } from "../ports/compute.ts";
import { type Query, sqlText } from "../ports/query.ts";
import { rowsToExport } from "./export/export-rows.ts";
import type { Project } from "./open-project.ts";

/** An index may take what a machine has time for; it is nobody's answer that waits. */
const limits = { timeMs: 3_600_000, memoryMb: 4_096 };

/** Where a group's indexes are, by commit. The index is written last: with it the other file is whole. */
export function searchFiles(group: string, sequence: number): { rows: string; index: string } {
  const folder = `search/${group}/${sequence}`;
  return { rows: `${folder}/rows.parquet`, index: `${folder}/index.bin` };
}

export async function buildSearch(project: Project, { definition, group, sequence }: Commit): Promise<void> {
  const folder = await mkdtemp(join(project.stateFolder, "tmp", "search-"));
  try {
    const { sql } = await rowsToExport(project, `features/${group}`, folder);
    const outcome = await project.compute.run({
      entry: "features/index",
      input: { sql, definition, temporaryFolder: folder } as unknown as JsonObject,
      component: `data/${group}`,
      run: newId("idx"),
      step: "search index",
      attempt: 1,
      projectFolder: project.folder,
      limits,
      environment: {},
    });
    if (!outcome.ok) throw fromFailure(outcome.failure);
    const made = outcome.output as unknown as { rows: string; index: string };
    const files = searchFiles(group, sequence);
    await project.offline.adopt(made.rows, files.rows);
    await project.offline.adopt(made.index, files.index);
    // Somebody may have been forgotten while these rows were read: then they go as well, and the newer state is indexed.
    if ((await purgedAfter(project.database, group, sequence)) !== undefined)
      for (const name of [files.index, files.rows]) await project.offline.delete(name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the step's process. */
export async function indexRows(input: JsonObject, query: Query, { progress }: StepContext): Promise<Json> {
  const { sql, definition, temporaryFolder } = input as unknown as {
    sql: string;
    definition: DataDefinition;
    temporaryFolder: string;
  };
  const rows = join(temporaryFolder, "rows.parquet");
  const index = join(temporaryFolder, "index.bin");
  await query.run(`COPY (${sql}) TO ${sqlText(rows)} (FORMAT parquet, COMPRESSION zstd)`);
  await writeFile(index, await buildSearchIndex(query, rows, definition, (share) => progress({ share })));
  return { rows, index };
}
