// One serving process per project: a lock file that names its holder, and that a dead holder does not keep.

import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import { isObject } from "../base/json.ts";

interface Holder {
  readonly pid: number;
  readonly url: string;
}

export interface ProjectLock {
  release(): Promise<void>;
}

/** Throws RUNTIME_PROJECT_BUSY, naming the holder, while another process serves the project. */
export async function lockProject(stateFolder: string, url: string): Promise<ProjectLock> {
  const path = join(stateFolder, "serving.json");
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(JSON.stringify({ pid: process.pid, url } satisfies Holder));
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = await findHolder(stateFolder);
      if (holder !== undefined)
        throw fail(
          "RUNTIME_PROJECT_BUSY",
          `Expected nobody else to serve this project, got process ${holder.pid} at ${holder.url}`,
          { hint: `Open ${holder.url}, or stop process ${holder.pid} first` },
        );
      await rm(path, { force: true });
    }
  }
  throw fail(
    "RUNTIME_PROJECT_BUSY",
    "Expected nobody else to serve this project, got another process starting at the same moment",
  );
}

/** The living process that serves the project, if any. */
export async function findHolder(stateFolder: string): Promise<Holder | undefined> {
  const text = await readFile(join(stateFolder, "serving.json"), "utf8").catch(() => "");
  let holder: unknown;
  try {
    holder = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(holder) || typeof holder.pid !== "number" || holder.pid === process.pid) return undefined;
  return (await isServer(holder.pid)) ? { pid: holder.pid, url: String(holder.url) } : undefined;
}

/** Process ids are used again: the one that lives must look like a Node process, where that can be seen. */
async function isServer(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return command === undefined || command.includes("pentad");
}
