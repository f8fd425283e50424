// The threads that a training step brings: same bytes as without, used again by the next fit, gone when a fit is cancelled.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fit } from "../../src/learn/fit.ts";
import type { FitOptions } from "../../src/learn/fit-input.ts";
import { boostingThreads } from "../../src/runtime/boosting-threads.ts";
import { sample } from "../learn/data.ts";

const spec = { algorithm: "gradientBoosting", params: { trees: 40, rowSample: 0.9 } } as const;

test("1, 2 and 4 threads give the same bytes, fit after fit", async () => {
  const { table, binary, regression } = sample(30_000, 8, 300);
  for (const label of [binary, regression]) {
    const models = [];
    for (const count of [1, 2, 4, 2])
      models.push(
        await fit(spec, table, label, {
          seed: 7,
          threads: boostingThreads(count),
          signal: new AbortController().signal,
        }),
      );
    for (const model of models.slice(1)) assert.deepEqual(model, models[0]);
  }
});

test("a forest is the same with threads, too", async () => {
  const { table, binary } = sample(30_000, 8, 303);
  const spec = { algorithm: "randomForest", params: { trees: 6 } } as const;
  const alone = await fit(spec, table, binary, { seed: 7 });
  const signal = new AbortController().signal;
  assert.deepEqual(await fit(spec, table, binary, { seed: 7, threads: boostingThreads(2), signal }), alone);
});

test("a helper that has arrived takes part in binning, derivatives and scores", async () => {
  const { table, binary } = sample(30_000, 8, 301);
  const threads = boostingThreads(2);
  const options: FitOptions = { seed: 7, threads, signal: new AbortController().signal };
  await fit(spec, table, binary, options);
  // The thread of the fit before is here already, so it helps from the first operation on: its time is seen in the process's.
  const before = process.cpuUsage();
  const own = process.threadCpuUsage();
  await fit(spec, table, binary, options);
  const all = process.cpuUsage(before);
  const mine = process.threadCpuUsage(own);
  assert.ok(
    all.user > 1.2 * mine.user,
    `expected another thread to work, got ${all.user} µs in all and ${mine.user} µs here`,
  );
});

test("a fit with threads that is cancelled ends at once and leaves them to the next one", async () => {
  const { table, binary } = sample(30_000, 8, 302);
  const threads = boostingThreads(2);
  const stop = new AbortController();
  let last = 0;
  await assert.rejects(
    async () =>
      fit({ algorithm: "gradientBoosting", params: { trees: 5000 } }, table, binary, {
        seed: 1,
        threads,
        signal: stop.signal,
        onProgress({ iteration }) {
          last = iteration;
          if (iteration === 20) setImmediate(() => stop.abort(new Error("cancelled here")));
        },
      }),
    /cancelled here/,
  );
  assert.ok(last >= 20 && last < 30, `expected to end soon after iteration 20, got to ${last}`);
  const alone = await fit(spec, table, binary, { seed: 3 });
  assert.deepEqual(await fit(spec, table, binary, { seed: 3, threads }), alone);
});
