// Copies of projects that have a live model, each in a folder of its own and served by a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PredictionDocument, RunDocument, RunsDocument, StatusDocument } from "../../src/http/api.ts";
import type { Fault, Place } from "./fault.ts";
import { makeShop, type Shop, serveShop } from "./shop.ts";

const repository = resolve(import.meta.dirname, "../..");
const launcher = join(repository, "bin/pentad.mjs");

export interface Grounds {
  /** A served copy of the project that the fault is for. */
  open(fault: Fault): Promise<Place & { close(): Promise<void> }>;
  close(): Promise<void>;
}

/** Prepares the projects once: everything has run and a model is live. */
export async function prepareGrounds(projects: readonly Fault["project"][]): Promise<Grounds> {
  const root = mkdtempSync(join(tmpdir(), "pentad-faults-"));
  const shop = await serveShop();
  for (const project of new Set(projects)) {
    const folder = join(root, "base", project);
    if (project === "shop") makeShop(folder, shop.url);
    else
      cpSync(join(repository, "examples/rain"), folder, {
        recursive: true,
        filter: (path) => !path.includes(".pentad"),
      });
    const { code, stderr } = await command(["run", "--all", "--json", "--project", folder]);
    if (code !== 0) throw new Error(`The project ${project} did not come up:\n${stderr}`);
  }
  let copies = 0;
  return {
    async open({ project }) {
      const folder = join(root, String(++copies), project);
      mkdirSync(join(folder, ".."), { recursive: true });
      cpSync(join(root, "base", project), folder, { recursive: true, preserveTimestamps: true });
      return openPlace(folder, project, shop);
    },
    async close() {
      await shop.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function openPlace(folder: string, project: string, shop: Shop): Promise<Place & { close(): Promise<void> }> {
  const undoing: (() => unknown)[] = [];
  let server = await startServer(folder);
  const place: Place = {
    folder,
    shop,
    async edit(file, from, to) {
      const before = await place.read(file);
      const after = before.replace(from, () => to);
      if (after === before) throw new Error(`${file} does not hold ${from}`);
      await place.write(file, after);
    },
    write: (file, text) => writeFile(join(folder, file), text),
    read: (file) => readFile(join(folder, file), "utf8"),
    async pentad(...args) {
      const { code, stdout, stderr } = await command([...args, "--json", "--project", folder]);
      try {
        return { code, document: JSON.parse(stdout) as unknown, stderr };
      } catch {
        throw new Error(`pentad ${args.join(" ")} printed no document, ended with ${code}:\n${stderr}`);
      }
    },
    get: (path) => ask(server.url + path),
    post: (path, body) =>
      ask(server.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    status: async () => (await place.get("/api/status")).body as StatusDocument,
    runs: async () => ((await place.get("/api/runs?limit=200")).body as RunsDocument).runs,
    run: async (id) => (await place.get(`/api/runs/${id}`)).body as RunDocument,
    async ask() {
      const { status, body } = await place.post(
        `/predict/${project}`,
        project === "rain" ? { precipitation: 1.5, weather: "rain" } : { customer: "c7" },
      );
      return { status, body: body as PredictionDocument };
    },
    get serverPid() {
      return server.child.pid as number;
    },
    async stop(signal = "SIGTERM") {
      const ended = new Promise((done) => server.child.once("exit", done));
      server.child.kill(signal);
      if (server.child.exitCode === null && server.child.signalCode === null) await ended;
    },
    async start(environment) {
      server = await startServer(folder, environment);
    },
    after: (undo) => undoing.push(undo),
  };
  return Object.defineProperties(
    {
      async close() {
        for (const undo of undoing.reverse()) await undo();
        // The other project's faults go on at the same time.
        if (project === "shop") shop.answer();
        await place.stop();
        rmSync(join(folder, ".."), { recursive: true, force: true });
      },
    },
    Object.getOwnPropertyDescriptors(place),
  ) as Place & { close(): Promise<void> };
}

async function ask(address: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(address, { ...init, signal: AbortSignal.timeout(20_000) });
  return { status: response.status, body: (await response.json()) as unknown };
}

const servers = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of servers) child.kill("SIGKILL");
});

async function startServer(folder: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [launcher, "dev", "--project", folder, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  servers.add(child);
  child.once("exit", () => servers.delete(child));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-20_000);
  });
  const url = await new Promise<string>((ready, failed) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /^ready (\S+)$/m.exec(text)?.[1];
      if (found !== undefined) ready(found);
    });
    child.once("exit", (code) => failed(new Error(`pentad dev ended with ${code} before it was ready:\n${stderr}`)));
  });
  return { child: child as ChildProcess, url };
}

async function command(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, stdout, stderr };
}
