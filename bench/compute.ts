// How long a step takes to begin: from run() to the first line of the user's code, warm and cold, and steps per second.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { processCompute } from "../src/drivers/process-compute.ts";

const rounds = Number(process.argv[2] ?? 25);
const root = mkdtempSync(join(tmpdir(), "pentad-bench-"));
const project = join(root, "project");
mkdirSync(project);
writeFileSync(join(project, "step.ts"), "export default async () => process.hrtime.bigint().toString();");
writeFileSync(join(project, "step.mjs"), "export default async () => process.hrtime.bigint().toString();");
const hostModule = join(import.meta.dirname, "..", "test", "drivers", "process-compute-host.ts");
const temporaryFolder = join(root, "steps");

function taskFor(file: string) {
  return {
    entry: "call",
    input: { file },
    component: "data/bench",
    run: "run_bench",
    step: "read",
    attempt: 1,
    projectFolder: project,
    limits: { timeMs: 60_000, memoryMb: 1_024 },
    environment: {},
  };
}

/** Milliseconds to the step's first line, and to the outcome. */
async function once(
  compute: ReturnType<typeof processCompute>,
  file: string,
): Promise<{ first: number; whole: number }> {
  const started = process.hrtime.bigint();
  const outcome = await compute.run(taskFor(file));
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return {
    first: Number(BigInt(outcome.output as string) - started) / 1e6,
    whole: Number(process.hrtime.bigint() - started) / 1e6,
  };
}

const warm = processCompute({ hostModule, temporaryFolder, keepWarm: 1 });
const cold = processCompute({ hostModule, temporaryFolder, keepWarm: 0 });
const figures: Record<string, number[]> = {};
const note = (name: string, { first, whole }: { first: number; whole: number }) => {
  figures[`${name}, first line`] = [...(figures[`${name}, first line`] ?? []), first];
  figures[`${name}, outcome`] = [...(figures[`${name}, outcome`] ?? []), whole];
};
await once(warm, "step.ts");
for (let round = 0; round < rounds; round++)
  for (const file of ["step.ts", "step.mjs"]) {
    // The replacement must be up before the next round, as it is between the steps of a real run.
    await new Promise((resolve) => setTimeout(resolve, 400));
    note(`warm, ${file}`, await once(warm, file));
    note(`cold, ${file}`, await once(cold, file));
  }
const started = performance.now();
const lane = async () => {
  for (let i = 0; i < rounds; i++) await once(warm, "step.ts");
};
await Promise.all([lane(), lane()]);
const perSecond = (2 * rounds) / ((performance.now() - started) / 1_000);
await Promise.all([warm.close(), cold.close()]);
rmSync(root, { recursive: true, force: true });

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} interleaved rounds, milliseconds`,
);
for (const [name, values] of Object.entries(figures)) {
  values.sort((a, b) => a - b);
  const at = (share: number) =>
    (values[Math.min(values.length - 1, Math.floor(values.length * share))] as number).toFixed(1);
  console.log(
    `${name.padEnd(24)} median ${at(0.5).padStart(6)}   p95 ${at(0.95).padStart(6)}   least ${at(0).padStart(6)}`,
  );
}
console.log(`${perSecond.toFixed(1)} steps a second, two at a time`);
