// Rows that others send: each post to /ingest leaves one file in an inbox, and the next run takes them all.

import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import type { Source, SourceContext } from "../ports/source.ts";
import { rows } from "./rows.ts";

/**
 * Rows that are posted as JSON to `/ingest/NAME`, where NAME is the data component's. `inbox` names the place where they
 * wait for their run; two components must not share one.
 *
 * @example
 * push("orders")
 */
export function push(inbox: string): Source {
  if (typeof inbox !== "string" || !/^[\w-]+$/.test(inbox))
    throw fail(
      "DEFINE_INVALID",
      `push(): expected a name of letters, digits and hyphens, got ${JSON.stringify(inbox)}`,
    );
  const folder = `.pentad/inbox/${inbox}`;
  return {
    kind: "push",
    description: `rows posted to /ingest (inbox ${inbox})`,
    watch: folder,
    async fingerprint(projectFolder) {
      return (await waiting(join(projectFolder, folder))).at(-1) ?? "";
    },
    open: (context) => openInbox(join(context.projectFolder, folder), context),
  };
}

/**
 * The position names the files whose rows are committed: only now, when that is sure, are they removed. So every row counts
 * once, whenever the process is killed and in whatever order files appear. The newest file stays, as the fingerprint.
 */
async function openInbox(folder: string, context: SourceContext) {
  const taken = new Set(JSON.parse(context.position ?? "[]") as string[]);
  const all = await waiting(folder);
  const names = all.filter((name) => !taken.has(name));
  const kept = all.filter((name) => taken.has(name) && name === all.at(-1));
  for (const name of all) if (taken.has(name) && !kept.includes(name)) await rm(join(folder, name), { force: true });
  async function* read() {
    for (const name of names) yield JSON.parse(await readFile(join(folder, name), "utf8")) as object[];
  }
  return rows(() => ({ rows: read(), position: JSON.stringify([...kept, ...names]) })).open(context);
}

/** Oldest first; a file that is still being written has another ending. */
async function waiting(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".json")).sort();
}
