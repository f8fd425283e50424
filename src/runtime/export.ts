// Writes exactly the rows of a feature group, or a training set as of now, to a file of the user's own.

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { eventColumn, groupColumns, keyColumn } from "../features/columns.ts";
import { findHead } from "../features/commits.ts";
import { groupFiles } from "../features/group-files.ts";
import { enrichedSql, orderSql } from "../features/relation.ts";
import { newestBatch } from "../inference/batches.ts";
import { sqlName, sqlText } from "../ports/query.ts";
import { openQuery } from "./drivers.ts";
import type { Project } from "./open-project.ts";
import { runNamed } from "./runner.ts";
import { surveyPosts } from "./situation.ts";
import { trainingSetSql } from "./training-set-sql.ts";

export type ExportFormat = "csv" | "parquet";

/** `what` is `features/NAME`, `training/NAME`, `training/NAME@VERSION` or `predictions/NAME` (the newest batch). The file appears whole or not at all. */
export async function exportRows(
  project: Project,
  what: string,
  format: ExportFormat,
  out: string,
): Promise<{ rows: number }> {
  const [kind, name = ""] = what.split("/");
  await commitPosts(project);
  const temporary = join(dirname(out), `.${newId("export")}`);
  const folder = await mkdtemp(join(project.stateFolder, "tmp", "export-"));
  const query = await openQuery({ memoryMb: 1024, temporaryFolder: folder, threads: 2 });
  try {
    const sql = await rowsSql(project, kind, name, folder);
    await mkdir(dirname(out), { recursive: true });
    const options = format === "csv" ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
    await query.run(`COPY (${sql}) TO ${sqlText(temporary)} (${options})`);
    const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM (${sql})`);
    await rename(temporary, out);
    return { rows: count?.n ?? 0 };
  } finally {
    await query.close();
    await rm(temporary, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

/** What was posted until now belongs to the rows. */
async function commitPosts(project: Project): Promise<void> {
  const posts = await surveyPosts(project, await project.components.list());
  const waiting = [...posts].flatMap(([id, { newest, committed }]) => (newest > committed ? [id] : []));
  if (waiting.length > 0) await runNamed(project, waiting, { signal: new AbortController().signal });
}

/** Key and event time under the source's names, then features, windows and labels; a key that is a feature too stands once. */
async function groupSql(project: Project, name: string): Promise<string> {
  const head = await findHead(project.database, name);
  if (head === undefined)
    throw fail("FEATURES_UNKNOWN", `Expected a feature group with rows, got ${JSON.stringify(name)}`);
  const { definition } = head;
  const own = groupColumns(definition).map((column) => column.name);
  const keys = definition.key
    .filter((key) => !own.includes(key))
    .map((key) => `e.${sqlName(keyColumn(key))} AS ${sqlName(key)}`);
  const event =
    definition.eventTime === null || own.includes(definition.eventTime.column)
      ? []
      : [`e.${eventColumn} AS ${sqlName(definition.eventTime.column)}`];
  const columns = [...keys, ...event, ...own.map((column) => `e.${sqlName(column)}`)];
  const files = await groupFiles(project.database, project.offline, name);
  return `SELECT ${columns.join(", ")} FROM (${enrichedSql(definition, files)}) e ORDER BY ${orderSql(definition, "e")}`;
}

async function rowsSql(project: Project, kind: string | undefined, name: string, folder: string): Promise<string> {
  if (kind === "features") return groupSql(project, name);
  if (kind === "training") return trainingSetSql(project, name, folder);
  const { file } = await newestBatch(project.database, name);
  return `SELECT * FROM read_parquet(${sqlText(await project.offline.localPath(file))})`;
}
