// Alerts from outside: signed news of failures, recoveries and runs that did not come, delivered at least once, in nobody's way.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually, pentad, serve } from "../support/project.ts";
import { type SmallProject, smallProject } from "../support/small-project.ts";

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    id: string;
    type: string;
    source: string;
    subject: string;
    specversion: string;
    data: { message: string; failure?: { code: string }; dueAt?: string };
  };
}

const secret = "a secret that nobody may find on the disk";
const good = "id,size\na,1\nb,2\n";

describe("alerts", () => {
  let receiver: Server;
  let project: SmallProject;
  let heard: Heard[] = [];
  let answers: number[] = [];
  before(async () => {
    process.env.SMALL_ALERT_SECRET = secret;
    receiver = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const status = answers.shift() ?? 204;
        heard.push({ headers: request.headers, body, event: JSON.parse(body) as Heard["event"] });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    delete process.env.SMALL_ALERT_SECRET;
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
    project.remove();
  });
  beforeEach(() => {
    project?.remove();
    project = smallProject();
    heard = [];
    answers = [];
  });

  function configure(more = ""): void {
    const { port } = receiver.address() as AddressInfo;
    project.write(
      "pentad.config.ts",
      `import { defineConfig } from "pentad";\nexport default defineConfig({\n  alerts: { webhook: "http://127.0.0.1:${port}/hook", secret: "SMALL_ALERT_SECRET"${more} },\n});\n`,
    );
  }
  const run = (...args: string[]) => pentad(...args, "--project", project.folder);
  const types = () => heard.map(({ event }) => `${event.subject} ${event.type}`);

  it("tell once of a failure and once of the recovery, signed, and nothing of what was before", async () => {
    project.data("a");
    project.write("rows.csv", "wrong\n1\n");
    await run("run", "data/a");
    configure();
    await run("tick");
    assert.deepEqual(types(), [], "the failure was before anybody wanted to know");
    project.write("rows.csv", good);
    await run("run", "data/a");
    assert.deepEqual(types(), []);
    project.write("rows.csv", "wrong\n1\n");
    await run("run", "data/a");
    await run("run", "data/a");
    assert.deepEqual(types(), ["data/a pentad.component.failed"]);
    project.write("rows.csv", good);
    await run("run", "data/a");
    assert.deepEqual(types(), ["data/a pentad.component.failed", "data/a pentad.component.recovered"]);
    for (const { headers, body, event } of heard) {
      const id = headers["webhook-id"];
      const seconds = String(headers["webhook-timestamp"]);
      assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 60);
      assert.equal(id, event.id);
      const signature = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
      assert.equal(headers["webhook-signature"], `v1,${signature}`);
      assert.match(String(headers["content-type"]), /^application\/cloudevents\+json/);
      assert.deepEqual([event.specversion, event.source], ["1.0", "pentad/small"]);
    }
    assert.equal(heard[0]?.event.data.failure?.code, "DATA_COLUMN_MISSING");
    assert.match(heard[0]?.event.data.message ?? "", /data\/a failed: .*"id"/);
    for (const name of ["catalog.sqlite", "catalog.sqlite-wal"]) {
      const path = join(project.folder, ".pentad", name);
      const bytes = readFileSync(path, { flag: "a+" });
      assert.equal(bytes.includes(secret), false, "the secret is nowhere on the disk");
    }
  });

  it("come again with the same id until they are taken, while runs go on", async () => {
    configure();
    project.data("a");
    const server = await serve(project.folder);
    try {
      answers = [500, 503];
      project.write("rows.csv", "wrong\n1\n");
      await eventually(async () => (heard.length >= 3 ? true : undefined), 30);
      assert.equal(new Set(heard.map(({ event }) => event.id)).size, 1);
      const state = project.catalog((database) => database.prepare("select state, attempts from runs_alerts").get());
      assert.deepEqual({ ...state }, { state: "sent", attempts: 3 });
    } finally {
      await server.stop();
    }
  });

  it("tell of a scheduled run that did not come while nothing ran", async () => {
    configure(', grace: "10m"');
    project.data("a", 'schedule: "0 * * * *",');
    await run("tick");
    project.setBack("data/a", 5 * 3_600_000);
    await run("tick");
    assert.deepEqual(types(), ["data/a pentad.component.missed"]);
    assert.match(heard[0]?.event.data.message ?? "", /data\/a was due at .* and did not run then/);
    await run("tick");
    assert.equal(heard.length, 1);
  });

  it("tell of a scheduled run that was asked for and that nobody begins", async () => {
    configure(', grace: "1m"');
    project.data("a", 'schedule: "0 * * * *",');
    await run("tick");
    project.catalog((database) =>
      database.exec(
        `insert into runs (run, component, reason, state, requested_at, number, logical_at) values ('run_stuck', 'data/gone', 'schedule', 'requested', ${Date.now() - 120_000}, 999, 1)`,
      ),
    );
    await run("run", "data/a");
    await run("run", "data/a");
    assert.deepEqual(types(), ["data/gone pentad.component.missed"]);
    assert.match(heard[0]?.event.data.message ?? "", /still waits to begin/);
  });

  it("that cannot be signed or delivered stop nothing, say so, and wait on the ledger", async () => {
    configure();
    project.data("a");
    await run("tick");
    project.write("rows.csv", "wrong\n1\n");
    delete process.env.SMALL_ALERT_SECRET;
    const { code, stderr } = await run("run", "data/a");
    process.env.SMALL_ALERT_SECRET = secret;
    assert.equal(code, 1);
    assert.match(stderr, /the environment has no SMALL_ALERT_SECRET/);
    assert.deepEqual(types(), []);
    const rows = project.catalog((database) => database.prepare("select state, error from runs_alerts").all());
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.state, "waiting");
  });
});
