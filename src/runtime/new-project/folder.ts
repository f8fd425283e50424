// Puts a new project's files in place all at once: written beside their place first, so that nothing is ever half there.

import { constants, rmSync } from "node:fs";
import { access, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail, isFailure, systemCode } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";

export interface NewFile {
  /** Relative to the project. */
  readonly path: string;
  readonly content: { readonly text: string } | { readonly copyOf: string };
}

/** Throws RUNTIME_TARGET_EXISTS or RUNTIME_NOT_WRITABLE before any work is done. */
export async function checkTarget(folder: string): Promise<void> {
  const shown = JSON.stringify(folder);
  try {
    const facts = await stat(folder).catch((error: { code?: string }) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (facts !== undefined && !facts.isDirectory())
      throw fail("RUNTIME_TARGET_EXISTS", `Expected a new folder, but ${shown} is a file`);
    if (facts !== undefined && (await readdir(folder)).length > 0)
      throw fail("RUNTIME_TARGET_EXISTS", `Expected a new or empty folder, but ${shown} holds files`);
    await access(facts === undefined ? await nearestFolder(folder) : folder, constants.W_OK);
  } catch (error) {
    throw refusal(error, folder);
  }
}

async function nearestFolder(folder: string): Promise<string> {
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    const facts = await stat(parent).catch(() => undefined);
    if (facts?.isDirectory()) return parent;
    if (facts !== undefined)
      throw fail(
        "RUNTIME_NOT_WRITABLE",
        `${JSON.stringify(folder)} cannot be made: ${JSON.stringify(parent)} is a file`,
      );
    if (parent === dirname(parent)) return parent;
  }
}

/** Writes every file, or leaves the folder as it was. Aborting the signal before the last step leaves nothing behind. */
export async function writeProject(folder: string, files: readonly NewFile[], signal: AbortSignal): Promise<void> {
  const exists = (await stat(folder).catch(() => undefined)) !== undefined;
  // An empty folder may be where the user stands: it is filled, not replaced.
  const staging = exists
    ? join(folder, `.${newId("new")}`)
    : join(dirname(folder), `.${basename(folder)}.${newId("new")}`);
  const moved: string[] = [];
  // A process that is told to exit meanwhile still cleans up.
  const cleanUp = () => rmSync(staging, { recursive: true, force: true });
  process.once("exit", cleanUp);
  try {
    for (const { path, content } of files) {
      if (signal.aborted)
        throw fail("RUNTIME_INTERRUPTED", "The new project was stopped before its end; nothing was written", {
          hint: "Run the command again",
        });
      const target = join(staging, path);
      await mkdir(dirname(target), { recursive: true });
      if ("text" in content) await writeFile(target, content.text);
      else await copyFile(content.copyOf, target, constants.COPYFILE_FICLONE);
    }
    if (!exists) return await rename(staging, folder);
    for (const entry of await readdir(staging)) {
      await rename(join(staging, entry), join(folder, entry));
      moved.push(entry);
    }
  } catch (error) {
    for (const entry of moved) await rm(join(folder, entry), { recursive: true, force: true });
    throw refusal(error, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
    process.off("exit", cleanUp);
  }
}

function refusal(error: unknown, folder: string): unknown {
  if (isFailure(error)) return error;
  const shown = JSON.stringify(folder);
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "EEXIST" || code === "ENOTEMPTY")
    return fail("RUNTIME_TARGET_EXISTS", `${shown} appeared while the project was made`, { cause: error });
  switch (systemCode(error)) {
    case "RUNTIME_NOT_WRITABLE":
      return fail("RUNTIME_NOT_WRITABLE", `${shown} cannot be written to`, { cause: error });
    case "RUNTIME_DISK_FULL":
      return fail("RUNTIME_DISK_FULL", `The disk became full while ${shown} was written; nothing of it was kept`, {
        cause: error,
      });
    default:
      return error;
  }
}
