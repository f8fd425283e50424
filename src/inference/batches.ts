// The batches that were scored: one immutable file of predictions per run.

import { fail } from "../base/failure.ts";
import type { Database, Statements } from "../ports/database.ts";

export interface Batch {
  readonly inference: string;
  readonly run: string;
  readonly version: number;
  /** The blob's name in the offline store. */
  readonly file: string;
  readonly rows: number;
}

export async function recordBatch(tx: Statements, batch: Batch, atMs: number): Promise<void> {
  await tx.run("insert into inference_batches (inference, run, version, file, rows, at) values (?, ?, ?, ?, ?, ?)", [
    batch.inference,
    batch.run,
    batch.version,
    batch.file,
    batch.rows,
    atMs,
  ]);
}

/** The newest batch. Throws INFERENCE_UNKNOWN while there is none. */
export async function newestBatch(database: Database, inference: string): Promise<Batch & { readonly at: number }> {
  const batch = await database.get<Batch & { at: number }>(
    "select inference, run, version, file, rows, at from inference_batches where inference = ? order by at desc limit 1",
    [inference],
  );
  if (batch === undefined)
    throw fail("INFERENCE_UNKNOWN", `Expected a scored batch of inference/${inference}, got none`, {
      hint: "Declare batch: { schedule } in its file, and run it",
    });
  return batch;
}
