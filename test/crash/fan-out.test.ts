// A fan-out whose process is killed again and again: every partition is committed once, and none that has finished is done again.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import { openLedger } from "../../src/runs/ledger.ts";
import { runsMigrations } from "../../src/runs/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad fan out crash "));
after(() => rmSync(folder, { recursive: true, force: true }));

test("kill -9 in the middle of a fan-out loses no partition, doubles none, and repeats only those that were running", async () => {
  const database = await sqliteDatabase({ path: join(folder, "catalog.sqlite"), timeoutMs: 20_000 });
  await migrate(database, [runsMigrations]);
  await database.execute("create table kept (partition text not null, value bigint not null)");
  const begunFile = join(folder, "begun");
  appendFileSync(begunFile, "");
  writeFileSync(
    join(folder, "part.ts"),
    `import { appendFileSync } from "node:fs";
export default async ({ index }: { index: number }) => {
  appendFileSync(${JSON.stringify(begunFile)}, index + "\\n");
  await new Promise((resolve) => setTimeout(resolve, 60));
  return index * index;
};
`,
  );
  const begun = () => readFileSync(begunFile, "utf8").split("\n").filter(Boolean).length;
  const start = () => fork(join(import.meta.dirname, "fan-out-worker.ts"), [folder], { execArgv: [] });
  const kept = () => database.all<{ partition: string; value: number }>("select * from kept");

  let kills = 0;
  for (const wanted of [4, 9, 14]) {
    const child = start();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    while ((await kept()).length < wanted) {
      assert.equal(child.exitCode, null, "the process has ended by itself");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGKILL");
    await exited;
    kills++;
  }
  const last = start();
  const [{ failure }] = (await Promise.all([
    new Promise((resolve) => last.once("message", resolve)),
    new Promise((resolve) => last.once("exit", resolve)),
  ])) as [{ failure: unknown }, unknown];
  assert.equal(failure, null);

  const rows = await kept();
  assert.equal(rows.length, 20);
  assert.deepEqual(
    rows.map(({ value }) => value).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i * i),
  );
  // Three ran at each kill, and a commit may have been on its way.
  assert.ok(begun() <= 20 + kills * 3, `${begun()} begun`);
  const runs = await openLedger(database).list();
  assert.deepEqual(
    runs.map(({ state }) => state),
    ["done", "failed", "failed", "failed"],
  );
  await database.close();
});
