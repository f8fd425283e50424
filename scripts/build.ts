// Builds what is published: JavaScript and types from src/ into dist/, and the pages from ui/ into dist/ui; `pages` alone for running from source.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

const only = process.argv[2];

try {
  if (only !== "pages") build("package", ["src", "tsconfig.json", "tsconfig.build.json"], compilePackage);
  build("pages", ["ui", "src/http/api.ts", "package-lock.json"], bundlePages);
} catch (error) {
  console.error(`build: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** Runs `work` unless its inputs are as they were when it last succeeded. */
function build(what: string, inputs: readonly string[], work: () => void): void {
  const stamp = join(dist, `.${what}.stamp`);
  const fingerprint = fingerprintOf(inputs);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint) {
    console.log(`build: ${what} is up to date`);
    return;
  }
  const startedAt = performance.now();
  mkdirSync(dist, { recursive: true });
  work();
  writeFileSync(stamp, fingerprint);
  console.log(`build: ${what} built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** Names, sizes and times of the inputs: a removed file counts as a change too. */
function fingerprintOf(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs)
    for (const file of filesIn(join(root, input))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file.slice(root.length)} ${size} ${mtimeMs}\n`);
    }
  return hash.digest("hex");
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name !== "node_modules" && !name.startsWith("."))
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

/** Compiles beside the old result and swaps it in whole, so that a removed source leaves nothing behind. */
function compilePackage(): void {
  const fresh = join(dist, `.compiling-${process.pid}`);
  try {
    runTool("typescript", "tsc", ["-p", "tsconfig.build.json", "--outDir", fresh]);
    for (const name of readdirSync(dist))
      if (!name.startsWith(".") && name !== "ui") rmSync(join(dist, name), { recursive: true, force: true });
    for (const name of readdirSync(fresh)) renameSync(join(fresh, name), join(dist, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function bundlePages(): void {
  runTool("vite", "vite", ["build", "ui", "--outDir", join(dist, "ui"), "--emptyOutDir", "--logLevel", "warn"]);
}

/** Runs a package's command under this Node.js. */
function runTool(packageName: string, command: string, args: readonly string[]): void {
  const manifest = join(root, "node_modules", packageName, "package.json");
  if (!existsSync(manifest)) throw new Error(`${packageName} is not installed; run npm ci first`);
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: string | Record<string, string> };
  const file = join(dirname(manifest), typeof bin === "string" ? bin : (bin[command] as string));
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} failed`);
}
