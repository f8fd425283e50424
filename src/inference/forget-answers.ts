// Removes what was answered about an entity: its predictions with their feedback, and its rows of scored batches.

import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";

export interface AnswersAbout {
  /** Key column → value. */
  readonly entity: Readonly<Record<string, string>>;
  /** Only answers of this time, where it is given: from ≤ the answer's moment < to. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export interface ForgottenAnswers {
  readonly predictions: number;
  readonly feedback: number;
  /** Rows of batches. */
  readonly scored: number;
}

export async function forgetAnswers(
  query: Query,
  { database, offline }: { readonly database: Database; readonly offline: BlobStore },
  about: AnswersAbout,
  temporaryFolder: string,
): Promise<ForgottenAnswers> {
  const { predictions, feedback } = await forgetPredictions(database, about);
  return { predictions, feedback, scored: await forgetScores(query, { database, offline }, about, temporaryFolder) };
}

/** The request may have named the entity as a key, or as a feature that is another group's key. */
async function forgetPredictions(
  database: Database,
  { entity, fromMs, toMs }: AnswersAbout,
): Promise<{ predictions: number; feedback: number }> {
  const named = (text: string | null) => {
    const values = text === null ? {} : (JSON.parse(text) as Record<string, unknown>);
    return Object.entries(entity).every(([column, value]) => String(values[column] ?? "").trim() === value);
  };
  // The first column's name narrows the search; who it is about is judged on the whole.
  const hint = `%${JSON.stringify(Object.keys(entity)[0] ?? "").replaceAll(/[\\%_]/g, "_")}:%`;
  return database.transaction(async (tx) => {
    const rows = await tx.all<{ id: string; entity: string | null; features: string }>(
      "select id, entity, features from inference_predictions where at >= ? and at < ? and (entity like ? or features like ?)",
      [fromMs ?? Number.MIN_SAFE_INTEGER, toMs ?? Number.MAX_SAFE_INTEGER, hint, hint],
    );
    const counts = { predictions: 0, feedback: 0 };
    for (const row of rows) {
      if (!named(row.entity) && !named(row.features)) continue;
      counts.feedback += (await tx.run("delete from inference_feedback where prediction = ?", [row.id])).changes;
      counts.predictions += (await tx.run("delete from inference_predictions where id = ?", [row.id])).changes;
    }
    return counts;
  });
}

/** A batch's file is written anew without the entity's rows, and named by the catalog before the old one is removed. */
async function forgetScores(
  query: Query,
  { database, offline }: { readonly database: Database; readonly offline: BlobStore },
  { entity, fromMs, toMs }: AnswersAbout,
  temporaryFolder: string,
): Promise<number> {
  const batches = await database.all<{ inference: string; run: string; file: string }>(
    "select inference, run, file from inference_batches where at >= ? and at < ?",
    [fromMs ?? Number.MIN_SAFE_INTEGER, toMs ?? Number.MAX_SAFE_INTEGER],
  );
  const own = Object.entries(entity)
    .map(([column, value]) => `CAST(${sqlName(column)} AS VARCHAR) = ${sqlText(value)}`)
    .join(" AND ");
  let forgotten = 0;
  for (const { inference, run, file } of batches) {
    if (!(await offline.has(file))) continue;
    const rows = `read_parquet(${sqlText(await offline.localPath(file))})`;
    const columns = (await query.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${rows}`)).map(
      (one) => one.column_name,
    );
    if (!Object.keys(entity).every((column) => columns.includes(column))) continue;
    const [counts] = await query.rows<{ own: number; rest: number }>(
      `SELECT count(*) FILTER (WHERE ${own}) AS own, count(*) FILTER (WHERE NOT coalesce(${own}, false)) AS rest FROM ${rows}`,
    );
    if (counts === undefined || counts.own === 0) continue;
    const path = `${temporaryFolder}/${run}.parquet`;
    await query.run(
      `COPY (SELECT * FROM ${rows} WHERE NOT coalesce(${own}, false)) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    const after = file.replace(/(?:~(\d+))?\.parquet$/, (_, number = "0") => `~${Number(number) + 1}.parquet`);
    await offline.adopt(path, after);
    await database.transaction((tx) =>
      tx.run("update inference_batches set file = ?, rows = ? where inference = ? and run = ?", [
        after,
        counts.rest,
        inference,
        run,
      ]),
    );
    await offline.delete(file);
    forgotten += counts.own;
  }
  return forgotten;
}
