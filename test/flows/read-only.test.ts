// A project that cannot be written to, such as a mounted backup: it can be looked at, and work is refused in one sentence.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { StatusDocument } from "../../src/http/api.ts";
import { copyExample, pentad, repository, type TestProject } from "../support/project.ts";

const mounts = spawnSync("unshare", ["--mount", "true"]).status === 0;

describe("a project on a read-only file system", { skip: !mounts && "needs the right to mount" }, () => {
  let project: TestProject;
  before(async () => {
    project = copyExample("rain");
    assert.equal((await pentad("run", "data/weather", "--project", project.folder)).code, 0);
  });
  after(() => project.remove());

  /** In a mount table of its own, where the project's folder is read-only. */
  function inReadOnly(...args: readonly string[]) {
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"';
    return spawnSync(
      "unshare",
      ["--mount", "sh", "-c", script, project.folder, process.execPath, join(repository, "bin", "pentad.mjs"), ...args],
      { encoding: "utf8" },
    );
  }
  const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith("pentad-look-"));

  test("status, runs, logs and models answer as they do elsewhere, and leave no copy behind", async () => {
    const copied = copies();
    const usual = JSON.parse((await pentad("status", "--json", "--project", project.folder)).stdout) as StatusDocument;
    const status = inReadOnly("status", "--json");
    assert.equal(status.status, 0, status.stderr);
    const states = ({ components }: StatusDocument) => components.map(({ id, state, lastRun }) => [id, state, lastRun]);
    assert.deepEqual(states(JSON.parse(status.stdout) as StatusDocument), states(usual));
    const run = usual.components.find(({ id }) => id === "data/weather")?.lastRun?.run as string;
    for (const args of [["runs"], ["logs"], ["runs", "show", run], ["logs", run]]) {
      const { status: code, stdout, stderr } = inReadOnly(...args);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /data\/weather/);
    }
    assert.match(inReadOnly("models", "list").stdout, /no models yet/);
    assert.deepEqual(copies(), copied);
  });

  test("a file that was changed since is seen as it is now", async () => {
    await project.edit("problem.ts", /defineProblem/, "defineProblems");
    const { components } = JSON.parse(inReadOnly("status", "--json").stdout) as StatusDocument;
    assert.equal(components.find(({ kind }) => kind === "problem")?.state, "failed");
    await project.edit("problem.ts", /defineProblems/, "defineProblem");
  });

  test("work is refused in a sentence that names the folder", () => {
    for (const args of [
      ["run", "--all"],
      ["runs", "cancel", "run_1"],
      ["models", "rollback", "rain"],
    ]) {
      const { status, stderr } = inReadOnly(...args);
      assert.equal(status, 1);
      assert.match(stderr, /Expected to write to .*\.pentad, got EROFS \[RUNTIME_NOT_WRITABLE\]/);
    }
  });
});
