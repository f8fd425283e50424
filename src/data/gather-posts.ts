// The posts that a run commits: those since the last commit, as a file for its step.

import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import type { Commit } from "../features/commits.ts";
import { postOf, waitingPosts } from "../features/posts.ts";
import type { Database } from "../ports/database.ts";

export interface GatheredPosts {
  /** Null when nothing was posted since. */
  readonly file: string | null;
  /** The number of the last post that the commit will hold. */
  readonly upTo: number;
}

/** Null for a component that nobody posts to. */
export async function gatherPosts(
  { name, source }: DataDefinition,
  head: Commit | undefined,
  database: Database,
  folder: string,
): Promise<GatheredPosts | null> {
  if (source.kind !== "push") return null;
  const path = join(folder, "posted.ndjson");
  let file: string | null = null;
  let upTo = postOf(head?.sourcePosition ?? null);
  for await (const posts of waitingPosts(database, name, upTo)) {
    const lines = posts.map((post) => `${JSON.stringify(post)}\n`).join("");
    await (file === null ? writeFile(path, lines) : appendFile(path, lines));
    file = path;
    upTo = posts.at(-1)?.number ?? upTo;
  }
  return { file, upTo };
}

export function rebuildImpossible({ name }: DataDefinition, misfits: readonly string[]) {
  return fail(
    "DATA_REBUILD_IMPOSSIBLE",
    `Expected data/${name} to keep its key, its event time and how its features are read, since posted rows cannot be read again, got ${misfits.join(", ")}`,
    { hint: "Change the file back, or declare the new shape in a data component of another name and post to that" },
  );
}
