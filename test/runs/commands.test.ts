// `pentad runs` and the cancel of a run, by command and over HTTP, against a product that serves.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { RunDocument, RunsDocument, StatusDocument } from "../../src/http/api.ts";
import { eventually, pentad, pentadJson, type Server, serve } from "../support/project.ts";
import { type SmallProject, smallProject } from "../support/small-project.ts";

describe("runs on the ledger", () => {
  let project: SmallProject;
  let server: Server;
  before(async () => {
    project = smallProject();
    project.data("quick");
    project.write(
      "data/slow.ts",
      `import { existsSync } from "node:fs";
import { defineData, number, rows } from "pentad";
export default defineData({
  source: rows(async () => {
    while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 20));
    return [{ id: "a", size: 1 }];
  }),
  key: "id",
  features: { size: number() },
});
`,
    );
    project.write("go", "");
    server = await serve(project.folder);
    await server.settle();
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const command = <Document>(...args: string[]) => pentadJson<Document>(...args, "--project", project.folder);
  const run = async (id: string) => (await server.get(`/api/runs/${id}`)).body as RunDocument;

  /** Starts a run that waits until it is cancelled, and waits until its step works. */
  async function startSlow(): Promise<string> {
    rmSync(`${project.folder}/go`, { force: true });
    const { body } = await server.post("/api/run/data/slow", {});
    const id = (body as { run: string }).run;
    await eventually(async () => ((await run(id)).steps[0]?.state === "running" ? true : undefined));
    return id;
  }

  for (const [how, cancel] of [
    ["over HTTP", async (id: string) => assert.equal((await server.post(`/api/runs/${id}/cancel`, {})).status, 200)],
    ["by command", async (id: string) => assert.equal((await command("runs", "cancel", id)).code, 0)],
  ] as const)
    it(`are cancelled ${how} within two seconds, step and all`, async () => {
      const id = await startSlow();
      const startedAt = performance.now();
      await cancel(id);
      await eventually(
        async () => ((await run(id)).steps.every(({ state }) => state !== "running") ? true : undefined),
        5,
      );
      const took = performance.now() - startedAt;
      assert.ok(took < 2_000, `${took.toFixed(0)} ms`);
      const ended = await run(id);
      assert.equal(ended.state, "cancelled");
      const { body } = await server.get("/api/status");
      const slow = (body as StatusDocument).components.find(({ id: one }) => one === "data/slow");
      assert.deepEqual([slow?.state, slow?.failure], ["ok", null], "a cancelled run leaves the component as it was");
    });

  it("that have ended or never were are told so by a cancel", async () => {
    const { document } = await command<RunsDocument>("runs", "list", "data/quick");
    const done = document.runs[0]?.run ?? "";
    assert.equal((await command<RunDocument>("runs", "cancel", done)).document.state, "done");
    const { status, body } = await server.post("/api/runs/run_nothing/cancel", {});
    assert.equal(status, 404);
    assert.equal((body as { error: { code: string } }).error.code, "RUNS_UNKNOWN");
    assert.equal((await command("runs", "show", "run_nothing")).code, 1);
    assert.equal((await pentad("runs", "stop", "--project", project.folder)).code, 2);
  });

  it("show what they used: processor time, memory, time, and bytes in, out and stored", async () => {
    const { document: list } = await command<RunsDocument>("runs");
    const quick = list.runs.find(({ component }) => component === "data/quick");
    const { document } = await command<RunDocument>("runs", "show", quick?.run ?? "");
    const { cpuMs, peakMemoryMb, bytesIn, bytesOut, bytesStored } = document.usage;
    assert.ok(cpuMs !== null && cpuMs > 1 && peakMemoryMb !== null && peakMemoryMb > 20);
    assert.ok(bytesIn !== null && bytesIn > 20 && bytesOut !== null && bytesOut > 100);
    assert.ok(bytesStored !== null && bytesStored > 100);
    assert.deepEqual(
      document.steps.map(({ step, state }) => [step, state]),
      [["read", "done"]],
    );
    assert.ok((document.steps[0]?.wallMs ?? 0) > 1);
    const { stdout } = await pentad("runs", "show", quick?.run ?? "", "--project", project.folder);
    assert.match(stdout, /CPU seconds, \d+ MB of memory at most, .* in, .* out, .* stored/);
  });
});
