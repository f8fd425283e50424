// What a product costs that has nothing to do: a hundred schedules, none of them due.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Sample } from "./harness.ts";
import { installed, pentad, serve } from "./product.ts";

const components = 100;
const watchedMs = 20_000;
const settleMs = 35_000;

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "rows.csv"), "id,size\na,1\nb,2\n");
  for (let index = 0; index < components; index++)
    writeFileSync(
      join(folder, `data/d${index}.ts`),
      `import { csv, defineData, number } from "pentad";\nexport default defineData({ source: csv("rows.csv"), schedule: "${index % 60} 3 29 2 *", key: "id", features: { size: number() } });\n`,
    );
  await pentad(["tick"], folder);
  const place = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const command = installed(place);

  async function run(): Promise<Sample> {
    const server = await serve(folder, command);
    try {
      // Memory is given back after ten seconds of rest.
      await new Promise((later) => setTimeout(later, settleMs));
      const before = cpuMs(server.pid);
      await new Promise((later) => setTimeout(later, watchedMs));
      const usedMs = (cpuMs(server.pid) - before) * (60_000 / watchedMs);
      return { ms: usedMs, parts: { "resident memory, MB": residentMb(server.pid) } };
    } finally {
      await server.stop();
    }
  }

  return {
    title: "A product with nothing to do",
    method: `${components} data components with a schedule each, none due: the processor time that \`pentad dev\`, installed as it is published, takes in a minute, seen over ${watchedMs / 1000} s from ${settleMs / 1000} s after its start. Half a percent of a core is 300 ms a minute; the target for memory is 80 MB.`,
    rounds: 3,
    goal: { variant: "processor time a minute", atMostMs: 300 },
    variants: [{ name: "processor time a minute", run }],
    async close() {
      for (const one of [folder, place]) rmSync(one, { recursive: true, force: true });
    },
  };
}

/** Of the process itself, in steps of ten milliseconds; Linux only. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024;
}
