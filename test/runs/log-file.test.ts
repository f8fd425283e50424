// A run's log: every line in order, bounded, readable while it grows.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openRunLog, readRunLog, removeRunLog } from "../../src/runs/log-file.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad logs "));
after(() => rmSync(folder, { recursive: true, force: true }));

test("lines come back in their order, a line stays one line, and a second opening goes on", async () => {
  const log = openRunLog(join(folder, "logs"), "run_1");
  for (let i = 0; i < 5_000; i++) log.line(`line ${i}`);
  log.line("two\nin one\r\n");
  await log.close();
  const again = openRunLog(join(folder, "logs"), "run_1");
  again.line("later");
  await again.close();
  const lines = await readRunLog(join(folder, "logs"), "run_1", 10_000);
  assert.deepEqual(
    lines.slice(0, 5_000),
    Array.from({ length: 5_000 }, (_, i) => `line ${i}`),
  );
  assert.deepEqual(lines.slice(5_000), ["two in one ", "later"]);
  assert.deepEqual(await readRunLog(join(folder, "logs"), "run_1", 2), ["two in one ", "later"]);
});

test("a log is bounded, and says that something was left out", async () => {
  const log = openRunLog(folder, "run_2");
  for (let i = 0; i < 5_000; i++) log.line("ü".repeat(2_000));
  await log.close();
  assert.ok(statSync(join(folder, "run_2.log")).size < 9_000_000);
  const lines = await readRunLog(folder, "run_2", 3);
  assert.equal(lines.at(-1), "… the rest was left out");
  assert.equal(lines[0], "ü".repeat(2_000));
});

test("a run without a log has no lines, a name cannot leave the folder, and a removed log is gone", async () => {
  assert.deepEqual(await readRunLog(folder, "run_3"), []);
  const log = openRunLog(folder, "../run_4");
  log.line("x");
  await log.close();
  assert.deepEqual(await readRunLog(folder, "../run_4"), ["x"]);
  assert.ok(statSync(join(folder, "___run_4.log")).isFile());
  await removeRunLog(folder, "../run_4");
  assert.deepEqual(await readRunLog(folder, "../run_4"), []);
});

test("a log that cannot be written to costs its lines, not the run", async () => {
  mkdirSync(join(folder, "run_5.log"));
  const log = openRunLog(folder, "run_5");
  log.line("into a folder");
  await log.close();
  assert.deepEqual(await readRunLog(folder, "run_6"), []);
});
