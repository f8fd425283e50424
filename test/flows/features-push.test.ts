// Rows that are posted: judged and committed like any others, readable online when the answer comes, none lost or doubled.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { lmdbOnline } from "../../src/drivers/lmdb-online.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import type { StatusDocument } from "../../src/http/api.ts";
import type { IngestDocument } from "../../src/runtime/ingest.ts";
import type { OnlineFeaturesDocument } from "../../src/runtime/online-features.ts";
import {
  emptyFolder,
  eventually,
  pentad,
  pentadJson,
  type Server,
  serve,
  type TestProject,
} from "../support/project.ts";

const component = `import { count, defineData, number, category, push } from "pentad";

export default defineData({
  source: push("orders"),
  key: "customer",
  eventTime: "at",
  features: { amount: number({ min: 0 }), channel: category({ optional: true }) },
  windows: { lately: count({ over: "1d" }) },
});
`;

describe("rows that are posted", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = emptyFolder("shop");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    await project.write("data/orders.ts", component);
    server = await serve(project.folder);
    const { components } = (await server.get("/api/status")).body as StatusDocument;
    assert.deepEqual(
      components.map(({ state, failure, waitingFor }) => ({ state, failure, waitingFor })),
      [{ state: "idle", failure: null, waitingFor: "waits for the first rows: post them to /ingest/orders" }],
    );
  });
  after(async () => {
    await server.stop();
    project.remove();
  });

  const post = async (rows: unknown, name = "orders") => {
    const { status, body } = await server.post(`/ingest/${name}`, rows);
    return { status, body: body as IngestDocument & { error: { code: string; message: string; hint: string } } };
  };
  const online = async (customer: string) => {
    const store = await lmdbOnline({ folder: join(project.folder, ".pentad", "online") });
    try {
      return findOnlineRow(store, "orders", [customer])?.values;
    } finally {
      await store.close();
    }
  };

  it("are online when the answer comes, with their windows", async () => {
    const { status, body } = await post({ customer: "ann", at: "2024-05-01T10:00:00Z", amount: 5 });
    assert.equal(status, 200);
    assert.deepEqual([body.state, body.rows], ["done", { read: 1, accepted: 1, quarantined: 0 }]);
    assert.deepEqual(await online("ann"), { amount: 5, channel: null, lately: 1 });
    await post([
      { customer: "ann", at: "2024-05-01T12:00:00+02:00", amount: 6 },
      { customer: "ann", at: "2024-05-01T11:00:00Z", amount: 7, channel: "web" },
    ]);
    assert.deepEqual(await online("ann"), { amount: 7, channel: "web", lately: 2 });
  });

  it("tell their sender which were rejected and why, and pass the others", async () => {
    const { status, body } = await post([
      { customer: "bob", at: "2024-05-01T10:00:00Z", amount: -5 },
      { customer: "bob", at: "2024-05-01T09:00:00Z", amount: 1 },
      { at: "2024-05-01T09:00:00Z", amount: 1 },
    ]);
    assert.equal(status, 200);
    assert.deepEqual(body.rows, { read: 3, accepted: 1, quarantined: 2 });
    assert.deepEqual(
      body.rejected.map(({ row, reason }) => [row, reason]),
      [
        [1, 'amount: expected at least 0, got "-5"'],
        [3, "customer: expected a key, got nothing"],
      ],
    );
    assert.deepEqual(await online("bob"), { amount: 1, channel: null, lately: 1 });
  });

  it("are each committed once when many are posted at the same time", async () => {
    const posts = Array.from({ length: 12 }, (_, index) =>
      post({ customer: `many${index}`, at: "2024-05-02T10:00:00Z", amount: index }),
    );
    for (const { status } of await Promise.all(posts)) assert.equal(status, 200);
    const out = join(project.folder, "orders.csv");
    await pentad("export", "features/orders", "--out", out, "--project", project.folder);
    const lines = readFileSync(out, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("many"));
    assert.equal(lines.length, 12);
  });

  it("are refused with a reason where they make no sense", async () => {
    assert.match((await post([1])).body.error.message, /Expected an object or a list of objects, got 1 as row 1/);
    assert.match((await post([])).body.error.message, /got an empty list/);
    const { body: document } = await server.get("/openapi.json");
    assert.ok("/ingest/orders" in (document as { paths: object }).paths);
    const unknown = await post({}, "nothing");
    assert.deepEqual([unknown.status, unknown.body.error.code], [404, "FEATURES_UNKNOWN"]);
  });

  it("give the same answer to the same idempotency key, and count once", async () => {
    const send = async () => {
      const response = await fetch(`${server.url}/ingest/orders`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "order 17" },
        body: JSON.stringify({ customer: "once", at: "2024-05-02T10:00:00Z", amount: 1 }),
      });
      return response.json();
    };
    assert.deepEqual(await send(), await send());
    await server.settle();
    assert.deepEqual((await online("once"))?.lately, 1);
  });

  it("wait in quarantine until a replay after a fix reads them again", async () => {
    await project.edit("data/orders.ts", "min: 0", "min: -10");
    const { document } = await pentadJson<{ replayed: number; quarantined: number }>(
      "quarantine",
      "replay",
      "orders",
      "--project",
      project.folder,
    );
    assert.deepEqual(document, { data: "orders", replayed: 2, quarantined: 1, failure: null });
    assert.equal((await online("bob"))?.amount, -5);
  });
});

