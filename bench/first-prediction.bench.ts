// From a file to the first correct answer: `pentad new` and `pentad dev` on 100,000 rows of 20 columns.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Sample } from "./harness.ts";
import { firstAnswer, getJson, inferenceName, pentad, serve } from "./product.ts";
import { clearCases, writeTable } from "./table.ts";

export function bench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const table = join(folder, "customers.csv");
  writeTable(table);
  let round = 0;

  async function run(): Promise<Sample> {
    const name = `customers-${++round}`;
    const startedAt = performance.now();
    await pentad(["new", name, "--from", table, "--predict", "label", "--yes"], folder);
    const newMs = performance.now() - startedAt;
    const server = await serve(join(folder, name));
    try {
      const address = `${server.url}/predict/${await inferenceName(server.url)}`;
      for (const { input, label } of clearCases) {
        const got = await firstAnswer(address, input);
        if (got !== label) throw new Error(`Expected the prediction ${label}, got ${String(got)}`);
      }
      const ms = performance.now() - startedAt;
      const { runs } = await getJson<{ runs: { component: string; durationMs: number | null }[] }>(
        `${server.url}/api/runs?limit=100`,
      );
      const parts = runs
        .toReversed()
        .filter(({ component, durationMs }) => /^(?:data|training)\//.test(component) && durationMs !== null)
        .map(({ component, durationMs }) => [`run of ${component.split("/")[0]}`, durationMs as number] as const);
      return {
        ms,
        parts: { "`pentad new`": newMs, "`pentad dev` until ready": server.readyMs, ...Object.fromEntries(parts) },
      };
    } finally {
      await server.stop();
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  return {
    title: "From a file to the first correct prediction",
    method:
      "A CSV file of 100,000 rows and 20 columns (17 numbers, 2 categories, a yes/no label; made by bench/table.ts). Timed from the start of `pentad new … --yes` over the start of `pentad dev` to the second of two answers over HTTP, each to a case that is clear from how the table was made and must be right. The runs are part of the time until ready: `pentad dev` is ready when the model answers.",
    rounds: 5,
    goal: { variant: "new + dev", atMostMs: 10_000 },
    variants: [{ name: "new + dev", run }],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
