// Takes rows that somebody posted, for every data component that rows are posted to, and tells what became of them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { openPostedRowsJudge } from "../data/posted-rows.ts";
import type { TransformElsewhere } from "../data/posted-transform.ts";
import type { WindowHistory } from "../data/posted-windows.ts";
import { openPosts, type PostAnswer, type Posts } from "../data/take-posts.ts";
import type { DataDefinition } from "../define/definition.ts";
import { findHead } from "../features/commits.ts";
import { withDeprecated } from "../features/deprecation.ts";
import { embeddingsOf } from "../features/embedding.ts";
import { groupFiles, storedSchema } from "../features/group-files.ts";
import { putUpTo } from "../features/online/posted.ts";
import { committedPosts, newestPost, onlyAdded } from "../features/posts.ts";
import { evolveSchema } from "../features/stored-schema.ts";
import type { Query } from "../ports/query.ts";
import { openQuery } from "./drivers.ts";
import { featureUsers } from "./feature-users.ts";
import type { Project } from "./open-project.ts";
import { secretsOf } from "./secrets.ts";

export interface IngestDocument extends PostAnswer {
  readonly data: string;
  /** `done` once the rows are judged, kept and readable online; `accepted` while they are kept and wait for a run. */
  readonly state: "done" | "accepted";
}

