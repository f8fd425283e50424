// Runs the tests: all of them, or those below the given paths (`node scripts/test.ts test/runs`), and sums them up.

import { spawnSync } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative, resolve } from "node:path";
import { ensureChromium } from "./chromium.ts";

const root = resolve(import.meta.dirname, "..");
const options = process.argv.slice(2).filter((argument) => argument.startsWith("-"));
const files = chooseFiles(process.argv.slice(2).filter((argument) => !argument.startsWith("-")));

if (files.length === 0) {
  console.error("test: no test file matches");
  process.exit(2);
}

const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
let skippedBrowser = "";
if (files.some((file) => /(^|\/)(ui|browser)(\/|\.)|browser/.test(file))) {
  const chromium = ensureChromium();
  if (chromium.path === null) {
    skippedBrowser = chromium.reason;
    environment.CHROMIUM_MISSING = chromium.reason;
  } else environment.CHROMIUM_PATH = chromium.path;
}

const startedAt = performance.now();
const args = [
  "--test",
  `--test-concurrency=${Math.max(2, cpus().length)}`,
  "--test-timeout=300000",
  "--test-reporter=spec",
  ...options,
  ...files,
];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env: environment });
if (skippedBrowser !== "") console.log(`test: browser tests were skipped: ${skippedBrowser}`);
console.log(
  `test: ${files.length} files in ${Math.round((performance.now() - startedAt) / 1000)} s, ${status === 0 ? "all passed" : "with failures"}`,
);
process.exitCode = status ?? 1;

/** Long flows first, so that they do not end up alone at the end. */
function chooseFiles(paths: readonly string[]): string[] {
  const chosen = (paths.length === 0 ? ["test"] : paths).flatMap((given) => {
    const path = resolve(given);
    if (existsSync(path) && !statSync(path).isDirectory()) return [path];
    return globSync("**/*.test.ts", { cwd: path }).map((name) => join(path, name));
  });
  const slow = (file: string) => (/test\/(package|flows|crash)/.test(file) ? 0 : 1);
  return [...new Set(chosen)]
    .map((file) => relative(root, file))
    .sort((a, b) => slow(a) - slow(b) || a.localeCompare(b));
}
