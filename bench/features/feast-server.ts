// Feast's own feature server with a SQLite online store, when a Python that has Feast is named: the peer of the online benches.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { entityCount, featureCount } from "./online-project.ts";

/** The interpreter of an environment in which Feast is installed. */
const python = process.env.PENTAD_BENCH_FEAST;

export interface FeastServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function feastServer(): Promise<FeastServer | undefined> {
  if (python === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const script = join(import.meta.dirname, "feast/prepare.py");
  const env = { ...process.env, FEAST_USAGE: "False" };
  await promisify(execFile)(python, [script, folder, String(entityCount), String(featureCount)], { env, cwd: folder });
  const port = await freePort();
  const command = join(dirname(python), "feast");
  const child = spawn(command, ["serve", "--host", "127.0.0.1", "--port", String(port), "--no-access-log"], {
    cwd: folder,
    env,
    stdio: "ignore",
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  for (const end = performance.now() + 120_000; ; ) {
    const ready = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || performance.now() > end) throw new Error("Feast's server did not begin to answer");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      // Its workers are children of the command.
      process.kill(-(child.pid as number), "SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
