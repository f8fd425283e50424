// The package as users get it: packed, installed into an empty folder, and used there, under a new and under an old Node.js.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { findOldNode } from "./package/old-node.ts";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "pentad-package-"));
const project = join(folder, "empty");
const oldNode = findOldNode();

/** The environment of a stranger: nothing of this repository on the PATH, one Node.js first. */
function environment(node: string): NodeJS.ProcessEnv {
  const others = (process.env.PATH ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|NODE_TEST|NODE_OPTIONS|INIT_CWD|PENTAD)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(node), ...others].join(delimiter),
    XDG_CACHE_HOME: join(folder, "cache"),
  };
}

function run(command: string, args: readonly string[], options: { cwd?: string; node?: string } = {}) {
  const { cwd = project, node = process.execPath } = options;
  return spawnSync(command, args, { cwd, env: environment(node), encoding: "utf8", timeout: 240_000 });
}

function succeed(result: ReturnType<typeof run>): string {
  assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

function filesBelow(path: string, below = ""): string[] {
  return readdirSync(join(path, below), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(path, join(below, entry.name)) : [join(below, entry.name)],
  );
}

describe("the package", () => {
  before(() => {
    succeed(run("npm", ["pack", "--pack-destination", folder], { cwd: root }));
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
    succeed(run("mkdir", [project], { cwd: folder }));
    writeFileSync(join(project, "package.json"), "{}");
    succeed(run("npm", ["install", "--no-audit", "--no-fund", join(folder, tarball)]));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("holds the command, the compiled code, the pages and the documents, and nothing else", () => {
    const files = filesBelow(join(project, "node_modules", "pentad"));
    const expected =
      /^(?:bin\/[\w-]+\.mjs|dist\/[\w./-]+\.(?:js|d\.ts)|dist\/ui\/[\w./-]+|docs\/[\w-]+\.md|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
    assert.deepEqual(
      files.filter((file) => !expected.test(file) || /(?:^|\/)\.|\.test\.|\.map$/.test(file)),
      [],
    );
    for (const needed of [
      "bin/pentad.mjs",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/http/client.js",
      "dist/cli/main.js",
      "dist/ui/index.html",
      "docs/reference.md",
    ])
      assert.ok(files.includes(needed), `${needed} is missing`);
  });

  test("is small: its own files below 6 MB, and few packages beside it", (t) => {
    const files = filesBelow(join(project, "node_modules", "pentad"));
    const bytes = files.reduce((sum, file) => sum + statSync(join(project, "node_modules", "pentad", file)).size, 0);
    const lock = JSON.parse(readFileSync(join(project, "node_modules", ".package-lock.json"), "utf8")) as {
      packages: object;
    };
    const packages = Object.keys(lock.packages).length;
    t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB in ${files.length} files, ${packages} packages with it`);
    assert.ok(bytes < 6e6, `${bytes} bytes`);
    assert.ok(packages < 30, `${packages} packages`);
  });

  test("`npx pentad --help` works", () => {
    const output = succeed(run("npx", ["pentad", "--help"]));
    for (const word of ["new", "dev", "run", "status", "predict"]) assert.match(output, new RegExp(`\\b${word}\\b`));
  });

  test("`npx pentad --help` works under an old Node.js", {
    skip: oldNode === undefined && "this machine has no Node.js below 24",
  }, () => {
    const { status, stdout, stderr } = run("npx", ["pentad", "--help"], { node: oldNode as string });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /\bdev\b/);
  });

  test("a file becomes a live product: `pentad new`, `pentad dev`, a prediction", { timeout: 240_000 }, async () => {
    cpSync(join(root, "examples/rain/weather.csv"), join(project, "weather.csv"));
    const node = oldNode ?? process.execPath;
    succeed(
      run(
        "npx",
        ["pentad", "new", "penguin", "--from", "weather.csv", "--predict", "weather", "--time", "date", "--yes"],
        { node },
      ),
    );
    const product = join(project, "penguin");
    for (const file of ["problem.ts", "training.ts", "inference.ts", "app.ts", "package.json", "tsconfig.json"])
      assert.ok(existsSync(join(product, file)), file);
    const server = spawn("npx", ["pentad", "dev", "--port", "0"], {
      cwd: product,
      env: environment(node),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    try {
      const url = await readyUrl(server);
      const status = (await (await fetch(`${url}/api/status`)).json()) as {
        components: { id: string; state: string }[];
      };
      const inference = status.components.find(({ id }) => id.startsWith("inference/"))?.id.split("/")[1];
      const prediction = await firstPrediction(`${url}/predict/${inference}`);
      assert.ok(["drizzle", "fog", "rain", "snow", "sun"].includes(String(prediction)), `predicted ${prediction}`);
      assert.match(await (await fetch(`${url}/`)).text(), /<div id="root">|<main/);
    } finally {
      process.kill(-(server.pid as number), "SIGTERM");
    }
  });
});

/** `pentad dev` prints one line `ready <url>`. */
function readyUrl(server: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const url = /^ready (http\S+)$/m.exec(output)?.[1];
      if (url !== undefined) done(url);
    };
    server.stdout?.on("data", read);
    server.stderr?.on("data", read);
    server.once("exit", (code) => failed(new Error(`pentad dev ended with ${code}:\n${output}`)));
  });
}

/** Asks until a model is live; anything else than "not yet" is a failure. */
async function firstPrediction(address: string): Promise<unknown> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const answer = (await response.json()) as { prediction?: unknown; error?: { code: string } };
    if (response.ok) return answer.prediction;
    assert.equal(answer.error?.code, "MODELS_NO_LIVE_VERSION", JSON.stringify(answer));
    await new Promise((later) => setTimeout(later, 200));
  }
  throw new Error("No model went live");
}
