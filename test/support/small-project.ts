// A project of data components only, small enough that a command over it takes no time.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface SmallProject {
  readonly folder: string;
  write(file: string, text: string): void;
  /** A data component over a table of three rows, with these further options as source text. */
  data(name: string, options?: string): void;
  /** Pretends that a schedule was last dealt with some time ago. */
  setBack(component: string, ms: number): void;
  catalog<Result>(work: (database: DatabaseSync) => Result): Result;
  remove(): void;
}

export function smallProject(): SmallProject {
  const parent = mkdtempSync(join(tmpdir(), "pentad-test-"));
  const folder = join(parent, "small");
  const project: SmallProject = {
    folder,
    write(file, text) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    },
    data(name, options = "") {
      project.write(
        `data/${name}.ts`,
        `import { csv, defineData, number } from "pentad";\nexport default defineData({\n  source: csv("rows.csv"),\n  ${options}\n  key: "id",\n  features: { size: number() },\n});\n`,
      );
    },
    catalog(work) {
      const database = new DatabaseSync(join(folder, ".pentad/catalog.sqlite"), { timeout: 5_000 });
      try {
        return work(database);
      } finally {
        database.close();
      }
    },
    setBack(component, ms) {
      project.catalog((database) =>
        database.prepare("update runs_schedules set last_at = last_at - ? where component = ?").run(ms, component),
      );
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
  project.write("rows.csv", "id,size\na,1\nb,2\nc,3\n");
  return project;
}
