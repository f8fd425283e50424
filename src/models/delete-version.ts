// Deleting a version: refused while anything refers to it, and kept on record with who and why.

import { fail } from "../base/failure.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database, Statements } from "../ports/database.ts";
import { modelBlob } from "./model-store.ts";

export interface Deletion {
  readonly reason: string;
  readonly who: string;
  /** What else refers to the version, in words: answers, runs. Asked within the transaction. */
  readonly references: (tx: Statements, id: string) => Promise<readonly string[]>;
}

/**
 * Takes a version out of the registry, and its file when no other version is that model. Throws MODELS_UNKNOWN,
 * MODELS_REASON_MISSING, or MODELS_REFERENCED with everything that still refers to it.
 */
export async function deleteVersion(
  database: Database,
  blobs: BlobStore,
  { training, version }: { readonly training: string; readonly version: number },
  { reason, who, references }: Deletion,
): Promise<void> {
  if (reason.trim() === "")
    throw fail("MODELS_REASON_MISSING", `Expected why version ${version} should be deleted, got nothing`);
  const orphan = await database.transaction(async (tx) => {
    const row = await tx.get<{ id: string }>("select id from models_versions where training = ? and version = ?", [
      training,
      version,
    ]);
    if (row === undefined) throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`);
    const aliases = await tx.all<{ alias: string }>(
      "select alias from models_aliases where training = ? and version = ? order by alias",
      [training, version],
    );
    const referring = [...aliases.map(({ alias }) => `the alias ${alias}`), ...(await references(tx, row.id))];
    if (referring.length > 0)
      throw fail(
        "MODELS_REFERENCED",
        `Version ${version} of training/${training} cannot be deleted: ${referring.join(", ")} ${referring.length === 1 ? "refers" : "refer"} to it`,
      );
    await tx.run("delete from models_versions where training = ? and version = ?", [training, version]);
    await tx.run("insert into models_deleted (training, version, id, reason, who, at) values (?, ?, ?, ?, ?, ?)", [
      training,
      version,
      row.id,
      reason,
      who,
      Date.now(),
    ]);
    const other = await tx.get("select version from models_versions where id = ?", [row.id]);
    return other === undefined ? row.id : null;
  });
  if (orphan !== null) await blobs.delete(modelBlob(orphan));
}
