// Several threads grow the same bytes as one, and a histogram that was given up is built again to the same tree.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { boostingObjective } from "../../src/learn/boosting/objective.ts";
import { boostingSettings } from "../../src/learn/boosting/params.ts";
import { writeFeatures } from "../../src/learn/boosting/rows.ts";
import { setUp } from "../../src/learn/boosting/setup.ts";
import { deriveFixedPoint } from "../../src/learn/boosting/step.ts";
import type { Threads } from "../../src/learn/boosting/team.ts";
import { growTree } from "../../src/learn/boosting/tree.ts";
import { encodeTable, featuresOf } from "../../src/learn/features.ts";
import { fit } from "../../src/learn/fit.ts";
import { sample } from "./data.ts";

function threads(count: number, started: { number: number }): Threads {
  return {
    count,
    start(job) {
      started.number++;
      const worker = new Worker(new URL("./boosting-thread.ts", import.meta.url), { workerData: job });
      return { stop: () => void worker.terminate() };
    },
  };
}

for (const count of [2, 3])
  test(`${count} threads give the same bytes as one`, async () => {
    const { table, binary, multiclass } = sample(20_000, 10, 100);
    for (const [label, params] of [
      [binary, { trees: 60, rowSample: 0.8 }],
      [multiclass, { trees: 10 }],
    ] as const) {
      const started = { number: 0 };
      const alone = await fit({ algorithm: "gradientBoosting", params }, table, label, { seed: 5 });
      // The signal makes the fit breathe, so that the threads have time to arrive.
      const together = await fit({ algorithm: "gradientBoosting", params }, table, label, {
        seed: 5,
        threads: threads(count, started),
        signal: new AbortController().signal,
      });
      assert.equal(started.number, count - 1);
      assert.deepEqual(together, alone);
    }
  });

test("the threads do take part: with them, parts of the work are done by others", async () => {
  const { table, regression } = sample(30_000, 6, 101);
  const features = featuresOf(table, { text: false });
  const settings = boostingSettings(
    {},
    { task: "regression", rowCount: table.rowCount, features, hasValidation: false },
  );
  const objective = boostingObjective(settings, regression, undefined);
  const train = { columns: encodeTable(features, table), label: regression, weights: undefined, order: undefined };
  const { memory, team, bins } = setUp({
    train,
    held: undefined,
    features,
    settings,
    objective,
    threads: threads(2, { number: 0 }),
  });
  const { layout, i32, kernels } = memory;
  const control = i32.subarray(layout.control / 4, layout.control / 4 + 16);
  while (Atomics.load(control, 2) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  writeFeatures(memory, bins, settings.monotone, new Uint8Array(features.length).fill(1));
  deriveFixedPoint(memory, team, objective, 0, settings);
  kernels.countUp(layout.rows, 0, layout.rowCount);
  team.histogram(0, layout.rowCount, layout.histograms[0]!);
  const helpers = memory.f64.subarray(layout.privateHistograms[0]! / 8, layout.privateHistograms[0]! / 8 + 256);
  assert.ok(
    helpers.some((cell) => cell !== 0),
    "the helper added rows to its own histogram",
  );
  assert.equal(Atomics.load(control, 3), 1, "one helper reported to be done");
  team.stop();
});

test("a tree grown with room for two histograms is the tree grown with room for all", () => {
  const { table, regression } = sample(2000, 6, 102);
  const features = featuresOf(table, { text: false });
  const settings = boostingSettings(
    { minRowsInLeaf: 5 },
    { task: "regression", rowCount: table.rowCount, features, hasValidation: false },
  );
  const objective = boostingObjective(settings, regression, undefined);
  const train = { columns: encodeTable(features, table), label: regression, weights: undefined, order: undefined };
  const grow = (most: number) => {
    const { memory: whole, team, bins } = setUp({ train, held: undefined, features, settings, objective });
    const memory = { ...whole, layout: { ...whole.layout, histograms: whole.layout.histograms.slice(0, most) } };
    writeFeatures(memory, bins, settings.monotone, new Uint8Array(features.length).fill(1));
    deriveFixedPoint(memory, team, objective, 0, settings);
    memory.kernels.countUp(memory.layout.rows, 0, memory.layout.rowCount);
    const { splits, leaves } = growTree(memory, team, bins, table.rowCount, settings);
    return { splits, leaves: leaves.map(({ start, count }) => ({ start, count })) };
  };
  const all = grow(1000);
  assert.equal(all.leaves.length, 31);
  assert.deepEqual(grow(2), all);
  assert.deepEqual(grow(5), all);
});
