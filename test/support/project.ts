// A project in a folder of its own, and the command line as a process: what the flow tests do things with.

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StatusDocument } from "../../src/http/api.ts";

export const repository = fileURLToPath(new URL("../../", import.meta.url));
const launcher = join(repository, "bin", "pentad.mjs");

export interface TestProject {
  readonly folder: string;
  /** Replaces a text in one of the project's files; the text must be there. */
  edit(file: string, from: string | RegExp, to: string): Promise<void>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  remove(): void;
}

/** A copy of an example, without its state, called `name` by its folder. */
export function copyExample(example: string, name = example): TestProject {
  const parent = mkdtempSync(join(tmpdir(), "pentad-test-"));
  const folder = join(parent, name);
  cpSync(join(repository, "examples", example), folder, {
    recursive: true,
    filter: (path) => !path.includes(".pentad"),
  });
  return testProject(folder, parent);
}

/** An empty folder below one of its own. */
export function emptyFolder(name: string): TestProject {
  const parent = mkdtempSync(join(tmpdir(), "pentad-test-"));
  return testProject(join(parent, name), parent);
}

function testProject(folder: string, parent: string): TestProject {
  return {
    folder,
    async edit(file, from, to) {
      const before = await readFile(join(folder, file), "utf8");
      const after = before.replace(from, to);
      if (after === before) throw new Error(`${file} does not hold ${from}`);
      await writeFile(join(folder, file), after);
    },
    write: (file, text) => writeFile(join(folder, file), text),
    read: (file) => readFile(join(folder, file), "utf8"),
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `pentad` with these arguments to its end. */
export async function pentad(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  return finish(child);
}

/** The JSON document that `pentad … --json` prints. */
export async function pentadJson<Document>(
  ...args: readonly string[]
): Promise<{ code: number | null; document: Document; stderr: string }> {
  const { code, stdout, stderr } = await pentad(...args, "--json");
  return { code, document: JSON.parse(stdout) as Document, stderr };
}

async function finish(child: ChildProcess): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

export interface Server {
  readonly url: string;
  readonly stderr: () => string;
  /** Milliseconds from the start of the process to its `ready` line. */
  readonly readyMs: number;
  get(path: string): Promise<{ status: number; body: unknown }>;
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
  /** Waits until every component is `ok`: everything that was due has run. */
  settle(): Promise<void>;
  /** Ends it as Ctrl-C does; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `pentad dev` on a free port and waits for its `ready` line. */
export async function serve(folder: string, command: "dev" | "start" = "dev"): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [launcher, command, "--project", folder, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A test that fails must not leave its server behind, nor wait for it.
  process.once("exit", () => child.kill("SIGKILL"));
  child.unref();
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const match = /^ready (\S+)$/m.exec(text);
      if (match !== null) resolve(match[1] as string);
    });
    child.once("close", (code) =>
      reject(new Error(`pentad ${command} ended with ${code} before it was ready:\n${stderr}`)),
    );
  });
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    return { status: response.status, body: (await response.json()) as unknown };
  };
  const readyMs = performance.now() - startedAt;
  return {
    url,
    readyMs,
    async settle() {
      await eventually(async () => {
        const { components } = (await ask("/api/status")).body as StatusDocument;
        return components.every(({ state }) => state === "ok") ? true : undefined;
      }, 60);
    },
    stderr: () => stderr,
    get: (path) => ask(path),
    post: (path, body) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    stop(signal = "SIGINT") {
      child.kill(signal);
      return ended;
    },
  };
}

/** Waits until `check` gives something other than undefined; fails with what it last saw after `seconds`. */
export async function eventually<Result>(check: () => Promise<Result | undefined>, seconds = 20): Promise<Result> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const result = await check();
    if (result !== undefined) return result;
    if (performance.now() > end) throw new Error(`It did not happen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
