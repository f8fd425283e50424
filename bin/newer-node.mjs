// Finds a Node.js that is new enough and runs a file with it; plain enough for an old Node.js to read.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const oldestMajor = 24;
const fetchedMajor = 26;
const executable = process.platform === "win32" ? "node.exe" : "node";
const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), "..");

export function isNewEnough(version) {
  return Number(/^v?(\d+)/.exec(version)?.[1]) >= oldestMajor;
}

/** Runs `file` with a newer Node.js and ends this process the way that one ended. */
export async function runWithNewerNode(file, args) {
  const found = findNewerNode() ?? fetchNode();
  if (typeof found !== "string") return giveUp(found);
  const child = spawn(found, [file, ...args], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself; sending it again would count as a second Ctrl-C.
  const forward = (signal) => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward);
  const [code, signal] = await new Promise((done) => {
    child.on("error", (error) => done([giveUp({ message: `${found} cannot be started: ${error.message}` }), null]));
    child.on("exit", (exitCode, exitSignal) => done([exitCode, exitSignal]));
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeListener(name, forward);
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}

/** PENTAD_NODE, the project's own `node` package, ours, the PATH, the one fetched before: the first that is new enough. */
function findNewerNode() {
  const chosen = process.env.PENTAD_NODE;
  if (chosen) {
    const version = versionOf(chosen);
    if (isNewEnough(version)) return chosen;
    return { message: `PENTAD_NODE names ${chosen}, which ${version === "" ? "cannot be run" : `is ${version}`}` };
  }
  const candidates = [
    ...installedIn(process.cwd()),
    ...installedIn(packageFolder),
    ...(process.env.PATH ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, executable)),
    cachedNode(),
  ];
  const tried = new Set([realpathSync(process.execPath)]);
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue;
    const real = realpathSync(candidate);
    if (!tried.has(real) && isNewEnough(versionOf(candidate))) return candidate;
    tried.add(real);
  }
  return undefined;
}

function installedIn(start) {
  const found = [];
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    found.push(join(folder, "node_modules", "node", "bin", executable));
    if (dirname(folder) === folder) return found;
  }
}

function versionOf(node) {
  const { stdout, status } = spawnSync(node, ["--version"], { encoding: "utf8", timeout: 20_000 });
  return status === 0 ? stdout.trim() : "";
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pentad", `node-${fetchedMajor}`);
}

function platformPackage() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  return `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${platform}-${process.arch}`;
}

function cachedNode() {
  return join(cacheFolder(), "node_modules", platformPackage(), "bin", executable);
}

/** Fetches Node.js once as the npm package that holds its binary: into a folder of its own first, so that it is there whole or not at all. */
function fetchNode() {
  const spec = `${platformPackage()}@${fetchedMajor}`;
  const target = cacheFolder();
  process.stderr.write(
    `Pentad needs Node.js ${oldestMajor} or newer (this is ${process.version}); fetching the npm package ${spec} once into ${target}\n`,
  );
  let staging;
  try {
    mkdirSync(dirname(target), { recursive: true });
    staging = mkdtempSync(join(dirname(target), "fetching-"));
    const args = [
      "install",
      "--prefix",
      staging,
      "--no-save",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      spec,
    ];
    const npm = spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
      encoding: "utf8",
      cwd: tmpdir(),
      shell: process.platform === "win32",
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (npm.error) return { message: `npm cannot be started: ${npm.error.message}` };
    if (npm.status !== 0) return { message: `npm could not fetch ${spec}: ${npm.stderr.trim().split("\n")[0]}` };
    if (!isNewEnough(versionOf(join(staging, "node_modules", platformPackage(), "bin", executable))))
      return { message: `The fetched package ${spec} does not run on this machine` };
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
    staging = undefined;
    return cachedNode();
  } catch (error) {
    return { message: `Node.js could not be fetched into ${target}: ${error.message}` };
  } finally {
    if (staging !== undefined) rmSync(staging, { recursive: true, force: true });
  }
}

function giveUp({ message }) {
  const hint = `Install Node.js ${oldestMajor} or newer, or set PENTAD_NODE to one`;
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ error: { code: "CLI_NODE_TOO_OLD", message, hint } })}\n`);
  process.stderr.write(`error: ${message} [CLI_NODE_TOO_OLD]\n  → ${hint}\n`);
  process.exitCode = 2;
  return 2;
}
