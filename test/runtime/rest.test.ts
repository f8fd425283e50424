// When a server counts as resting.

import assert from "node:assert/strict";
import { it } from "node:test";
import { openRest } from "../../src/runtime/rest.ts";

const work = (ms: number) => {
  const used = () => process.cpuUsage().user / 1_000;
  const end = used() + ms;
  while (used() < end);
};

it("memory is given back once when nothing was done for ten seconds, and again after more work", () => {
  let at = 0;
  let collected = 0;
  const rest = openRest(
    () => collected++,
    () => at,
  );
  const seconds = (count: number, busyMs = 0) => {
    for (let second = 0; second < count; second++) {
      if (busyMs > 0) work(busyMs);
      at += 1_000;
      rest();
    }
  };
  seconds(5, 30);
  assert.equal(collected, 0, "it works");
  seconds(8);
  assert.equal(collected, 0, "it has only just stopped");
  seconds(60);
  assert.equal(collected, 1, "once for one rest");
  seconds(1, 250);
  seconds(15);
  assert.equal(collected, 2, "and once for the next");
});

it("the real collection gives back what it can", () => {
  let at = 0;
  const rest = openRest(undefined, () => at);
  let garbage: unknown[] | undefined = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage().heapTotal;
  assert.equal(garbage.length, 1_000_000);
  garbage = undefined;
  for (let second = 0; second < 14; second++) {
    at += 1_000_000;
    rest();
  }
  assert.ok(process.memoryUsage().heapTotal < before - 20_000_000);
});
