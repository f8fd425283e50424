// A run of three steps that do nothing, durable after each: our engine beside Restate, and pg-boss and DBOS on a Postgres of their own.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bench, Variant } from "../harness.ts";
import { openOwn } from "../step-overhead.bench.ts";
import { startPostgres } from "./postgres.ts";
import { type RestateSdk, startRestate } from "./restate.ts";

const steps = ["read", "check", "write"];

interface Peer {
  readonly name: string;
  run(): Promise<void>;
  close(): Promise<void>;
}

export async function bench(): Promise<Bench> {
  const own = await openOwn();
  const skipped: string[] = [];
  const postgres = await startPostgres();
  const peers: Peer[] = [];
  const url = `${postgres?.url}/postgres`;
  const openers: [name: string, open: () => Promise<Peer>][] = [
    ["pg-boss", () => openPgBoss(url)],
    ["DBOS", () => openDbos(url)],
    ["Restate", openRestate],
  ];
  if (postgres === undefined) {
    skipped.push("pg-boss and DBOS, since no Postgres is installed");
    openers.splice(0, 2);
  }
  if (!install()) skipped.push("all peers, since they could not be installed");
  else
    for (const [name, open] of openers)
      try {
        peers.push(await open());
      } catch (error) {
        skipped.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
  const variant = (name: string, run: () => Promise<void>): Variant => ({
    name,
    async run() {
      const startedAt = performance.now();
      await run();
      return { ms: performance.now() - startedAt };
    },
  });
  return {
    title: "A run of three steps beside the peers",
    method: `From the request of a run to its end, three steps that do nothing, each durable before the next, one run after the other in one process. Ours: the executor that all components use, on SQLite (6 commits, each with an fsync). pg-boss: three jobs one after the other, each sent, fetched and completed at once (9 transactions), without the wait of its polling. DBOS: a workflow of three steps. Restate: a handler of three steps, asked for over HTTP, its server with its usual settings. The first two on Postgres ${postgres?.version ?? "(missing)"} with its usual settings, on the same disk. ${skipped.length === 0 ? "" : `Skipped: ${skipped.join("; ")}. `}Not compared here, since this bench does not install them: Airflow, Prefect, Dagster.`,
    rounds: 60,
    variants: [variant("Pentad, SQLite", own.threeSteps), ...peers.map(({ name, run }) => variant(name, run))],
    async close() {
      for (const peer of peers) await peer.close();
      await postgres?.stop();
      await own.close();
    },
  };
}

/** Into this folder alone; the product knows nothing of them. */
function install(): boolean {
  if (existsSync(join(import.meta.dirname, "node_modules", "@restatedev", "restate-server"))) return true;
  try {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], {
      cwd: import.meta.dirname,
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

async function load<Module>(name: string): Promise<{ module: Module; version: string }> {
  const folder = join(import.meta.dirname, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const entry = createRequire(join(import.meta.dirname, "package.json")).resolve(name);
  return { module: (await import(pathToFileURL(entry).href)) as Module, version };
}

interface Boss {
  start(): Promise<unknown>;
  createQueue(name: string): Promise<unknown>;
  send(name: string, data: object): Promise<string | null>;
  fetch(name: string): Promise<readonly { readonly id: string }[]>;
  complete(name: string, id: string): Promise<unknown>;
  stop(options: object): Promise<unknown>;
}

async function openPgBoss(url: string): Promise<Peer> {
  const { module, version } = await load<{ PgBoss: new (url: string) => Boss }>("pg-boss");
  const boss = new module.PgBoss(url);
  await boss.start();
  for (const step of steps) await boss.createQueue(step);
  return {
    name: `pg-boss ${version}, Postgres`,
    async run() {
      for (const step of steps) {
        await boss.send(step, {});
        const [job] = await boss.fetch(step);
        if (job === undefined) throw new Error(`pg-boss gave no job of ${step}`);
        await boss.complete(step, job.id);
      }
    },
    close: async () => {
      await boss.stop({ graceful: false });
    },
  };
}

async function openRestate(): Promise<Peer> {
  const { module, version } = await load<RestateSdk>("@restatedev/restate-sdk");
  const { platform, arch } = process;
  const binary = join(
    import.meta.dirname,
    `node_modules/@restatedev/restate-server-${platform}-${arch}/bin/restate-server`,
  );
  const { threeSteps, stop } = await startRestate(module, binary, steps);
  return { name: `Restate, its SDK ${version}`, run: threeSteps, close: stop };
}

interface Dbos {
  setConfig(config: object): void;
  registerWorkflow(run: () => Promise<number>, options: object): () => Promise<number>;
  runStep(step: () => Promise<number>, options: object): Promise<number>;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

async function openDbos(url: string): Promise<Peer> {
  const { module, version } = await load<{ DBOS: Dbos }>("@dbos-inc/dbos-sdk");
  const { DBOS } = module;
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: url.replace(/postgres$/, "dbos"),
    logLevel: "error",
    runAdminServer: false,
  });
  const workflow = DBOS.registerWorkflow(
    async () => {
      let sum = 0;
      for (const name of steps) sum += await DBOS.runStep(async () => 1, { name });
      return sum;
    },
    { name: "threeSteps" },
  );
  await DBOS.launch();
  return {
    name: `DBOS ${version}, Postgres`,
    async run() {
      if ((await workflow()) !== steps.length) throw new Error("DBOS left a step out");
    },
    close: () => DBOS.shutdown(),
  };
}
