// A feature group with its real stores in a folder of its own, filled by the real recipe in this process.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineageMigrations } from "../../src/catalog/lineage.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import type { DataParts } from "../../src/data/commit-rows.ts";
import { type ReadInput, readSource } from "../../src/data/read.ts";
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
import { groupFiles } from "../../src/features/group-files.ts";
import { enrichedSql, orderSql } from "../../src/features/relation.ts";
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

export interface Group {
  readonly parts: DataParts;
  readonly folder: string;
  /** Runs the recipe for a component, as of `atMs`. */
  run(component: unknown, atMs?: number, options?: { readonly users?: FeatureUsers }): Promise<DataOutcome>;
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
  return {
    parts,
    folder,
    withQuery,
    async run(component, atMs = Date.now(), options = {}) {
      const { source, transform } = (component as DataComponent).options;
      const run = `run_${String(++runs).padStart(4, "0")}_${process.pid}`;
      const runFolder = join(folder, "tmp", run);
      mkdirSync(runFolder, { recursive: true });
      const work: Work = {
        run,
        input: null,
        folder: runFolder,
        fanOut: () => Promise.reject(new Error("not here")),
        detail: () => undefined,
        step: (_name, _entry, input) =>
          withQuery(async (query) => {
            const whole = { ...(input as unknown as ReadInput), projectFolder: folder, secrets: {} };
            const signal = new AbortController().signal;
            return (await readSource(whole, { source, transform, query, signal, progress: () => undefined })) as never;
          }),
        commit: (write) => database.transaction((tx) => write(tx, atMs)),
      };
      const definition = definitionOf(component);
      return runData(
        { definition, file: "data/group.ts", sourceFingerprint: null, users: options.users ?? new Map(), atMs },
        parts,
        work,
      );
    },
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
