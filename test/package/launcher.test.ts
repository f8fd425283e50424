// The command's first step under an old Node.js: which newer one it finds, how it hands over, and what it says when there is none.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { findOldNode } from "./old-node.ts";

const oldNode = findOldNode();
const skip = oldNode === undefined ? "this machine has no Node.js below 24" : false;
const folder = mkdtempSync(join(tmpdir(), "pentad-launcher-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A package whose command tells what it was started with; what stands before it is the real one. */
const command = join(folder, "package", "bin", "pentad.mjs");
cpSync(resolve(import.meta.dirname, "../../bin"), dirname(command), { recursive: true });
mkdirSync(join(folder, "package", "dist", "cli"), { recursive: true });
writeFileSync(join(folder, "package", "package.json"), '{ "type": "module" }');
writeFileSync(
  join(folder, "package", "dist", "cli", "main.js"),
  `export async function main(args) {
  if (args[0] === "wait") {
    process.on("SIGTERM", () => process.exit(42));
    console.log("waiting");
    await new Promise((done) => setTimeout(done, 60_000));
  }
  console.log(JSON.stringify({ node: Number(process.versions.node.split(".")[0]), args }));
  return 7;
}`,
);

/** An empty folder to start from, and an environment that knows no Node.js at all. */
function bare(): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = mkdtempSync(join(folder, "cwd-"));
  return { cwd, env: { HOME: cwd, PATH: join(cwd, "nothing"), XDG_CACHE_HOME: join(cwd, "cache") } };
}

function start(args: readonly string[], { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }) {
  return spawnSync(oldNode as string, [command, ...args], { cwd, env, encoding: "utf8" });
}

function linkNode(at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(process.execPath, at);
}

const arguments_ = ["predict", "rain", "--input", '{"a": "b c"}', ""];
const handedOver = { node: Number(process.versions.node.split(".")[0]), args: arguments_ };

test("a new Node.js runs the command itself, and its return value is the exit code", () => {
  const { stdout, status } = spawnSync(process.execPath, [command, ...arguments_], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(stdout), handedOver);
  assert.equal(status, 7);
});

test("an old Node.js hands over to the one that PENTAD_NODE names, with arguments and exit code", { skip }, () => {
  const place = bare();
  const { stdout, stderr, status } = start(arguments_, {
    ...place,
    env: { ...place.env, PENTAD_NODE: process.execPath },
  });
  assert.deepEqual(JSON.parse(stdout), handedOver);
  assert.equal(stderr, "");
  assert.equal(status, 7);
});

test("an old Node.js hands over to the `node` package of the project, from a folder below it too", { skip }, () => {
  const { cwd, env } = bare();
  linkNode(join(cwd, "node_modules", "node", "bin", "node"));
  const below = join(cwd, "a", "b");
  mkdirSync(below, { recursive: true });
  const { stdout, status } = start(arguments_, { cwd: below, env });
  assert.deepEqual(JSON.parse(stdout), handedOver);
  assert.equal(status, 7);
});

test("an old Node.js hands over to a newer one later on the PATH", { skip }, () => {
  const { cwd, env } = bare();
  linkNode(join(cwd, "new", "node"));
  const { stdout } = start(arguments_, {
    cwd,
    env: { ...env, PATH: [dirname(oldNode as string), join(cwd, "new")].join(delimiter) },
  });
  assert.deepEqual(JSON.parse(stdout), handedOver);
});

test("a signal reaches the command, and its exit code comes back", { skip }, async () => {
  const { cwd, env } = bare();
  const child: ChildProcess = spawn(oldNode as string, [command, "wait"], {
    cwd,
    env: { ...env, PENTAD_NODE: process.execPath },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((ready) => child.stdout?.once("data", ready));
  child.kill("SIGTERM");
  const code = await new Promise((done) => child.once("exit", done));
  assert.equal(code, 42);
});

test("a PENTAD_NODE that is too old or does not exist is a mistake, not a reason to take another one", { skip }, () => {
  const { cwd, env } = bare();
  linkNode(join(cwd, "node_modules", "node", "bin", "node"));
  for (const [chosen, why] of [
    [oldNode as string, /which is v\d+/],
    [join(cwd, "missing"), /which cannot be run/],
  ] as const) {
    const { stderr, status } = start([], { cwd, env: { ...env, PENTAD_NODE: chosen } });
    assert.match(stderr, /^error: PENTAD_NODE names .* \[CLI_NODE_TOO_OLD\]\n {2}→ Install Node\.js 24 or newer/);
    assert.match(stderr, why);
    assert.equal(status, 2);
  }
});

test("without any newer Node.js and without npm it says what it tried, gives a hint, and leaves nothing behind", {
  skip,
}, () => {
  const { cwd, env } = bare();
  const { stdout, stderr, status } = start(["status", "--json"], { cwd, env });
  assert.match(
    stderr,
    /^Pentad needs Node\.js 24 or newer \(this is v\d+.*\); fetching the npm package \S+@26 once into /,
  );
  assert.match(stderr, /error: npm cannot be started.* \[CLI_NODE_TOO_OLD\]/);
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "CLI_NODE_TOO_OLD");
  assert.equal(status, 2);
  assert.deepEqual(readdirSync(join(cwd, "cache", "pentad")), []);
});

test("an npm that fails is told with its first line, and nothing half fetched stays", { skip }, () => {
  const { cwd, env } = bare();
  mkdirSync(join(cwd, "tools"));
  writeFileSync(
    join(cwd, "tools", "npm"),
    "#!/bin/sh\nmkdir -p \"$3/node_modules\"; echo 'npm error code EAI_AGAIN' >&2; exit 1\n",
    { mode: 0o755 },
  );
  const { stderr, status } = start([], {
    cwd,
    env: { ...env, PATH: [join(cwd, "tools"), "/usr/bin", "/bin"].join(delimiter) },
  });
  assert.match(stderr, /error: npm could not fetch \S+@26: npm error code EAI_AGAIN \[CLI_NODE_TOO_OLD\]/);
  assert.equal(status, 2);
  assert.deepEqual(readdirSync(join(cwd, "cache", "pentad")), []);
});

test("without any newer Node.js it fetches one, once", {
  skip: skip || !reachable() ? skip || "npm reaches no registry" : false,
  timeout: 180_000,
}, () => {
  const { cwd, env } = bare();
  const isNew = (part: string) => part.includes("node_modules") || part === dirname(process.execPath);
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((part) => !isNew(part))
    .join(delimiter);
  const place = { cwd, env: { ...process.env, XDG_CACHE_HOME: env.XDG_CACHE_HOME, PATH: path } };
  const first = start(arguments_, place);
  assert.match(first.stderr, /^Pentad needs Node\.js 24 or newer \(this is v\d+.*\n$/);
  assert.deepEqual(JSON.parse(first.stdout), { ...handedOver, node: 26 });
  assert.ok(existsSync(join(cwd, "cache", "pentad", "node-26")));
  const second = start(arguments_, { ...place, env: { ...place.env, PATH: env.PATH } });
  assert.equal(second.stderr, "");
  assert.deepEqual(JSON.parse(second.stdout), { ...handedOver, node: 26 });
});

function reachable(): boolean {
  return spawnSync("npm", ["view", "node@26", "version", "--json"], { timeout: 30_000 }).status === 0;
}
