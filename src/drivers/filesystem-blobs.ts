// Immutable files in a folder of this machine: written beside, made durable, then renamed into place.

import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fail, systemCode } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { BlobStore } from "../ports/blob-store.ts";

export interface FilesystemBlobsOptions {
  /** The folder that holds the blobs; made when it is missing. */
  readonly folder: string;
}

export function filesystemBlobs({ folder }: FilesystemBlobsOptions): BlobStore {
  const root = resolve(folder);
  const staging = join(root, ".staging");

  function pathOf(name: string): string {
    const path = resolve(root, name);
    if (!path.startsWith(root + sep))
      throw fail("INTERNAL", `Expected a blob name below the store, got ${JSON.stringify(name)}`);
    return path;
  }

  async function settle(temporary: string, name: string): Promise<void> {
    const target = pathOf(name);
    await mkdir(dirname(target), { recursive: true });
    await syncPath(temporary);
    await rename(temporary, target);
    await syncPath(dirname(target));
  }

  return {
    async put(name, bytes) {
      await attempt(async () => {
        const temporary = await stage("blob");
        const file = await open(temporary, "w");
        try {
          await file.writeFile(bytes);
        } finally {
          await file.close();
        }
        await settle(temporary, name);
      });
    },
    async find(name) {
      try {
        return await readFile(pathOf(name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async has(name) {
      return stat(pathOf(name)).then(
        (facts) => facts.isFile(),
        () => false,
      );
    },
    async list(prefix) {
      const names: string[] = [];
      const base = pathOf(prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/")) : ".x").replace(
        /[/\\]\.x$/,
        "",
      );
      for (const entry of await readdir(base, { recursive: true, withFileTypes: true }).catch(() => [])) {
        if (!entry.isFile()) continue;
        const name = relative(root, join(entry.parentPath, entry.name)).split(sep).join("/");
        if (name.startsWith(prefix) && !name.startsWith(".staging/")) names.push(name);
      }
      return names.sort();
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    async localPath(name) {
      return pathOf(name);
    },
    stagingPath: (hint) => attempt(() => stage(hint)),
    async adopt(localPath, name) {
      await attempt(async () => {
        await stat(localPath);
        await settle(localPath, name);
      });
    },
  };

  async function stage(hint: string): Promise<string> {
    await mkdir(staging, { recursive: true });
    return join(staging, `${newId("new")}-${hint}`);
  }
}

/** A rename is only durable once the folder that holds the name is. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw fail(code, (error as Error).message, { cause: error });
  }
}
