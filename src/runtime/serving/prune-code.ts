// Removes kept code that nothing refers to any more: no component as its file says now, no feature group, no version of a model.

import { readdir, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findHead, listHeads } from "../../features/commits.ts";
import { listVersions } from "../../models/registry.ts";
import type { Project } from "../open-project.ts";
import { codeFolder } from "./kept-code.ts";

/** How long it has been without use when it goes: a process that was started with it has ended by then. */
const unusedMs = 86_400_000;

/** Returns the hashes of what was removed; nothing is while a run is going on, or waits to begin. */
export async function pruneCode(project: Project, nowMs = Date.now()): Promise<string[]> {
  const folder = dirname(codeFolder(project.folder, "any"));
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^(?:[0-9a-f]{32}|\.new-.*)$/.test(name));
  if (names.length === 0) return [];
  const referring = await referringTexts(project);
  const removed: string[] = [];
  const idle = await isIdle(project);
  for (const name of names) {
    const path = join(folder, name);
    // The folder's own time tells when it was last referred to.
    if (referring.some((text) => text.includes(name))) await utimes(path, nowMs / 1000, nowMs / 1000);
    else if (idle && nowMs - (await stat(path)).mtimeMs > unusedMs) {
      await rm(path, { recursive: true, force: true });
      removed.push(name);
    }
  }
  return removed;
}

/** Everything by which code is looked up, as JSON: its hash stands in there. */
async function referringTexts({ database, components }: Project): Promise<string[]> {
  const groups = await Promise.all((await listHeads(database)).map(({ group }) => findHead(database, group)));
  return [
    ...(await components.list()).map(({ definition }) => definition),
    ...groups.map((head) => head?.definition),
    ...(await listVersions(database)).map(({ params, report }) => [params, report]),
  ].map((one) => JSON.stringify(one) ?? "");
}

async function isIdle({ ledger }: Project): Promise<boolean> {
  for (const state of ["requested", "running"] as const)
    if ((await ledger.list({ state, limit: 1 })).length > 0) return false;
  return true;
}
