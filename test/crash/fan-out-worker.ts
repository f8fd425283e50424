// A process for the crash test of fan-outs: goes on with the newest run of a fan-out of twenty partitions, and tells when it ends.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { processCompute } from "../../src/drivers/process-compute.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import { execute } from "../../src/runs/execute.ts";
import { openLedger } from "../../src/runs/ledger.ts";

const [, , folder = ""] = process.argv;
const database = await sqliteDatabase({ path: join(folder, "catalog.sqlite"), timeoutMs: 20_000 });
const ledger = openLedger(database);
await ledger.recover();
const compute = processCompute({
  hostModule: join(import.meta.dirname, "..", "drivers", "process-compute-host.ts"),
  temporaryFolder: join(folder, "tmp"),
});
const id = await ledger.request("data/weather", "backfill", "f", { input: { verb: "backfill" } });
const run = await ledger.claim(id);
if (run === undefined) throw new Error("the run is not to be had");
const failure = await execute(
  run,
  async (work) => {
    const partitions = Array.from({ length: 20 }, (_, index) => ({
      name: `part-${index}`,
      input: { file: "part.ts", index },
    }));
    await work.fanOut({
      step: "read",
      entry: "call",
      partitions,
      async commit(tx, { name }, output) {
        await tx.run("insert into kept (partition, value) values (?, ?)", [name, output as number]);
      },
    });
    await work.commit(async () => undefined, { detail: "joined" });
  },
  {
    ledger,
    compute,
    projectFolder: folder,
    temporaryFolder: join(folder, "tmp"),
    limits: { timeMs: 20_000, memoryMb: 512 },
    environment: {},
    signal: new AbortController().signal,
    onOutput: (line) => appendFileSync(join(folder, "output"), `${line}\n`),
    onChange: () => undefined,
    concurrency: 3,
  },
);
process.send?.({ failure });
await compute.close();
await database.close();
process.disconnect?.();
