// A server that is killed while rows are posted: what was answered is there after a restart, online and offline, once.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { OnlineFeaturesDocument } from "../../src/runtime/online-features.ts";
import { emptyFolder, eventually, pentad, serve, type TestProject } from "../support/project.ts";

const component = `import { count, defineData, number, push } from "pentad";
export default defineData({
  source: push(),
  key: "customer",
  eventTime: "at",
  features: { amount: number() },
  windows: { lately: count({ over: "1d" }) },
});
`;

let project: TestProject;
before(async () => {
  project = emptyFolder("shop");
  mkdirSync(join(project.folder, "data"), { recursive: true });
  await project.write("data/orders.ts", component);
});
after(() => project.remove());

it("every row that was answered survives, and none counts twice", async () => {
  const answered: string[] = [];
  let next = 0;
  for (const killAfterMs of [900, 1900]) {
    const server = await serve(project.folder, "start");
    const killed = new Promise<void>((resolve) =>
      setTimeout(() => void server.stop("SIGKILL").then(() => resolve()), killAfterMs),
    );
    let open = true;
    void killed.then(() => {
      open = false;
    });
    const sender = async () => {
      while (open) {
        const customer = `c${next++}`;
        const row = { customer, at: "2024-05-01T10:00:00Z", amount: next };
        const answer = await server.post("/ingest/orders", row).catch(() => undefined);
        if (answer?.status === 200) answered.push(customer);
      }
    };
    await Promise.all([sender(), sender(), sender(), killed]);
  }
  assert.ok(answered.length > 20, `only ${answered.length} rows were answered`);

  const server = await serve(project.folder, "start");
  try {
    await eventually(async () => {
      const { body } = await server.post("/api/features/online", {
        features: ["orders.lately"],
        keys: answered.map((customer) => ({ customer })),
      });
      return (body as OnlineFeaturesDocument).rows.every(({ values }) => values[0] === 1) ? true : undefined;
    });
    const { code, stderr } = await pentad(
      "export",
      "features/orders",
      "--out",
      join(project.folder, "orders.csv"),
      "--project",
      project.folder,
    );
    assert.equal(code, 0, stderr);
    const kept = (await project.read("orders.csv"))
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[0] as string);
    for (const customer of answered)
      assert.equal(kept.filter((one) => one === customer).length, 1, `${customer} is there once`);
    assert.equal(new Set(kept).size, kept.length);
  } finally {
    await server.stop();
  }
});
