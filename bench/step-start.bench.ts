// How long a step takes to begin: from the request to the first line of the user's code, warm and cold.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processCompute } from "../src/drivers/process-compute.ts";
import type { Compute } from "../src/ports/compute.ts";
import type { Bench, Sample, Variant } from "./harness.ts";

const hostModule = join(import.meta.dirname, "..", "test", "drivers", "process-compute-host.ts");

export function bench(): Bench {
  const root = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  const project = join(root, "project");
  mkdirSync(project);
  writeFileSync(join(project, "step.ts"), "export default async () => process.hrtime.bigint().toString();");
  const temporaryFolder = join(root, "steps");
  const warm = processCompute({ hostModule, temporaryFolder, keepWarm: 1 });
  const cold = processCompute({ hostModule, temporaryFolder, keepWarm: 0 });
  warm.warm(1, project);

  async function once(compute: Compute): Promise<Sample> {
    // The next warm process must be up, as it is between the steps of a real run.
    await new Promise((resolve) => setTimeout(resolve, 800));
    const startedAt = process.hrtime.bigint();
    const outcome = await compute.run({
      entry: "call",
      input: { file: "step.ts" },
      component: "data/bench",
      run: "run_bench",
      step: "read",
      attempt: 1,
      projectFolder: project,
      limits: { timeMs: 60_000, memoryMb: 1_024 },
      environment: {},
    });
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const firstLineMs = Number(BigInt(outcome.output as string) - startedAt) / 1e6;
    return {
      ms: firstLineMs,
      parts: { "to the first line": firstLineMs, "to the outcome": Number(process.hrtime.bigint() - startedAt) / 1e6 },
    };
  }

  const variant = (name: string, compute: Compute): Variant => ({ name, run: () => once(compute) });
  return {
    title: "The start of a step",
    method:
      "From run() to the first line of a TypeScript file of the project, in a process of its own with its limits watched: taken from the warm ones, and started on demand. From source, where the host itself is TypeScript too.",
    rounds: 15,
    goal: { variant: "warm", atMostMs: 20 },
    variants: [variant("warm", warm), variant("cold", cold)],
    async close() {
      await Promise.all([warm.close(), cold.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
