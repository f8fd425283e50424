// Keeps the user's code that answers rest on: a model goes on with the functions that it was trained with, whatever the files say now.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { contentHash } from "../../base/ids.ts";
import { importsOf } from "../imports.ts";

/** Where code of that hash is kept: inside the project, so that it finds the project's packages. */
export function codeFolder(projectFolder: string, hash: string): string {
  return join(projectFolder, ".pentad", "code", hash);
}

/** The hash of a file and of everything of the project that it imports. */
export function codeHash(projectFolder: string, file: string): string {
  return contentHash(...codeFiles(projectFolder, file).map((one) => readFileSync(join(projectFolder, one), "utf8")));
}

/** Keeps a file with everything of the project that it imports, once, and returns the hash that it is kept under. */
export function keepCode(projectFolder: string, file: string): string {
  const files = codeFiles(projectFolder, file);
  const names = contentHash(files.join("\n"));
  const hash = contentHash(names, codeHash(projectFolder, file)).slice(0, 32);
  const folder = codeFolder(projectFolder, hash);
  if (existsSync(folder)) return hash;
  mkdirSync(dirname(folder), { recursive: true });
  const writing = mkdtempSync(join(dirname(folder), ".new-"));
  try {
    for (const one of files) {
      mkdirSync(dirname(join(writing, one)), { recursive: true });
      copyFileSync(join(projectFolder, one), join(writing, one));
    }
    renameSync(writing, folder);
  } catch (error) {
    rmSync(writing, { recursive: true, force: true });
    // Another process may have kept the same code in the meantime.
    if (!existsSync(folder)) throw error;
  }
  return hash;
}

function codeFiles(projectFolder: string, file: string): string[] {
  return [...new Set([file, ...importsOf(projectFolder, file)])];
}
