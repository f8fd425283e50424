// Forgets an entity everywhere: a commit without its rows in every group, then its traces in files, rejected rows and answers.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import { type Commit, findHead, listHeads } from "../features/commits.ts";
import { waitingVectors } from "../features/embedding.ts";
import { type Entity, type EntityRows, isKeyedBy } from "../features/entity.ts";
import { forgetPosts } from "../features/forget-posts.ts";
import { forgetRows } from "../features/forget-rows.ts";
import { groupFiles } from "../features/group-files.ts";
import { countMentions, mayMention } from "../features/mentions.ts";
import { purgeRows } from "../features/purge.ts";
import { type ForgottenAnswers, forgetAnswers } from "../inference/forget-answers.ts";
import { listVersions } from "../models/registry.ts";
import type { Query } from "../ports/query.ts";
import { openQuery } from "./drivers.ts";
import type { Project } from "./open-project.ts";
import { removeSearch } from "./search.ts";

export interface ForgetRequest extends EntityRows {
  /** Only these data components; every one that is keyed so when left out. */
  readonly data?: readonly string[];
  /** The rows are deleted, but earlier states of the groups and the training sets made from them can still be made again. */
  readonly keepHistory: boolean;
}

export interface ForgottenGroup {
  readonly data: string;
  /** Rows that the group held. */
  readonly rows: number;
  /** The commit that is without them; null when it held none. */
  readonly commit: number | null;
  /** Rejected rows, rows that were posted, and files of earlier states that are gone. */
  readonly quarantined: number;
  readonly posted: number;
  readonly files: number;
  /** Earlier commits that cannot be asked for any more. */
  readonly commits: readonly number[];
}

export interface ForgetDocument {
  readonly entity: Entity;
  readonly groups: readonly ForgottenGroup[];
  /** Rows of groups that are keyed otherwise and name the entity as a feature. They are left: it is not known whose they are. */
  readonly mentions: readonly { readonly data: string; readonly key: readonly string[]; readonly rows: number }[];
  readonly answers: ForgottenAnswers;
  /** Model versions whose training sets held the rows and cannot be made again. The models themselves stay. */
  readonly trainingSets: readonly { readonly training: string; readonly version: number; readonly set: string }[];
}

/** Done again it does what is left to do. Throws FEATURES_UNKNOWN when no group is keyed so. */
export async function forgetEntity(project: Project, request: ForgetRequest): Promise<ForgetDocument> {
  const heads = await headsOf(project, request);
  const atMs = Date.now();
  const run = newId("forget", atMs);
  const folder = join(project.stateFolder, "tmp", run);
  let places = 0;
  const place = async () => {
    const path = join(folder, String(++places));
    await mkdir(path, { recursive: true });
    return path;
  };
  const withQuery = async <Result>(work: (query: Query) => Promise<Result>) => {
    const query = await openQuery({ memoryMb: 1024, temporaryFolder: await place(), threads: 2 });
    return work(query).finally(() => query.close());
  };
  try {
    const groups: ForgottenGroup[] = [];
    for (const { group, definition } of heads) {
      const options = { run, atMs, purge: !request.keepHistory, folder: place, withQuery };
      const { deleted, sequence } = await forgetRows(project, group, request, options);
      const gone = request.keepHistory
        ? { files: 0, commits: [], quarantined: 0 }
        : await withQuery((query) => purgeRows(query, project, group, request));
      await removeSearch(project, group);
      await rm(waitingVectors(join(project.stateFolder, "tmp"), group), { recursive: true, force: true });
      const posted = await forgetPosts(project.database, project.online, definition, request);
      groups.push({ data: group, rows: deleted, commit: sequence, posted, ...gone });
    }
    await project.predictions.flush();
    const answers = request.keepHistory
      ? { predictions: 0, feedback: 0, scored: 0 }
      : await withQuery(async (query) => forgetAnswers(query, project, request, await place()));
    project.changed();
    const mentions = request.data === undefined ? await findMentions(project, request.entity, withQuery) : [];
    return { entity: request.entity, groups, mentions, answers, trainingSets: await lostSets(project, groups) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function headsOf(project: Project, { entity, fromMs, toMs, data }: ForgetRequest): Promise<Commit[]> {
  const heads: Commit[] = [];
  for (const { group } of await listHeads(project.database)) {
    const head = await findHead(project.database, group);
    if (head !== undefined && (data === undefined || data.includes(group))) heads.push(head);
  }
  const keyed = heads.filter(({ definition }) => isKeyedBy(definition, entity));
  if (keyed.length === 0)
    throw fail(
      "FEATURES_UNKNOWN",
      `Expected a feature group with rows that is keyed by ${Object.keys(entity).join(" and ")}, got ${heads.map(({ group, definition }) => `${group} (${definition.key.join(", ") || "no key"})`).join("; ") || "none"}`,
    );
  const timeless = keyed.find(({ definition }) => definition.eventTime === null);
  if (timeless !== undefined && (fromMs !== null || toMs !== null))
    throw fail(
      "FEATURES_UNKNOWN",
      `Expected feature groups with an event time, since a time is given, got ${timeless.group} without one`,
      { hint: "Leave the time out, or name the group with --data" },
    );
  return keyed;
}

async function findMentions(
  project: Project,
  entity: Entity,
  withQuery: <Result>(work: (query: Query) => Promise<Result>) => Promise<Result>,
): Promise<ForgetDocument["mentions"]> {
  const found: { data: string; key: readonly string[]; rows: number }[] = [];
  for (const { group } of await listHeads(project.database)) {
    const head = await findHead(project.database, group);
    if (head === undefined || !mayMention(head.definition, entity)) continue;
    const files = await groupFiles(project.database, project.offline, group, head.sequence);
    const rows = await withQuery((query) => countMentions(query, head.definition, files, entity));
    if (rows > 0) found.push({ data: group, key: head.definition.key, rows });
  }
  return found;
}

/** The sets were made from commits that are gone. */
async function lostSets(project: Project, groups: readonly ForgottenGroup[]): Promise<ForgetDocument["trainingSets"]> {
  const versions = await listVersions(project.database);
  return versions
    .filter(({ commits }) => groups.some(({ data, commits: gone }) => gone.includes(commits[data] ?? 0)))
    .map(({ training, version, trainingSet }) => ({ training, version, set: trainingSet }));
}
