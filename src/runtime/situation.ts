// Looks up everything that the plan needs: sources on disk, groups and versions in the stores, runs on the ledger.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DeclaredComponent } from "../catalog/components.ts";
import { listHeads, rowsAtCommit } from "../features/commits.ts";
import { committedPosts, newestPost } from "../features/posts.ts";
import { listNewest } from "../models/registry.ts";
import { listRaised } from "../runs/raised.ts";
import type { Project } from "./open-project.ts";
import type { Situation } from "./plan.ts";

export async function surveySituation(
  project: Project,
  components?: readonly DeclaredComponent[],
  how: { readonly retry?: ReadonlySet<string>; readonly unhurried?: boolean } = {},
): Promise<Situation> {
  const { database, ledger } = project;
  const declared = components ?? (await project.components.list());
  return {
    components: declared,
    latest: await ledger.latest(),
    groups: new Map((await listHeads(database)).map((head) => [head.group, head])),
    sources: new Map(
      await Promise.all(
        declared
          .filter(({ kind }) => kind === "data" || kind === "training")
          .map(async (one) => [one.id, await sourceFingerprint(project.folder, one)] as const),
      ),
    ),
    versions: await surveyVersions(project),
    events: await listRaised(database),
    posts: await surveyPosts(project, declared),
    nowMs: Date.now(),
    retry: how.retry ?? new Set(),
    unhurried: how.unhurried ?? false,
  };
}

export async function surveyPosts(
  { database }: Pick<Project, "database">,
  components: readonly DeclaredComponent[],
): Promise<Situation["posts"]> {
  const posts = new Map<string, { newest: number; committed: number }>();
  for (const { id, definition } of components)
    if (definition?.kind === "data" && definition.source.kind === "push")
      posts.set(id, {
        newest: await newestPost(database, definition.name),
        committed: (await committedPosts(database, definition.name)).upTo,
      });
  return posts;
}

/** Size and time of the local files that a component reads; null when it reads none. */
export async function sourceFingerprint(folder: string, component: DeclaredComponent): Promise<string | null> {
  const files = filesOf(component.definition);
  const marks = files.map(async (file) => {
    const facts = await stat(join(folder, file)).catch(() => undefined);
    return facts === undefined ? "missing" : `${facts.size}-${Math.round(facts.mtimeMs)}`;
  });
  return files.length === 0 ? null : (await Promise.all(marks)).join(" ");
}

/** A data component's source, and the models that a training takes as files. */
export function filesOf(definition: DeclaredComponent["definition"]): string[] {
  if (definition?.kind === "data") return definition.source.watch === null ? [] : [definition.source.watch];
  if (definition?.kind !== "training") return [];
  return definition.candidates.flatMap(({ algorithm, params }) =>
    algorithm === "imported" ? [String(params.file)] : [],
  );
}

async function surveyVersions({ database }: Project): Promise<Situation["versions"]> {
  const versions = new Map<string, { rows: Record<string, number>; atMs: number; live: string | null }>();
  for (const { training, commits, atMs, live } of await listNewest(database)) {
    const rows: Record<string, number> = {};
    for (const [group, sequence] of Object.entries(commits))
      rows[group] = await rowsAtCommit(database, group, sequence);
    versions.set(training, { rows, atMs, live });
  }
  return versions;
}
