// Drives the product from outside, as its users do: the command in a process of its own, then HTTP.

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

const command = resolve(import.meta.dirname, "../bin/pentad.mjs");

/** Runs a command to its end; throws with what it said when it fails. */
export function pentad(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [command, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    child.once("error", failed);
    child.once("exit", (code) =>
      code === 0 ? done(output) : failed(new Error(`pentad ${args[0]} ended with ${code}:\n${output}${errors}`)),
    );
  });
}

export interface Server {
  readonly url: string;
  /** From the start of the process to its line `ready`. */
  readonly readyMs: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `pentad dev` on a free port and waits until it serves. */
export function serve(projectFolder: string, from = command): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [from, "dev", "--port", "0"], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((done, failed) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const url = /^ready (http\S+)$/m.exec(output)?.[1];
      if (url !== undefined)
        done({ url, readyMs: performance.now() - startedAt, pid: child.pid as number, stop: () => stop(child) });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`pentad dev ended with ${code}:\n${output}`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGTERM");
  });
}

export async function getJson<Document>(address: string): Promise<Document> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Document;
}

/** Asks until a model is live. */
export async function firstAnswer(address: string, input: object): Promise<unknown> {
  const deadline = performance.now() + 300_000;
  while (performance.now() < deadline) {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as { prediction?: unknown; error?: { code: string; message: string } };
    if (response.ok) return answer.prediction;
    if (answer.error?.code !== "MODELS_NO_LIVE_VERSION")
      throw new Error(`${answer.error?.code}: ${answer.error?.message}`);
    await new Promise((later) => setTimeout(later, 20));
  }
  throw new Error(`${address} gave no answer within 300 s`);
}

/** The name of the product's first inference component. */
export async function inferenceName(url: string): Promise<string> {
  const { components } = await getJson<{ components: { id: string }[] }>(`${url}/api/status`);
  const id = components.find((component) => component.id.startsWith("inference/"))?.id;
  if (id === undefined) throw new Error("The product has no inference component");
  return id.slice("inference/".length);
}

/** Lays the built package out as npm would, without the source that the command prefers; returns its command. */
export function installed(folder: string): string {
  const root = resolve(import.meta.dirname, "..");
  for (const part of ["bin", "dist", "package.json"]) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin", "pentad.mjs");
}
