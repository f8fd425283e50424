// Schedules on the ledger: edits, restarts, several schedulers and clocks that jump neither repeat a run nor drop one.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { migrate } from "../../src/catalog/migrations.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Database } from "../../src/ports/database.ts";
import { type Ledger, openLedger } from "../../src/runs/ledger.ts";
import { openSchedules } from "../../src/runs/schedules.ts";
import { runsMigrations } from "../../src/runs/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad schedules "));
const opened: Database[] = [];
after(async () => {
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (text: string) => Date.parse(`2026-03-${text}Z`);
let nowMs = 0;
let database: Database;
let ledger: Ledger;
const open = () => openSchedules(database, { now: () => nowMs, fingerprintOf: (component) => `of ${component}` });
const moments = async (component = "data/a") =>
  (await ledger.list({ component }))
    .map(({ logicalAtMs }) => new Date(logicalAtMs as number).toISOString().slice(8, 16))
    .reverse();

beforeEach(async () => {
  nowMs = at("01T10:30");
  database = await sqliteDatabase({ path: join(folder, `${opened.length}.sqlite`) });
  opened.push(database);
  await migrate(database, [runsMigrations]);
  ledger = openLedger(database, { now: () => nowMs });
});

test("a new schedule does not fire for the past, and then fires for each moment once", async () => {
  const schedules = open();
  await schedules.set([{ component: "data/a", schedule: "@hourly" }]);
  assert.deepEqual(await schedules.fire(), { runs: [], nextMs: at("01T11:00") });
  nowMs = at("01T11:00:01");
  const { runs } = await schedules.fire();
  assert.deepEqual(
    runs.map(({ component, logicalAtMs }) => [component, logicalAtMs]),
    [["data/a", at("01T11:00")]],
  );
  const run = await ledger.find(runs[0]?.run as string);
  assert.deepEqual([run?.reason, run?.state, run?.fingerprint], ["schedule", "requested", "of data/a"]);
  assert.deepEqual((await schedules.fire()).runs, []);
  assert.deepEqual((await open().fire()).runs, []);
});

test("setting the same schedules at every start changes nothing, and what passed while nothing ran is made up for", async () => {
  await open().set([
    { component: "data/a", schedule: "@hourly" },
    { component: "data/b", schedule: "0 * * * *", missed: "all" },
    { component: "data/c", schedule: "@hourly", missed: "skip" },
  ]);
  nowMs = at("01T13:30");
  const restarted = open();
  await restarted.set([
    { component: "data/c", schedule: "@hourly", missed: "skip" },
    { component: "data/b", schedule: "0 * * * *", missed: "all" },
    { component: "data/a", schedule: "@hourly" },
  ]);
  await restarted.fire();
  assert.deepEqual(await moments("data/a"), ["01T13:00"]);
  assert.deepEqual(await moments("data/b"), ["01T11:00", "01T12:00", "01T13:00"]);
  assert.deepEqual(await moments("data/c"), []);
  const dropped = (await ledger.events(0)).filter(({ event }) => event === "schedule.dropped");
  assert.deepEqual(
    dropped.map(({ component, run }) => [component, run]),
    [
      ["data/a", null],
      ["data/c", null],
    ],
  );
});

test("editing a schedule neither fires for the past of the new one nor drops what was due by the old one", async () => {
  await open().set([{ component: "data/a", schedule: "@hourly" }]);
  nowMs = at("01T11:20");
  await open().set([{ component: "data/a", schedule: "*/15 * * * *" }]);
  assert.deepEqual(await moments(), ["01T11:00"], "due by the old schedule");
  assert.deepEqual((await open().fire()).runs, []);
  nowMs = at("01T11:31");
  await open().fire();
  await open().set([{ component: "data/a", schedule: "*/30 * * * *" }]);
  await open().fire();
  assert.deepEqual(await moments(), ["01T11:00", "01T11:30"], "11:30 belongs to both, and ran once");
});

test("a schedule that is taken away stops, and one that comes back begins anew", async () => {
  await open().set([{ component: "data/a", schedule: "@hourly" }]);
  await open().set([]);
  nowMs = at("05T10:30");
  assert.deepEqual(await open().fire(), { runs: [], nextMs: null });
  await open().set([{ component: "data/a", schedule: "@hourly" }]);
  assert.deepEqual(await open().fire(), { runs: [], nextMs: at("05T11:00") });
});

test("many schedulers at once fire each moment once", async () => {
  await open().set([{ component: "data/a", schedule: "* * * * *", missed: "all" }]);
  nowMs += 30 * 60_000;
  const all = await Promise.all(Array.from({ length: 6 }, () => open().fire()));
  assert.equal(all.flatMap(({ runs }) => runs).length, 30);
  assert.equal(new Set(await moments()).size, 30);
});

test("a long absence with all is made up for in portions, without a gap", async () => {
  await open().set([{ component: "data/a", schedule: "* * * * *", missed: "all" }]);
  nowMs += 250 * 60_000;
  const counts: number[] = [];
  for (let i = 0; i < 4; i++) counts.push((await open().fire()).runs.length);
  assert.deepEqual(counts, [100, 100, 50, 0]);
});

test("a clock set back an hour repeats nothing and loses nothing new", async () => {
  await open().set([{ component: "data/a", schedule: "*/30 * * * *" }]);
  nowMs = at("01T11:00:05");
  await open().fire();
  nowMs -= 3_600_000;
  await open().fire();
  nowMs = at("01T11:00:30");
  await open().fire();
  nowMs = at("01T11:30:01");
  await open().fire();
  assert.deepEqual(await moments(), ["01T11:00", "01T11:30"]);
});

test("a schedule in a time zone follows its clocks", async () => {
  await open().set([{ component: "data/a", schedule: "0 6 * * *", timeZone: "Europe/Zurich", missed: "all" }]);
  nowMs = at("30T12:00");
  await open().fire();
  assert.deepEqual((await moments()).slice(-3), ["28T05:00", "29T04:00", "30T04:00"]);
});

test("a schedule that cannot be read changes nothing; one that a person broke in the file does not stop the others", async () => {
  const schedules = open();
  await schedules.set([{ component: "data/a", schedule: "@hourly" }]);
  await assert.rejects(schedules.set([{ component: "data/b", schedule: "0 0 30 2 *" }]), (error) =>
    isFailure(error, "RUNS_SCHEDULE_INVALID"),
  );
  await assert.rejects(schedules.set([{ component: "data/b", schedule: "@daily", timeZone: "Mars/Base" }]), (error) =>
    isFailure(error, "RUNS_SCHEDULE_INVALID"),
  );
  await database.run(
    "insert into runs_schedules (component, schedule, time_zone, missed, last_at) values ('data/0', 'every now and then', 'UTC', 'once', 0)",
  );
  nowMs = at("01T11:00:01");
  assert.deepEqual(
    (await schedules.fire()).runs.map(({ component }) => component),
    ["data/a"],
  );
});
