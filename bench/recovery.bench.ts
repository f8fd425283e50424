// After kill -9 in the middle of a run: how long until the product serves again and the run has begun anew.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bench, Sample } from "./harness.ts";
import { pentad, serve } from "./product.ts";

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

  /** Waits until the newest run is in this state for this reason, as the ledger has it: nobody serves in between. */
  async function until(state: string, reason: string): Promise<void> {
    const ledger = new DatabaseSync(join(folder, ".pentad/catalog.sqlite"), { readOnly: true, timeout: 5_000 });
    const newest = ledger.prepare("select state, reason from runs order by number desc limit 1");
    try {
      for (;;) {
        const run = newest.get() as { state: string; reason: string };
        if (run.state === state && run.reason === reason) return;
        await new Promise((later) => setTimeout(later, 5));
      }
    } finally {
      ledger.close();
    }
  }

  async function run(): Promise<Sample> {
    const server = await serve(folder);
    rmSync(go, { force: true });
    await fetch(`${server.url}/api/run/data/slow`, { method: "POST" });
    await until("running", "manual");
    await new Promise((later) => setTimeout(later, 1_000));
    const killedAt = performance.now();
    process.kill(server.pid, "SIGKILL");
    const again = serve(folder);
    await until("running", "retry");
    const ms = performance.now() - killedAt;
    writeFileSync(go, "");
    await until("done", "retry");
    await (await again).stop();
    return { ms };
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
