// Stopped by a signal, killed, out of disk space or not allowed to write: nothing is half there, and the next command goes on.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { ErrorDocument, RunSummary, StatusDocument } from "../../src/http/api.ts";
import { emptyFolder, pentad, pentadJson, repository, serve } from "../support/project.ts";

const launcher = join(repository, "bin", "pentad.mjs");

/** A CSV whose label can be told from its numbers. */
function flowers(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const petal = ((index * 37) % 100) / 10;
    return `${petal},${((index * 53) % 100) / 10},${["north", "south"][index % 2]},${petal + ((index * 17) % 5) > 6 ? "iris" : "rose"}`;
  });
  return `petal,stem,side,kind\n${lines.join("\n")}\n`;
}

/** Runs a command and sends it the signal as soon as it prints `mark`. */
async function stopAt(mark: RegExp, signal: NodeJS.Signals, ...args: readonly string[]) {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  let sent = false;
  const look = (text: string) => {
    printed += text;
    if (sent || !mark.test(printed)) return;
    sent = true;
    child.kill(signal);
  };
  child.stdout.setEncoding("utf8").on("data", look);
  child.stderr.setEncoding("utf8").on("data", look);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  assert.ok(sent, printed);
  return { code, printed };
}

/** Folders of runs that stayed behind among the project's temporary files. */
const leftovers = (folder: string) =>
  readdirSync(join(folder, ".pentad", "tmp")).filter((name) => /^(?:run_|step-)/.test(name));

describe("a command that is stopped", () => {
  const place = emptyFolder("flowers");
  const table = join(place.folder, "..", "flowers.csv");
  before(() => writeFile(table, flowers(400)));
  after(() => place.remove());

  for (const mark of [/reading/, /profiling/, /trying/])
    it(`leaves no new project behind when it was ${mark.source}`, async () => {
      const { code, printed } = await stopAt(mark, "SIGINT", "new", place.folder, "--from", table, "--predict", "kind");
      assert.equal(code, 1, printed);
      assert.match(printed, /\[RUNTIME_INTERRUPTED\]/);
      assert.deepEqual(readdirSync(join(place.folder, "..")), ["flowers.csv"]);
    });

  it("ends its runs, and the next command finishes them", async () => {
    const made = await pentad("new", place.folder, "--from", table, "--predict", "kind");
    assert.equal(made.code, 0, made.stderr);
    for (const mark of [/data\/flowers: started/, /training\/flowers: started/]) {
      const { code, printed } = await stopAt(mark, "SIGINT", "run", "--all", "--project", place.folder);
      assert.equal(code, 1, printed);
      assert.match(printed, /RUNTIME_INTERRUPTED/);
      const { document } = await pentadJson<StatusDocument>("status", "--project", place.folder);
      assert.deepEqual(
        document.components.filter(({ state }) => state === "running"),
        [],
      );
      const stopped = document.components.find(({ id }) => mark.source.startsWith(id.replace("/", "\\/")));
      assert.deepEqual([stopped?.state, stopped?.failure], ["stale", null]);
      assert.match(stopped?.waitingFor ?? "", /interrupted/);
    }
    const { code, document } = await pentadJson<{ failure: Failure | null }>("run", "--all", "--project", place.folder);
    assert.equal(code, 0, JSON.stringify(document.failure));
    assert.deepEqual(leftovers(place.folder), []);
  });

  it("kill -9 of a server leaves neither its lock nor a running run to the next one", async () => {
    rmSync(join(place.folder, ".pentad"), { recursive: true });
    const { code } = await stopAt(/data\/flowers: started/, "SIGKILL", "dev", "--port", "0", "--project", place.folder);
    assert.equal(code, null);
    const server = await serve(place.folder);
    try {
      await server.settle();
      const { status, body } = await server.post("/predict/flowers", { petal: 9, stem: 1, side: "north" });
      assert.equal(status, 200, JSON.stringify(body));
    } finally {
      assert.equal(await server.stop(), 0);
    }
    assert.deepEqual(leftovers(place.folder), []);
  });
});

describe("a project that cannot be written to", () => {
  const root = mkdtempSync(join(tmpdir(), "pentad-small-"));
  const folder = join(root, "flowers");
  const source = mkdtempSync(join(tmpdir(), "pentad-small-source-"));
  const table = join(source, "flowers.csv");
  const mounted = process.getuid?.() === 0 && mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", root);
  before(() => writeFile(table, flowers(400)));
  after(() => {
    if (mounted) spawnSync("umount", [root]);
    for (const one of [root, source]) rmSync(one, { recursive: true, force: true });
  });
  const skip = mounted ? false : "only root can mount a small disk to fill it";

  it("is refused as a new one, and nothing of it is kept", { skip: process.getuid?.() === 0 }, async () => {
    chmodSync(root, 0o555);
    const { code, document } = await pentadJson<ErrorDocument>("new", folder, "--from", table, "--predict", "kind");
    chmodSync(root, 0o755);
    assert.equal(code, 1);
    assert.equal(document.error.code, "RUNTIME_NOT_WRITABLE");
    assert.ok(!existsSync(folder));
  });

  it("says that the disk is full, and goes on where it was once there is room", { skip }, async () => {
    const filler = join(root, "filler");
    fill(filler);
    const refused = await pentadJson<ErrorDocument>("new", folder, "--from", table, "--predict", "kind");
    assert.equal(refused.code, 1);
    assert.equal(refused.document.error.code, "RUNTIME_DISK_FULL");
    assert.deepEqual(readdirSync(root), ["filler"]);
    rmSync(filler);

    const made = await pentad("new", folder, "--from", table, "--predict", "kind");
    assert.equal(made.code, 0, made.stderr);
    assert.equal((await pentad("run", "--all", "--project", folder)).code, 0);
    writeFileSync(join(folder, "data", "flowers.csv"), flowers(500));
    fill(filler);
    const full = await pentadJson<ErrorDocument>("run", "data/flowers", "--project", folder);
    assert.equal(full.code, 1);
    assert.equal(full.document.error.code, "RUNTIME_DISK_FULL");
    rmSync(filler);
    const again = await pentadJson<RunSummary>("run", "data/flowers", "--project", folder);
    assert.equal(again.code, 0);
    assert.deepEqual(again.document.rows, { read: 500, accepted: 500, quarantined: 0 });
  });

  it("says that it may not write, and changes nothing", { skip }, async () => {
    mount("-o", "remount,ro", root);
    try {
      for (const args of [
        ["run", "--all"],
        ["dev", "--port", "0"],
      ]) {
        const { code, document } = await pentadJson<ErrorDocument>(...args, "--project", folder);
        assert.equal(code, 1, args.join(" "));
        assert.equal(document.error.code, "RUNTIME_NOT_WRITABLE", args.join(" "));
      }
      assert.equal((await pentad("status", "--project", folder)).code, 0, "looking needs nothing to be written");
      const made = await pentadJson<ErrorDocument>("new", `${folder}2`, "--from", table, "--predict", "kind");
      assert.equal(made.document.error.code, "RUNTIME_NOT_WRITABLE");
    } finally {
      mount("-o", "remount,rw", root);
    }
    assert.equal((await pentad("status", "--project", folder)).code, 0);
  });
});

function mount(...args: readonly string[]): boolean {
  return spawnSync("mount", args).status === 0;
}

/** Writes until the disk takes no more. */
function fill(path: string): void {
  spawnSync("dd", ["if=/dev/zero", `of=${path}`, "bs=4096"]);
}