describe("rows that are posted to a component with a transform", () => {
  const readings = (factor: number) => `import { defineData, number, push } from "pentad";
export default defineData({
  source: push("meters"),
  key: "meter",
  eventTime: "at",
  features: { litres: number({ min: 0 }) },
  transform: (row) => {
    if (row.gallons === "stop") process.exit(3);
    if (row.gallons === "hang") for (;;);
    return { ...row, litres: String(Number(row.gallons) * ${factor}) };
  },
});
`;
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = emptyFolder("meters");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    await project.write("data/readings.ts", readings(4));
    server = await serve(project.folder);
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const post = async (row: object) => {
    const { status, body } = await server.post("/ingest/readings", row);
    return { status, body: body as IngestDocument };
  };
  const online = async (meter: string) => {
    const body = { features: ["readings.litres"], keys: [{ meter }] };
    const { body: answer } = await server.post("/api/features/online", body);
    return (answer as OnlineFeaturesDocument).rows[0]?.values[0];
  };
  const at = () => new Date().toISOString();
  /** The process may still be starting. */
  const judged = (row: object) =>
    eventually(async () => {
      const answer = await post(row);
      return answer.status === 200 ? answer.body : undefined;
    });

  it("are judged by it beside the server, and by changed code once it is changed", async () => {
    await judged({ meter: "a", at: at(), gallons: 1 });
    assert.equal(await online("a"), 4);
    const { status, body } = await post({ meter: "b", at: at(), gallons: -1 });
    assert.deepEqual([status, body.rows], [200, { read: 1, accepted: 0, quarantined: 1 }]);
    assert.match(body.rejected[0]?.reason ?? "", /litres: expected at least 0, got "-4"/);
    await project.write("data/readings.ts", readings(5));
    await eventually(async () => {
      await judged({ meter: "c", at: at(), gallons: 1 });
      return (await online("c")) === 5 ? true : undefined;
    });
  });

  it("are kept for a run when it ends its process or hangs, and judged again afterwards", async () => {
    for (const gallons of ["stop", "hang"]) {
      const { status, body } = await post({ meter: "d", at: at(), gallons });
      assert.deepEqual([status, body.state, body.rows.accepted], [202, "accepted", null]);
    }
    await judged({ meter: "e", at: at(), gallons: 2 });
    assert.equal(await online("e"), 10);
  });
});
