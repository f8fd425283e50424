// Finds a Chromium for the browser tests, and installs one when the machine has none and allows it.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

export type Chromium = { readonly path: string } | { readonly path: null; readonly reason: string };

/** A Chromium that is on this machine: CHROMIUM_PATH, the PATH, Playwright's own folder. */
export function findChromium(): string | undefined {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) return existsSync(chosen) ? chosen : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  for (const name of names)
    for (const folder of folders) if (folder !== "" && existsSync(join(folder, name))) return join(folder, name);
  return findPlaywrights();
}

/** Finds Chromium, or installs it: Debian's package when that is allowed, else Playwright's own download. */
export function ensureChromium(): Chromium {
  const found = findChromium();
  if (found !== undefined) return { path: found };
  if (process.env.CHROMIUM_PATH)
    return { path: null, reason: `CHROMIUM_PATH names ${process.env.CHROMIUM_PATH}, which does not exist` };
  console.error("test: no Chromium found; installing one for the browser tests");
  const failures = [installFromDebian(), findChromium() === undefined ? installFromPlaywright() : ""].filter(Boolean);
  const path = findChromium();
  return path === undefined
    ? { path: null, reason: `no Chromium here, and none could be installed (${failures.join("; ")})` }
    : { path };
}

/** Each returns why it failed, or an empty text. */
function installFromDebian(): string {
  if (process.getuid?.() !== 0) return "not root, so no Debian package";
  if (spawnSync("apt-get", ["--version"]).status !== 0) return "no apt-get";
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-q"],
    ["install", "-y", "-q", "--no-install-recommends", "chromium"],
  ]) {
    const { status } = spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: environment,
      timeout: 240_000,
    });
    if (status !== 0) return `apt-get ${args[0]} failed`;
  }
  return "";
}

function installFromPlaywright(): string {
  const cli = resolve(import.meta.dirname, "..", "node_modules", "playwright-core", "cli.js");
  if (!existsSync(cli)) return "playwright-core is not installed";
  const { status } = spawnSync(process.execPath, [cli, "install", "--only-shell", "chromium"], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 240_000,
  });
  return status === 0 ? "" : "Playwright's download failed";
}

function findPlaywrights(): string | undefined {
  const cache =
    process.env.PLAYWRIGHT_BROWSERS_PATH ??
    join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache", "ms-playwright");
  if (!existsSync(cache)) return undefined;
  const versions = readdirSync(cache)
    .filter((name) => name.startsWith("chromium"))
    .sort()
    .reverse();
  for (const version of versions)
    for (const platform of readdirSync(join(cache, version)))
      for (const name of [
        "chrome-headless-shell",
        "headless_shell",
        "chrome",
        "Chromium.app/Contents/MacOS/Chromium",
      ]) {
        const path = join(cache, version, platform, name);
        if (existsSync(path)) return path;
      }
  return undefined;
}
