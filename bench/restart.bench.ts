// A restart with nothing changed: how long until `pentad dev` serves again, with nothing run again.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Sample } from "./harness.ts";
import { firstAnswer, getJson, inferenceName, pentad, serve } from "./product.ts";
import { clearCases, writeTable } from "./table.ts";

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  writeTable(join(folder, "customers.csv"));
  await pentad(["new", "customers", "--from", "customers.csv", "--predict", "label", "--yes"], folder);
  const project = join(folder, "customers");
  await pentad(["run", "--all", "--json"], project);
  const [clear] = clearCases;

  async function run(): Promise<Sample> {
    const server = await serve(project);
    try {
      const runsBefore = await countRuns(server.url);
      const answer = await firstAnswer(`${server.url}/predict/${await inferenceName(server.url)}`, clear?.input ?? {});
      if (answer !== clear?.label) throw new Error(`Expected the prediction ${clear?.label}, got ${String(answer)}`);
      await new Promise((later) => setTimeout(later, 1500));
      const runsAfter = await countRuns(server.url);
      if (runsAfter !== runsBefore)
        throw new Error(`Expected no new run after a restart, got ${runsAfter - runsBefore}`);
      return { ms: server.readyMs };
    } finally {
      await server.stop();
    }
  }

  await run();
  return {
    title: "A restart with nothing changed",
    method:
      "A project on 100,000 rows of 20 columns that has run before. Timed from the start of the process `pentad dev` to its line `ready`. Checked each time: the model answers a clear case rightly at once, and no component has run again 1.5 s later. One start before the timed ones is not counted.",
    rounds: 9,
    goal: { variant: "dev until ready", atMostMs: 1000 },
    variants: [{ name: "dev until ready", run }],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function countRuns(url: string): Promise<number> {
  return (await getJson<{ runs: unknown[] }>(`${url}/api/runs?limit=1000`)).runs.length;
}
