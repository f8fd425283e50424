// The bench's own arithmetic: interleaving, medians, and a page that does not hide a missed goal.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  type Bench,
  endedProcessesCpuMs,
  measure,
  median,
  resultPage,
  type Summary,
  summarise,
} from "../../bench/harness.ts";

function bench(order: string[]): Bench {
  const variant = (name: string, times: number[]) => ({
    name,
    run: async () => {
      order.push(name);
      const ms = times.shift() as number;
      return { ms, parts: { half: ms / 2 } };
    },
  });
  return {
    title: "A against B",
    method: "Counted.",
    rounds: 3,
    goal: { variant: "A", atMostMs: 15 },
    variants: [variant("A", [30, 10, 20]), variant("B", [1, 1500, 2])],
  };
}

test("variants are measured in turns, round by round", async () => {
  const order: string[] = [];
  const summaries = await measure(bench(order));
  assert.deepEqual(order, ["A", "B", "A", "B", "A", "B"]);
  const { parts, ...times } = summaries[0] as Summary;
  assert.deepEqual(times, { name: "A", medianMs: 20, minMs: 10, maxMs: 30 });
  assert.equal(parts.half, 10);
});

test("the median of an even number of samples lies between the middle two", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([10, 9, 100]), 10);
});

test("the page gives median, range, parts and method, and says whether the goal was met", () => {
  const given = bench([]);
  const summaries = [
    summarise("A", [{ ms: 20, parts: { half: 10 } }]),
    summarise("B", [{ ms: 1500 }, { ms: 1 }, { ms: 2 }]),
  ];
  const page = resultPage(given, summaries, "2 cores", new Date(0));
  assert.match(page, /^# A against B\n\nCounted\.\n\n3 interleaved rounds on 1970-01-01: 2 cores\./);
  assert.match(page, /\| B \| 2\.00 ms \| 1\.00 ms to 1\.50 s \|/);
  assert.match(page, /Where the time goes \(A, medians\):\n\n- half: 10 ms/);
  assert.match(page, /The goal for A is 15 ms at most: missed\./);
  assert.match(resultPage(given, [summarise("A", [{ ms: 15 }])], "", new Date(0)), /: met\./);
  assert.match(resultPage(given, [], "", new Date(0)), /: missed\./);
});

test("the processor time of ended processes is counted", {
  skip: endedProcessesCpuMs() === undefined && "no /proc here",
}, () => {
  const before = endedProcessesCpuMs() as number;
  spawnSync(process.execPath, [
    "-e",
    "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);",
  ]);
  const used = (endedProcessesCpuMs() as number) - before;
  assert.ok(used >= 290 && used < 2000, `${used} ms`);
});
