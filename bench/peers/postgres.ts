// A Postgres of a bench's own, in a folder of its own; undefined where none is installed.

import { execFileSync, spawn } from "node:child_process";
import { chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OwnPostgres {
  readonly version: string;
  /** Its address but for the database's name. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<OwnPostgres | undefined> {
  const server = globSync("/usr/lib/postgresql/*/bin/postgres").sort().at(-1);
  if (server === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-postgres-"));
  const user = process.getuid?.() === 0 ? idsOf("postgres") : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  execFileSync(server.replace(/postgres$/, "initdb"), ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"], {
    ...user,
    stdio: "ignore",
  });
  const port = await freePort();
  const child = spawn(server, ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder], {
    ...user,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((ready, failed) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("ready to accept connections")) ready();
    });
    child.once("exit", () => failed(new Error(`Postgres did not start: ${said}`)));
  });
  return {
    version: execFileSync(server, ["--version"], { encoding: "utf8" })
      .trim()
      .replace(/^.*\) /, ""),
    url: `postgres://bench@127.0.0.1:${port}`,
    stop: () =>
      new Promise((stopped) => {
        child.once("exit", () => {
          rmSync(folder, { recursive: true, force: true });
          stopped();
        });
        child.kill("SIGINT");
      }),
  };
}

/** Postgres refuses to run as root. */
function idsOf(name: string): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
