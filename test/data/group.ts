// A feature group with its real stores in a folder of its own, filled by the real recipe in this process.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineageMigrations } from "../../src/catalog/lineage.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import type { DataParts } from "../../src/data/commit-rows.ts";
import { type JoinInput, joinPartitions, type PartitionInput, readPartition } from "../../src/data/partition.ts";
import type { BackfillInput } from "../../src/data/plan-backfill.ts";
import { type ReadInput, readSource } from "../../src/data/read.ts";
import { runBackfill } from "../../src/data/run-backfill.ts";
import { type DataOutcome, runData } from "../../src/data/run-data.ts";
import type { DataComponent } from "../../src/define/data.ts";
import type { DataDefinition } from "../../src/define/definition.ts";
import { describe } from "../../src/define/describe.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { filesystemBlobs } from "../../src/drivers/filesystem-blobs.ts";
import { lmdbOnline } from "../../src/drivers/lmdb-online.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import { featuresMigrations } from "../../src/features/commits.ts";
import type { FeatureUsers } from "../../src/features/deprecation.ts";
import { loadedEmbedders } from "../../src/features/embedding.ts";
import type { EntityRows } from "../../src/features/entity.ts";
import { forgetRows } from "../../src/features/forget-rows.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { enrichedSql, orderSql } from "../../src/features/relation.ts";
import { locationInProject } from "../../src/ports/compute.ts";
import type { Query } from "../../src/ports/query.ts";
import type { Source, SourceContext } from "../../src/ports/source.ts";
import type { Work } from "../../src/runs/work.ts";

export type Cells = Readonly<Record<string, string | null>>;

/** A source that gives these rows; with a position it only ever adds, as a feed does. */
export function given(rows: readonly Cells[], position: string | null = null): Source {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return {
    kind: "given",
    description: "given rows",
    fingerprint: async () => null,
    async open({ query }: SourceContext) {
      await query.run(
        `CREATE TABLE given_cells (_row VARCHAR, ${columns.map((column) => `"${column}" VARCHAR`).join(", ")})`,
      );
      await query.append(
        "given_cells",
        ["_row", ...columns],
        rows.map((row, index) => [String(index + 1), ...columns.map((column) => row[column] ?? null)]),
      );
      await query.run("CREATE VIEW given AS SELECT * REPLACE (CAST(_row AS BIGINT) AS _row) FROM given_cells");
      return { relation: "given", columns, unreadable: [], bytes: null, position };
    },
  };
}

export interface RunOptions {
  readonly users?: FeatureUsers;
  /** A step that fails is tried once more after this. */
  readonly afterFailure?: (error: unknown) => void;
}

export interface Group {
  readonly parts: DataParts;
  readonly folder: string;
  /** Runs the recipe for a component, as of `atMs`. */
  run(component: unknown, atMs?: number, options?: RunOptions): Promise<DataOutcome>;
  /** Backfills a range as of `atMs`, one partition after the other. */
  backfill(component: unknown, range: Omit<BackfillInput, "code">, atMs: number): Promise<DataOutcome>;
  /** One commit without an entity's rows. */
  forget(
    name: string,
    rows: EntityRows,
    options: { readonly atMs: number; readonly purge: boolean },
  ): ReturnType<typeof forgetRows>;
  /** The group's rows as an export gives them, as of a commit. */
  rows(definition: DataDefinition, sequence?: number): Promise<Record<string, unknown>[]>;
  withQuery<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export function definitionOf(component: unknown): DataDefinition {
  const data = component as DataComponent;
  return describe(data, () => data.name ?? "group") as DataDefinition;
}

export async function openGroup(folder = mkdtempSync(join(tmpdir(), "pentad-test-"))): Promise<Group> {
  const database = await sqliteDatabase({ path: join(folder, "catalog.sqlite") });
  await migrate(database, [lineageMigrations, featuresMigrations]);
  const parts: DataParts = {
    database,
    offline: filesystemBlobs({ folder: join(folder, "offline") }),
    online: await lmdbOnline({ folder: join(folder, "online") }),
  };
  let runs = 0;
  const withQuery = async <Result>(work: (query: Query) => Promise<Result>): Promise<Result> => {
    const query = await duckdbQuery({ memoryMb: 256, temporaryFolder: join(folder, "tmp"), threads: 2 });
    try {
      return await work(query);
    } finally {
      await query.close();
    }
  };
  const newFolder = (name: string) => {
    const path = join(folder, "tmp", name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  async function startWork(component: DataComponent, atMs: number, { afterFailure }: RunOptions = {}): Promise<Work> {
    const run = `run_${String(++runs).padStart(4, "0")}_${process.pid}`;
    const { source, transform, features } = component.options;
    const embedders = loadedEmbedders(definitionOf(component), features, (stack) =>
      locationInProject(stack, import.meta.dirname),
    );
    const signal = new AbortController().signal;
    const attempt: Work["step"] = (_name, entry, input) =>
      withQuery(async (query) => {
        const parts = {
          source,
          transform,
          embedders: embedders ?? new Map(),
          query,
          signal,
          progress: () => undefined,
        };
        const whole = { ...input, projectFolder: folder, secrets: {} } as unknown;
        if (entry === "data/partition") return (await readPartition(whole as PartitionInput, parts)) as never;
        if (entry === "data/join") return (await joinPartitions(whole as JoinInput, parts)) as never;
        return (await readSource(whole as ReadInput, parts)) as never;
      });
    const step: Work["step"] = (...asked) =>
      attempt(...asked).catch((error: unknown) => {
        if (afterFailure === undefined) throw error;
        afterFailure(error);
        return attempt(...asked);
      });
    return {
      run,
      input: null,
      folder: newFolder(run),
      step,
      async fanOut({ entry, partitions }) {
        const outputs = [];
        for (const { name, input } of partitions) outputs.push(await step(name, entry, input));
        return outputs;
      },
      detail: () => undefined,
      commit: (write) => database.transaction((tx) => write(tx, atMs)),
    };
  }
  const requestOf = (component: unknown, atMs: number, users: FeatureUsers = new Map()) => ({
    definition: definitionOf(component),
    file: "data/group.ts",
    sourceFingerprint: null,
    users,
    atMs,
  });
  return {
    parts,
    folder,
    withQuery,
    async run(component, atMs = Date.now(), options = {}) {
      const work = await startWork(component as DataComponent, atMs, options);
      return runData(requestOf(component, atMs, options.users), parts, work);
    },
    async backfill(component, backfill, atMs) {
      const work = await startWork(component as DataComponent, atMs);
      return runBackfill(requestOf(component, atMs), { ...backfill, code: null }, parts, work);
    },
    forget: (name, rows, { atMs, purge }) =>
      forgetRows(parts, name, rows, {
        run: `forget_${atMs}`,
        atMs,
        purge,
        withQuery,
        folder: async () => newFolder(`forget_${++runs}_${process.pid}`),
      }),
    rows: (definition, sequence) =>
      withQuery(async (query) => {
        const files = await groupFiles(database, parts.offline, definition.name, sequence);
        return query.rows(`SELECT * FROM (${enrichedSql(definition, files)}) ORDER BY ${orderSql(definition)}`);
      }),
    async close() {
      await parts.online.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
