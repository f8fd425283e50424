// A folder with a model in it: tells it from the name of one, and when its files are others than they were.

import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../base/failure.ts";

/** How much of a large file is read: so many pieces, evenly spread. Weights of another training differ all over. */
const pieces = 64;
const pieceBytes = 4_096;

/** Names of the Hub are `owner/name`; a path begins with a dot or a slash. */
export function isFolder(model: string): boolean {
  return /^(?:\.{0,2}[\\/]|[A-Za-z]:[\\/])/.test(model);
}

/** Changes when a file of the folder does. Throws DEFINE_INVALID when no model is there. */
export function modelFolderMark(model: string, folder: string): string {
  if (!existsSync(join(folder, "config.json")))
    throw fail("DEFINE_INVALID", `model: expected a folder with a model's config.json, got none in ${model}`, {
      hint: `Put the model there, relative to the project: ${folder}`,
      details: { field: "model" },
    });
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  for (const file of files) {
    const path = join(folder, file);
    const { size } = statSync(path);
    if (!statSync(path).isFile()) continue;
    hash.update(`${file} ${size}\n`);
    const handle = openSync(path, "r");
    try {
      const buffer = new Uint8Array(pieceBytes);
      const step = Math.max(pieceBytes, Math.floor((size - pieceBytes) / (pieces - 1)));
      for (let at = 0; at < size; at += step)
        hash.update(buffer.subarray(0, readSync(handle, buffer, 0, pieceBytes, at)));
    } finally {
      closeSync(handle);
    }
  }
  return hash.digest("hex").slice(0, 16);
}