export interface Ingest {
  /**
   * Takes one row or a list of them. Throws FEATURES_UNKNOWN, HTTP_BODY_INVALID or DATA_QUEUE_FULL; nothing was kept then.
   */
  take(name: string, body: unknown, idempotencyKey: string | null): Promise<IngestDocument>;
  /** Puts rows online that were kept before a crash and are not yet. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** A data component as it judges what is posted to it. */
interface Declared {
  readonly definition: DataDefinition;
  readonly file: string;
  readonly fingerprint: string | null;
}

interface Taker {
  /** What it judges by: the definition, and the code where that counts. */
  readonly text: string;
  readonly posts: Posts;
  close(): Promise<void>;
}

/** How long what is declared may be remembered; changes of this process are seen at once. */
const rememberMs = 1000;
/** An idempotency key is a name, not a document. */
const longestKey = 255;
const engineMb = 256;

export function openIngest(project: Project): Ingest {
  const takers = new Map<string, Promise<Taker>>();
  let remembered: { declared: ReadonlyMap<string, Declared>; atMs: number } | undefined;
  const forget = project.onChange(() => {
    remembered = undefined;
  });

  async function recall(): Promise<ReadonlyMap<string, Declared>> {
    if (remembered === undefined || performance.now() - remembered.atMs > rememberMs) {
      const declared = new Map<string, Declared>();
      const components = await project.components.list();
      for (const { definition, file, fingerprint } of components)
        if (definition?.kind === "data")
          declared.set(definition.name, {
            definition: await asKept(project, definition, components),
            file,
            fingerprint,
          });
      remembered = { declared, atMs: performance.now() };
    }
    return remembered.declared;
  }

  async function find(name: string): Promise<Declared> {
    const declared = (await recall()).get(name);
    if (declared === undefined)
      throw fail("FEATURES_UNKNOWN", `Expected a data component, got ${JSON.stringify(name)}`);
    const { definition } = declared;
    if (definition.source.kind !== "push")
      throw fail(
        "HTTP_BODY_INVALID",
        `Expected data/${name} to take rows that are posted, got one that reads ${definition.source.description}`,
        { hint: "Give it the source push()" },
      );
    return declared;
  }

  /** A changed definition, or transform, judges by other rules: what was taken under the old one is waited for first. */
  async function takerOf(declared: Declared): Promise<Taker> {
    const { definition, file, fingerprint } = declared;
    const { name } = definition;
    const text = JSON.stringify([definition, definition.transform ? fingerprint : null]);
    const known = takers.get(name);
    const opened = await known?.catch(() => undefined);
    if (opened?.text === text) return opened;
    if (known !== takers.get(name)) return takerOf(declared);
    const next = (async () => {
      await opened?.close();
      const code = { component: `data/${name}`, file, fingerprint, environment: () => secretsOf(definition) };
      return openTaker(project, definition, {
        text,
        ...(definition.transform ? { transform: project.transforms.open(code) } : {}),
      });
    })();
    takers.set(name, next);
    return next;
  }

  return {
    async take(name, body, idempotencyKey) {
      const declared = await find(name);
      if (idempotencyKey !== null && (idempotencyKey === "" || idempotencyKey.length > longestKey))
        throw fail(
          "HTTP_BODY_INVALID",
          `Expected an Idempotency-Key of 1 to ${longestKey} characters, got ${idempotencyKey.length}`,
        );
      const rows = readRows(body);
      const { posts } = await takerOf(declared);
      const answer = await posts.take(rows, idempotencyKey);
      return { data: name, state: answer.online ? "done" : "accepted", ...answer };
    },
    async recover() {
      for (const declared of (await recall()).values()) {
        const { name, source } = declared.definition;
        if (source.kind === "push" && (await newestPost(project.database, name)) > putUpTo(project.online, name))
          // Opening it does that.
          await takerOf(declared);
      }
    },
    async close() {
      forget();
      for (const taker of takers.values()) await taker.then((one) => one.close()).catch(() => undefined);
      takers.clear();
    },
  };
}

/** With what was dropped from its file and is kept for a live model: the model's next answer may rest on a posted row. */
async function asKept(
  { database }: Project,
  definition: DataDefinition,
  components: readonly DeclaredComponent[],
): Promise<DataDefinition> {
  if (definition.source.kind !== "push") return definition;
  const head = await findHead(database, definition.name);
  return withDeprecated(definition, head?.definition, await featureUsers(database, definition.name, components));
}

async function openTaker(
  project: Project,
  definition: DataDefinition,
  { text, transform }: { readonly text: string; readonly transform?: TransformElsewhere },
): Promise<Taker> {
  const engines = new Set<Query>();
  const closeEngines = async () => {
    for (const engine of engines) await engine.close();
    engines.clear();
  };
  const posts = openPosts(definition, {
    database: project.database,
    online: project.online,
    // The server does not hold a row against all others of its entity, nor has it texts embedded: a run does.
    openJudge:
      definition.checks?.monotonic !== undefined || embeddingsOf(definition).length > 0
        ? null
        : async () => {
            await closeEngines();
            const temporaryFolder = join(project.stateFolder, "tmp", "posted");
            await mkdir(temporaryFolder, { recursive: true });
            const query = await openQuery({ memoryMb: engineMb, temporaryFolder, threads: 1 });
            engines.add(query);
            return openPostedRowsJudge(definition, {
              query,
              online: project.online,
              history: historyOf(project, definition),
              ...(transform === undefined ? {} : { transform }),
            });
          },
  });
  await posts.recover();
  return {
    text,
    posts,
    async close() {
      await posts.idle();
      await closeEngines();
    },
  };
}

function historyOf({ database, offline }: Project, definition: DataDefinition): WindowHistory {
  const { name } = definition;
  return {
    head: () => committedPosts(database, name),
    onlyAdded: (since) => onlyAdded(database, name, since),
    async files(sequence) {
      const head = await findHead(database, name);
      if (head === undefined) return null;
      const { schema } = evolveSchema(storedSchema(head), definition);
      return groupFiles(database, offline, name, sequence, schema);
    },
  };
}

function readRows(body: unknown): readonly object[] {
  const rows = Array.isArray(body) ? body : [body];
  const wrong = rows.findIndex((row) => !isObject(row));
  if (rows.length === 0 || wrong >= 0)
    throw fail(
      "HTTP_BODY_INVALID",
      `Expected an object or a list of objects, got ${rows.length === 0 ? "an empty list" : `${JSON.stringify(rows[wrong])?.slice(0, 60)} as row ${wrong + 1}`}`,
    );
  return rows as object[];
}
