// Rows that are posted: judged and committed like any others, readable online when the answer comes, none lost or doubled.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { lmdbOnline } from "../../src/drivers/lmdb-online.ts";
import { findOnlineRow } from "../../src/features/online.ts";
import type { StatusDocument } from "../../src/http/api.ts";
import type { IngestDocument } from "../../src/runtime/ingest.ts";
import { emptyFolder, pentad, pentadJson, type Server, serve, type TestProject } from "../support/project.ts";

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
