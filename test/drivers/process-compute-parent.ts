// A parent that is ended in the middle of two steps: it reports the steps' process ids, then waits for its own end.

import { join } from "node:path";
import { processCompute } from "../../src/drivers/process-compute.ts";

const [, , projectFolder = "", temporaryFolder = ""] = process.argv;
const compute = processCompute({ hostModule: join(import.meta.dirname, "process-compute-host.ts"), temporaryFolder });
process.on("SIGUSR2", () => process.exit(1));
compute.warm(1, projectFolder);
const pids: number[] = [];
for (const step of ["one", "two"])
  void compute.run(
    {
      entry: "call",
      input: { file: "stuck.ts" },
      component: "data/stuck",
      run: "run_1",
      step,
      attempt: 1,
      projectFolder,
      limits: { timeMs: 60_000, memoryMb: 1_024 },
      environment: {},
    },
    { onOutput: (line) => pids.push(Number(line)) === 2 && process.send?.(pids) },
  );
