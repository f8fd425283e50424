// A project's state to look at where it cannot be written to: the catalog as a copy, everything else where it is.

import { existsSync } from "node:fs";
import { access, constants, copyFile, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../base/failure.ts";

const catalog = "catalog.sqlite";
/** What has been committed but not yet moved into the catalog itself. */
const parts = [catalog, `${catalog}-wal`];
/** A commit meanwhile makes a copy worthless; nobody commits that often for long. */
const tries = 20;

/** Why nothing can be written below the project's state; undefined when it can. */
export async function writeRefusal(root: string, stateFolder: string): Promise<NodeJS.ErrnoException | undefined> {
  const places = [existsSync(stateFolder) ? stateFolder : root, join(stateFolder, catalog)].filter(existsSync);
  for (const place of places) {
    const refusal = await access(place, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Returns a new folder; whoever asked removes it. Throws CATALOG_LOCKED when the catalog never rests. */
export async function copyState(stateFolder: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pentad-look-"));
  try {
    for (const name of ["logs", "models", "offline"])
      if (existsSync(join(stateFolder, name))) await symlink(join(stateFolder, name), join(folder, name), "dir");
    for (let attempt = 0; attempt < tries; attempt++) {
      const before = await looksOf(stateFolder);
      for (const part of parts) {
        await rm(join(folder, part), { force: true });
        await copyFile(join(stateFolder, part), join(folder, part)).catch(missing);
      }
      if (before === (await looksOf(stateFolder))) return folder;
    }
    throw fail(
      "CATALOG_LOCKED",
      `Expected a moment of rest to copy ${join(stateFolder, catalog)}, got a commit each time`,
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function looksOf(stateFolder: string): Promise<string> {
  const looks = parts.map((part) =>
    stat(join(stateFolder, part), { bigint: true }).then(
      ({ size, mtimeNs, ino }) => `${size} ${mtimeNs} ${ino}`,
      missing,
    ),
  );
  return (await Promise.all(looks)).join();
}

/** A project that has not run has no catalog yet, and one at rest nothing beside it. */
function missing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
