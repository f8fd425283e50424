// After kill -9 in the middle of a run: how long until the product serves again and the run has begun anew.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Sample } from "./harness.ts";
import { getJson, pentad, type Server, serve } from "./product.ts";

interface Runs {
  readonly runs: readonly { readonly run: string; readonly state: string; readonly reason: string }[];
}

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(
    join(folder, "data/slow.ts"),
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
  const go = join(folder, "go");
  writeFileSync(go, "");
  await pentad(["tick"], folder);

  const newest = async (server: Server) => (await getJson<Runs>(`${server.url}/api/runs?limit=1`)).runs[0];
  async function until(server: Server, what: (run: Runs["runs"][number] | undefined) => boolean): Promise<void> {
    while (!what(await newest(server))) await new Promise((later) => setTimeout(later, 10));
  }

  async function run(): Promise<Sample> {
    const server = await serve(folder);
    rmSync(go, { force: true });
    await fetch(`${server.url}/api/run/data/slow`, { method: "POST" });
    await until(server, (one) => one?.state === "running" && one.reason === "manual");
    await new Promise((later) => setTimeout(later, 1_000));
    const killedAt = performance.now();
    process.kill(server.pid, "SIGKILL");
    const again = await serve(folder);
    await until(again, (one) => one?.state === "running" && one.reason === "retry");
    const ms = performance.now() - killedAt;
    writeFileSync(go, "");
    await until(again, (one) => one?.state === "done");
    await again.stop();
    return { ms, parts: { "of it until it serves": again.readyMs } };
  }

  return {
    title: "Recovery after kill -9",
    method:
      "`pentad dev` is killed with -9 in the middle of a step and started again at once. Timed from the kill until the new process runs the component again. Checked each time: the run then ends well.",
    rounds: 5,
    goal: { variant: "kill until the run has begun again", atMostMs: 5_000 },
    variants: [{ name: "kill until the run has begun again", run }],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
