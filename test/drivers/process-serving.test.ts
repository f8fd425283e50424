// Services of the process driver: calls are answered in order, each within its time, and what goes wrong is the call's that did it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isFailure, type PentadError } from "../../src/base/failure.ts";
import { processCompute } from "../../src/drivers/process-compute.ts";

const root = mkdtempSync(join(tmpdir(), "pentad service "));
const project = join(root, "project");
mkdirSync(project);
const temporaryFolder = join(root, "steps");
const compute = processCompute({ hostModule: join(import.meta.dirname, "process-compute-host.ts"), temporaryFolder });
after(async () => {
  await compute.close();
  assert.deepEqual(readdirSync(temporaryFolder), [], "every process's folder is removed");
  rmSync(root, { recursive: true, force: true });
});

writeFileSync(
  join(project, "work.ts"),
  `export default (_input: unknown, { serve }: { serve(answer: (input: any) => Promise<unknown>): Promise<unknown> }) => {
  let calls = 0;
  const hoard: unknown[] = [];
  return serve(async (input) => {
    calls++;
    if (input.what === "throw") throw new TypeError("no such thing");
    if (input.what === "loop") for (;;);
    if (input.what === "exit") process.exit(3);
    if (input.what === "grow") for (;;) hoard.push(new Array(100_000).fill(Math.random()));
    if (input.what === "nan") return Number.NaN;
    return { calls, pid: process.pid, doubled: input.x * 2 };
  });
};
`,
);
writeFileSync(join(project, "broken.ts"), "export default () => { throw new Error('not today'); };\n");

const open = (file = "work.ts", callMs = 500) =>
  compute.serve({
    entry: "call",
    input: { file },
    component: "training/rain",
    run: "svc_1",
    step: "compute",
    attempt: 1,
    projectFolder: project,
    limits: { timeMs: 20_000, memoryMb: 256, callMs },
    environment: {},
  });

async function refused(promise: Promise<unknown>): Promise<PentadError> {
  const error = await promise.then(
    () => assert.fail("Expected the call to fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(isFailure(error), String(error));
  return error;
}

describe("a service", () => {
  test("answers calls in order, all in one process", async () => {
    const service = open();
    const answers = (await Promise.all([1, 2, 3].map((x) => service.call({ x })))) as {
      calls: number;
      pid: number;
      doubled: number;
    }[];
    assert.deepEqual(
      answers.map(({ calls, doubled }) => [calls, doubled]),
      [
        [1, 2],
        [2, 4],
        [3, 6],
      ],
    );
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
    assert.notEqual(answers[0]?.pid, process.pid);
    service.close();
    await service.ended;
  });

  test("fails one call alone when its function throws, with the line, or returns what is no JSON", async () => {
    const service = open();
    const thrown = await refused(service.call({ what: "throw" }));
    assert.equal(thrown.code, "RUNS_STEP_THROWS");
    assert.match(thrown.message, /TypeError: no such thing/);
    assert.deepEqual([thrown.location?.file, thrown.location?.line], ["work.ts", 6]);
    assert.equal((await refused(service.call({ what: "nan" }))).code, "RUNS_RESULT_UNSTORABLE");
    assert.equal(((await service.call({ x: 4 })) as { calls: number }).calls, 3);
    service.close();
  });

  test("names the line of a call that takes too long, and hands the calls behind it back", async () => {
    const service = open();
    await service.call({ x: 1 });
    const [stuck, behind] = await Promise.all([
      refused(service.call({ what: "loop" })),
      refused(service.call({ x: 1 })),
    ]);
    assert.equal(stuck.code, "RUNS_STEP_TIMEOUT");
    assert.match(stuck.message, /limit of 500 ms/);
    assert.deepEqual([stuck.location?.file, stuck.location?.line], ["work.ts", 7]);
    assert.equal(behind.code, "RUNTIME_INTERRUPTED");
    await service.ended;
    assert.equal((await refused(service.call({ x: 1 }))).code, "RUNTIME_INTERRUPTED");
  });

  test("outlasts its time limit between calls", async () => {
    const service = open("work.ts", 200);
    await service.call({ x: 1 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(((await service.call({ x: 1 })) as { calls: number }).calls, 2);
    service.close();
  });

  test("says why its process ended: it left, or took more memory than it may", async () => {
    const left = await refused(open().call({ what: "exit" }));
    assert.equal(left.code, "RUNS_STEP_EXITED");
    assert.equal(left.location?.line, 8);
    assert.equal((await refused(open("work.ts", 20_000).call({ what: "grow" }))).code, "RUNS_STEP_MEMORY");
  });

  test("fails the first call when it cannot start", async () => {
    const failure = await refused(open("broken.ts").call({ x: 1 }));
    assert.deepEqual(
      [failure.code, failure.message, failure.location?.file],
      ["RUNS_STEP_THROWS", "not today", "broken.ts"],
    );
  });
});
