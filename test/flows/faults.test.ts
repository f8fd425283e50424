// A dozen of the faults of bench/faults: each names its component, step and line, and the live model keeps answering.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { allFaults } from "../../bench/faults/all.ts";
import { isGood } from "../../bench/faults/fault.ts";
import { judge } from "../../bench/faults/judge.ts";
import { type Grounds, prepareGrounds } from "../../bench/faults/place.ts";

const quick = allFaults.filter((fault) => fault.quick === true);

describe("a fault", { concurrency: 2 }, () => {
  let grounds: Grounds;
  let shopIsFree: Promise<unknown> = Promise.resolve();
  before(async () => {
    grounds = await prepareGrounds(quick.map(({ project }) => project));
  });
  after(() => grounds.close());

  for (const fault of quick)
    it(`is told as it should be: ${fault.name}`, async () => {
      // The shop has one web address, which a fault may put out of order.
      const turn = fault.project === "shop" ? shopIsFree : Promise.resolve();
      const judged = turn.then(() => judge(fault, grounds));
      if (fault.project === "shop") shopIsFree = judged.catch(() => undefined);
      const verdict = await judged;
      assert.ok(isGood(verdict), verdict.notes.join("\n"));
    });
});
