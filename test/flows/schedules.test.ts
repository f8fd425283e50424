// Schedules from outside: missed moments by policy, time zones, one component after another, and edits that fire nothing.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import type { EventId } from "../../src/define/after.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { RunSummary, StatusDocument } from "../../src/http/api.ts";
import { raiseEvent } from "../../src/runs/raised.ts";
import { eventually, pentadJson, serve } from "../support/project.ts";
import { type SmallProject, smallProject } from "../support/small-project.ts";

const hourMs = 3_600_000;

describe("schedules", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = smallProject();
  });
  afterEach(() => project.remove());
  after(() => project.remove());

  const command = <Document>(...args: string[]) => pentadJson<Document>(...args, "--project", project.folder);
  /** What `pentad tick` ran, as component and reason. */
  async function tick(): Promise<string[]> {
    const { document } = await command<{ runs: RunSummary[] }>("tick", "--until-idle");
    return document.runs.map(({ component, reason }) => `${component} ${reason}`);
  }
  const status = async () => (await command<StatusDocument>("status")).document;
  const component = async (id: string) => (await status()).components.find((one) => one.id === id);

  it("make up for missed moments as their policy says, once each, however often the tick comes", async () => {
    project.data("once", 'schedule: "0 * * * *",');
    project.data("all", 'schedule: { cron: "0 * * * *", missed: "all" },');
    project.data("skip", 'schedule: { cron: "0 * * * *", missed: "skip" },');
    assert.deepEqual((await tick()).sort(), ["data/all first", "data/once first", "data/skip first"]);
    for (const name of ["once", "all", "skip"]) project.setBack(`data/${name}`, 3 * hourMs);
    const ran = await tick();
    const count = (name: string) => ran.filter((one) => one === `data/${name} schedule`).length;
    // The skipped one runs only if its last moment has just been.
    assert.deepEqual([count("once"), count("all")], [1, 3]);
    assert.ok(count("skip") === 0 || new Date().getMinutes() < 2);
    assert.deepEqual(await tick(), []);
  });

  it("of a component that is edited or restarted fire nothing again and lose nothing", async () => {
    project.data("a", 'schedule: "0 * * * *",');
    await tick();
    project.setBack("data/a", 2 * hourMs);
    // The old schedule's missed moment is asked for although the schedule changes before anybody looked.
    project.data("a", 'schedule: "30 * * * *",');
    assert.deepEqual(await tick(), ["data/a schedule"]);
    project.data("a", 'schedule: "45 3 * * *",');
    assert.deepEqual(await tick(), []);
    project.data("a", "");
    assert.deepEqual(await tick(), []);
  });

  it("give way to what is asked for by hand, and to the limit of the project in all its processes", async () => {
    project.write(
      "pentad.config.ts",
      'import { defineConfig } from "pentad";\nexport default defineConfig({ concurrency: 1 });\n',
    );
    const names = ["a", "b", "c", "d", "e"];
    const slow = "transform(row) { const end = Date.now() + 250; while (Date.now() < end); return row; },";
    for (const name of names) project.data(name, `schedule: "0 * * * *", ${slow}`);
    await tick();
    for (const name of names) project.setBack(`data/${name}`, 2 * hourMs);
    const ticking = tick();
    const startedSince = () =>
      project.catalog((database) =>
        database
          .prepare(
            "select run, component, event from runs_events where event <> 'run.requested' and run in (select run from runs where reason in ('schedule', 'manual')) order by sequence",
          )
          .all(),
      ) as { run: string; component: string; event: string }[];
    while (startedSince().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const manual = await command<{ run: string; state: string }>("run", "data/e");
    assert.equal(manual.document.state, "done");
    await ticking;
    const events = startedSince().filter(({ event }) => event.startsWith("run."));
    assert.equal(events.length, 2 * 6);
    for (const [index, { event }] of events.entries())
      assert.equal(event, index % 2 === 0 ? "run.started" : "run.done", "one at a time");
    const order = events.filter(({ event }) => event === "run.started").map(({ run }) => run);
    assert.ok(
      order.indexOf(manual.document.run) <= 3,
      `the run by hand was number ${order.indexOf(manual.document.run)}`,
    );
    assert.equal(new Set(order).size, 6);
  });

  it("are read by the clocks of their time zone", async () => {
    project.data("berlin", 'schedule: { cron: "0 6 * * *", timeZone: "Europe/Berlin" },');
    await tick();
    const next = new Date((await component("data/berlin"))?.nextRunAt ?? "");
    const shown = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeStyle: "short" }).format(next);
    assert.equal(shown, "06:00");
  });

  it("run a component after every success of another, and only then", async () => {
    project.data("a", 'after: ["data/z"],');
    project.data("z", "");
    assert.deepEqual(await tick(), ["data/z first", "data/a first"]);
    assert.deepEqual(await tick(), []);
    await command("run", "data/z");
    assert.deepEqual(await tick(), ["data/a upstream"]);
    assert.deepEqual(await tick(), []);
    project.write("rows.csv", "wrong\n1\n");
    await command("run", "data/z");
    const failed = (await status()).components;
    assert.deepEqual(
      failed.map(({ id, state, waitingFor }) => `${id} ${state}: ${waitingFor}`),
      ["data/z failed: null", "data/a stale: goes on with what it has: data/z failed"],
    );
  });

  it("run a component once after events that were raised while nothing ran, and at once while it is served", async () => {
    project.data("a", 'after: ["event/orders-loaded"],');
    project.data("b");
    assert.deepEqual((await tick()).sort(), ["data/a first", "data/b first"]);
    const database = await sqliteDatabase({ path: join(project.folder, ".pentad/catalog.sqlite") });
    const raise = (event: EventId) => database.transaction((tx) => raiseEvent(tx, { event, atMs: Date.now() }));
    await raise("event/orders-loaded");
    await raise("event/something-else");
    await raise("event/orders-loaded");
    await database.close();
    assert.deepEqual(await tick(), ["data/a event"]);
    assert.deepEqual(await tick(), []);
    const { document } = await command<{ runs: RunSummary[] }>("tick", "--event", "orders-loaded");
    assert.deepEqual(
      document.runs.map(({ component, reason }) => [component, reason]),
      [["data/a", "event"]],
    );
    const server = await serve(project.folder);
    assert.equal((await server.post("/api/events/orders-loaded", {})).status, 202);
    await eventually(async () => {
      const { runs } = (await server.get("/api/runs?component=data/a&limit=50")).body as { runs: RunSummary[] };
      return runs.filter(({ reason, state }) => reason === "event" && state === "done").length === 3 ? true : undefined;
    }, 20);
    assert.equal((await server.post("/api/events/-", {})).status, 422);
    await server.stop();
    project.data("a", 'after: ["events/orders-loaded"],');
    assert.match(
      (await component("data/a"))?.failure?.message ?? "",
      /after: expected components .* or events such as/,
    );
  });

  it("of components that wait for each other are an error that shows the circle, and the rest goes on", async () => {
    project.data("a", 'after: ["data/b"],');
    project.data("b", 'after: ["data/c"],');
    project.data("c", 'after: ["data/a"],');
    project.data("other", "");
    assert.ok((await tick()).includes("data/other first"));
    const wrong = await component("data/a");
    assert.equal(wrong?.failure?.code, "DEFINE_INVALID");
    assert.match(wrong?.failure?.message ?? "", /data\/a → data\/b → data\/c → data\/a/);
    assert.deepEqual(wrong?.failure?.location, { file: "data/a.ts", line: 4 });
  });

  it("that are wrong are errors at their own lines, each of its component alone", async () => {
    const wrong: readonly [name: string, options: string, line: number, message: RegExp][] = [
      ["hour", 'schedule: "0 25 * * *",', 4, /schedule: .*hour.*23/],
      ["never", 'schedule: { cron: "0 0 31 4 *" },', 4, /never/],
      ["six", 'schedule: "* * * * * *",', 4, /schedule: expected a schedule such as/],
      ["zone", 'schedule: {\n    cron: "0 6 * * *",\n    timeZone: "Mars/Base",\n  },', 6, /Mars\/Base/],
      ["both", 'schedule: { cron: "0 6 * * *", every: "1h" },', 4, /either cron or every, got both/],
      ["seconds", 'schedule: { every: "5s" },', 4, /at least one minute/],
      ["policy", 'schedule: { cron: "0 6 * * *", missed: "twice" as never },', 4, /"once", "all" or "skip"/],
      ["part", '...({ schedule: { cron: "0 6 * * *", timezone: "UTC" } } as object),', 4, /timezone/],
      ["absent", 'after: ["data/nothing"],', 4, /data\/nothing/],
      ["text", 'after: ["orders"],', 4, /"data\/orders"/],
    ];
    for (const [name, options] of wrong) project.data(name, options);
    project.data("right", 'schedule: { every: "1h" },');
    const { components } = await status();
    for (const [name, , line, message] of wrong) {
      const failure = components.find(({ id }) => id === `data/${name}`)?.failure;
      assert.match(failure?.message ?? "", message);
      assert.deepEqual([name, failure?.location?.file, failure?.location?.line], [name, `data/${name}.ts`, line]);
      assert.ok((failure?.hint ?? "").length > 10);
    }
    assert.equal(components.find(({ id }) => id === "data/right")?.failure, null);
  });
});
