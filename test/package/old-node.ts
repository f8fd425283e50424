// Finds a Node.js on this machine that is too old for Pentad, as many machines carry one.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export function findOldNode(): string | undefined {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/local/bin", "/usr/bin"]) {
    const path = join(folder, "node");
    if (folder === "" || !existsSync(path)) continue;
    const version = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout ?? "";
    const major = Number(/^v(\d+)/.exec(version)?.[1]);
    if (major >= 20 && major < 24) return path;
  }
  return undefined;
}
