// Reading one row of fifty features from the online store, decoded, alone and while another process writes.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbOnline } from "../../src/drivers/lmdb-online.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import type { Bench, Sample } from "../harness.ts";
import { entities, group, writeRows } from "./online-rows.ts";

const reads = 100_000;

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const online = await lmdbOnline({ folder });
  await writeRows(online, 1, entities);
  let writer: ChildProcess | undefined;
  const read = async (): Promise<Sample> => {
    const times = new Float64Array(reads);
    let sum = 0;
    for (let i = 0; i < reads; i++) {
      const key = String((i * 7919) % entities);
      const startedAt = performance.now();
      const row = findOnlineRow(online, group, [key]);
      times[i] = performance.now() - startedAt;
      sum += row?.values.f49 as number;
    }
    if (!Number.isFinite(sum)) throw new Error("A row was missing");
    const sorted = times.sort();
    // A thousand reads at that pace, since the harness counts milliseconds.
    const thousand = (share: number) => (sorted[Math.floor(reads * share)] as number) * 1000;
    return { ms: thousand(0.99), parts: { median: thousand(0.5), "99.9 %": thousand(0.999) } };
  };
  return {
    title: "The online store: one row of fifty features",
    method: `${reads.toLocaleString("en")} reads of single rows among ${entities.toLocaleString("en")}, each decoded to an object of fifty numbers. The figure is a thousand times the 99 % quantile of a read, so that 20 ms stand for 20 µs. The writer is another process that applies commits of a thousand rows one after another.`,
    rounds: 5,
    goal: { variant: "while a writer writes", atMostMs: 20 },
    variants: [
      { name: "alone", run: read },
      {
        name: "while a writer writes",
        async run() {
          writer = spawn(process.execPath, [join(import.meta.dirname, "online-writer.ts"), folder], {
            stdio: ["ignore", "pipe", "inherit"],
          });
          await new Promise((resolve) => writer?.stdout?.once("data", resolve));
          const sample = await read();
          writer.kill();
          await new Promise((resolve) => writer?.once("close", resolve));
          return sample;
        },
      },
    ],
    async close() {
      writer?.kill();
      await online.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
