// A worker process for the crash tests: each run beats for a while and then commits one row; it says what it begins and ends.

import { isFailure } from "../../src/base/failure.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import { openLedger } from "../../src/runs/ledger.ts";
import { openSchedules } from "../../src/runs/schedules.ts";
import { startWorker } from "../../src/runs/worker.ts";

const [, , path = "", components = "", workMs = "200", leaseMs = "1000", aheadMs = "0"] = process.argv;
const now = () => Date.now() + Number(aheadMs);
const database = await sqliteDatabase({ path, timeoutMs: 20_000 });
const ledger = openLedger(database, { leaseMs: Number(leaseMs), now });
const tell = (message: object) => process.send?.(message);

const worker = startWorker({
  ledger,
  schedules: openSchedules(database, { now }),
  components: () => components.split(","),
  pollMs: 50,
  recoverMs: 100,
  now,
  onError: (error) => tell({ error: String(error) }),
  async execute(run) {
    await ledger.startStep(run.run, "work", 1);
    tell({ began: run.run, component: run.component });
    const endAt = performance.now() + Number(workMs);
    while (performance.now() < endAt) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await ledger.beat(run.run);
    }
    try {
      await ledger.endStep(run.run, "work", 1, { usage: { wallMs: 1, cpuMs: 1, peakMemoryMb: 1 }, failure: null });
      await ledger.finish(run.run, { detail: "done" }, async (tx) => {
        await tx.run("insert into kept (run, component, pid) values (?, ?, ?)", [run.run, run.component, process.pid]);
      });
      tell({ ended: run.run });
    } catch (error) {
      tell({ refused: run.run, code: isFailure(error) ? error.code : String(error) });
    }
  },
});
process.on("SIGTERM", async () => {
  await worker.stop();
  await database.close();
  process.exit(0);
});
tell({ ready: true });
