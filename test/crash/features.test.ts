// A writer that is killed at any moment leaves whole commits only, and the online rows are those of the newest one.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { listCommits } from "../../src/features/commits.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { catchUpOnline, findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { definitionOf, openGroup } from "../data/group.ts";
import { worker } from "./features-rows.ts";

const definition = definitionOf(worker([]));

describe("a feature group whose writers are killed", () => {
  let folder: string;
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a writer; resolves with what it said of its commits when it has ended or was killed after `killMs`. */
  async function write(
    name: string,
    first: number,
    count: number,
    { killMs, pauseMs }: { killMs?: number; pauseMs?: number } = {},
  ): Promise<string[]> {
    const script = join(import.meta.dirname, "features-worker.ts");
    const pause = pauseMs === undefined ? [] : [String(pauseMs)];
    const child = spawn(process.execPath, [script, folder, name, String(first), String(count), ...pause], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [said, complaints] = ["", ""];
    let timer: NodeJS.Timeout | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      // From its first commit on, so that the time it takes to start does not matter.
      if (killMs !== undefined) timer ??= setTimeout(() => child.kill("SIGKILL"), killMs);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaints += text;
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    if (killMs === undefined) assert.equal(code, 0, complaints);
    else assert.ok(code === null || code === 0, complaints);
    return said
      .trim()
      .split("\n")
      .filter((line) => line.includes(" "));
  }

  /** Opens the group as a start after a crash does and holds every store against the others. */
  async function check(): Promise<Map<string, number[]>> {
    const group = await openGroup(folder);
    const { database, offline, online } = group.parts;
    try {
      await catchUpOnline(database, offline, online, "readings");
      const commits = await listCommits(database, "readings");
      assert.deepEqual(
        commits.map(({ sequence }) => sequence),
        commits.map((_, index) => index + 1),
      );
      assert.equal(online.appliedSequence("readings"), commits.length);
      for (const { sequence } of commits) await groupFiles(database, offline, "readings", sequence);
      const rows = (await group.rows(definition)) as { _key_sensor: string; value: number; lately: number }[];
      assert.equal(rows.length, 2 * commits.length);
      const values = new Map<string, number[]>();
      for (const { _key_sensor: sensor, value } of rows) values.set(sensor, [...(values.get(sensor) ?? []), value]);
      for (const [sensor, all] of values) {
        assert.ok(
          all.every((value, index) => value === all[index ^ 1]),
          `${sensor}: half of a commit`,
        );
        const newest = rows.filter((row) => row._key_sensor === sensor).at(-1);
        assert.deepEqual(findOnlineRow(online, "readings", [sensor])?.values, {
          value: newest?.value,
          lately: newest?.lately,
        });
      }
      return values;
    } finally {
      await online.close();
      await database.close();
    }
  }

  it("holds whole commits only, offline as online, and everything that a writer was told was committed", async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
    let next = 0;
    for (let kill = 0; kill < 12; kill++) {
      const said = await write("a", next, 1000, { killMs: 5 + kill * 17 });
      const values = (await check()).get("a") ?? [];
      const last = Number(said.at(-1)?.split(" ")[0] ?? -1);
      assert.ok(values.includes(last), `commit ${last} was told of and is gone`);
      next = Math.max(...values) + 1;
      assert.equal(values.length, 2 * next);
    }
  });

  it("loses nothing when two processes write at once: a conflict is tried again", async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
    await write("first", 0, 1);
    const told = await Promise.all(["a", "b"].map((name) => write(name, 0, 12, { pauseMs: 100 })));
    const values = await check();
    const numbers = told.flat().map((line) => Number(line.split(" ")[1]));
    assert.equal(new Set(numbers).size, 24);
    for (const name of ["a", "b"])
      assert.deepEqual(
        values.get(name),
        Array.from({ length: 24 }, (_, index) => index >> 1),
      );
  });
});
