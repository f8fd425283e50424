// Every place at which a process writes something, counted; at one of them it can be made to die.

// The product knows nothing of it: what is watched are the modules that it writes through. A worker asks for it before it
// opens its stores.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { DuckDBConnection } from "@duckdb/node-api";
import type { OnlineStore, OnlineWrite } from "../../src/ports/online-store.ts";

type Methods = Record<string, (...args: never[]) => unknown>;

export interface WatchedWrites {
  /** The names of the points in their order, growing while the process goes on. */
  readonly points: readonly string[];
  /** The online store's records are put inside its own transaction: each is a point when it is asked for its value. */
  watchOnline(online: OnlineStore): void;
  arm(): void;
}

/** From the call of `arm` on, writes are points; the process dies when it reaches the one with index `dieAt`, before it is done. */
export async function watchWrites(dieAt: number | null): Promise<WatchedWrites> {
  const points: string[] = [];
  let armed = false;
  const reach = (name: string) => {
    if (!armed) return;
    points.push(name);
    if (points.length - 1 !== dieAt) return;
    process.kill(process.pid, "SIGKILL");
    // The signal comes at once, but not before this line.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  const watch = (owner: object, method: string, name: (args: readonly unknown[], self: unknown) => string | null) => {
    const methods = owner as Methods;
    const original = methods[method] as (...args: unknown[]) => unknown;
    methods[method] = function (this: unknown, ...args: unknown[]) {
      const point = name(args, this);
      if (point !== null) reach(point);
      return original.apply(this, args);
    } as never;
  };

  const file = (path: unknown) =>
    String(path)
      .replace(/^.*\//, "")
      .replace(/(?:run|new|forget)_?[\w-]{6,}/g, "…");
  for (const method of ["writeFile", "appendFile", "rm", "unlink"] as const)
    watch(fs.promises, method, ([path]) => `${method} ${file(path)}`);
  watch(fs.promises, "rename", ([, to]) => `rename to ${file(to)}`);
  watch(fs.promises, "open", ([path, flags]) => (flags === "w" || flags === "a" ? `open ${file(path)}` : null));
  syncBuiltinESMExports();
  const handle = await fs.promises.open(join(tmpdir(), `pentad-write-points-${process.pid}`), "w");
  watch(Object.getPrototypeOf(handle), "sync", () => "sync");
  await handle.close();
  fs.rmSync(join(tmpdir(), `pentad-write-points-${process.pid}`));

  // Savepoints are how the driver groups transactions; they write nothing.
  const isWrite = (sql: string) => !/^\s*(?:select|pragma|savepoint|release|create table if not exists)\b/i.test(sql);
  const short = (sql: string) => sql.trim().split(/\s+/).slice(0, 3).join(" ");
  watch(DatabaseSync.prototype, "exec", ([sql]) => (isWrite(String(sql)) ? `sqlite ${short(String(sql))}` : null));
  for (const method of ["run", "get", "all"])
    watch(StatementSync.prototype, method, (_, self) => {
      const sql = (self as StatementSync).sourceSQL;
      return isWrite(sql) ? `sqlite ${short(sql)}` : null;
    });

  watch(DuckDBConnection.prototype, "extractStatements", ([sql]) => (/^\s*copy\b/i.test(String(sql)) ? "copy" : null));
  watch(DuckDBConnection.prototype, "run", ([sql]) => (/^\s*copy\b/i.test(String(sql)) ? "copy" : null));

  return {
    points,
    watchOnline(online) {
      const { apply, clear } = online;
      async function* watched(writes: AsyncIterable<readonly OnlineWrite[]>) {
        for await (const batch of writes)
          yield batch.map((write) => ({
            ...write,
            get value() {
              reach(`online ${write.value === undefined ? "remove" : "put"}`);
              return write.value;
            },
          }));
      }
      Object.assign(online, {
        async apply(space: string, sequence: number, writes: AsyncIterable<readonly OnlineWrite[]>) {
          reach("online begin");
          await apply(space, sequence, watched(writes));
          reach("online done");
        },
        async clear(space: string) {
          reach("online clear");
          await clear(space);
        },
      } satisfies Partial<OnlineStore>);
    },
    arm() {
      armed = true;
    },
  };
}
