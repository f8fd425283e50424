// Opens sources on files made for a test, and gives what they read.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { type Query, sqlName } from "../../src/ports/query.ts";
import type { Source, SourceContext, SourceResult } from "../../src/ports/source.ts";

export interface Reading extends SourceResult {
  /** Rows in the source's order, without `_row`. */
  readonly cells: (string | null)[][];
  readonly numbers: number[];
}

export interface Bench {
  readonly folder: string;
  readonly query: Query;
  readonly lines: string[];
  write(name: string, content: string | Uint8Array): Promise<string>;
  open(source: Source, context?: Partial<SourceContext>): Promise<SourceResult>;
  read(source: Source, context?: Partial<SourceContext>): Promise<Reading>;
  files(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openBench(memoryMb = 256): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "pentad-sources-"));
  const temporaryFolder = join(folder, "tmp");
  const query = await duckdbQuery({ memoryMb, temporaryFolder: join(folder, "spill"), threads: 2 });
  const lines: string[] = [];
  const keep = (line: string) => void lines.push(line);
  const log: Log = { info: keep, warn: keep, error: keep };
  const open = (source: Source, context: Partial<SourceContext> = {}) =>
    source.open({
      projectFolder: folder,
      query,
      temporaryFolder,
      log,
      signal: new AbortController().signal,
      position: null,
      range: null,
      secrets: {},
      ...context,
    });
  return {
    folder,
    query,
    lines,
    async write(name, content) {
      await writeFile(join(folder, name), content);
      return name;
    },
    open,
    async read(source, context = {}) {
      const result = await open(source, context);
      const relation = sqlName(result.relation);
      const rows = await query.rows<Record<string, string | null>>(
        `select * exclude (_row) from ${relation} order by _row`,
      );
      const numbers = await query.rows<{ _row: number }>(`select _row from ${relation} order by _row`);
      return {
        ...result,
        cells: rows.map((row) => result.columns.map((name) => row[name] as string | null)),
        numbers: numbers.map((row) => row._row),
      };
    },
    files: async () => (await readdir(folder)).filter((name) => name !== "tmp" && name !== "spill").sort(),
    async close() {
      await query.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
