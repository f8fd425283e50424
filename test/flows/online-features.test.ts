// Stored features over HTTP: of several groups and keys at once, with what is missing, expired or unknown said plainly.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { OnlineFeaturesDocument } from "../../src/runtime/online-features.ts";
import { emptyFolder, eventually, type Server, serve, type TestProject } from "../support/project.ts";

const shops = `import { boolean, category, csv, defineData, number, time } from "pentad";
export default defineData({
  source: csv("shops.csv"),
  key: "shop",
  eventTime: "at",
  features: { size: number(), city: category({ optional: true }), open: boolean(), since: time() },
});
`;
const visits = `import { count, defineData, number, push } from "pentad";
export default defineData({
  source: push(),
  key: ["shop", "customer"],
  eventTime: "at",
  ttl: "7d",
  features: { spent: number() },
  windows: { lately: count({ over: "1d" }) },
});
`;

describe("stored features over HTTP", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = emptyFolder("mall");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    await project.write("data/shops.ts", shops);
    await project.write("data/visits.ts", visits);
    await project.write(
      "shops.csv",
      "shop,at,size,city,open,since\n1,2024-01-01,10,Köln,true,2020-02-03\n1,2024-02-01,12.5,,false,2020-02-03\n2,2024-01-05,7,Bonn,true,2021-01-01\n",
    );
    server = await serve(project.folder);
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const ask = async (body: unknown) => {
    const answer = await server.post("/api/features/online", body);
    return {
      status: answer.status,
      body: answer.body as OnlineFeaturesDocument & { error: { code: string; message: string; hint: string } },
    };
  };

  it("come in the order asked for, of the newest row of every key", async () => {
    const { status, body } = await ask({ features: ["shops.open", "shops"], keys: [{ shop: 2 }, { shop: "1" }] });
    assert.equal(status, 200);
    assert.deepEqual(body.features, ["shops.open", "shops.size", "shops.city", "shops.open", "shops.since"]);
    assert.deepEqual(
      body.rows.map(({ values }) => values),
      [
        [true, 7, "Bonn", true, "2021-01-01T00:00:00.000Z"],
        [false, 12.5, null, false, "2020-02-03T00:00:00.000Z"],
      ],
    );
    const { status: became, at, ageSeconds = 0 } = body.rows[1]?.groups.shops ?? {};
    assert.deepEqual([became, at], ["present", "2024-02-01T00:00:00.000Z"]);
    assert.ok(Math.abs(ageSeconds - (Date.now() - Date.UTC(2024, 1, 1)) / 1000) < 60);
  });

  it("say what is absent and what has expired, and give a default for it when one is named", async () => {
    const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await server.post("/ingest/visits", [
      { shop: 1, customer: "ann", at: at(1), spent: 5 },
      { shop: 1, customer: "bob", at: at(8), spent: 6 },
    ]);
    const { body } = await ask({
      features: ["visits.spent", "visits.lately", "shops.city"],
      keys: ["ann", "bob", "eve"].map((customer) => ({ shop: 1, customer })),
      defaults: { "visits.spent": 0 },
    });
    assert.deepEqual(
      body.rows.map(({ values, groups }) => [values, groups.visits?.status, groups.shops?.status]),
      [
        [[5, 1, null], "present", "present"],
        [[0, null, null], "expired", "present"],
        [[0, null, null], "absent", "present"],
      ],
    );
  });

  it("are refused with a reason and the nearest name", async () => {
    const refusal = async (body: unknown) => {
      const { status, body: answer } = await ask(body);
      return [status, answer.error.code, answer.error.message, answer.error.hint];
    };
    assert.deepEqual(await refusal({ features: ["shop.size"], keys: [{ shop: 1 }] }), [
      404,
      "FEATURES_UNKNOWN",
      'Expected a data component, got "shop"',
      "Did you mean shops?",
    ]);
    assert.deepEqual((await refusal({ features: ["shops.siz"], keys: [] })).slice(2), [
      'Expected a feature of data/shops, got "siz"',
      "Did you mean size?",
    ]);
    assert.match(
      String((await refusal({ features: ["visits"], keys: [{ shop: 1 }] }))[2]),
      /keys\[0\] to hold "customer", the key of data\/visits, got nothing/,
    );
    for (const body of [{}, [], { features: "shops" }, { features: ["shops"], keys: [1] }, { features: [] }])
      assert.deepEqual((await refusal(body)).slice(0, 2), [400, "HTTP_BODY_INVALID"]);
  });

  it("are the same however the request comes, and refused alike", async () => {
    const body = JSON.stringify({ features: ["shops.size"], keys: [{ shop: 2 }] });
    /** A body of unknown length takes the longer way through the server. */
    const inPieces = () =>
      new ReadableStream({
        start(controller) {
          for (const part of [body.slice(0, 10), body.slice(10)]) controller.enqueue(Buffer.from(part));
          controller.close();
        },
      });
    const post = async (text: string | ReadableStream, headers: Record<string, string> = {}, query = "") => {
      const url = `${server.url}/api/features/online${query}`;
      const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: text };
      const response = await fetch(url, { ...init, duplex: "half" } as RequestInit);
      const { error, rows } = (await response.json()) as OnlineFeaturesDocument & { error?: { code: string } };
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      return [response.status, error?.code ?? rows[0]?.values];
    };
    for (const query of ["", "?way=long"]) {
      assert.deepEqual(await post(body, {}, query), [200, [7]]);
      assert.deepEqual(await post(inPieces(), {}, query), [200, [7]]);
      assert.deepEqual(await post(body, { "content-type": "text/html" }, query), [415, "HTTP_MEDIA_TYPE"]);
      for (const origin of ["http://elsewhere.example", "null", "nonsense"])
        assert.deepEqual(await post(body, { origin }, query), [403, "HTTP_FORBIDDEN"]);
      assert.deepEqual(await post(body.slice(1), {}, query), [400, "HTTP_BODY_INVALID"]);
      assert.deepEqual(await post(" ", {}, query), [400, "HTTP_BODY_INVALID"]);
    }
  });

  it("follow a definition that changes", async () => {
    const body = { features: ["shops.size"], keys: [{ shop: 2 }] };
    assert.deepEqual((await ask(body)).body.rows[0]?.values, [7]);
    await project.write("data/shops.ts", shops.replace('eventTime: "at",', 'eventTime: "at", ttl: "7d",'));
    await eventually(async () => {
      const [row] = (await ask(body)).body.rows;
      return row?.groups.shops?.status === "expired" && row.values[0] === null ? true : undefined;
    });
  });

  it("are there under a new name, and with a new or another window, although no row is new", async () => {
    const become = async (features: readonly string[], values: readonly unknown[], edited: string) => {
      await project.write("data/shops.ts", edited);
      await eventually(async () => {
        const { status, body } = await ask({ features, keys: [{ shop: 1 }] });
        return status === 200 && JSON.stringify(body.rows[0]?.values) === JSON.stringify(values) ? true : undefined;
      });
    };
    const renamed = shops
      .replace("size: number()", 'rooms: number({ from: "size" })')
      .replace("boolean", "boolean, sum");
    await become(["shops.rooms"], [12.5], renamed);
    const summed = (over: string) =>
      renamed.replace("since: time() },", `since: time() }, windows: { total: sum("rooms", { over: "${over}" }) },`);
    await become(["shops.rooms", "shops.total"], [12.5, 12.5], summed("7d"));
    await become(["shops.total"], [22.5], summed("60d"));
  });
});
